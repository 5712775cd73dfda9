//! The job as a pure function of its events. Replay equals live: both call [`apply`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::event::{CancelHow, Entry, JobEvent, Outcome};
use super::gate;
use crate::model::DeviceId;
use crate::plan::Plan;
use crate::platform::{Acted, Mark, StepKind, StepSpec, Undone};
use crate::{ErrorKind, ErrorRecord};

/// Where the current step of a device stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepPhase {
    /// Not looked at yet.
    Fresh,
    /// It will be looked at; nothing was sent.
    Intended,
    /// Something may have been sent: the effect is unknown.
    Acting,
    /// The action ended without an error.
    Acted {
        /// What it did.
        acted: Acted,
        /// When it ended.
        at: Timestamp,
    },
    /// The action ended with an error.
    ActFailed {
        /// The error.
        error: ErrorRecord,
    },
}

/// Where a device stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum DevicePhase {
    /// Not begun.
    Waiting,
    /// In its line.
    Running,
    /// Waits for somebody's go.
    Held,
    /// Something failed; steps are taken back.
    Undoing {
        /// Why, and the verdict if nothing needed to be taken back.
        error: ErrorRecord,
        /// That verdict.
        outcome: Outcome,
        /// The steps still to take back, in this order.
        undo: Vec<usize>,
        /// A step whose undo was begun.
        begun: bool,
        /// A reload to the old software that must be proven: what was done, and when.
        going_back: Option<(Undone, Timestamp)>,
        /// A step that could not be taken back.
        impossible: Option<String>,
        /// The device was reloaded to go back and is proven to run the old software.
        back: bool,
    },
    /// The verdict is there.
    Finished {
        /// The verdict.
        outcome: Outcome,
        /// Why.
        error: Option<ErrorRecord>,
        /// When.
        at: Timestamp,
    },
}

/// The state of one device's line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceState {
    /// Where it stands.
    pub phase: DevicePhase,
    /// Index of the current step.
    pub step: usize,
    /// Where the current step stands.
    pub step_phase: StepPhase,
    /// Attempts of the current step so far.
    pub attempt: u32,
    /// What was true before the current step was acted on.
    pub mark: Option<Mark>,
    /// When the current step was begun to be acted on.
    pub acting_since: Option<Timestamp>,
    /// Steps that were acted on (their effect may be there).
    pub touched: Vec<usize>,
    /// Somebody said go for the held step.
    pub released: bool,
    /// Evidence of the steps that are proven.
    pub evidence: Vec<(usize, String)>,
    /// How many times an activating step was acted on.
    pub activations: u32,
}

impl DeviceState {
    const fn new() -> Self {
        Self {
            phase: DevicePhase::Waiting,
            step: 0,
            step_phase: StepPhase::Fresh,
            attempt: 0,
            mark: None,
            acting_since: None,
            touched: Vec::new(),
            released: false,
            evidence: Vec::new(),
            activations: 0,
        }
    }

    /// The verdict, once it is there.
    #[must_use]
    pub const fn outcome(&self) -> Option<Outcome> {
        match self.phase {
            DevicePhase::Finished { outcome, .. } => Some(outcome),
            _ => None,
        }
    }
}

/// The state of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct JobState {
    /// What was approved.
    #[serde(skip)]
    pub plan: Option<Plan>,
    /// The devices.
    pub devices: BTreeMap<DeviceId, DeviceState>,
    /// Where each device stands in the plan.
    #[serde(skip)]
    pub places: BTreeMap<DeviceId, usize>,
    /// Somebody said stop.
    pub cancel: Option<CancelHow>,
    /// When it was submitted.
    pub submitted: Option<Timestamp>,
    /// All devices have a verdict.
    pub finished: bool,
}

impl JobState {
    /// The steps of a device.
    #[must_use]
    pub fn steps(&self, id: &DeviceId) -> &[StepSpec] {
        let line = self.plan.as_ref().zip(self.places.get(id)).and_then(|(plan, at)| plan.devices.get(*at));
        line.map_or(&[], |l| &l.steps)
    }
}

/// What a worker should do next for a device.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Todo {
    /// Look whether the device still is what the plan expects. Needs a place ([`super::Fleet`]).
    Start,
    /// Begin the activation with this step. Needs the device's turn ([`super::Fleet`]).
    Activate(usize),
    /// Probe this step, and act on it if that is needed.
    Step(usize),
    /// Say that the device is held at this step.
    Hold(usize),
    /// Take this step back.
    Undo(usize),
    /// Wait for the device to come back on the old software, and prove it.
    ProveBack,
    /// Stop: take back what must not stay, then give the verdict.
    Cancel,
    /// Give the verdict.
    Finish(Outcome, Option<ErrorRecord>),
    /// Nothing now: it waits for somebody's go.
    Wait,
    /// Nothing any more.
    Nothing,
}

/// Takes one entry into the state.
pub fn apply(state: &mut JobState, entry: &Entry) {
    match &entry.event {
        JobEvent::Submitted { plan, .. } => {
            state.devices = plan.devices.iter().map(|d| (d.device.id.clone(), DeviceState::new())).collect();
            state.places = plan.devices.iter().enumerate().map(|(i, d)| (d.device.id.clone(), i)).collect();
            state.plan = Some((**plan).clone());
            state.submitted = Some(entry.at);
        }
        JobEvent::Claimed { .. } => {}
        JobEvent::Released { devices } => {
            for (id, d) in &mut state.devices {
                if devices.is_empty() || devices.contains(id) {
                    d.released = true;
                    if d.phase == DevicePhase::Held {
                        d.phase = DevicePhase::Running;
                    }
                }
            }
        }
        JobEvent::CancelRequested { how } => {
            // `Now` is stronger and stays.
            if state.cancel != Some(CancelHow::Now) {
                state.cancel = Some(*how);
            }
        }
        JobEvent::JobFinished => state.finished = true,
        event => {
            let Some(id) = event.device() else { return };
            let reloads = match event {
                JobEvent::Acting { step, .. } => state.steps(id).get(*step).is_some_and(gate::reloads),
                _ => false,
            };
            if let Some(device) = state.devices.get_mut(id) {
                apply_device(device, entry, reloads);
            }
        }
    }
}

fn apply_device(d: &mut DeviceState, entry: &Entry, reloads: bool) {
    match &entry.event {
        JobEvent::DeviceStarted { .. } => d.phase = DevicePhase::Running,
        JobEvent::Intended { step, attempt, .. } => {
            d.step = *step;
            d.attempt = *attempt;
            d.step_phase = StepPhase::Intended;
        }
        JobEvent::Acting { step, mark, .. } => {
            d.step_phase = StepPhase::Acting;
            d.acting_since = Some(entry.at);
            d.mark = Some(mark.clone());
            if !d.touched.contains(step) {
                d.touched.push(*step);
            }
            d.activations += u32::from(reloads);
        }
        JobEvent::Acted { acted, .. } => d.step_phase = StepPhase::Acted { acted: acted.clone(), at: entry.at },
        JobEvent::ActFailed { error, .. } => d.step_phase = StepPhase::ActFailed { error: error.clone() },
        JobEvent::Verified { step, how, .. } => {
            d.evidence.push((*step, how.clone()));
            d.step = step + 1;
            d.step_phase = StepPhase::Fresh;
            d.attempt = 0;
            d.mark = None;
            d.acting_since = None;
            if d.phase == DevicePhase::Held {
                d.phase = DevicePhase::Running;
            }
        }
        JobEvent::Failing { outcome, error, undo, .. } => {
            d.phase = DevicePhase::Undoing {
                error: error.clone(),
                outcome: *outcome,
                undo: undo.clone(),
                begun: false,
                going_back: None,
                impossible: None,
                back: false,
            };
        }
        JobEvent::UndoIntended { .. } => {
            if let DevicePhase::Undoing { begun, .. } = &mut d.phase {
                *begun = true;
            }
        }
        JobEvent::UndoDone { step, undone, .. } => {
            if let DevicePhase::Undoing { undo, begun, going_back, impossible, .. } = &mut d.phase {
                *begun = false;
                undo.retain(|s| s != step);
                match undone {
                    Undone::Detached { .. } => *going_back = Some((undone.clone(), entry.at)),
                    Undone::Impossible { why } => *impossible = Some(why.clone()),
                    Undone::Restored { .. } | Undone::Nothing => {}
                }
            }
        }
        JobEvent::BackProven { .. } => {
            if let DevicePhase::Undoing { going_back, back, .. } = &mut d.phase {
                *going_back = None;
                *back = true;
            }
        }
        JobEvent::Held { .. } => d.phase = DevicePhase::Held,
        JobEvent::DeviceFinished { outcome, error, .. } => {
            d.phase = DevicePhase::Finished { outcome: *outcome, error: error.clone(), at: entry.at };
        }
        _ => {}
    }
}

/// What to do for a device. Pure: the same state always asks for the same thing.
#[must_use]
pub fn next(state: &JobState, id: &DeviceId) -> Todo {
    let Some(d) = state.devices.get(id) else {
        return Todo::Nothing;
    };
    let steps = state.steps(id);
    match &d.phase {
        DevicePhase::Finished { .. } => Todo::Nothing,
        // A check is asked for again by whoever can ask it; a commit waits for the go.
        DevicePhase::Held if matches!(steps.get(d.step).map(|s| &s.kind), Some(StepKind::PostCheck)) => {
            Todo::Step(d.step)
        }
        DevicePhase::Held => Todo::Wait,
        DevicePhase::Waiting if state.cancel.is_some() => Todo::Finish(Outcome::Skipped, None),
        DevicePhase::Waiting => Todo::Start,
        DevicePhase::Undoing { error, outcome, undo, going_back, impossible, back, .. } => {
            if going_back.is_some() {
                return Todo::ProveBack;
            }
            if let Some(step) = undo.first() {
                return Todo::Undo(*step);
            }
            let verdict = match (*back, impossible) {
                (true, _) => Outcome::RolledBack,
                (false, Some(_)) if gate::activated(steps, d) => Outcome::InDoubt,
                (false, _) => *outcome,
            };
            Todo::Finish(verdict, Some(error.clone()))
        }
        DevicePhase::Running => running(state, d, steps),
    }
}

fn running(state: &JobState, d: &DeviceState, steps: &[StepSpec]) -> Todo {
    let Some(step) = steps.get(d.step) else {
        let outcome = if steps.is_empty() {
            Outcome::AlreadyThere
        } else if gate::activation_start(steps).is_none() {
            Outcome::Distributed
        } else {
            Outcome::Upgraded
        };
        return Todo::Finish(outcome, None);
    };
    // Once the device was reloaded, stopping in the middle would leave it unproven: it goes on to its verdict. A step
    // whose effect may be there is followed to its end too, unless it was interrupted on request.
    let interrupted = matches!(&d.step_phase, StepPhase::ActFailed { error } if error.kind == ErrorKind::Cancelled);
    let quiet = matches!(d.step_phase, StepPhase::Fresh | StepPhase::Intended) || interrupted;
    if state.cancel.is_some() && quiet && !gate::activated(steps, d) {
        return Todo::Cancel;
    }
    if !matches!(d.step_phase, StepPhase::Fresh) {
        return Todo::Step(d.step);
    }
    if gate::activation_start(steps) == Some(d.step) {
        return Todo::Activate(d.step);
    }
    if step.held && !d.released {
        return Todo::Hold(d.step);
    }
    Todo::Step(d.step)
}
