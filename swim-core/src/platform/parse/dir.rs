//! `dir`: the files of a directory and the room on its file system.

use serde::Serialize;

use super::text::{Cursor, after, is_false, lines, number};

/// A row of the listing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DirFile {
    /// Name, as printed.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// A directory?
    #[serde(skip_serializing_if = "is_false")]
    pub directory: bool,
    /// Permissions as printed (`-rw-`, `drwx`).
    pub permissions: String,
    /// Date and time as printed; absent for `<no date>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// What `dir` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Dir {
    /// The directory, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// How many rows it has; absent when the directory was not listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// Name of the largest file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_file: Option<String>,
    /// Size of the largest file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_file_bytes: Option<u64>,
    /// Size of the file system in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// Free bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// The error line, when the directory or file could not be listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<DirFile>,
}

impl Dir {
    /// The file of this name, or none.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&DirFile> {
        self.files.iter().find(|f| f.name == name)
    }

    /// Did the device say that there is no such file or directory?
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.error.as_deref().is_some_and(|e| e.contains("No such file or directory"))
    }
}

/// Reads `dir`. Of several directories in one text the first one counts.
///
/// ```
/// use swim_core::platform::parse::dir;
/// let d = dir("Directory of flash:/\n\n    2  -rwx        1924   Mar 1 1993 00:03:09 +00:00  my file.txt\n\n1000 bytes total (400 bytes free)");
/// assert_eq!((d.entries, d.free_bytes), (Some(1), Some(400)));
/// assert_eq!(d.files[0].name, "my file.txt");
/// assert!(dir("%Error opening flash:/x (No such file or directory)").is_absent());
/// ```
#[must_use]
pub fn dir(text: &str) -> Dir {
    let mut out = Dir::default();
    for line in lines(text) {
        if let Some(name) = after(line, "Directory of") {
            if out.directory.is_some() {
                break;
            }
            out.directory = Some(name.to_owned());
            out.entries = Some(0);
        } else if let Some(file) = row(line) {
            out.files.push(file);
        } else if let (None, Some((total, free))) = (out.total_bytes, trailer(line)) {
            out.total_bytes = Some(total);
            out.free_bytes = free;
        } else if line.trim_start().starts_with("%Error") && out.error.is_none() {
            out.error = Some(line.trim().to_owned());
        }
    }
    if !out.files.is_empty() || out.directory.is_some() {
        out.entries = u64::try_from(out.files.len()).ok();
    }
    let mut largest: Option<&DirFile> = None;
    for file in out.files.iter().filter(|f| !f.directory) {
        if largest.is_none_or(|l| file.bytes > l.bytes) {
            largest = Some(file);
        }
    }
    (out.largest_file, out.largest_file_bytes) = largest.map(|f| (f.name.clone(), f.bytes)).unzip();
    out
}

fn row(line: &str) -> Option<DirFile> {
    let mut c = Cursor::new(line);
    c.number::<u64>()?;
    let mut permissions = c.word()?.to_owned();
    if !permissions.starts_with(['-', 'd', 'l']) || !is_permissions(&permissions) {
        return None;
    }
    let mut word = c.word()?;
    // A permission that is not set is a blank on some releases: `-rw  -`.
    while is_permissions(word) && word.len() < 4 {
        permissions.push_str(word);
        word = c.word()?;
    }
    let bytes = number(word)?;
    let date = date(&mut c)?;
    let name = c.rest();
    (!name.is_empty()).then(|| DirFile {
        name: name.to_owned(),
        bytes,
        directory: permissions.starts_with('d'),
        permissions,
        date,
    })
}

fn is_permissions(word: &str) -> bool {
    word.bytes().all(|b| matches!(b, b'-' | b'd' | b'l' | b'r' | b'w' | b'x' | b's' | b't'))
}

/// `Some(None)` for `<no date>`, `None` when there is no date at all.
fn date(c: &mut Cursor<'_>) -> Option<Option<String>> {
    let month = c.word()?;
    if month == "<no" {
        return (c.word()? == "date>").then_some(None);
    }
    let (day, year, time) = (c.word()?, c.word()?, c.word()?);
    number::<u32>(day)?;
    number::<u32>(year)?;
    if !(month.len() == 3 && time.contains(':')) {
        return None;
    }
    let mut text = format!("{month} {day} {year} {time}");
    let mut ahead = *c;
    if let Some(zone) = ahead.word().filter(|z| is_zone(z) && !ahead.rest().is_empty()) {
        text = format!("{text} {zone}");
        *c = ahead;
    }
    Some(Some(text))
}

fn is_zone(word: &str) -> bool {
    let digits = word.strip_prefix(['+', '-']);
    digits.is_some_and(|d| {
        d.len() == 5 && d.bytes().enumerate().all(|(i, b)| if i == 2 { b == b':' } else { b.is_ascii_digit() })
    })
}

/// `122185728 bytes total (73528320 bytes free)`.
fn trailer(line: &str) -> Option<(u64, Option<u64>)> {
    let (total, rest) = line.trim().split_once(" bytes total")?;
    // All of it: the digits of a number that was cut are another number.
    let free = rest.trim().strip_prefix('(').and_then(|r| r.split_once(" bytes free")).and_then(|(n, _)| number(n));
    Some((number(total)?, free))
}
