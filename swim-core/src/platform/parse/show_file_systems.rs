//! `show file systems`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::{Cursor, lines, number};

/// A file system that has a size.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileSystemRow {
    /// Size in bytes.
    pub size: u64,
    /// Free bytes; absent when the device prints `-`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// `disk`, `flash`, `nvram`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// `rw`, `ro`, `wo`.
    pub flags: String,
    /// Marked with `*`.
    pub default: bool,
    /// The other names of it.
    pub aliases: Vec<String>,
}

/// The sized file systems by their first name. Those without a size (`system:`, `tftp:`) are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ShowFileSystems(
    /// Name with the colon, and its row.
    pub BTreeMap<String, FileSystemRow>,
);

impl ShowFileSystems {
    /// The file system that has this name, as its first name or as an alias.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(&str, &FileSystemRow)> {
        self.0
            .iter()
            .find(|(first, row)| *first == name || row.aliases.iter().any(|a| a == name))
            .map(|(first, row)| (first.as_str(), row))
    }

    /// The default file system.
    #[must_use]
    pub fn default_file_system(&self) -> Option<(&str, &FileSystemRow)> {
        self.0.iter().find(|(_, row)| row.default).map(|(name, row)| (name.as_str(), row))
    }
}

/// Reads `show file systems`.
///
/// ```
/// use swim_core::platform::parse::show_file_systems;
/// let f = show_file_systems("  Size(b)   Free(b)  Type  Flags  Prefixes\n*   2000    1000    disk     rw   flash: flash-1:\n  -    -   opaque   rw   system:");
/// assert_eq!(f.find("flash-1:").map(|(n, r)| (n, r.free)), Some(("flash:", Some(1000))));
/// assert_eq!(f.0.len(), 1);
/// ```
#[must_use]
pub fn show_file_systems(text: &str) -> ShowFileSystems {
    ShowFileSystems(lines(text).filter_map(row).collect())
}

fn row(line: &str) -> Option<(String, FileSystemRow)> {
    let line = line.trim_start();
    let (default, rest) = line.strip_prefix('*').map_or((false, line), |r| (true, r));
    let mut c = Cursor::new(rest);
    let size = c.number()?;
    let free = match c.word()? {
        "-" => None,
        word => Some(number(word)?),
    };
    let kind = c.word()?.to_owned();
    let flags = c.word().filter(|w| matches!(*w, "rw" | "ro" | "wo"))?.to_owned();
    // `#` marks a disk that can be booted from.
    let mut names = c
        .rest()
        .split_whitespace()
        .map(|w| w.trim_end_matches('#'))
        .filter(|w| w.len() > 1 && w.ends_with(':'))
        .map(str::to_owned);
    let name = names.next()?;
    Some((name, FileSystemRow { size, free, kind, flags, default, aliases: names.collect() }))
}
