//! RPM packages: IOS XR since its second generation, patches of NX-OS. The header names the package; the payload is not read.

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
/// The kind of an entry that is one text.
const TEXT: u32 = 6;
/// What is looked for: the name of the package, its version, release and architecture.
const TAGS: [u32; 4] = [1000, 1001, 1002, 1022];

/// In the first header: the SHA-256 of the second one.
const HEADER_DIGEST: u32 = 273;
/// In the first header: signatures of all kinds.
const SIGNATURES: [u32; 5] = [259, 262, 267, 268, 1005];

/// Reads the package. `false` when it is none.
pub(super) fn identify(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> io::Result<bool> {
    if !head.starts_with(MAGIC) {
        return Ok(false);
    }
    let damaged = |facts: &mut ImageFacts| {
        facts.remarks.push("the header of the package is damaged or truncated".to_owned());
        Ok(true)
    };
    // The first header holds digests and signatures, the second one says what the package is; it begins at a multiple of eight.
    let Some(first) = Header::read(bytes, LEAD)? else { return damaged(facts) };
    if first.entries.iter().any(|(tag, _)| SIGNATURES.contains(tag)) {
        describe::signed(facts);
    }
    let Some(second) = Header::read(bytes, first.end.next_multiple_of(8))? else { return damaged(facts) };
    if first.text(HEADER_DIGEST).is_some_and(|digest| digest != second.digest) {
        facts.remarks.push("the header of the package is not the one of its digest: nothing of it is used".to_owned());
        return Ok(true);
    }
    if let [Some(name), Some(version), Some(release), Some(arch)] = TAGS.map(|tag| second.text(tag)) {
        describe::inner_name(facts, &format!("{name}-{version}-{release}.{arch}.rpm"), &Provenance::Header);
    }
    Ok(true)
}

/// One of the two headers.
struct Header {
    /// The tags, with the values that are texts.
    entries: Vec<(u32, Option<String>)>,
    /// Its SHA-256, in hexadecimal digits.
    digest: String,
    end: u64,
}

impl Header {
    fn text(&self, tag: u32) -> Option<&str> {
        self.entries.iter().find(|(t, _)| *t == tag).and_then(|(_, text)| text.as_deref())
    }

    fn read(bytes: &dyn ReadAt, at: u64) -> io::Result<Option<Self>> {
        let start = source::read(bytes, at, HEADER_BYTES)?;
        let (Some(count), Some(size)) = (word(&start, 8), word(&start, 12)) else { return Ok(None) };
        if !start.starts_with(HEADER) || count > ENTRIES || size > VALUES {
            return Ok(None);
        }
        let index = count as usize * ENTRY;
        let length = HEADER_BYTES + index + size as usize;
        let whole = source::read(bytes, at, length)?;
        if whole.len() < length {
            return Ok(None);
        }
        let values = whole.get(HEADER_BYTES + index..).unwrap_or_default();
        let entries = whole.get(HEADER_BYTES..HEADER_BYTES + index).unwrap_or_default().chunks_exact(ENTRY);
        let entries = entries.filter_map(|entry| {
            let (tag, kind, offset) = (word(entry, 0)?, word(entry, 4)?, word(entry, 8)? as usize);
            let text = (kind == TEXT).then(|| values.get(offset..)).flatten();
            let text = text.and_then(|text| std::str::from_utf8(text.split(|b| *b == 0).next()?).ok());
            Some((tag, text.map(str::to_owned)))
        });
        let digest = hex::encode(sha2::Sha256::digest(&whole));
        Ok(Some(Self { entries: entries.collect(), digest, end: at + length as u64 }))
    }
}
