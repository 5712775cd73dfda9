//! Upgrade analysis: one rule a file, findings with provenance, a report.

mod acceptable;
mod beginning;
mod finding;
pub mod html;
mod knowledge;
mod path;
mod report;
mod rules;
mod support;
mod svg;

pub use acceptable::ACCEPTABLE;
pub(crate) use acceptable::near;
pub use finding::{Finding, Severity};
pub use knowledge::{Agreement, Contradiction, Knowledge, KnownGood, Standing};
pub use path::{CompatibilityMatrix, PathRule, Permit, VersionRange};
pub use report::{DeviceReport, Report, Verdict};
pub(crate) use rules::{RunningSoftware, running_family};
pub use support::{Answer, Process, Product, Support, support};

use crate::image::Image;
use crate::model::{Device, Inventory, Policy};
use crate::platform::Definition;

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The image.
    pub image: &'a Image,
    /// The device's settings.
    pub device: &'a Device,
    /// What the device said of itself.
    pub inventory: &'a Inventory,
    /// What is known of its platform.
    pub definition: &'a Definition,
    /// The operator's settings.
    pub policy: &'a Policy,
    /// What is known from elsewhere; [`Knowledge::NONE`] where nothing is.
    pub knowledge: &'a Knowledge,
}

/// A rule: findings, or none where it has nothing to say.
pub type Rule = fn(&Subject<'_>) -> Vec<Finding>;

/// Judges one device. Pure; every rule is asked.
#[must_use]
pub fn judge(subject: &Subject<'_>) -> DeviceReport {
    let mut findings: Vec<_> = rules::ALL.iter().flat_map(|rule| rule(subject)).collect();
    // A fleet has a hundred thousand of these.
    findings.shrink_to_fit();
    for f in &mut findings {
        f.accepted =
            f.severity == Severity::Unknown && subject.policy.accept_unknown.iter().any(|code| *code == f.code);
    }
    DeviceReport::new(subject.device.id.clone(), findings)
}

/// What is to be said about image and device themselves: family, version and the path to it, cryptography, memory, flash,
/// boot ROM. The state in which the device is just now is not looked at, nor the way to it.
#[must_use]
pub fn judge_fit(subject: &Subject<'_>) -> Vec<Finding> {
    rules::FIT.iter().flat_map(|rule| rule(subject)).collect()
}
