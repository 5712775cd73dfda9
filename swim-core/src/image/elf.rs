//! Classic IOS as ELF: a small program that unpacks the image, the description block, and the packed image.

use std::io;

use super::cw::{self, CwBlock};
use super::source::{self, ReadAt};

/// 32 bits, big-endian.
pub(super) const MAGIC: &[u8] = b"\x7fELF\x01\x02";
const HEADER: usize = 52;
const SECTION: usize = 40;
/// Images have six or seven sections.
const SECTIONS: u16 = 64;
/// The kind of section that has no bytes in the file.
const NO_BITS: u32 = 8;
const PAYLOAD: u32 = 0xFEED_FACE;
/// Magic, two sizes, two sums.
const PAYLOAD_HEADER: usize = 20;

/// A packed image inside a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Payload {
    /// Where the packed bytes begin.
    pub(super) at: u64,
    /// How many they are.
    pub(super) packed: u64,
    /// The sum of the packed bytes, as the file says.
    pub(super) sum: u32,
}

/// What the sections tell.
#[derive(Debug, Default)]
pub(super) struct Elf {
    /// Could the table of sections be read?
    pub(super) has_sections: bool,
    /// The description blocks outside of the packed image.
    pub(super) blocks: Vec<CwBlock>,
    /// The packed image.
    pub(super) payload: Option<Payload>,
    /// What proves that the file is not whole.
    pub(super) damage: Vec<String>,
}

/// Offset and size of the sections that have bytes; `None` when the header has no table or it cannot be read.
fn sections(bytes: &dyn ReadAt, damage: &mut Vec<String>) -> io::Result<Option<Vec<(u64, u64)>>> {
    let header = source::read(bytes, 0, HEADER)?;
    let (Some(table), Some(size), Some(count)) =
        (source::word(&header, 32), source::half(&header, 46), source::half(&header, 48))
    else {
        damage.push("the file ends inside its header: it is truncated".to_owned());
        return Ok(None);
    };
    let length = SECTION * usize::from(count);
    if table == 0 || usize::from(size) != SECTION || !(1..=SECTIONS).contains(&count) {
        return Ok(None);
    }
    if u64::from(table) + length as u64 > bytes.size() {
        damage.push("the file ends before its table of sections: it is truncated".to_owned());
        return Ok(None);
    }
    let table = source::read(bytes, u64::from(table), length)?;
    if table.len() < length {
        return Ok(None);
    }
    let parts = table.chunks_exact(SECTION).filter_map(|section| {
        let is = |at| source::word(section, at).map(u64::from);
        let kind = source::word(section, 4).filter(|kind| !matches!(*kind, 0 | NO_BITS))?;
        Some((kind, is(16)?, is(20)?))
    });
    Ok(Some(parts.map(|(_, at, size)| (at, size)).collect()))
}

/// Reads the table of sections, the header of the packed image, and at most `budget` bytes of the other sections.
pub(super) fn read(bytes: &dyn ReadAt, mut budget: usize) -> io::Result<Elf> {
    let mut elf = Elf::default();
    let Some(parts) = sections(bytes, &mut elf.damage)? else {
        return Ok(elf);
    };
    elf.has_sections = true;
    for (number, (at, size)) in parts.into_iter().enumerate() {
        let end = at.saturating_add(size);
        if end > bytes.size() {
            let has = bytes.size();
            elf.damage.push(format!("section {number} ends at byte {end}, the file has {has}: it is truncated"));
        }
        let start = source::read(bytes, at, PAYLOAD_HEADER)?;
        if source::word(&start, 0) == Some(PAYLOAD) {
            if let (Some(packed), Some(sum)) = (source::word(&start, 8), source::word(&start, 12)) {
                if u64::from(packed) + PAYLOAD_HEADER as u64 > size {
                    elf.damage.push(format!("the packed image says {packed} bytes, its section has {size}"));
                }
                let payload = Payload { at: at.saturating_add(PAYLOAD_HEADER as u64), packed: packed.into(), sum };
                elf.payload = Some(payload);
            }
            continue;
        }
        let wanted = usize::try_from(size).unwrap_or(budget).min(budget);
        budget -= wanted;
        elf.blocks.extend(cw::blocks(&source::read(bytes, at, wanted)?));
    }
    Ok(elf)
}
