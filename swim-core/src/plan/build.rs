//! From goal, inventories and policy to a plan. Pure.

use super::{DevicePlan, Expectation, Plan, Refused, reach, sources};
use crate::Result;
use crate::analysis::{DeviceReport, Finding, Severity};
use crate::model::{Device, Inventory, Policy};
use crate::platform::{Goal, Platform, PullServices};

/// A device with everything that the planner needs of it.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The device.
    pub device: &'a Device,
    /// What it said of itself.
    pub inventory: &'a Inventory,
    /// What analysis says.
    pub report: &'a DeviceReport,
    /// How it is driven.
    pub platform: &'a dyn Platform,
}

/// Makes the plan. Devices keep the order in which they are given, and pull from what `servers` says.
///
/// A device is refused when a finding blocks it, or when a finding is *unknown* and its code is not among
/// `policy.accept_unknown`.
///
/// # Errors
/// `InvalidInput` for a policy with impossible numbers or a device that is named twice; those of [`Platform::steps`] other than refusals.
pub fn build(goal: &Goal, candidates: &[Candidate<'_>], services: &PullServices, policy: &Policy) -> Result<Plan> {
    let mut devices = Vec::new();
    let mut refused = Vec::new();
    for c in candidates {
        let forbids = |f: &&Finding| match f.severity {
            Severity::Blocking => true,
            Severity::Unknown => !policy.accept_unknown.iter().any(|code| *code == f.code),
            _ => false,
        };
        let against: Vec<_> = c.report.findings.iter().filter(forbids).cloned().collect();
        if !against.is_empty() {
            refused.push(Refused { device: c.device.id.clone(), findings: against });
            continue;
        }
        let mut steps = match c.platform.steps(goal, c.inventory, &reach::reaching(c.device, policy)) {
            Ok(steps) => steps,
            Err(e) if e.kind() != crate::ErrorKind::Internal => {
                let finding = Finding::new("plan.impossible", Severity::Blocking, e.report().to_string());
                let findings = std::iter::once(finding).chain(reach::left_out(c.device, policy)).collect();
                refused.push(Refused { device: c.device.id.clone(), findings });
                continue;
            }
            Err(e) => return Err(e),
        };
        let mut findings: Vec<_> = c.report.findings.iter().filter(|f| f.severity != Severity::Pass).cloned().collect();
        let (source, definition) = (services.servers.source(c.device), c.platform.definition());
        let serves = |protocol, direction| services.find(protocol, direction).is_some();
        findings.extend(sources::name(&mut steps, &source, &serves, definition, policy));
        if steps.iter().any(|step| step.source().is_some()) {
            findings.extend(reach::left_out(c.device, policy));
        }
        if findings.iter().any(|f| f.severity == Severity::Blocking) {
            findings.retain(|f| f.severity == Severity::Blocking);
            refused.push(Refused { device: c.device.id.clone(), findings });
            continue;
        }
        devices.push(DevicePlan { device: c.device.clone(), expects: Expectation::of(c.inventory), steps, findings });
    }
    let plan = Plan { schema: Plan::SCHEMA, goal: goal.clone(), policy: policy.clone(), devices, refused };
    plan.check()?;
    Ok(plan)
}

impl Expectation {
    /// What matters of an inventory.
    #[must_use]
    pub fn of(inventory: &Inventory) -> Self {
        Self {
            version: inventory.version.clone(),
            serial: inventory.serial.clone(),
            mode: inventory.mode,
            members: inventory.member_numbers(),
            boot_lines: inventory.boot.lines.clone(),
            hostname: inventory.hostname.clone(),
        }
    }

    /// What is different now, in words; empty when nothing is.
    #[must_use]
    pub fn differs(&self, now: &Inventory) -> Vec<String> {
        let now = Self::of(now);
        let mut out = Vec::new();
        let mut check = |what: &str, then: String, is: String| {
            if then != is {
                out.push(format!("{what} was {then} when the plan was made and is {is} now"));
            }
        };
        let text = |v: &Option<String>| v.clone().unwrap_or_else(|| "unknown".to_owned());
        check("serial number", text(&self.serial), text(&now.serial));
        check("host name", text(&self.hostname), text(&now.hostname));
        check("mode", format!("{:?}", self.mode), format!("{:?}", now.mode));
        check("members", format!("{:?}", self.members), format!("{:?}", now.members));
        check(
            "version",
            text(&self.version.as_ref().map(|v| v.as_str().to_owned())),
            text(&now.version.as_ref().map(|v| v.as_str().to_owned())),
        );
        check("boot lines", format!("{:?}", self.boot_lines), format!("{:?}", now.boot_lines));
        out
    }
}
