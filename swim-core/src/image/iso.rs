//! ISO 9660: images of IOS XR. Only the folders are walked, and small texts in them read.

use std::collections::VecDeque;
use std::io;

use super::source::{self, ReadAt};

const SECTOR: u64 = 2048;
/// Where the first descriptor of a volume is.
const VOLUME: u64 = 16 * SECTOR;
const MAGIC: &[u8] = b"\x01CD001\x01";
/// The record of the root folder inside of the descriptor.
const ROOT: std::ops::Range<usize> = 156..190;
/// How large the volume is, and its blocks, inside of the descriptor.
const SECTORS: std::ops::Range<usize> = 80..84;
const BLOCK: std::ops::Range<usize> = 128..130;
/// The mark of a disk that a machine starts from.
const BOOT_RECORD: u64 = 510;
/// Bytes of a record before its name.
const RECORD: usize = 33;
const IS_FOLDER: u8 = 2;
/// Folders and files that are looked at: real images have some dozen outside of their packages.
const ENTRIES: usize = 20_000;
/// Bytes of a folder, of all folders, and of a text.
const FOLDER: u64 = 256 * 1024;
const FOLDERS: usize = 256;
const TEXT: u64 = 64 * 1024;

/// A file of the volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Its folders and name, lower case.
    pub(super) path: String,
    at: u64,
    size: u64,
}

/// What the folders tell.
#[derive(Debug, Default)]
pub(super) struct Volume {
    pub(super) files: Vec<File>,
    /// A part of it is not there, or not at hand.
    pub(super) cut: bool,
    /// Bytes of the volume, as it says.
    pub(super) bytes: u64,
}

/// Walks the folders; `None` when it is no volume.
pub(super) fn read(bytes: &dyn ReadAt) -> io::Result<Option<Volume>> {
    let descriptor = source::read(bytes, VOLUME, SECTOR as usize)?;
    if !descriptor.starts_with(MAGIC) {
        return Ok(None);
    }
    // In blocks, which are nearly always of the size of a sector.
    let blocks = descriptor.get(BLOCK).is_some_and(|size| size == SECTOR.to_le_bytes().split_at(2).0);
    let sectors = descriptor.get(SECTORS).filter(|_| blocks).and_then(|b| b.try_into().ok());
    let sectors = sectors.map_or(0, u32::from_le_bytes);
    let mut volume = Volume { bytes: u64::from(sectors) * SECTOR, ..Volume::default() };
    let Some((_, root)) = descriptor.get(ROOT).and_then(record) else {
        volume.cut = true;
        return Ok(Some(volume));
    };
    let mut folders = VecDeque::from([(String::new(), root.at, root.size)]);
    let mut seen = vec![root.at];
    while let Some((path, at, size)) = folders.pop_front() {
        let wanted = size.min(FOLDER) as usize;
        let folder = source::read(bytes, at, wanted)?;
        volume.cut |= folder.len() < wanted || size > FOLDER;
        for (is_folder, mut file) in records(&folder) {
            if volume.files.len() == ENTRIES {
                volume.cut = true;
                return Ok(Some(volume));
            }
            file.path = format!("{path}{}", file.path);
            // A folder that is its own parent would be walked for ever.
            if is_folder && seen.len() < FOLDERS && !seen.contains(&file.at) {
                seen.push(file.at);
                folders.push_back((format!("{}/", file.path), file.at, file.size));
            } else if !is_folder {
                volume.files.push(file);
            }
        }
    }
    Ok(Some(volume))
}

impl Volume {
    /// Where it ends, as far as that is sure: a volume that is a disk as well has partitions of its own behind its end.
    pub(super) fn end(&self, bytes: &dyn ReadAt) -> io::Result<Option<u64>> {
        let is_disk = source::read(bytes, BOOT_RECORD, 2)? == [0x55, 0xaa];
        Ok((self.bytes > 0 && !is_disk).then_some(self.bytes))
    }

    /// The text of a file by the end of its path, when it is small.
    pub(super) fn text(&self, bytes: &dyn ReadAt, path: &str) -> io::Result<Option<String>> {
        let is = |file: &&File| file.path == path || file.path.strip_suffix(path).is_some_and(|p| p.ends_with('/'));
        let Some(file) = self.files.iter().find(is).filter(|file| file.size <= TEXT) else { return Ok(None) };
        let text = source::read(bytes, file.at, file.size as usize)?;
        Ok((text.len() as u64 == file.size).then(|| String::from_utf8_lossy(&text).into_owned()))
    }
}

/// The records of a folder. A sector's rest is empty where the next one does not fit.
fn records(folder: &[u8]) -> Vec<(bool, File)> {
    let mut found = Vec::new();
    for sector in folder.chunks(SECTOR as usize) {
        let mut rest = sector;
        while let Some(length) = rest.first().map(|l| usize::from(*l)).filter(|l| *l >= RECORD && *l <= rest.len()) {
            let (one, behind) = rest.split_at(length);
            // The first two are the folder itself and its parent.
            if let Some((flags, file)) = record(one)
                && !file.path.is_empty()
            {
                found.push((flags & IS_FOLDER != 0, file));
            }
            rest = behind;
        }
    }
    found
}

/// One record: its flags, and the file.
fn record(bytes: &[u8]) -> Option<(u8, File)> {
    let little = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (sector, size, flags, length) = (little(2)?, little(10)?, *bytes.get(25)?, usize::from(*bytes.get(32)?));
    let plain = bytes.get(RECORD..RECORD + length)?;
    let name = match plain {
        [0 | 1] => String::new(),
        plain => {
            // Rock Ridge has the real name behind the short one, which ends at an even place.
            let extra = bytes.get((RECORD + length).next_multiple_of(2)..).unwrap_or_default();
            let real = rock_ridge(extra).unwrap_or_else(|| plain.to_vec());
            let name = String::from_utf8_lossy(&real).to_ascii_lowercase();
            let name = name.split(';').next().unwrap_or_default().trim_end_matches('.');
            if name.is_empty() || name.contains('/') {
                return None;
            }
            name.to_owned()
        }
    };
    Some((flags, File { path: name, at: u64::from(sector) * SECTOR, size: u64::from(size) }))
}

/// The name among the extensions of a record: `NM`, length, version, flags, text.
fn rock_ridge(mut extra: &[u8]) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    while let [a, b, length, _, ..] = extra {
        let length = usize::from(*length);
        if length < 4 || length > extra.len() {
            break;
        }
        let (one, behind) = extra.split_at(length);
        if (*a, *b) == (b'N', b'M') {
            name.extend_from_slice(one.get(5..)?);
        }
        extra = behind;
    }
    (!name.is_empty()).then_some(name)
}
