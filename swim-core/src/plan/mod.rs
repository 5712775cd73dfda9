//! Plans: immutable, readable, diffable, approved by their digest. What runs is what was approved.

mod build;
mod diff;
mod reach;
mod render;
mod settings;
mod sources;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use build::{Candidate, build};
pub use diff::diff;

use crate::analysis::Finding;
use crate::model::{Device, DeviceId, Mode, Policy, Sha256};
use crate::platform::{Goal, StepSpec};
use crate::version::Version;
use crate::{Error, ErrorKind, Result};

/// What a device must still look like when its line starts; a plan whose devices changed since is stale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// The running version.
    pub version: Option<Version>,
    /// The serial number.
    pub serial: Option<String>,
    /// Install or bundle.
    pub mode: Option<Mode>,
    /// The member numbers.
    pub members: Vec<u32>,
    /// The boot lines of the running configuration: they are the undo.
    pub boot_lines: Option<Vec<String>>,
    /// The host name.
    pub hostname: Option<String>,
}

/// The line of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevicePlan {
    /// The device, with references to its secrets.
    pub device: Device,
    /// What it must look like at the start.
    pub expects: Expectation,
    /// The steps, in order. Empty: it is there already.
    pub steps: Vec<StepSpec>,
    /// Findings that do not forbid the upgrade.
    pub findings: Vec<Finding>,
}

/// A device that is not upgraded, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which device.
    pub device: DeviceId,
    /// The findings that forbid it.
    pub findings: Vec<Finding>,
}

/// The whole plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this document's form.
    pub schema: u32,
    /// What shall be true in the end.
    pub goal: Goal,
    /// The settings that it was made with.
    pub policy: Policy,
    /// The lines, in the order in which devices are activated.
    pub devices: Vec<DevicePlan>,
    /// Devices that are left out.
    pub refused: Vec<Refused>,
}

impl Plan {
    /// The current form of the document.
    pub const SCHEMA: u32 = 1;

    /// The digest by which the plan is approved: SHA-256 of its JSON form.
    ///
    /// # Errors
    /// `Internal` if the plan cannot be written as JSON.
    pub fn digest(&self) -> Result<Sha256> {
        let json = serde_json::to_vec(self)
            .map_err(|e| Error::internal("plan", "the plan cannot be written as JSON").caused_by(e))?;
        Ok(Sha256::of(&json))
    }

    /// Checks that `approval` is the digest of this plan.
    ///
    /// # Errors
    /// `Conflict` when it is another plan that was approved.
    pub fn approved_by(&self, approval: &str) -> Result<Sha256> {
        let digest = self.digest()?;
        if approval == digest.to_string() {
            return Ok(digest);
        }
        Err(Error::new(ErrorKind::Conflict, "submit", "the approval is for another plan")
            .with("approved", approval)
            .with("plan", digest))
    }

    /// Checks what the types do not: the form of the document, the numbers of the policy, one line a device.
    ///
    /// # Errors
    /// `Unsupported` for another form, `InvalidInput` for the rest.
    pub fn check(&self) -> Result<()> {
        if self.schema != Self::SCHEMA {
            let message = format!("the plan has form {}, this release knows form {}", self.schema, Self::SCHEMA);
            return Err(Error::new(ErrorKind::Unsupported, "read plan", message).with("schema", self.schema));
        }
        self.policy.check()?;
        let mut seen = BTreeSet::new();
        match self.devices.iter().map(|d| &d.device.id).find(|id| !seen.insert(*id)) {
            Some(twice) => Err(Error::invalid("plan.devices", twice, "a device has one line in a plan")),
            None => Ok(()),
        }
    }

    /// The line of a device.
    #[must_use]
    pub fn device(&self, id: &DeviceId) -> Option<&DevicePlan> {
        self.devices.iter().find(|d| d.device.id == *id)
    }
}
