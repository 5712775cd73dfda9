//! Checks of the packed part of classic images. These read the whole file, identification does not.

use std::io;

use super::source::{self, ReadAt};
use super::{elf, mzip};

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

/// Checks the sums that classic images carry of their packed part. Reads the whole file, in small pieces.
///
/// ```
/// use swim_core::image::{PayloadCheck, check_payload};
/// assert_eq!(check_payload(b"text".as_slice()).unwrap(), PayloadCheck::Unverifiable);
/// ```
///
/// # Errors
/// Those of the medium.
pub fn check_payload<B: ReadAt + ?Sized>(bytes: &B) -> io::Result<PayloadCheck> {
    let bytes = &source::Borrowed(bytes);
    let head = source::read(bytes, 0, elf::MAGIC.len())?;
    if head.starts_with(mzip::MAGIC) {
        return mzip_segments(bytes);
    }
    let payload = if head == elf::MAGIC { elf::read(bytes, 0)?.payload } else { None };
    let Some(payload) = payload else {
        return Ok(PayloadCheck::Unverifiable);
    };
    let mut sum = WordSum::default();
    let seen = pass(bytes, payload.at, payload.packed, &mut |piece| sum.take(piece))?;
    Ok(verdict(bytes, payload.at + payload.packed, seen == payload.packed, sum.value == payload.sum))
}

fn mzip_segments(bytes: &dyn ReadAt) -> io::Result<PayloadCheck> {
    let mzip = mzip::read(bytes)?;
    if mzip.segments.is_empty() {
        return Ok(if mzip.remarks.is_empty() { PayloadCheck::Unverifiable } else { PayloadCheck::Damaged });
    }
    let mut sum = mzip::crc16(0, &mzip.records);
    let (mut whole, mut end) = (true, 0);
    for segment in &mzip.segments {
        let seen = pass(bytes, segment.at, segment.packed, &mut |piece| sum = mzip::crc16(sum, piece))?;
        whole &= seen == segment.packed;
        end = end.max(segment.at + segment.packed);
    }
    Ok(verdict(bytes, end, whole, sum == mzip.sum))
}

fn verdict(bytes: &dyn ReadAt, end: u64, whole: bool, holds: bool) -> PayloadCheck {
    match (whole, holds) {
        (true, true) => PayloadCheck::Intact,
        (true, false) => PayloadCheck::Damaged,
        (false, _) if end > bytes.size() => PayloadCheck::Damaged,
        (false, _) => PayloadCheck::Unverifiable,
    }
}

/// Reads a stretch in pieces of whole words; returns how many bytes there were.
fn pass(bytes: &dyn ReadAt, at: u64, length: u64, each: &mut dyn FnMut(&[u8])) -> io::Result<u64> {
    let mut seen = 0;
    while seen < length {
        let wanted = usize::try_from(length - seen).unwrap_or(CHUNK).min(CHUNK);
        let piece = source::read(bytes, at.saturating_add(seen), wanted)?;
        if piece.is_empty() {
            break;
        }
        seen += piece.len() as u64;
        each(&piece);
    }
    Ok(seen)
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::image::{Head, samples};

    #[test]
    fn damage_is_found_in_both_forms() {
        for (name, whole) in [("elf", samples::elf()), ("mzip", samples::mzip(0))] {
            assert_eq!(check_payload(&whole).unwrap(), PayloadCheck::Intact, "{name}");
            let mut damaged = whole.clone();
            let at = whole.len() - if name == "elf" { samples::ELF_TABLE + 40 } else { 5 };
            damaged[at] ^= 1;
            assert_eq!(check_payload(&damaged).unwrap(), PayloadCheck::Damaged, "{name}");
            let head = Head { bytes: whole[..whole.len() / 2].to_vec(), size: whole.len() as u64 };
            assert_eq!(check_payload(&head).unwrap(), PayloadCheck::Unverifiable, "{name}");
        }
        let whole = samples::mzip(2);
        assert_eq!(check_payload(&whole[..whole.len() - 1]).unwrap(), PayloadCheck::Damaged);
        assert_eq!(check_payload(&samples::package()).unwrap(), PayloadCheck::Unverifiable);
    }

    #[test]
    fn the_word_sum_carries_around_and_leaves_the_rest() {
        let mut sum = WordSum::default();
        sum.take(&[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 2, 9, 9]);
        assert_eq!(sum.value, 2);
    }
}
