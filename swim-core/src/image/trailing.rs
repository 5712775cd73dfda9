//! Bytes behind the end that a container gives itself. Whose they are nobody can tell: no sum inside of it is of them.

use std::io;

use super::ImageFacts;
use super::source::{self, ReadAt};

/// Bytes that are looked at, at the beginning and at the end of what follows.
const SEEN: usize = 64 * 1024;

/// What stands behind a part of a firmware that is put together from several, and belongs there: the next part, or the
/// tree of hashes that a file system is proven by.
const NEXT_PARTS: [&[u8]; 8] =
    [b"\x27\x05\x19\x56", b"hsqs", b"\xd0\x0d\xfe\xed", b"verity\0\0", b"UBI#", b"UBI!", b"\x85\x19", b"\x19\x85"];

/// Says how many bytes follow the end, where they are more than padding.
pub(super) fn remark(bytes: &dyn ReadAt, end: u64, facts: &mut ImageFacts) -> io::Result<()> {
    let following = bytes.size().saturating_sub(end);
    let first = source::read(bytes, end, SEEN)?;
    let rest = usize::try_from(following).unwrap_or(usize::MAX).saturating_sub(first.len()).min(SEEN);
    let last = source::read(bytes, bytes.size().saturating_sub(rest as u64), rest)?;
    if !(is_padding(&first) && is_padding(&last)) {
        facts.remarks.push(told(following));
    }
    Ok(())
}

/// The same of what may be a part of a larger whole: not where the next part follows.
pub(super) fn remark_of_part(bytes: &dyn ReadAt, end: u64, facts: &mut ImageFacts) -> io::Result<()> {
    let first = source::read(bytes, end, SEEN)?;
    let padding = first.iter().take_while(|byte| is_filler(**byte)).count();
    let next = first.get(padding..).unwrap_or_default();
    // More padding than is looked at: what comes then is not known.
    if next.is_empty() || NEXT_PARTS.iter().any(|magic| next.starts_with(magic)) {
        return Ok(());
    }
    remark(bytes, end, facts)
}

/// Blocks are filled up, with zeros or with what erased flash holds.
pub(super) fn is_padding(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| is_filler(*byte))
}

const fn is_filler(byte: u8) -> bool {
    matches!(byte, 0 | 0xff)
}

/// The remark.
pub(crate) fn told(following: u64) -> String {
    let bytes = if following == 1 { "1 byte follows".to_owned() } else { format!("{following} bytes follow") };
    format!("{bytes} the end of the image")
}
