//! `show ap summary` and `show ap image` of a 9800.

use serde::Serialize;

use super::text::{after, columns, is_ruler, lines, number, set, value_of};

/// What `show ap summary` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowApSummary {
    /// Number of access points, as told in the head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aps: Vec<String>,
}

/// Reads `show ap summary`.
///
/// ```
/// use swim_core::platform::parse::show_ap_summary;
/// let s = show_ap_summary("Number of APs: 1\n\nAP Name     Slots\n----------------\nlobby       2");
/// assert_eq!((s.total, s.aps), (Some(1), vec!["lobby".to_owned()]));
/// ```
#[must_use]
pub fn show_ap_summary(text: &str) -> ShowApSummary {
    let mut out = ShowApSummary::default();
    let mut rows = Rows::default();
    for line in lines(text) {
        set(&mut out.total, after(line, "Number of APs:").and_then(number));
        if rows.is_row(line) {
            out.aps.extend(columns(line).first().map(|name| (*name).to_owned()));
        }
    }
    out
}

/// The images of an access point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ApImage {
    /// Name.
    pub name: String,
    /// Primary image.
    pub primary: String,
    /// Backup image.
    pub backup: String,
    /// Predownload status, as printed.
    pub status: String,
    /// The version that is downloaded ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predownload_version: Option<String>,
}

/// What `show ap image` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowApImage {
    /// Total number of access points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Initiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiated: Option<u64>,
    /// Downloading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downloading: Option<u64>,
    /// Predownloading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predownloading: Option<u64>,
    /// Completed downloading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_downloading: Option<u64>,
    /// Completed predownloading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_predownloading: Option<u64>,
    /// Not supported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_supported: Option<u64>,
    /// Failed to predownload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
    /// The access points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aps: Vec<ApImage>,
}

/// Reads `show ap image`.
#[must_use]
pub fn show_ap_image(text: &str) -> ShowApImage {
    let mut out = ShowApImage::default();
    let mut rows = Rows::default();
    for line in lines(text) {
        let get = |label: &str| value_of(line, label, ':').and_then(number);
        set(&mut out.total, get("Total number of APs"));
        set(&mut out.initiated, get("Initiated"));
        set(&mut out.downloading, get("Downloading"));
        set(&mut out.predownloading, get("Predownloading"));
        set(&mut out.completed_downloading, get("Completed downloading"));
        set(&mut out.completed_predownloading, get("Completed predownloading"));
        set(&mut out.not_supported, get("Not Supported"));
        set(&mut out.failed, get("Failed to Predownload"));
        if rows.is_row(line) {
            let text = |s: &&str| (*s).to_owned();
            if let [name, primary, backup, status, rest @ ..] = columns(line).as_slice() {
                out.aps.push(ApImage {
                    name: text(name),
                    primary: text(primary),
                    backup: text(backup),
                    status: text(status),
                    predownload_version: rest.first().map(text),
                });
            }
        }
    }
    out
}

/// Follows a table that starts with `AP Name` and a ruler, and ends at an empty line or a prompt.
#[derive(Debug, Default)]
struct Rows {
    head: bool,
    body: bool,
}

impl Rows {
    fn is_row(&mut self, line: &str) -> bool {
        if line.trim_start().starts_with("AP Name") {
            (self.head, self.body) = (true, false);
            false
        } else if self.head && is_ruler(line) {
            self.body = true;
            false
        } else {
            self.body &= !line.is_empty();
            self.body && columns(line).len() > 1
        }
    }
}
