//! RPM packages: IOS XR since its second generation, patches of NX-OS. The header names the package.

use std::io;

use sha2::Digest;

use super::source::{self, ReadAt, word};
use super::{ImageFacts, Provenance, describe};

/// The lead, which every package begins with.
pub(super) const MAGIC: &[u8] = b"\xed\xab\xee\xdb";
const LEAD: u64 = 96;
/// A header: magic and version, four bytes that are reserved, entries, and bytes of their values.
const HEADER: &[u8] = b"\x8e\xad\xe8\x01";
const HEADER_BYTES: usize = 16;
const ENTRY: usize = 16;
/// The headers of real packages have some hundred entries, and their values some hundred kilobytes.
const ENTRIES: u32 = 4096;
const VALUES: u32 = 1024 * 1024;
/// The kinds of entries that are one text, several texts, and bytes.
const TEXT: u32 = 6;
const TEXTS: u32 = 8;
const BYTES: u32 = 7;
/// What is looked for: the name of the package, its version, release and architecture.
const TAGS: [u32; 4] = [1000, 1001, 1002, 1022];

/// In the first header: the SHA-256 of the second one.
const HEADER_DIGEST: u32 = 273;
/// In the first header: the MD5 of everything behind it.
const MD5: u32 = 1004;
/// In the second header: the SHA-256 of the packed payload, as one of several texts.
const PAYLOAD_DIGEST: u32 = 5092;
const SHA256_DIGITS: usize = 64;
/// In the first header: signatures of all kinds.
const SIGNATURES: [u32; 5] = [259, 262, 267, 268, 1005];

/// Reads the package. `false` when it is none.
pub(super) fn identify(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> io::Result<bool> {
    if !head.starts_with(MAGIC) {
        return Ok(false);
    }
    // The first header holds digests and signatures, the second one says what the package is.
    let Some(first) = Header::found(bytes, LEAD, facts)? else { return Ok(true) };
    if first.entries.iter().any(|(tag, _)| SIGNATURES.contains(tag)) {
        describe::signed(facts);
    }
    let Some(second) = Header::found(bytes, first.behind(), facts)? else { return Ok(true) };
    if first.text(HEADER_DIGEST).is_some_and(|digest| digest != second.digest) {
        facts.damage.push("the header of the package is not the one of its digest: nothing of it is used".to_owned());
        return Ok(true);
    }
    if let [Some(name), Some(version), Some(release), Some(arch)] = TAGS.map(|tag| second.text(tag)) {
        describe::inner_name(facts, &format!("{name}-{version}-{release}.{arch}.rpm"), &Provenance::Header);
    }
    Ok(true)
}

/// Where the bytes are that the package gives a sum of, and the sum: of the headers, SHA-256 in hexadecimal digits of the
/// packed payload, or MD5 of the second header and the payload.
pub(super) fn sums(bytes: &dyn ReadAt) -> io::Result<Option<(u64, Payload)>> {
    let Some(Reading::Whole(first)) = Header::read(bytes, LEAD)? else { return Ok(None) };
    let Some(Reading::Whole(second)) = Header::read(bytes, first.behind())? else { return Ok(None) };
    if let Some(digest) = second.text(PAYLOAD_DIGEST).filter(|digest| digest.len() == SHA256_DIGITS) {
        return Ok(Some((second.end, Payload::Sha256(digest.to_ascii_lowercase()))));
    }
    let md5 = first.entries.iter().find(|(tag, _)| *tag == MD5).and_then(|(_, value)| match value {
        Value::Bytes(md5) => Some(*md5),
        _ => None,
    });
    Ok(md5.map(|md5| (first.behind(), Payload::Md5(hex::encode(md5)))))
}

/// What a package says of its payload.
pub(super) enum Payload {
    Sha256(String),
    Md5(String),
}

enum Value {
    Text(String),
    /// A sum of MD5.
    Bytes([u8; 16]),
    Other,
}

enum Reading {
    Whole(Header),
    /// The file has it, but it is not at hand.
    Unseen,
}

/// One of the two headers.
struct Header {
    entries: Vec<(u32, Value)>,
    /// Its SHA-256, in hexadecimal digits.
    digest: String,
    end: u64,
}

impl Header {
    fn text(&self, tag: u32) -> Option<&str> {
        self.entries.iter().find(|(t, _)| *t == tag).and_then(|(_, value)| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Where the next part begins.
    const fn behind(&self) -> u64 {
        self.end.next_multiple_of(8)
    }

    /// The header, or a word on why there is none.
    fn found(bytes: &dyn ReadAt, at: u64, facts: &mut ImageFacts) -> io::Result<Option<Self>> {
        match Self::read(bytes, at)? {
            Some(Reading::Whole(header)) => return Ok(Some(header)),
            Some(Reading::Unseen) => facts.remarks.push("not all of the header was read".to_owned()),
            None => facts.damage.push("the header of the package is damaged or truncated".to_owned()),
        }
        Ok(None)
    }

    fn read(bytes: &dyn ReadAt, at: u64) -> io::Result<Option<Reading>> {
        let unseen = |length: usize| (at + length as u64 <= bytes.size()).then_some(Reading::Unseen);
        let start = source::read(bytes, at, HEADER_BYTES)?;
        let (Some(count), Some(size)) = (word(&start, 8), word(&start, 12)) else { return Ok(unseen(HEADER_BYTES)) };
        if !start.starts_with(HEADER) || count > ENTRIES || size > VALUES {
            return Ok(None);
        }
        let index = count as usize * ENTRY;
        let length = HEADER_BYTES + index + size as usize;
        let whole = source::read(bytes, at, length)?;
        if whole.len() < length {
            return Ok(unseen(length));
        }
        let values = whole.get(HEADER_BYTES + index..).unwrap_or_default();
        let entries = whole.get(HEADER_BYTES..HEADER_BYTES + index).unwrap_or_default().chunks_exact(ENTRY);
        let entries = entries.filter_map(|entry| {
            let (tag, kind, offset) = (word(entry, 0)?, word(entry, 4)?, word(entry, 8)? as usize);
            let value = match kind {
                TEXT | TEXTS => {
                    values.get(offset..).and_then(|text| text.split(|b| *b == 0).next()).map_or(Value::Other, |text| {
                        std::str::from_utf8(text).map_or(Value::Other, |text| Value::Text(text.to_owned()))
                    })
                }
                BYTES if tag == MD5 && word(entry, 12) == Some(16) => {
                    let sum = values.get(offset..offset + 16).and_then(|sum| sum.try_into().ok());
                    sum.map_or(Value::Other, Value::Bytes)
                }
                _ => Value::Other,
            };
            Some((tag, value))
        });
        let digest = hex::encode(sha2::Sha256::digest(&whole));
        Ok(Some(Reading::Whole(Self { entries: entries.collect(), digest, end: at + length as u64 })))
    }
}
