//! Upgrade analysis: one rule a file, findings with provenance, a report.

mod finding;
pub mod html;
mod report;
mod rules;

pub use finding::{Finding, Severity};
pub use report::{DeviceReport, Report, Verdict};
pub(crate) use rules::running_family;

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
}

/// A rule: findings, or none where it has nothing to say.
pub type Rule = fn(&Subject<'_>) -> Vec<Finding>;

/// Judges one device. Pure; every rule is asked.
#[must_use]
pub fn judge(subject: &Subject<'_>) -> DeviceReport {
    let mut findings: Vec<_> = rules::ALL.iter().flat_map(|rule| rule(subject)).collect();
    for f in &mut findings {
        f.accepted = f.severity == Severity::Unknown && subject.policy.accept_unknown.contains(&f.code);
    }
    DeviceReport::new(subject.device.id.clone(), findings)
}
