//! Images of NX-OS and UCS: a header whose places are not published. It is known by what must hold in it, and its fields
//! by their form.

use std::io;

use super::source::{self, ReadAt};
use super::{ImageFacts, Provenance, describe, parse_filename};

/// Magic of the header; where it stands, and in which order of bytes, differs.
const MAGIC: u32 = 21_326;
/// Words at the beginning that are numbers.
const NUMBERS: usize = 256;
/// The longest header.
const HEADER: usize = 8 * 1024;
/// What begins behind the header: gzip, ELF, squashfs.
const PAYLOADS: [&[u8]; 3] = [b"\x1f\x8b\x08", b"\x7fELF", b"hsqs"];

/// Reads the header. `false` when it is none.
pub(super) fn identify(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> io::Result<bool> {
    let numbers: Vec<(u32, u32)> = head
        .get(..NUMBERS.min(head.len()))
        .unwrap_or_default()
        .windows(4)
        .filter_map(|w| w.try_into().ok().map(|w: [u8; 4]| (u32::from_be_bytes(w), u32::from_le_bytes(w))))
        .collect();
    let has = |value: u64| numbers.iter().any(|(big, little)| u64::from(*big) == value || u64::from(*little) == value);
    let short = |w: &[u8]| w == (MAGIC as u16).to_be_bytes() || w == (MAGIC as u16).to_le_bytes();
    let magic = head.get(..NUMBERS).is_some_and(|head| head.windows(2).any(short));
    if !magic || !has(bytes.size()) {
        return Ok(false);
    }
    // The length of the header is one of the numbers: where it points to, the payload begins.
    let lengths = numbers.iter().flat_map(|(big, little)| [*big as usize, *little as usize]);
    let length = lengths.filter(|at| (64..=HEADER).contains(at)).find(|at| {
        source::read(bytes, *at as u64, 4).is_ok_and(|start| PAYLOADS.iter().any(|magic| start.starts_with(magic)))
    });
    let Some(length) = length else { return Ok(false) };
    let header = source::read(bytes, 0, length)?;
    let names = texts(&header).filter(|text| text.ends_with(".bin"));
    let mut names: Vec<&str> = names.filter(|name| parse_filename(name).version.is_some()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [name] => describe::inner_name(facts, name, &Provenance::Header),
        [] => facts.remarks.push("a header of NX-OS without the name of the image".to_owned()),
        _ => facts.remarks.push("the header names more than one image: none is used".to_owned()),
    }
    Ok(true)
}

/// The texts between other bytes.
fn texts(header: &[u8]) -> impl Iterator<Item = &str> {
    header.split(|b| !b.is_ascii_graphic()).filter(|t| t.len() > 4).filter_map(|t| std::str::from_utf8(t).ok())
}
