//! The outcome of an analysis, for one device and for a fleet.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use super::html::{Html, escape};
use super::{Finding, Severity};
use crate::image::Image;
use crate::model::{DeviceId, Sha256};

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
    /// The image.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
    /// Its version, where known.
    pub version: Option<String>,
    /// One report a device.
    pub devices: Vec<DeviceReport>,
}

impl Report {
    /// A report on an image.
    #[must_use]
    pub fn new(image: &Image, devices: Vec<DeviceReport>) -> Self {
        Self {
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

    /// The report as a fragment of HTML, without scripts.
    #[must_use]
    pub fn html(&self) -> String {
        let mut h = Html::new("swim-report");
        h.heading(&format!(
            "Upgrade analysis of {} ({})",
            self.file_name,
            self.version.as_deref().unwrap_or("version unknown")
        ));
        let rows: Vec<_> = self
            .devices
            .iter()
            .map(|d| {
                let class = match d.verdict {
                    Verdict::Incompatible => "bad",
                    Verdict::Unknown => "unknown",
                    _ => "good",
                };
                let list =
                    d.findings.iter().filter(|f| f.severity != Severity::Pass).fold(String::new(), |mut s, f| {
                        let _ = write!(s, "<li>{}</li>", escape(&f.to_string()));
                        s
                    });
                vec![
                    escape(d.device.as_str()),
                    format!("<td class=\"{class}\">{}</td>", escape(&d.verdict.to_string())),
                    format!("<ul>{list}</ul>"),
                ]
            })
            .collect();
        h.table(&["device", "verdict", "findings"], &rows);
        h.finish()
    }
}
