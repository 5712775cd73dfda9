//! The header of IOS XE packages: type, length, value, padded to four bytes. Its start is found by its content.

use serde::{Deserialize, Serialize};

use super::source;

/// A header begins and ends inside this many bytes.
pub(super) const WINDOW: usize = 64 * 1024;
/// The run begins inside this many bytes.
const START: usize = 4096;
/// No value is longer: the longest that are known, texts and signatures, have a few hundred bytes.
const LONGEST: usize = 4096;
/// Headers have some dozens of entries; more is not a header.
const ENTRIES: usize = 4096;
const TEXT: u32 = 9;
/// The envelope of a signature.
pub(super) const SIGNATURE: u32 = 12;

/// One entry of a package header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HeaderEntry {
    /// Where it begins, bytes from the start of the file.
    pub offset: usize,
    /// Its type: 9 is text, 12 the envelope of a signature; others are kept without a meaning.
    pub kind: u32,
    /// Its text, for type 9.
    pub text: Option<String>,
}

/// The header of an IOS XE package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PackageHeader {
    /// The entries, in order.
    pub entries: Vec<HeaderEntry>,
    /// Do the bytes end inside the last entry?
    pub cut: bool,
}

impl PackageHeader {
    /// The texts, in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| entry.text.as_deref())
    }
}

/// One entry: type, value, offset of the next.
fn entry(head: &[u8], at: usize) -> Option<(u32, &[u8], usize)> {
    let kind = source::word(head, at)?;
    let length = usize::try_from(source::word(head, at + 4)?).ok()?;
    if !(1..64).contains(&kind) || length > LONGEST {
        return None;
    }
    let value = at + 8;
    let end = (value + length).min(head.len());
    Some((kind, head.get(value..end)?, value + length.next_multiple_of(4)))
}

/// Finds the header of an IOS XE package in the first bytes of a file: the run with the most known keys. `None` when no
/// run has two, so that other bytes are not taken for a header by chance.
#[must_use]
pub fn package_header(head: &[u8]) -> Option<PackageHeader> {
    let head = head.get(..head.len().min(WINDOW))?;
    let words = head.len() / 4;
    let mut marks = vec![0u32; words + 1];
    for index in (0..words).rev() {
        let Some((kind, value, next)) = entry(head, index * 4) else {
            continue;
        };
        let known = kind == TEXT && (value.starts_with(b"KEY_TLV_") || value.starts_with(b"CW_"));
        let after = marks.get(next / 4).copied().unwrap_or(0);
        if let Some(mark) = marks.get_mut(index) {
            *mark = after + u32::from(known);
        }
    }
    let most = marks.iter().take(START / 4).copied().max().filter(|most| *most >= 2)?;
    // Words before the first key may look like entries that lead to it. The run begins with its first text.
    let starts =
        marks.iter().take(START / 4).enumerate().filter(|(_, mark)| **mark == most).map(|(index, _)| index * 4);
    let mut at = starts.rev().find(|at| matches!(entry(head, *at), Some((TEXT, ..))))?;
    let mut header = PackageHeader::default();
    while let Some((kind, value, next)) = entry(head, at).filter(|_| header.entries.len() < ENTRIES) {
        let text = (kind == TEXT).then(|| String::from_utf8_lossy(value).into_owned());
        header.entries.push(HeaderEntry { offset: at, kind, text });
        header.cut |= next > head.len();
        at = next;
    }
    Some(header)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_order_and_place_and_a_cut_one_is_seen() {
        let mut bytes = vec![0xAA; 16];
        let texts = ["KEY_TLV_PACKAGE_COMPATIBILITY", "FRU_RP_TYPE", "KEY_TLV_BOARD_COMPAT", "BOARD_cat9k_TYPE"];
        for text in texts {
            bytes.extend(TEXT.to_be_bytes());
            bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
            bytes.extend(text.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        let header = package_header(&bytes).unwrap();
        assert_eq!(header.texts().collect::<Vec<_>>(), texts);
        let offsets: Vec<usize> = header.entries.iter().map(|entry| entry.offset).collect();
        assert_eq!(offsets, [16, 56, 76, 104]);
        assert!(!header.cut);
        bytes.truncate(bytes.len() - 3);
        assert!(package_header(&bytes).unwrap().cut);
        assert_eq!(package_header(&bytes[..60]), None);
    }
}
