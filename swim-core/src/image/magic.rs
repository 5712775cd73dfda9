//! Files that a few bytes tell, and of which little more can be read.

use std::io;

use super::source::{ReadAt, half, word};
use super::zip::little;
use super::{Field, ImageFacts, Provenance, describe, trailing};

/// A rule: the bytes at the beginning, and the container.
const MAGICS: [(&[u8], &str); 7] = [
    (b"\x7fELF", "elf"),
    (b"\x27\x05\x19\x56", "uimage"),
    (b"\xd0\x0d\xfe\xed", "fit"),
    (b"hsqs", "squashfs"),
    (b"\x36\x13\x03\x1b", "netboot"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
];
/// A uImage: its name behind the numbers of its header.
pub(super) const UIMAGE: usize = 64;
const UIMAGE_NAME: std::ops::Range<usize> = 32..64;
/// Very old microcode of IOS: a word with one byte that differs, and the name behind it.
const MICROCODE: [u32; 2] = [0x8501_1400, 0x8501_CB00];
const MICROCODE_NAME: usize = 7;
/// A name in the header of gzip.
const HAS_NAME: u8 = 8;
const HAS_EXTRA: u8 = 4;

/// The CRC-32 that a uImage gives of its data, and their length. `None` when it is none, or the sum of its header does not hold.
pub(super) fn uimage(head: &[u8]) -> Option<(u32, u64)> {
    const OWN_SUM: std::ops::Range<usize> = 4..8;
    let mut header: [u8; UIMAGE] = head.get(..UIMAGE)?.try_into().ok()?;
    if !header.starts_with(b"\x27\x05\x19\x56") {
        return None;
    }
    let own = word(&header, OWN_SUM.start)?;
    // It was computed with nothing in its place.
    header.get_mut(OWN_SUM)?.fill(0);
    let mut crc = flate2::Crc::new();
    crc.update(&header);
    (crc.sum() == own).then_some(())?;
    Some((word(&header, 24)?, u64::from(word(&header, 12)?)))
}

/// The container, when the first bytes tell one.
pub(super) fn identify(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> io::Result<Option<&'static str>> {
    let container = of_head(head, bytes.size(), facts);
    let end = match container {
        Some("uimage") => uimage(head).map(|(_, length)| UIMAGE as u64 + length),
        Some("squashfs") => little(head, 40, 8),
        _ => None,
    };
    if let Some(end) = end {
        trailing::remark_of_part(bytes, end, facts)?;
    }
    Ok(container)
}

fn of_head(head: &[u8], size: u64, facts: &mut ImageFacts) -> Option<&'static str> {
    if word(head, 0).is_some_and(|w| MICROCODE.contains(&(w & 0xffff_ff00))) {
        facts.platform = Some(Field::new("ios".to_owned(), Provenance::Header));
        named(facts, head.get(MICROCODE_NAME..));
        return Some("ios_microcode");
    }
    if is_web_page(head) {
        facts.damage.push("the file is a web page, which servers send in the place of a file, and no image".to_owned());
        return Some("html");
    }
    let container = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, container)| *container)?;
    match container {
        "uimage" => {
            named(facts, head.get(UIMAGE_NAME));
            if let Some(bytes) = word(head, 12).map(u64::from).filter(|b| b + UIMAGE as u64 > size) {
                facts.damage.push(format!(
                    "the image says {bytes} bytes behind its header, the file has {size}: it is truncated"
                ));
            }
        }
        "squashfs" => too_short(facts, size, little(head, 40, 8)),
        "fit" => too_short(facts, size, word(head, 4).map(u64::from)),
        "gzip" => {
            let flags = head.get(3).copied().unwrap_or_default();
            let extra =
                if flags & HAS_EXTRA == 0 { 0 } else { half(head, 10).map_or(0, |n| 2 + usize::from(n.swap_bytes())) };
            if flags & HAS_NAME != 0 {
                named(facts, head.get(10 + extra..));
            }
        }
        _ => {}
    }
    Some(container)
}

/// Begins it as pages do, whatever stands before?
fn is_web_page(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    ["<!doctype html", "<html"]
        .iter()
        .any(|tag| text.get(..tag.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(tag.as_bytes())))
}

/// The header says how many bytes there are; the file may be padded, but not shorter.
fn too_short(facts: &mut ImageFacts, has: u64, says: Option<u64>) {
    if let Some(says) = says.filter(|says| *says > has) {
        facts.damage.push(format!("the header says {says} bytes, the file has {has}: it is truncated"));
    }
}

/// Takes the name up to its end, when it is one.
fn named(facts: &mut ImageFacts, text: Option<&[u8]>) {
    const LONGEST: usize = 255;
    let text = text.unwrap_or_default().split(|b| *b == 0).next().unwrap_or_default();
    if !text.is_empty() && text.len() <= LONGEST && text.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        describe::inner_name(facts, &String::from_utf8_lossy(text), &Provenance::Header);
    }
}
