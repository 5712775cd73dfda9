//! Classic IOS as MZIP: a header, one record a segment, the packed segments.

use std::io;

use super::source::{self, ReadAt};
use super::unpack::Packing;

pub(super) const MAGIC: &[u8] = b"MZIP";
/// The header and each record have this size.
const RECORD: usize = 56;
/// What the check sum of the header covers.
const CHECKED: usize = 54;
/// Images have one or two segments.
const SEGMENTS: u32 = 64;
/// A segment that is not packed.
const RAW: u32 = 0;

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Where its bytes begin.
    pub(super) at: u64,
    /// How many they are in the file.
    pub(super) packed: u64,
    /// How they are packed.
    kind: u32,
}

impl Segment {
    /// How its bytes are packed, where that is known.
    pub(super) const fn packing(self) -> Option<Packing> {
        match self.kind {
            1 => Some(Packing::Zip),
            2 => Some(Packing::Bzip2),
            3 => Some(Packing::Lzma),
            _ => None,
        }
    }

    /// Can its bytes be read as they are?
    pub(super) const fn is_raw(self) -> bool {
        self.kind == RAW
    }
}

/// The header and the records.
#[derive(Debug, Default)]
pub(super) struct Mzip {
    /// The segments; none when the header cannot be trusted.
    pub(super) segments: Vec<Segment>,
    /// The records as they are in the file: the first part of what the sum of the segments covers.
    pub(super) records: Vec<u8>,
    /// The sum of records and segments, as the file says.
    pub(super) sum: u16,
    /// What proves that the file is not whole.
    pub(super) damage: Vec<String>,
    /// What is not understood.
    pub(super) remarks: Vec<String>,
}

/// Reads the header and the records.
pub(super) fn read(bytes: &dyn ReadAt) -> io::Result<Mzip> {
    let mut mzip = Mzip::default();
    let header = source::read(bytes, 0, RECORD)?;
    let (Some(count), Some(sum), Some(own)) =
        (source::word(&header, 12), source::half(&header, 52), source::half(&header, CHECKED))
    else {
        mzip.damage.push("the file ends inside its header: it is truncated".to_owned());
        return Ok(mzip);
    };
    if crc16(0, header.get(..CHECKED).unwrap_or_default()) != own {
        mzip.damage.push("the check sum of the header is wrong: the file is damaged".to_owned());
        return Ok(mzip);
    }
    if !(1..=SEGMENTS).contains(&count) {
        mzip.remarks.push(format!("the header says {count} segments, which is not understood"));
        return Ok(mzip);
    }
    mzip.sum = sum;
    let length = RECORD * usize::try_from(count).unwrap_or_default();
    mzip.records = source::read(bytes, RECORD as u64, length)?;
    if ((RECORD + length) as u64) > bytes.size() {
        mzip.damage.push("the file ends inside its records of segments: it is truncated".to_owned());
    }
    for (number, record) in mzip.records.chunks_exact(RECORD).enumerate() {
        let field = |at| source::word(record, at);
        let (Some(at), Some(kind), Some(packed)) = (field(0), field(8), field(12)) else { continue };
        let segment = Segment { at: at.into(), packed: packed.into(), kind };
        let (end, has) = (segment.at + segment.packed, bytes.size());
        if end > has {
            mzip.damage.push(format!("segment {number} ends at byte {end}, the file has {has}: it is truncated"));
        }
        mzip.segments.push(segment);
    }
    Ok(mzip)
}

/// The check sum: CCITT polynomial, first and last value complemented, so that it can be continued from what came out.
pub(super) fn crc16(before: u16, bytes: &[u8]) -> u16 {
    !bytes.iter().fold(!before, |sum, byte| {
        (0..8).fold(
            sum ^ (u16::from(*byte) << 8),
            |sum, _| {
                if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_the_published_one() {
        // The check value of this sum in catalogues of such sums.
        assert_eq!(crc16(0, b"123456789"), 0xD64E);
        assert_eq!(crc16(crc16(0, b"1234"), b"56789"), 0xD64E);
    }
}
