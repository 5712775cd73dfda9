//! Zip archives: EOS and SONiC images. The directory at the end is read, and a few small members.

use std::io::{self, Read};

use super::source::{self, ReadAt};
use super::{Field, ImageFacts, Provenance, describe, trailing};
use crate::version::{Scheme, Version};

/// The header of a member.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";
const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Bytes of the end without its comment, and the longest comment.
const END_BYTES: usize = 22;
const COMMENT: usize = 65_535;
const ENTRY_BYTES: usize = 46;
pub(super) const MEMBER_BYTES: usize = 30;
/// Members and bytes of a directory. Images have some dozen.
const MEMBERS: usize = 100_000;
const DIRECTORY: u64 = 4 * 1024 * 1024;
/// Bytes of a text, packed or not: a bomb is stopped here.
const TEXT: u64 = 64 * 1024;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    method: u16,
    /// The CRC-32 of its bytes.
    pub(super) sum: u32,
    pub(super) packed: u64,
    /// Where its header begins.
    pub(super) at: u64,
}

impl Member {
    /// Is it packed in a way that is understood? And if so, is it packed at all?
    pub(super) const fn is_deflated(&self) -> Option<bool> {
        match self.method {
            STORED => Some(false),
            DEFLATED => Some(true),
            _ => None,
        }
    }
}

/// What the end of an archive says.
pub(super) enum Directory {
    Members {
        members: Vec<Member>,
        /// Where the archive ends, comment and all.
        end: u64,
    },
    /// All of the end is at hand, and has none.
    Missing,
    /// It is not at hand, or larger than those that are read.
    Unseen,
}

/// Reads the archive. The container, when it is an image that is known.
pub(super) fn identify(bytes: &dyn ReadAt, facts: &mut ImageFacts) -> io::Result<&'static str> {
    let members = match directory(bytes)? {
        Directory::Members { members, end } => {
            trailing::remark(bytes, end, facts)?;
            members
        }
        Directory::Missing => {
            facts.damage.push("the directory at the end of the archive is missing: the file is truncated".to_owned());
            return Ok("zip");
        }
        Directory::Unseen => {
            facts.remarks.push("the directory at the end of the archive was not at hand".to_owned());
            return Ok("zip");
        }
    };
    let text = |name: &str| match members.iter().find(|m| m.name == name) {
        Some(member) => member_text(bytes, member),
        None => Ok(None),
    };
    let has = |name: &str| members.iter().any(|m| m.name == name);
    if let Some(hash) = text(".imagehash")? {
        sonic(facts, hash.trim(), text(".platforms_asic")?.as_deref());
        return Ok("sonic_swi");
    }
    let Some(version) = text("version")? else { return Ok("zip") };
    let value = |key: &str| {
        version
            .lines()
            .find_map(|line| line.split_once('=').filter(|(k, _)| k.trim() == key))
            .map(|(_, v)| v.trim().to_owned())
    };
    let Some(told) = value("SWI_VERSION") else { return Ok("zip") };
    facts.platform = Some(Field::new("eos".to_owned(), Provenance::Member));
    match Version::parse(Scheme::Eos, &told) {
        Ok(version) => facts.version = Some(Field::new(version, Provenance::Member)),
        Err(_) => facts.remarks.push(format!("the version {told:?} of the image is not understood")),
    }
    for key in ["SWI_ARCH", "SWI_VARIANT", "SWI_MAX_HWEPOCH"] {
        if let Some(value) = value(key) {
            facts.compatibility.push(Field::new(format!("{key}={value}"), Provenance::Member));
        }
    }
    if has("swi-signature") || has("swix-signature") {
        describe::signed(facts);
    }
    describe::typed(facts, if has("swix-signature") || has("manifest.txt") { "package" } else { "image" });
    Ok("eos_swi")
}

/// The platforms that it may run on are listed in it.
fn sonic(facts: &mut ImageFacts, version: &str, platforms: Option<&str>) {
    facts.platform = Some(Field::new("sonic".to_owned(), Provenance::Member));
    facts.internal_name = Some(Field::new(format!("SONiC-OS-{version}"), Provenance::Member));
    let lines = platforms.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty());
    facts.compatibility.extend(lines.map(|line| Field::new(line.to_owned(), Provenance::Member)));
    describe::typed(facts, "image");
}

pub(super) fn little(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    Some(bytes.get(at..at + width)?.iter().rev().fold(0, |sum, b| (sum << 8) | u64::from(*b)))
}

pub(super) fn directory(bytes: &dyn ReadAt) -> io::Result<Directory> {
    let start = bytes.size().saturating_sub((END_BYTES + COMMENT) as u64);
    let tail = source::read(bytes, start, END_BYTES + COMMENT)?;
    let found = tail.windows(END.len()).rposition(|w| w == END);
    let Some((found, end)) = found.and_then(|at| Some((at, tail.get(at..)?))) else {
        let all = start + tail.len() as u64 == bytes.size();
        return Ok(if all { Directory::Missing } else { Directory::Unseen });
    };
    let numbers = (little(end, 10, 2), little(end, 12, 4), little(end, 16, 4), little(end, 20, 2));
    let (Some(count), Some(size), Some(at), Some(comment)) = numbers else {
        return Ok(Directory::Missing);
    };
    if end.len() < END_BYTES + comment as usize {
        return Ok(Directory::Missing);
    }
    if size > DIRECTORY {
        return Ok(Directory::Unseen);
    }
    if at + size > bytes.size() {
        return Ok(Directory::Missing);
    }
    let table = source::read(bytes, at, size as usize)?;
    if (table.len() as u64) < size {
        return Ok(Directory::Unseen);
    }
    let (mut rest, mut members) = (table.as_slice(), Vec::new());
    while rest.starts_with(ENTRY) && (members.len() as u64) < count && members.len() < MEMBERS {
        let (Some(name), Some(extra), Some(comment)) = (little(rest, 28, 2), little(rest, 30, 2), little(rest, 32, 2))
        else {
            break;
        };
        let numbers = (little(rest, 10, 2), little(rest, 16, 4), little(rest, 20, 4), little(rest, 42, 4));
        let (Some(method), Some(sum), Some(packed), Some(at)) = numbers else { break };
        let name_end = ENTRY_BYTES + name as usize;
        let Some(text) = rest.get(ENTRY_BYTES..name_end) else { break };
        let name = String::from_utf8_lossy(text).into_owned();
        members.push(Member { name, method: method as u16, sum: sum as u32, packed, at });
        let Some(behind) = rest.get(name_end + extra as usize + comment as usize..) else { break };
        rest = behind;
    }
    let ends = start + found as u64 + END_BYTES as u64 + comment;
    Ok(Directory::Members { members, end: ends })
}

/// The text of a member, when it is small and its sum holds.
fn member_text(bytes: &dyn ReadAt, member: &Member) -> io::Result<Option<String>> {
    if member.packed > TEXT {
        return Ok(None);
    }
    let header = source::read(bytes, member.at, MEMBER_BYTES)?;
    let (Some(name), Some(extra)) = (little(&header, 26, 2), little(&header, 28, 2)) else { return Ok(None) };
    if !header.starts_with(MAGIC) {
        return Ok(None);
    }
    let at = member.at + MEMBER_BYTES as u64 + name + extra;
    let packed = source::read(bytes, at, member.packed as usize)?;
    if (packed.len() as u64) < member.packed {
        return Ok(None);
    }
    let text = match member.method {
        STORED => packed,
        DEFLATED => {
            let mut text = Vec::new();
            let unpacked = flate2::read::DeflateDecoder::new(packed.as_slice()).take(TEXT + 1).read_to_end(&mut text);
            if unpacked.is_err() || text.len() as u64 > TEXT {
                return Ok(None);
            }
            text
        }
        _ => return Ok(None),
    };
    let mut sum = flate2::Crc::new();
    sum.update(&text);
    Ok((sum.sum() == member.sum).then(|| String::from_utf8_lossy(&text).into_owned()))
}
