//! A file that was carved out of a raw flash file system still has the record of that file system in front.

use super::source;

/// Magic of a record of 64 bytes: length, sum, flags, date, name.
const SHORT: u32 = 0xBAD0_0B1E;
/// Magic of a record of 128 bytes, of which no more is known.
const LONG: u32 = 0x0715_8805;
const NAME: std::ops::Range<usize> = 16..64;

/// The record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Where the file itself begins.
    pub(super) bytes: u64,
    /// The length of the file, as the record says.
    pub(super) length: Option<u64>,
    /// The name of the file, as the record says.
    pub(super) name: Option<String>,
}

/// Reads a record at the beginning of a file.
pub(super) fn find(head: &[u8]) -> Option<Record> {
    match source::word(head, 0)? {
        SHORT => {
            let name = head.get(NAME)?.split(|b| *b == 0).next().unwrap_or_default();
            let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
            Some(Record {
                bytes: 64,
                length: source::word(head, 4).map(u64::from),
                name: is_name.then(|| String::from_utf8_lossy(name).into_owned()),
            })
        }
        LONG => Some(Record { bytes: 128, length: None, name: None }),
        _ => None,
    }
}
