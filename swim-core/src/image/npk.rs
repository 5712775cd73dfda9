//! Packages of RouterOS: records of a number, a length and bytes. Source of the format: two published packages and the
//! public reader `npkpy`.

use std::io;

use super::source::{self, ReadAt};
use super::{Field, ImageFacts, Provenance, describe};
use crate::version::{Scheme, Version};

pub(super) const MAGIC: &[u8] = b"\x1e\xf1\xd0\xba";
/// The magic and the length of the rest.
const HEADER: u64 = 8;
const RECORD: usize = 6;
/// Records that are looked at; packages have about ten.
const RECORDS: usize = 64;
/// Bytes of a record that is read; the file system, which is larger, is skipped.
const VALUE: u32 = 4096;
const PART: u16 = 1;
const SEVERAL: u16 = 18;
const ARCHITECTURE: u16 = 16;
const CHANNEL: u16 = 24;
const SIGNATURES: [u16; 2] = [9, 23];

/// Reads the package.
pub(super) fn identify(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> io::Result<()> {
    facts.platform = Some(Field::new("routeros".to_owned(), Provenance::Header));
    describe::typed(facts, "package");
    let length = head.get(4..8).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
    let end = HEADER + u64::from(length);
    if end > bytes.size() {
        facts.damage.push(format!("the package says {end} bytes, the file has {}: it is truncated", bytes.size()));
    }
    let mut at = HEADER;
    for _ in 0..RECORDS {
        let record = source::read(bytes, at, RECORD)?;
        let (Some(kind), Some(length)) = (
            record.get(..2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes),
            record.get(2..6).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes),
        ) else {
            break;
        };
        let value =
            if length <= VALUE { source::read(bytes, at + RECORD as u64, length as usize)? } else { Vec::new() };
        let text = || Some(String::from_utf8_lossy(&value).trim_matches('\0').to_owned()).filter(|t| !t.is_empty());
        match kind {
            PART | SEVERAL => part(facts, &value),
            ARCHITECTURE => facts.compatibility.extend(text().map(|t| Field::new(t, Provenance::Header))),
            CHANNEL => {
                facts.remarks.extend(text().filter(|t| t != "stable").map(|t| format!("of the release channel {t}")))
            }
            kind if SIGNATURES.contains(&kind) => describe::signed(facts),
            _ => {}
        }
        at = at.saturating_add(RECORD as u64).saturating_add(u64::from(length));
        if at >= end {
            break;
        }
    }
    Ok(())
}

/// Name of 16 bytes, revision, what it is (final, beta, candidate), minor, major.
fn part(facts: &mut ImageFacts, value: &[u8]) {
    let Some([revision, stage, minor, major]) = value.get(16..20).and_then(|b| <[u8; 4]>::try_from(b).ok()) else {
        return;
    };
    let name: String = value.iter().take(16).take_while(|b| **b != 0).map(|b| char::from(*b)).collect();
    if facts.version.is_some() || name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return;
    }
    let text = match stage {
        b'f' if revision == 0 => format!("{major}.{minor}"),
        b'f' => format!("{major}.{minor}.{revision}"),
        b'b' => format!("{major}.{minor}beta{revision}"),
        b'c' => format!("{major}.{minor}rc{revision}"),
        other => {
            facts
                .remarks
                .push(format!("the package is of a kind that is not known ({other:#04x}): it has no version here"));
            return;
        }
    };
    facts.family = Some(Field::new(name.clone(), Provenance::Header));
    facts.version = Version::parse(Scheme::Routeros, &text).ok().map(|version| Field::new(version, Provenance::Header));
    facts.internal_name = Some(Field::new(name, Provenance::Header));
}
