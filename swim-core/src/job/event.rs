//! What happens in a job. The log of these events *is* the job: state is derived, never stored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::DeviceId;
use crate::plan::Plan;
use crate::platform::{Acted, Mark, Undone};
use crate::ports::Note;
use crate::{Error, ErrorRecord, Result};

/// How to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelHow {
    /// Before the next step.
    Gently,
    /// Interrupt waits and transfers; never inside a step that is irreversible.
    Now,
}

/// How it ended for one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It ran the version before anything was done.
    AlreadyThere,
    /// The image is on the device, verified; activation was not asked for.
    Distributed,
    /// Every member runs the version, proven after a fresh login, committed where the platform commits.
    Upgraded,
    /// It reloaded and runs the old version.
    FellBack,
    /// Something failed after the activation, and the device was taken back to the old version, proven.
    RolledBack,
    /// Something failed; the device still runs the old version.
    Failed,
    /// It did not come back in time.
    NeverReturned,
    /// It cannot be told; somebody must look.
    InDoubt,
    /// Stopped on request before the activation.
    Cancelled,
    /// Not begun, because an earlier device failed or the job was cancelled.
    Skipped,
}

impl Outcome {
    /// Did the device get where it was meant to get?
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::AlreadyThere | Self::Distributed | Self::Upgraded)
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobEvent {
    /// The job exists.
    Submitted {
        /// What was approved.
        plan: Box<Plan>,
        /// The digest by which it was approved.
        approval: String,
    },
    /// A worker took it.
    Claimed {
        /// Who.
        worker: String,
        /// The fencing number.
        fence: u64,
    },
    /// The line of a device begins: it still is what the plan expects.
    DeviceStarted {
        /// Which.
        device: DeviceId,
    },
    /// A step will be looked at.
    Intended {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
        /// 1, 2, ...
        attempt: u32,
        /// The fencing number of the worker.
        fence: u64,
        /// The version of the step.
        step_version: u16,
    },
    /// A step is about to be acted on. From here on, until `Acted`, its effect is unknown.
    Acting {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
        /// What was true just before.
        mark: Mark,
    },
    /// The action ended without an error of ours; the probe will decide.
    Acted {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
        /// What it did.
        acted: Acted,
    },
    /// The action ended with an error; the probe will decide.
    ActFailed {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
        /// The error.
        error: ErrorRecord,
    },
    /// The step's end is proven.
    Verified {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
        /// The evidence.
        how: String,
    },
    /// The line of the device failed; what follows is undoing and the verdict.
    Failing {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
        /// The verdict if the device need not be reloaded to go back.
        outcome: Outcome,
        /// The error.
        error: ErrorRecord,
        /// The steps to take back, in this order.
        undo: Vec<usize>,
    },
    /// A step will be taken back.
    UndoIntended {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
    },
    /// A step was taken back, or could not be.
    UndoDone {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
        /// What happened.
        undone: Undone,
    },
    /// A device that reloaded to go back is proven to be back.
    BackProven {
        /// Which device.
        device: DeviceId,
        /// The evidence.
        how: String,
    },
    /// The device waits for somebody's go.
    Held {
        /// Which device.
        device: DeviceId,
        /// Index of the step.
        step: usize,
    },
    /// Somebody said go.
    Released {
        /// Which devices; empty = all.
        devices: Vec<DeviceId>,
    },
    /// Somebody said stop.
    CancelRequested {
        /// How.
        how: CancelHow,
    },
    /// The verdict on a device.
    DeviceFinished {
        /// Which.
        device: DeviceId,
        /// The verdict.
        outcome: Outcome,
        /// Why, with the device's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<ErrorRecord>,
    },
    /// All devices have a verdict.
    JobFinished,
}

impl JobEvent {
    /// The device that it is about.
    #[must_use]
    pub const fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::DeviceStarted { device }
            | Self::Intended { device, .. }
            | Self::Acting { device, .. }
            | Self::Acted { device, .. }
            | Self::ActFailed { device, .. }
            | Self::Verified { device, .. }
            | Self::Failing { device, .. }
            | Self::UndoIntended { device, .. }
            | Self::UndoDone { device, .. }
            | Self::BackProven { device, .. }
            | Self::Held { device, .. }
            | Self::DeviceFinished { device, .. } => Some(device),
            _ => None,
        }
    }
}

/// An event with its time: one line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Version of this form.
    pub schema: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: JobEvent,
}

impl Entry {
    /// The current form.
    pub const SCHEMA: u32 = 1;

    /// An event now.
    #[must_use]
    pub const fn new(at: Timestamp, event: JobEvent) -> Self {
        Self { schema: Self::SCHEMA, at, event }
    }

    /// As JSON, for the store.
    ///
    /// # Errors
    /// `Internal` when it cannot be written.
    pub fn to_json(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(|e| Error::internal("journal", "an event cannot be written").caused_by(e))
    }

    /// From JSON.
    ///
    /// # Errors
    /// `Store` when the entry is of a newer release or damaged.
    pub fn from_json(value: Value) -> Result<Self> {
        let schema = value.get("schema").and_then(Value::as_u64).unwrap_or(0);
        if schema != u64::from(Self::SCHEMA) {
            return Err(Error::new(
                crate::ErrorKind::Store,
                "journal",
                format!("the entry has form {schema}, this release reads form {}", Self::SCHEMA),
            ));
        }
        serde_json::from_value(value)
            .map_err(|e| Error::new(crate::ErrorKind::Store, "journal", "an entry cannot be read").caused_by(e))
    }
}

/// Sees what happens, after it is durable. Must not block.
pub trait EventSink: Send + Sync {
    /// A journal entry.
    fn entry(&self, job: &crate::ports::JobId, sequence: u64, entry: &Entry);
    /// Something on the way; may be lost.
    fn note(&self, job: &crate::ports::JobId, device: &DeviceId, step: usize, note: &Note);
}

/// Sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSink;

impl EventSink for NoSink {
    fn entry(&self, _: &crate::ports::JobId, _: u64, _: &Entry) {}
    fn note(&self, _: &crate::ports::JobId, _: &DeviceId, _: usize, _: &Note) {}
}
