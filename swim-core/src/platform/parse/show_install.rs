//! `show install summary|active|inactive|committed|uncommitted`: the table of packages.

use serde::Serialize;

use super::text::{Cursor, after, is_false, lines, owned};

/// A row of the table: type, state letter, name. In JSON it is an array of the three.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PackageRow(
    /// Type: `IMG`, `SMU`, ...
    pub String,
    /// State: `I` inactive, `U` activated and not committed, `C` committed, `D` deactivated and not committed.
    pub String,
    /// Version of an image, file name of anything else.
    pub String,
);

impl PackageRow {
    /// Type: `IMG`, `SMU`, ...
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.0
    }

    /// State letter.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.1
    }

    /// Version or file name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.2
    }
}

/// The rows of one group of members that agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InstallGroup {
    /// The members, as printed: `Switch 1 2 3`, `R0`, `Chassis 1/R0`.
    pub location: String,
    /// Its rows.
    pub packages: Vec<PackageRow>,
}

/// What the command says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowInstall {
    /// The members of each group, as printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    /// What the table lists: `Installed`, `Active`, `Inactive`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// All rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageRow>,
    /// The device says that there is none.
    #[serde(skip_serializing_if = "is_false")]
    pub none: bool,
    /// `active` or `inactive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_abort_timer: Option<String>,
    /// The operation that started the timer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_abort_op: Option<String>,
    /// Time before the rollback, as printed (`01:49:42`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_abort_left: Option<String>,
    /// The rows by group: members that disagree are in separate groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<InstallGroup>,
}

impl ShowInstall {
    /// Does the device go back by itself unless it is told otherwise?
    #[must_use]
    pub fn timer_runs(&self) -> bool {
        self.auto_abort_timer.as_deref() == Some("active")
    }

    /// Seconds before the rollback.
    #[must_use]
    pub fn auto_abort_seconds(&self) -> Option<u64> {
        let mut total: u64 = 0;
        for part in self.auto_abort_left.as_deref()?.split(':') {
            total = total.checked_mul(60)?.checked_add(part.parse().ok()?)?;
        }
        Some(total)
    }
}

/// Reads `show install summary` and its siblings.
///
/// ```
/// use swim_core::platform::parse::show_install_summary;
/// let s = show_install_summary("[ Switch 1 2 ] Installed Package(s) Information:\nIMG   U    17.09.04.0.4292\nAuto abort timer: active on install_activate, time before rollback - 00:01:01");
/// assert_eq!(s.packages[0].state(), "U");
/// assert_eq!(s.auto_abort_seconds(), Some(61));
/// ```
#[must_use]
pub fn show_install_summary(text: &str) -> ShowInstall {
    let mut out = ShowInstall::default();
    for line in lines(text) {
        if let Some((location, heading)) = group_heading(line) {
            out.locations.push(location.to_owned());
            out.heading = out.heading.take().or_else(|| owned(heading));
            out.groups.push(InstallGroup { location: location.to_owned(), packages: Vec::new() });
        } else if let Some(row) = package_row(line) {
            if let Some(group) = out.groups.last_mut() {
                group.packages.push(row.clone());
            }
            out.packages.push(row);
        } else if let Some(timer) = after(line, "Auto abort timer:") {
            auto_abort(&mut out, timer);
        } else if line.trim_start().starts_with("No ") && line.contains(" Packages") {
            out.none = true;
        }
    }
    // One group may be empty while another is not.
    out.none &= out.packages.is_empty();
    out
}

/// `[ Switch 1 2 ] Installed Package(s) Information:`.
fn group_heading(line: &str) -> Option<(&str, &str)> {
    let (location, rest) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let (heading, _) = rest.split_once("Package")?;
    Some((location.trim(), heading.trim()))
}

/// `IMG   C    17.06.03.0.3629`.
pub(super) fn package_row(line: &str) -> Option<PackageRow> {
    let mut c = Cursor::new(line);
    let kind = c.word().filter(|w| w.len() >= 2 && w.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))?;
    let state = c.word().filter(|w| matches!(*w, "I" | "U" | "C" | "D"))?;
    let name = c.word()?;
    c.rest().is_empty().then(|| PackageRow(kind.to_owned(), state.to_owned(), name.to_owned()))
}

/// `active on install_activate, time before rollback - 01:49:42`, `inactive`.
fn auto_abort(out: &mut ShowInstall, timer: &str) {
    let mut words = timer.split([' ', ',']).filter(|w| !w.is_empty());
    // Members that disagree print the timer more than once: a running one counts.
    match words.next() {
        Some("active") => out.auto_abort_timer = owned("active"),
        Some(word) if out.auto_abort_timer.is_none() => {
            out.auto_abort_timer = owned(word);
            return;
        }
        _ => return,
    }
    if words.next() == Some("on") {
        out.auto_abort_op = words.next().and_then(owned);
    }
    if let Some((_, left)) = timer.split_once("time before rollback") {
        out.auto_abort_left = left.split_whitespace().find(|w| w.contains(':')).and_then(owned);
    }
}
