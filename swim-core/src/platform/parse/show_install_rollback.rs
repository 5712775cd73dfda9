//! `show install rollback` and `show install rollback id N`.

use serde::Serialize;

use super::show_install::{PackageRow, package_row};
use super::text::{after, columns, lines, number, owned, set};

/// A rollback point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RollbackPoint {
    /// Its number.
    pub id: u32,
    /// Label, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Description, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What `show install rollback` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowInstallRollback {
    /// The numbers, in the order of the table.
    pub ids: Vec<u32>,
    /// The rows.
    pub points: Vec<RollbackPoint>,
}

/// What `show install rollback id N` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowInstallRollbackId {
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// When it was made, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Label, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Description, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Does a rollback to it reload the device? As printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reload_required: Option<String>,
    /// What would be installed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageRow>,
}

/// Reads `show install rollback`.
///
/// ```
/// use swim_core::platform::parse::show_install_rollback;
/// let r = show_install_rollback("ID      Label            Description\n---------------\n2       gold             No Description");
/// assert_eq!(r.ids, [2]);
/// assert_eq!(r.points[0].label.as_deref(), Some("gold"));
/// ```
#[must_use]
pub fn show_install_rollback(text: &str) -> ShowInstallRollback {
    let mut out = ShowInstallRollback::default();
    let mut table = false;
    for line in lines(text) {
        if line.trim_start().starts_with("ID ") && line.contains("Label") {
            table = true;
            continue;
        }
        let cells = columns(line);
        let Some(id) = cells.first().filter(|_| table).and_then(|w| number(w)) else { continue };
        out.ids.push(id);
        let cell = |i: usize| cells.get(i).copied().and_then(owned);
        out.points.push(RollbackPoint { id, label: cell(1), description: cell(2) });
    }
    out
}

/// Reads `show install rollback id N`.
#[must_use]
pub fn show_install_rollback_id(text: &str) -> ShowInstallRollbackId {
    let mut out = ShowInstallRollbackId::default();
    for line in lines(text) {
        if let Some(rest) = after(line, "Rollback id -") {
            set(&mut out.id, rest.split([' ', '(']).next().and_then(number));
            let created = rest.split_once("Created on").and_then(|(_, r)| r.split(')').next());
            set(&mut out.created, created.and_then(owned));
        }
        set(&mut out.label, after(line, "Label:").map(str::to_owned));
        set(&mut out.description, after(line, "Description:").map(str::to_owned));
        set(&mut out.reload_required, after(line, "Reload required:").map(str::to_owned));
        out.packages.extend(package_row(line));
    }
    out
}
