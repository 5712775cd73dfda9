//! Members of zip archives: the directory has the CRC-32 of each.

use std::io::{self, Read};

use super::gzip::is_of_content;
use super::{CHUNK, PayloadCheck};
use crate::image::expansion;
use crate::image::zip::{self, little};

/// A member, as the directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    deflated: bool,
    sum: u32,
    packed: u64,
    /// Bytes of its part, header and names and all.
    part: u64,
}

/// Where bytes are: offsets and lengths.
type Parts = Vec<(u64, u64)>;

/// A value that says that the true one is elsewhere (zip64).
const ELSEWHERE: u64 = 0xffff_ffff;
/// The longest name and extra field.
const NAMES: u64 = 2 * 65_535;

/// The members in the order of their bytes, and where those are; `None` when there is one that is not understood.
pub(super) fn plan(mut members: Vec<zip::Member>, size: u64) -> Option<(Vec<Member>, Parts)> {
    members.sort_by_key(|member| member.at);
    let starts: Vec<u64> = members.iter().map(|member| member.at).collect();
    let mut parts = Vec::with_capacity(members.len());
    let mut planned = Vec::with_capacity(members.len());
    for (number, member) in members.iter().enumerate() {
        if member.packed == ELSEWHERE || member.at == ELSEWHERE {
            return None;
        }
        let deflated = member.is_deflated()?;
        let most = zip::MEMBER_BYTES as u64 + NAMES + member.packed;
        // The length of the name is only told by the member: the beginning of the next one bounds it.
        let next = starts.get(number + 1).copied().unwrap_or(size);
        let part = most.min(next.saturating_sub(member.at));
        parts.push((member.at, part));
        planned.push(Member { deflated, sum: member.sum, packed: member.packed, part });
    }
    (!planned.is_empty()).then_some((planned, parts))
}

/// Unpacks all members, and keeps nothing.
pub(super) fn check(mut content: impl Read, members: &[Member]) -> io::Result<PayloadCheck> {
    for member in members {
        let mut part = content.by_ref().take(member.part);
        match one(&mut part, member) {
            Ok(PayloadCheck::Intact) => {}
            Ok(other) => return Ok(other),
            // The part is there, but is not what the directory says.
            Err(e) if is_of_content(&e) && (part.limit() == 0 || e.kind() != io::ErrorKind::UnexpectedEof) => {
                return Ok(PayloadCheck::Damaged);
            }
            Err(e) => return Err(e),
        }
        io::copy(&mut part, &mut io::sink())?;
    }
    Ok(PayloadCheck::Intact)
}

fn one(part: &mut impl Read, member: &Member) -> io::Result<PayloadCheck> {
    let mut header = [0; zip::MEMBER_BYTES];
    part.read_exact(&mut header)?;
    let (Some(name), Some(extra)) = (little(&header, 26, 2), little(&header, 28, 2)) else {
        return Ok(PayloadCheck::Damaged);
    };
    if !header.starts_with(zip::MAGIC) {
        return Ok(PayloadCheck::Damaged);
    }
    let skipped = io::copy(&mut part.by_ref().take(name + extra), &mut io::sink())?;
    let mut packed = part.by_ref().take(member.packed);
    let mut sum = flate2::Crc::new();
    let most = expansion::most(member.packed);
    let whole = if member.deflated {
        summed(flate2::read::DeflateDecoder::new(&mut packed).take(most.saturating_add(1)), &mut sum)?
    } else {
        summed(&mut packed, &mut sum)?
    };
    if whole > most {
        return Ok(PayloadCheck::Unverifiable);
    }
    let is_there = skipped == name + extra && (member.deflated || whole == member.packed);
    Ok(if is_there && sum.sum() == member.sum { PayloadCheck::Intact } else { PayloadCheck::Damaged })
}

fn summed(mut content: impl Read, sum: &mut flate2::Crc) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut whole = 0;
    loop {
        match content.read(&mut buffer)? {
            0 => return Ok(whole),
            count => {
                sum.update(buffer.get(..count).unwrap_or_default());
                whole += count as u64;
            }
        }
    }
}
