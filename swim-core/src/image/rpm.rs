//! RPM packages: IOS XR since its second generation, patches of NX-OS. The header names the package; the payload is not read.

use std::io;

use super::source::{self, ReadAt, word};
use super::{ImageFacts, Provenance, describe};

/// The lead, which every package begins with.
pub(super) const MAGIC: &[u8] = b"\xed\xab\xee\xdb";
const LEAD: u64 = 96;
/// A header: magic and version, four bytes that are reserved, entries, and bytes of their values.
const HEADER: &[u8] = b"\x8e\xad\xe8\x01";
const HEADER_BYTES: usize = 16;
const ENTRY: usize = 16;
/// The headers of real packages have some hundred entries, and their values some hundred kilobytes.
const ENTRIES: u32 = 4096;
const VALUES: u32 = 1024 * 1024;
/// The kind of an entry that is one text.
const TEXT: u32 = 6;
/// What is looked for: the name of the package, its version, release and architecture.
const TAGS: [u32; 4] = [1000, 1001, 1002, 1022];

/// Reads the package. `false` when it is none.
pub(super) fn identify(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> io::Result<bool> {
    if !head.starts_with(MAGIC) {
        return Ok(false);
    }
    // The first header holds signatures, the second one says what the package is; it begins at a multiple of eight.
    let Some((signature, end)) = header(bytes, LEAD)? else {
        facts.remarks.push("the header of the package is damaged or truncated".to_owned());
        return Ok(true);
    };
    if signature.iter().any(|(tag, _)| matches!(tag, 268 | 259 | 267 | 1005 | 1002)) {
        describe::signed(facts);
    }
    let Some((entries, _)) = header(bytes, end.next_multiple_of(8))? else {
        facts.remarks.push("the header of the package is damaged or truncated".to_owned());
        return Ok(true);
    };
    let text = |tag: u32| entries.iter().find(|(t, _)| *t == tag).and_then(|(_, text)| text.as_deref());
    if let [Some(name), Some(version), Some(release), Some(arch)] = TAGS.map(text) {
        describe::inner_name(facts, &format!("{name}-{version}-{release}.{arch}.rpm"), &Provenance::Header);
    }
    Ok(true)
}

/// The tags of a header with the values that are texts, and where it ends.
#[allow(clippy::type_complexity)]
fn header(bytes: &dyn ReadAt, at: u64) -> io::Result<Option<(Vec<(u32, Option<String>)>, u64)>> {
    let start = source::read(bytes, at, HEADER_BYTES)?;
    let (Some(count), Some(size)) = (word(&start, 8), word(&start, 12)) else { return Ok(None) };
    if !start.starts_with(HEADER) || count > ENTRIES || size > VALUES {
        return Ok(None);
    }
    let index = at + HEADER_BYTES as u64;
    let values = index + u64::from(count) * ENTRY as u64;
    let whole = source::read(bytes, index, (values - index) as usize + size as usize)?;
    let end = values + u64::from(size);
    if whole.len() as u64 != end - index {
        return Ok(None);
    }
    let (index, values) = whole.split_at(whole.len() - size as usize);
    let entries = index.chunks_exact(ENTRY).filter_map(|entry| {
        let (tag, kind, offset) = (word(entry, 0)?, word(entry, 4)?, word(entry, 8)? as usize);
        let text = (kind == TEXT).then(|| values.get(offset..)).flatten();
        let text = text.and_then(|text| std::str::from_utf8(text.split(|b| *b == 0).next()?).ok());
        Some((tag, text.map(str::to_owned)))
    });
    Ok(Some((entries.collect(), end)))
}
