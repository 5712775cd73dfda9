//! Who may go on when: order, limits, and what a failed device means for the others. Pure.

use std::collections::BTreeSet;

use super::machine::{DevicePhase, DeviceState, JobState};
use crate::model::{ActivateMode, DeviceId, FailurePolicy};
use crate::platform::{StepKind, StepSpec};

/// May a device pass?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// Yes.
    Open,
    /// Not yet.
    Shut,
    /// Never: an earlier device failed and the policy says stop.
    Closed,
}

/// Does this step take the device down?
pub(crate) const fn reloads(step: &StepSpec) -> bool {
    matches!(step.kind, StepKind::Reload { .. } | StepKind::InstallActivate { .. })
}

/// The first step of the activation: the boot statement or the activating command. Before it everything is distribution.
#[must_use]
pub fn activation_start(steps: &[StepSpec]) -> Option<usize> {
    let at = steps.iter().position(reloads)?;
    steps[..at].iter().rposition(|s| matches!(s.kind, StepKind::SetBoot { .. })).or(Some(at))
}

/// Was an activating step acted on?
pub(super) fn activated(steps: &[StepSpec], d: &DeviceState) -> bool {
    d.touched.iter().any(|t| steps.get(*t).is_some_and(reloads))
}

/// The places and the turn that there are right now.
///
/// Sequential activation: after *all* copies are done, one device after the other in the plan's order; the next one only
/// after the last one has its verdict or is held. Parallel: within `max_parallel`.
#[derive(Clone, Debug)]
pub struct Fleet {
    stopped: bool,
    places: usize,
    sequential: bool,
    turn: Option<DeviceId>,
}

impl Fleet {
    /// Looks at the whole job once. `active` are the devices that a line of this worker is at work on.
    #[must_use]
    pub fn of(state: &JobState, active: &BTreeSet<DeviceId>) -> Self {
        let Some(plan) = &state.plan else {
            return Self { stopped: true, places: 0, sequential: true, turn: None };
        };
        let bad = |d: &DeviceState| {
            d.outcome().is_some_and(|o| !o.is_good()) || matches!(d.phase, DevicePhase::Undoing { .. })
        };
        let stopped = plan.policy.on_failure == FailurePolicy::Stop && state.devices.values().any(bad);
        let places = (plan.policy.max_parallel.max(1) as usize).saturating_sub(active.len());
        let sequential = plan.policy.activate != ActivateMode::Parallel;
        let mut turn = None;
        if sequential {
            for line in &plan.devices {
                let id = &line.device.id;
                let Some(d) = state.devices.get(id) else { continue };
                if matches!(d.phase, DevicePhase::Finished { .. } | DevicePhase::Held) {
                    continue;
                }
                let at_gate =
                    d.phase == DevicePhase::Running && d.attempt == 0 && activation_start(&line.steps) == Some(d.step);
                if !at_gate || active.contains(id) {
                    turn = None;
                    break;
                }
                turn.get_or_insert_with(|| id.clone());
            }
        }
        Self { stopped, places, sequential, turn }
    }

    /// May this device begin? If so the place is taken.
    pub fn start(&mut self) -> Gate {
        if self.stopped {
            return Gate::Closed;
        }
        self.take()
    }

    /// May this device be activated? If so the place is taken.
    pub fn activate(&mut self, id: &DeviceId) -> Gate {
        if self.stopped {
            return Gate::Closed;
        }
        if self.sequential {
            if self.turn.as_ref() != Some(id) {
                return Gate::Shut;
            }
            self.turn = None;
        }
        self.take()
    }

    const fn take(&mut self) -> Gate {
        if self.places == 0 {
            return Gate::Shut;
        }
        self.places -= 1;
        Gate::Open
    }
}
