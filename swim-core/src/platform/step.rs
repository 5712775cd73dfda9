//! Steps of an upgrade, as values.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::analysis::Finding;
use crate::model::{Algorithm, Digests, Direction, Inventory, Mode, Protocol, Sha256};
use crate::ports::Receipt;
use crate::transfer::{Predicted, Source};
use crate::version::Version;

/// What shall be true in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// The image.
    pub image: Sha256,
    /// Its file name on the device.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// Its digests.
    pub digests: Digests,
    /// The version that must run.
    pub version: Version,
}

/// A file that will be deleted, and why it may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// Full path, e.g. `flash-2:old.bin`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// The proof that nothing refers to it.
    pub why: String,
}

/// What a step does. Only what a platform's `steps` puts here is ever done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// Save the running configuration.
    SaveConfig,
    /// Delete exactly these files.
    MakeRoom {
        /// The files.
        deletions: Vec<Deletion>,
    },
    /// Bring the image to `path`.
    Transfer {
        /// The image.
        image: Sha256,
        /// Its size.
        bytes: u64,
        /// Where to, e.g. `flash:x.bin`.
        path: String,
        /// What to try, in order.
        transfers: Vec<(Protocol, Direction)>,
        /// From where it pulls. Absent in plans of earlier releases: it is decided when it runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Source>,
        /// How long each of them will take, where that can be told.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        predicted: Vec<Predicted>,
    },
    /// Copy on the device from `from` to `to` (other members, standby supervisor).
    CopyLocal {
        /// Source path.
        from: String,
        /// Destination path.
        to: String,
        /// Size of the file.
        bytes: u64,
    },
    /// Let the device compute the digest of `path` and compare it with what import computed.
    VerifyDigest {
        /// The file.
        path: String,
        /// With which algorithm.
        algorithm: Algorithm,
        /// Lower-case hexadecimal.
        expected: String,
    },
    /// Set the boot statements and save.
    SetBoot {
        /// The image path that must be first.
        path: String,
        /// Image paths to keep behind it (the rollback image).
        fallback: Vec<String>,
        /// The original lines, verbatim.
        undo: Vec<String>,
    },
    /// `install add`.
    InstallAdd {
        /// The image file.
        path: String,
        /// The version that will be added.
        version: Version,
    },
    /// `install activate` with the auto-abort timer; reloads.
    InstallActivate {
        /// The version.
        version: Version,
        /// Minutes until the device goes back by itself.
        auto_abort_minutes: u32,
        /// Committed version to go back to.
        previous: Option<Version>,
    },
    /// `reload`.
    Reload {
        /// The version that must run afterwards.
        version: Version,
        /// The image path that must run afterwards (bundle mode).
        image: Option<String>,
        /// The version that runs now.
        previous: Option<Version>,
        /// The image that runs now: the way back.
        previous_image: Option<String>,
    },
    /// Prove, after a fresh login, that every member runs the version, is in the mode, and is ready.
    Prove {
        /// The version.
        version: Version,
        /// The mode.
        mode: Option<Mode>,
        /// The members that must be there.
        members: Vec<u32>,
        /// The host name that must be there (configuration lost otherwise).
        hostname: Option<String>,
    },
    /// Ask the caller's post-check.
    PostCheck,
    /// `install commit`.
    InstallCommit {
        /// The version.
        version: Version,
    },
}

impl StepKind {
    /// Brings an image to `path` by the first of these transfers that works. From where, the planner says.
    #[must_use]
    pub const fn transfer(image: Sha256, bytes: u64, path: String, transfers: Vec<(Protocol, Direction)>) -> Self {
        Self::Transfer { image, bytes, path, transfers, from: None, predicted: Vec::new() }
    }
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSpec {
    /// What it does.
    #[serde(flatten)]
    pub kind: StepKind,
    /// The version of the code that understands it. (Not `version` in JSON: that is the software's.)
    #[serde(rename = "step_version")]
    pub version: u16,
    /// One line for people.
    pub title: String,
    /// What must hold before, for people.
    pub requires: Vec<String>,
    /// What holds after, for people.
    pub ensures: Vec<String>,
    /// Once begun it cannot be interrupted safely: cancel waits for its end.
    pub irreversible: bool,
    /// It waits for somebody's explicit go (a held commit).
    pub held: bool,
}

impl StepSpec {
    /// The current version of all steps.
    pub const VERSION: u16 = 1;

    /// A step.
    #[must_use]
    pub fn new(kind: StepKind, title: impl Into<String>) -> Self {
        Self {
            kind,
            version: Self::VERSION,
            title: title.into(),
            requires: Vec::new(),
            ensures: Vec::new(),
            irreversible: false,
            held: false,
        }
    }

    /// Adds a condition that must hold before.
    #[must_use]
    pub fn requires(mut self, what: impl Into<String>) -> Self {
        self.requires.push(what.into());
        self
    }

    /// Adds what holds after.
    #[must_use]
    pub fn ensures(mut self, what: impl Into<String>) -> Self {
        self.ensures.push(what.into());
        self
    }

    /// Marks it as not interruptible.
    #[must_use]
    pub const fn irreversible(mut self) -> Self {
        self.irreversible = true;
        self
    }

    /// The source of a transfer, where the plan names one.
    #[must_use]
    pub const fn source(&self) -> Option<&Source> {
        match &self.kind {
            StepKind::Transfer { from, .. } => from.as_ref(),
            _ => None,
        }
    }

    /// A short stable name: `transfer`, `reload`, ...
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.kind {
            StepKind::SaveConfig => "save_config",
            StepKind::MakeRoom { .. } => "make_room",
            StepKind::Transfer { .. } => "transfer",
            StepKind::CopyLocal { .. } => "copy_local",
            StepKind::VerifyDigest { .. } => "verify_digest",
            StepKind::SetBoot { .. } => "set_boot",
            StepKind::InstallAdd { .. } => "install_add",
            StepKind::InstallActivate { .. } => "install_activate",
            StepKind::Reload { .. } => "reload",
            StepKind::Prove { .. } => "prove",
            StepKind::PostCheck => "post_check",
            StepKind::InstallCommit { .. } => "install_commit",
        }
    }
}

/// What was true just before a step was acted on. Journalled; lets any later probe tell *before* from *after*.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it was taken.
    pub at: Timestamp,
    /// Uptime then, in seconds (minute resolution).
    pub uptime_seconds: Option<u64>,
    /// Version then.
    pub version: Option<Version>,
    /// Reason of the last reload then.
    pub reload_reason: Option<String>,
    /// Anything else that a platform wants to remember.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Probe {
    /// Its end is reached.
    Done {
        /// The evidence: what the device said that proves it.
        how: String,
    },
    /// It is not done and can be done now.
    Ready {
        /// What is true now.
        mark: Mark,
    },
    /// It is under way on the device (a copy, an install, a boot): ask again later.
    Busy {
        /// What is under way, in the device's words.
        what: String,
        /// Ask again after this long.
        again: Duration,
    },
    /// It cannot be done now.
    Blocked {
        /// Why.
        findings: Vec<Finding>,
    },
    /// The device reloaded and runs the old software: its own outcome.
    FellBack {
        /// The version that runs.
        running: Option<Version>,
        /// What the device said.
        evidence: String,
    },
    /// It was tried and it did not work; a further try would not help. The device's own words.
    Failed {
        /// What is wrong, in one sentence.
        why: String,
        /// The device's own words.
        said: Option<String>,
    },
    /// It cannot be told. The device is parked with this evidence.
    InDoubt {
        /// What is contradictory or missing.
        why: String,
    },
}

/// What `act` did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "acted", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Acted {
    /// The command ended. The probe decides whether it worked.
    Settled {
        /// The device's last words.
        said: String,
        /// What was transferred.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<Receipt>,
        /// Transfers that were tried before and why they did not work.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fallbacks: Vec<String>,
    },
    /// The device is on its own now (reload): the session is gone on purpose. Probe it after `check_after`, give up after `back_within`.
    Detached {
        /// The device's last words.
        said: String,
        /// Do not dial before this long.
        check_after: Duration,
        /// It must be back after this long.
        back_within: Duration,
    },
}

/// What `undo` did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "undone", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Undone {
    /// As if the step had not been.
    Restored {
        /// What was done.
        how: String,
    },
    /// There was nothing to take back.
    Nothing,
    /// The device reloads to go back: wait and prove that the old version runs.
    Detached {
        /// What was done.
        how: String,
        /// Do not dial before this long.
        check_after: Duration,
        /// It must be back after this long.
        back_within: Duration,
    },
    /// It cannot be taken back.
    Impossible {
        /// Why.
        why: String,
    },
}

/// The running state of a device in the words of a verdict: used when a step is judged after a reload.
impl Inventory {
    /// The numbers of all members.
    #[must_use]
    pub fn member_numbers(&self) -> Vec<u32> {
        self.members.iter().map(|m| m.number).collect()
    }
}
