//! The outcome of an analysis, for one device and for a fleet.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::html::{Html, escape};
use super::{Finding, Severity, svg};
use crate::image::Image;
use crate::model::{DeviceId, Sha256};

/// Devices in the HTML of a report: more make pages that browsers do not like.
const SHOWN: usize = 500;

/// May this device run this image?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Every rule passed.
    Compatible,
    /// It may, with warnings.
    CompatibleWithWarnings,
    /// A fact or a requirement is missing.
    Unknown,
    /// It may not.
    Incompatible,
}

impl Verdict {
    /// The worst of findings.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        // What a person accepted counts as a warning, and stays visible.
        let weight = |f: &Finding| if f.accepted { f.severity.min(Severity::Warning) } else { f.severity };
        match findings.iter().map(weight).max() {
            None | Some(Severity::Pass) => Self::Compatible,
            Some(Severity::Warning) => Self::CompatibleWithWarnings,
            Some(Severity::Unknown) => Self::Unknown,
            Some(Severity::Blocking) => Self::Incompatible,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compatible => "compatible",
            Self::CompatibleWithWarnings => "compatible with warnings",
            Self::Unknown => "unknown",
            Self::Incompatible => "incompatible",
        })
    }
}

/// What analysis says of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeviceReport {
    /// The device.
    pub device: DeviceId,
    /// The worst of all findings.
    pub verdict: Verdict,
    /// All findings.
    pub findings: Vec<Finding>,
}

impl DeviceReport {
    /// Draws the verdict from the findings.
    #[must_use]
    pub fn new(device: DeviceId, findings: Vec<Finding>) -> Self {
        Self { device, verdict: Verdict::of(&findings), findings }
    }
}

/// What analysis says of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The layout of this document.
    #[serde(default = "schema")]
    pub schema: u32,
    /// The image.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
    /// Its version, where known.
    pub version: Option<String>,
    /// One report a device.
    pub devices: Vec<DeviceReport>,
}

const fn schema() -> u32 {
    Report::SCHEMA
}

impl Report {
    /// The layout that this version writes. Fields may come to it; none goes away or changes its meaning.
    pub const SCHEMA: u32 = 1;

    /// A report on an image.
    #[must_use]
    pub fn new(image: &Image, devices: Vec<DeviceReport>) -> Self {
        Self {
            schema: Self::SCHEMA,
            image: image.id,
            file_name: image.file_name.clone(),
            version: image.facts.version.as_ref().map(|v| v.value.to_string()),
            devices,
        }
    }

    /// The report on one device.
    #[must_use]
    pub fn device(&self, id: &DeviceId) -> Option<&DeviceReport> {
        self.devices.iter().find(|d| d.device == *id)
    }

    /// How many devices have each verdict.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Verdict, usize> {
        let mut counts = BTreeMap::new();
        for d in &self.devices {
            *counts.entry(d.verdict).or_insert(0) += 1;
        }
        counts
    }

    /// What the report comes to, in one line: `4 devices: 3 compatible, 1 unknown`.
    #[must_use]
    pub fn summary(&self) -> String {
        let verdicts: Vec<_> = self.counts().into_iter().map(|(verdict, n)| format!("{n} {verdict}")).collect();
        let devices = svg::devices(self.devices.len());
        if verdicts.is_empty() { devices } else { format!("{devices}: {}", verdicts.join(", ")) }
    }

    /// The report as plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "Upgrade analysis of {} ({})",
            self.file_name,
            self.version.as_deref().unwrap_or("version unknown")
        );
        for d in &self.devices {
            let _ = writeln!(out, "\n{}: {}", d.device, d.verdict);
            for f in d.findings.iter().filter(|f| f.severity != Severity::Pass) {
                let _ = writeln!(out, "  {}", f);
                match &f.remedy {
                    _ if f.accepted => out.push_str("      accepted by the policy\n"),
                    Some(remedy) => _ = writeln!(out, "      remedy: {remedy}"),
                    None => {}
                }
            }
        }
        out
    }

    /// The report as a picture (SVG): the verdicts, and what was found most often. It stands alone, holds no scripts, and
    /// says in words what it shows.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    /// The report as a fragment of HTML, without scripts: the picture of [`Report::svg`] and a table, the worst verdicts
    /// first. Of a large fleet it shows 500 devices and says how many more there are.
    #[must_use]
    pub fn html(&self) -> String {
        let mut h = Html::new("swim-report");
        h.heading(&format!(
            "Upgrade analysis of {} ({})",
            self.file_name,
            self.version.as_deref().unwrap_or("version unknown")
        ));
        h.paragraph(&self.summary());
        h.picture(&self.svg());
        let mut devices: Vec<_> = self.devices.iter().collect();
        devices.sort_by_key(|d| std::cmp::Reverse(d.verdict));
        let rows: Vec<_> = devices.iter().take(SHOWN).map(|d| row(d)).collect();
        h.table(&["device", "verdict", "findings"], &rows);
        if devices.len() > SHOWN {
            let more = devices.len() - SHOWN;
            let what = if more == 1 { "device" } else { "devices" };
            h.paragraph(&format!("{more} more {what}, none of them with a worse verdict"));
        }
        h.finish()
    }
}

/// A device as a row of the table.
fn row(d: &DeviceReport) -> Vec<String> {
    let class = match d.verdict {
        Verdict::Compatible => "good",
        Verdict::CompatibleWithWarnings => "warn",
        Verdict::Unknown => "unknown",
        Verdict::Incompatible => "bad",
    };
    let mut against: Vec<_> = d.findings.iter().filter(|f| f.severity != Severity::Pass).collect();
    against.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let passed = d.findings.len() - against.len();
    let mut list = String::new();
    for f in against {
        let line = f.to_string();
        let rest = line.strip_prefix(f.code.as_ref()).unwrap_or(&line);
        let _ = write!(list, "<li class=\"{}\"><b>{}</b>{}", mark(f.severity), escape(&f.code), escape(rest));
        match &f.remedy {
            _ if f.accepted => list.push_str("<br><i>accepted by the policy</i>"),
            Some(remedy) => _ = write!(list, "<br><i>remedy: {}</i>", escape(remedy)),
            None => {}
        }
        list.push_str("</li>");
    }
    let found = match (list.is_empty(), passed) {
        (true, 0) => String::new(),
        (true, n) => format!("{n} passed"),
        (false, 0) => format!("<ul>{list}</ul>"),
        (false, n) => format!("<ul>{list}</ul>{n} passed"),
    };
    vec![
        format!("<td style=\"white-space:nowrap\">{}</td>", escape(d.device.as_str())),
        format!("<td class=\"{class}\">{}</td>", escape(&d.verdict.to_string())),
        found,
    ]
}

const fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Pass => "good",
        Severity::Warning => "warn",
        Severity::Unknown => "unknown",
        Severity::Blocking => "bad",
    }
}
