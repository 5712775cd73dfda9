//! Sums that files carry of their own content. Computing them reads the whole file, which identification does not.

mod gzip;
mod members;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::source::{self, ReadAt};
use super::{elf, expansion, magic, mzip, onie, rpm, zip};

const CHUNK: usize = 64 * 1024;

/// What the sums inside a file say of it. They find damage, they are no proof of origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadCheck {
    /// The sums hold.
    Intact,
    /// A sum does not hold, or bytes are missing.
    Damaged,
    /// The file has no sum that is understood, or its bytes are not at hand.
    Unverifiable,
}

/// The sums that a file carries, and which of its bytes they are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedSums {
    kind: Kind,
    parts: Vec<(u64, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Big-endian words, added up: classic IOS as ELF.
    Words(u32),
    /// CRC-16 of the records and all segments: MZIP.
    Segments { records: Vec<u8>, sum: u16 },
    /// CRC-32 of the data of a uImage.
    Crc32(u32),
    /// CRC-32 and length behind each stream of gzip.
    Gzip { most: u64 },
    /// CRC-32 of each member of a zip archive.
    Members(Vec<members::Member>),
    /// SHA-1 of the archive behind a script of ONIE, in hexadecimal digits.
    Sha1(String),
    /// SHA-256 of the payload of an RPM package.
    Sha256(String),
    /// MD5 of header and payload of an older one.
    Md5(String),
}

/// Finds the sums that a file carries; `None` when it has none that is understood, or it is not at hand.
///
/// ```
/// use swim_core::image::embedded_sums;
/// assert!(embedded_sums(b"text".as_slice())?.is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of the medium.
pub fn embedded_sums<B: ReadAt + ?Sized>(bytes: &B) -> io::Result<Option<EmbeddedSums>> {
    let bytes = &source::Borrowed(bytes);
    let head = source::read(bytes, 0, magic::UIMAGE)?;
    let rest = |at: u64| vec![(at, bytes.size().saturating_sub(at))];
    let one = |kind, parts| Ok(Some(EmbeddedSums { kind, parts }));
    if head.starts_with(mzip::MAGIC) {
        let mzip = mzip::read(bytes)?;
        let parts: Vec<_> = mzip.segments.iter().map(|segment| (segment.at, segment.packed)).collect();
        let kind = Kind::Segments { records: mzip.records, sum: mzip.sum };
        return Ok((!parts.is_empty()).then_some(EmbeddedSums { kind, parts }));
    }
    if head.starts_with(elf::MAGIC) {
        let payload = elf::read(bytes, 0)?.payload;
        return Ok(payload.map(|p| EmbeddedSums { kind: Kind::Words(p.sum), parts: vec![(p.at, p.packed)] }));
    }
    if let Some((sum, length)) = magic::uimage(&head) {
        return one(Kind::Crc32(sum), vec![(magic::UIMAGE as u64, length)]);
    }
    if head.starts_with(gzip::MAGIC) {
        return one(Kind::Gzip { most: expansion::most(bytes.size()) }, rest(0));
    }
    if head.starts_with(zip::MAGIC) {
        let zip::Directory::Members { members, .. } = zip::directory(bytes)? else { return Ok(None) };
        let Some((members, parts)) = members::plan(members, bytes.size()) else { return Ok(None) };
        return one(Kind::Members(members), parts);
    }
    if head.starts_with(rpm::MAGIC) {
        let kind = |payload| match payload {
            rpm::Payload::Sha256(sum) => Kind::Sha256(sum),
            rpm::Payload::Md5(sum) => Kind::Md5(sum),
        };
        return Ok(rpm::sums(bytes)?.map(|(at, sum)| EmbeddedSums { kind: kind(sum), parts: rest(at) }));
    }
    if head.starts_with(b"#!/bin/") {
        return Ok(onie::sum(bytes)?.map(|(at, sum)| EmbeddedSums { kind: Kind::Sha1(sum), parts: rest(at) }));
    }
    Ok(None)
}

impl EmbeddedSums {
    /// Where the bytes are that [`check`](Self::check) reads, in their order: offsets and lengths.
    #[must_use]
    pub fn parts(&self) -> &[(u64, u64)] {
        &self.parts
    }

    /// What the sum is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Words(_) => "sum of the words of the packed image",
            Kind::Segments { .. } => "CRC-16 of the segments",
            Kind::Crc32(_) => "CRC-32 of the data",
            Kind::Gzip { .. } => "CRC-32 of gzip",
            Kind::Members(_) => "CRC-32 of the members",
            Kind::Sha1(_) => "SHA-1 of the archive",
            Kind::Sha256(_) => "SHA-256 of the payload",
            Kind::Md5(_) => "MD5 of header and payload",
        }
    }

    /// Reads the parts, one behind the other. The memory stays small, whatever the bytes claim.
    ///
    /// # Errors
    /// Those of the reader; `UnexpectedEof` when it ends before the last part does.
    pub fn check(&self, content: impl Read) -> io::Result<PayloadCheck> {
        Ok(self.check_to_end(content)?.0)
    }

    /// The same, and how many bytes follow the last stream of gzip, whose end nothing but its content tells: 0 where they are
    /// no more than padding, and for all other sums.
    pub(crate) fn check_to_end(&self, content: impl Read) -> io::Result<(PayloadCheck, u64)> {
        let length = self.parts.iter().fold(0_u64, |sum, (_, length)| sum.saturating_add(*length));
        let mut content = content.take(length);
        let holds = match &self.kind {
            Kind::Words(sum) => {
                let mut words = WordSum::default();
                pass(&mut content, length, |piece| words.take(piece))?;
                words.value == *sum
            }
            Kind::Segments { records, sum } => {
                let mut crc = mzip::crc16(0, records);
                pass(&mut content, length, |piece| crc = mzip::crc16(crc, piece))?;
                crc == *sum
            }
            Kind::Crc32(sum) => {
                let mut crc = flate2::Crc::new();
                pass(&mut content, length, |piece| crc.update(piece))?;
                crc.sum() == *sum
            }
            Kind::Gzip { most } => return gzip::check(content, *most),
            Kind::Members(members) => return Ok((members::check(content, members)?, 0)),
            Kind::Sha1(sum) => digest::<Sha1>(&mut content, length)? == *sum,
            Kind::Sha256(sum) => digest::<Sha256>(&mut content, length)? == *sum,
            Kind::Md5(sum) => digest::<Md5>(&mut content, length)? == *sum,
        };
        Ok((if holds { PayloadCheck::Intact } else { PayloadCheck::Damaged }, 0))
    }
}

/// Checks the sums that a file carries of its content. Reads the whole file, in small pieces.
///
/// ```
/// use swim_core::image::{PayloadCheck, check_payload};
/// assert_eq!(check_payload(b"text".as_slice()).unwrap(), PayloadCheck::Unverifiable);
/// ```
///
/// # Errors
/// Those of the medium.
pub fn check_payload<B: ReadAt + ?Sized>(bytes: &B) -> io::Result<PayloadCheck> {
    let Some(sums) = embedded_sums(bytes)? else { return Ok(PayloadCheck::Unverifiable) };
    let borrowed = source::Borrowed(bytes);
    let missing = sums.parts.iter().any(|(at, length)| at.saturating_add(*length) > borrowed.size());
    if missing {
        return Ok(PayloadCheck::Damaged);
    }
    match sums.check(source::Stretches::new(&borrowed, &sums.parts)) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(PayloadCheck::Unverifiable),
        checked => checked,
    }
}

/// Reads so many bytes, in pieces of whole words.
fn pass(content: &mut impl Read, length: u64, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut left = length;
    let mut buffer = vec![0; CHUNK];
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let piece = buffer.get_mut(..wanted).unwrap_or_default();
        content.read_exact(piece)?;
        each(piece);
        left -= wanted as u64;
    }
    Ok(())
}

fn digest<D: Digest>(content: &mut impl Read, length: u64) -> io::Result<String> {
    let mut digest = D::new();
    pass(content, length, |piece| digest.update(piece))?;
    Ok(hex::encode(digest.finalize()))
}

/// A sum of big-endian words with end-around carry; bytes short of a word are left out.
#[derive(Default)]
struct WordSum {
    value: u32,
}

impl WordSum {
    fn take(&mut self, bytes: &[u8]) {
        for word in bytes.chunks_exact(4).filter_map(|word| source::word(word, 0)) {
            let (sum, carry) = self.value.overflowing_add(word);
            self.value = sum + u32::from(carry);
        }
    }
}
