//! From goal, inventories and policy to a plan. Pure.

use std::borrow::Cow;

use super::{DevicePlan, Expectation, Plan, Refused};
use crate::Result;
use crate::analysis::{DeviceReport, Finding, Severity};
use crate::model::{Device, Direction, Inventory, Policy, Protocol};
use crate::platform::{Definition, Goal, Platform, StepKind};

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

/// Makes the plan. Devices keep the order in which they are given.
///
/// A device is refused when a finding blocks it, or when a finding is *unknown* and its code is not among
/// `policy.accept_unknown`.
///
/// # Errors
/// `InvalidInput` for a policy with impossible numbers or a device that is named twice; those of [`Platform::steps`] other than refusals.
pub fn build(goal: &Goal, candidates: &[Candidate<'_>], policy: &Policy) -> Result<Plan> {
    let mut devices = Vec::new();
    let mut refused = Vec::new();
    for c in candidates {
        let forbids = |f: &&Finding| match f.severity {
            Severity::Blocking => true,
            Severity::Unknown => !policy.accept_unknown.contains(&f.code),
            _ => false,
        };
        let against: Vec<_> = c.report.findings.iter().filter(forbids).cloned().collect();
        if !against.is_empty() {
            refused.push(Refused { device: c.device.id.clone(), findings: against });
            continue;
        }
        let left_out = left_out(c.device, c.platform.definition(), policy);
        let steps = match c.platform.steps(goal, c.inventory, &reaching(c.device, policy)) {
            Ok(steps) => steps,
            Err(e) if e.kind() != crate::ErrorKind::Internal => {
                let finding = Finding::new("plan.impossible", Severity::Blocking, e.report().to_string());
                let findings = std::iter::once(finding).chain(left_out).collect();
                refused.push(Refused { device: c.device.id.clone(), findings });
                continue;
            }
            Err(e) => return Err(e),
        };
        let mut findings: Vec<_> = c.report.findings.iter().filter(|f| f.severity != Severity::Pass).cloned().collect();
        if steps.iter().any(|step| matches!(step.kind, StepKind::Transfer { .. })) {
            findings.extend(left_out);
        }
        devices.push(DevicePlan { device: c.device.clone(), expects: Expectation::of(c.inventory), steps, findings });
    }
    let plan = Plan { schema: Plan::SCHEMA, goal: goal.clone(), policy: policy.clone(), devices, refused };
    plan.check()?;
    Ok(plan)
}

/// Pushes by these protocols go over SSH, which a device that is reached by Telnet does not have.
const OVER_SSH: [(Protocol, Direction); 2] = [(Protocol::Scp, Direction::Push), (Protocol::Sftp, Direction::Push)];

/// The policy with those transfers alone that can reach this device.
fn reaching<'a>(device: &Device, policy: &'a Policy) -> Cow<'a, Policy> {
    if !device.telnet {
        return Cow::Borrowed(policy);
    }
    let mut policy = policy.clone();
    policy.transfers.retain(|t| !OVER_SSH.contains(t));
    Cow::Owned(policy)
}

/// The transfers of the policy that are not tried, and why.
fn left_out(device: &Device, definition: &Definition, policy: &Policy) -> Vec<Finding> {
    let known = |t: &(Protocol, Direction)| definition.abilities.transfers.contains(t);
    let told = |why: String, wrong: &dyn Fn(&(Protocol, Direction)) -> bool| {
        let wrong = policy.transfers.iter().filter(|t| wrong(t));
        let names: Vec<_> = wrong.map(|(protocol, direction)| format!("{protocol} {direction}")).collect();
        (!names.is_empty()).then(|| {
            let message = format!("left out, because {why}: {}", names.join(", "));
            Finding::new("transfer.left_out", Severity::Warning, message).from("policy.transfers")
        })
    };
    let unknown = told(format!("{} does not know it", definition.id), &|t| !known(t));
    let unreachable = told("the device is reached by Telnet and has no SSH".to_owned(), &|t| {
        device.telnet && known(t) && OVER_SSH.contains(t)
    });
    unknown.into_iter().chain(unreachable).collect()
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
            text(&self.version.as_ref().map(ToString::to_string)),
            text(&now.version.as_ref().map(ToString::to_string)),
        );
        check("boot lines", format!("{:?}", self.boot_lines), format!("{:?}", now.boot_lines));
        out
    }
}
