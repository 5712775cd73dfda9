//! A walk over the member headers of a tar archive. The members themselves are not read.

use std::io::{self, Read};

use super::info::{self, TarInfo};
use super::source::{self, ReadAt};
use super::{Field, ImageFacts, Provenance};

const BLOCK: usize = 512;
/// Archives with web pages have some hundreds of members; this many headers are 2 MiB.
const MEMBERS: usize = 4096;

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    name: String,
    size: u64,
    /// Where its bytes begin.
    at: u64,
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// At the end mark.
    Marked,
    /// At the end of the file between two members.
    Between,
    /// The file ends inside a member or a header.
    Cut,
    /// Something that is no header follows.
    Damaged,
    /// The rest is not at hand, or there are too many members.
    Unseen,
}

/// One header; `None` when it is none.
fn header(block: &[u8]) -> Option<(String, u64)> {
    let field = block.get(148..156)?;
    let own = octal(field)?;
    let sum: u64 =
        block.iter().enumerate().map(|(at, b)| if (148..156).contains(&at) { 32 } else { u64::from(*b) }).sum();
    if own != sum {
        return None;
    }
    let text = |from: usize, to: usize| {
        let bytes = block.get(from..to).unwrap_or_default().split(|b| *b == 0).next().unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    };
    let mut name = text(0, 100);
    let prefix = if block.get(257..262) == Some(b"ustar".as_slice()) { text(345, 500) } else { String::new() };
    if !prefix.is_empty() {
        name = format!("{prefix}/{name}");
    }
    Some((name, octal(block.get(124..136)?)?))
}

/// An octal number between spaces and zero bytes.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u64::from_str_radix(text, 8).ok()
}

fn walk(bytes: &dyn ReadAt) -> io::Result<(Vec<Member>, End)> {
    let (mut members, mut at, size) = (Vec::new(), 0_u64, bytes.size());
    loop {
        if at == size {
            return Ok((members, End::Between));
        }
        if at > size {
            return Ok((members, End::Cut));
        }
        if members.len() == MEMBERS {
            return Ok((members, End::Unseen));
        }
        let block = source::read(bytes, at, BLOCK)?;
        if block.len() < BLOCK {
            let end = if at + BLOCK as u64 <= size { End::Unseen } else { End::Cut };
            return Ok((members, end));
        }
        if block.iter().all(|b| *b == 0) {
            return Ok((members, End::Marked));
        }
        let Some((name, length)) = header(&block) else {
            return Ok((members, End::Damaged));
        };
        let start = at + BLOCK as u64;
        let Some(next) = length.checked_next_multiple_of(BLOCK as u64).and_then(|padded| start.checked_add(padded))
        else {
            return Ok((members, End::Damaged));
        };
        members.push(Member { name, size: length, at: start });
        at = next;
    }
}

/// Reads an archive whose first member describes it. `false` when it is none.
pub(super) fn identify(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> bool {
    let first = head.get(..BLOCK).and_then(header);
    let Some((_, length)) = first.filter(|(name, length)| is(name, "info") && *length <= info::LONGEST as u64) else {
        return false;
    };
    let length = usize::try_from(length).unwrap_or(info::LONGEST);
    let mut text = source::read(bytes, BLOCK as u64, length).unwrap_or_default();
    if text.len() < length {
        // A cut line would give a cut version.
        text.truncate(text.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1));
    }
    let parsed = TarInfo::parse(&String::from_utf8_lossy(&text));
    if !info::is_info(&parsed) {
        return false;
    }
    facts.platform = Some(Field::new("ios".to_owned(), Provenance::Header));
    info::describe(facts, &parsed);
    match walk(bytes) {
        Ok((members, end)) => judge(bytes, &text, &parsed, &members, end, facts),
        Err(e) => facts.remarks.push(format!("the archive could not be read: {e}")),
    }
    true
}

/// The names of the members of an archive that is read as a stream, as far as it goes.
pub(super) fn stream(mut archive: impl Read) -> Vec<String> {
    let mut names = Vec::new();
    let mut block = [0; BLOCK];
    while names.len() < MEMBERS && archive.read_exact(&mut block).is_ok() {
        let Some((name, length)) = header(&block) else { break };
        names.push(name);
        let Some(padded) = length.checked_next_multiple_of(BLOCK as u64) else { break };
        if io::copy(&mut archive.by_ref().take(padded), &mut io::sink()).is_err() {
            break;
        }
    }
    names
}

/// The names of the members, when it is an archive; and whether it ends before its end.
pub(super) fn names(bytes: &dyn ReadAt, head: &[u8]) -> io::Result<Option<(Vec<String>, bool)>> {
    if head.get(..BLOCK).and_then(header).is_none() {
        return Ok(None);
    }
    let (members, end) = walk(bytes)?;
    let cut = matches!(end, End::Cut | End::Damaged);
    Ok(Some((members.into_iter().map(|member| member.name).collect(), cut)))
}

/// Is the archive whole, and does it hold what its description says?
fn judge(bytes: &dyn ReadAt, text: &[u8], parsed: &TarInfo, members: &[Member], end: End, facts: &mut ImageFacts) {
    let last = members.iter().find(|member| is(&member.name, "info.ver"));
    match (end, last) {
        (End::Cut, _) => facts.damage.push("the file ends inside a member: it is truncated".to_owned()),
        (End::Damaged, _) => facts.damage.push("a member header is damaged".to_owned()),
        // Archives of the Catalyst 2950 end with it (78-14982-01); what the guides of the 3560, 2960-X and ME 3800X list has
        // none. The mark of the end is proof enough.
        (End::Between, None) => {
            facts.damage.push("neither info.ver nor the mark of its end is there: the file is truncated".to_owned())
        }
        (End::Unseen, None) => facts.remarks.push("not all of the archive was at hand: it may be truncated".to_owned()),
        (End::Marked, _) | (End::Between | End::Unseen, Some(_)) => {}
    }
    if let Some(last) = last.filter(|last| last.size <= info::LONGEST as u64) {
        let again = usize::try_from(last.size).ok().and_then(|size| source::read(bytes, last.at, size).ok());
        if again.is_some_and(|again| again.len() as u64 == last.size && again != text) {
            facts.damage.push("info and info.ver differ".to_owned());
        }
    }
    let (name, size) =
        (parsed.get("image_name"), parsed.get("ios_image_file_size").or_else(|| parsed.get("image_file_size")));
    if let (Some(name), Some(size)) = (name, size.and_then(|size| size.parse::<u64>().ok()))
        && let Some(member) = members.iter().find(|member| is(&member.name, name))
        && member.size > size
    {
        facts.damage.push(format!("{name} has {} bytes, the description says {size}", member.size));
    }
}

/// Is it this file, in whatever folder?
fn is(member: &str, name: &str) -> bool {
    member.rsplit('/').next() == Some(name)
}
