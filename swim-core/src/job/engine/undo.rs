//! Taking steps back, and proving that the device is back.

use super::line::{Line, between};
use super::reach::{PATIENCE, RECONNECT_EVERY};
use crate::job::event::{JobEvent, Outcome};
use crate::job::gate;
use crate::job::machine::{DevicePhase, DeviceState};
use crate::platform::{Session, StepKind, StepSpec, Undone};
use crate::{Error, ErrorKind, Result};

/// Sessions lost in a row while a step is taken back.
const TRIES: u32 = 5;

/// Which steps are taken back after which verdict, the last one first.
///
/// After a failure: everything that was touched, so that the device is as it was. After a fall-back: the boot statement
/// only, so that the next reload does not try again; the files may help whoever looks. A device that is gone or in doubt
/// is not touched any more. On cancel: the boot statement, an added package set, and a copy that is not complete.
pub(super) fn what_to_undo(steps: &[StepSpec], d: &DeviceState, outcome: Outcome) -> Vec<usize> {
    let proven = |i: usize| d.evidence.iter().any(|(at, _)| *at == i);
    let mut touched = d.touched.clone();
    touched.sort_unstable_by(|a, b| b.cmp(a));
    touched.retain(|i| {
        let Some(step) = steps.get(*i) else { return false };
        match outcome {
            Outcome::Failed => true,
            Outcome::FellBack => matches!(step.kind, StepKind::SetBoot { .. }),
            Outcome::Cancelled => match step.kind {
                StepKind::SetBoot { .. } | StepKind::InstallAdd { .. } => true,
                StepKind::Transfer { .. } | StepKind::CopyLocal { .. } => !proven(*i),
                _ => false,
            },
            _ => false,
        }
    });
    touched
}

impl Line {
    /// Takes one step back. May be repeated after a crash: platforms take back only what is there.
    pub(super) async fn undo(&mut self, index: usize) -> Result<()> {
        let steps = self.plan()?.steps.clone();
        let Some(step) = steps.get(index) else {
            return Err(Error::internal("undo", "there is no such step").with("step", index));
        };
        self.journal.append(JobEvent::UndoIntended { device: self.id.clone(), step: index }).await?;
        let cx = self.context(index, false);
        let mut tries = 0;
        let undone = loop {
            match self.undo_once(index, step).await {
                Ok(undone) => break undone,
                Err(e) => {
                    tries += 1;
                    let lost = self.lost(&e);
                    if !lost || tries >= TRIES {
                        break Undone::Impossible { why: e.report().to_string() };
                    }
                    cx.sleep(RECONNECT_EVERY).await?;
                }
            }
        };
        if matches!(undone, Undone::Detached { .. }) {
            self.cli = None;
        }
        self.journal.append(JobEvent::UndoDone { device: self.id.clone(), step: index, undone }).await
    }

    async fn undo_once(&mut self, index: usize, step: &StepSpec) -> Result<Undone> {
        let cx = self.context(index, false);
        let returning = gate::reloads(step);
        let patience = if returning { self.return_within } else { PATIENCE };
        let until = self.ports.clock.now() + patience;
        self.session(&cx, until, returning).await?;
        if returning && let Some(how) = self.back_already(index).await? {
            return Ok(Undone::Restored { how });
        }
        let platform = self.platform()?;
        let (Some(cli), Some(plan)) = (&mut self.cli, &self.plan) else {
            return Err(Error::internal("undo", "there is no session"));
        };
        let mut session = Session { device: &plan.device, cli: &mut **cli, services: &self.ports.services, cx: &cx };
        platform.undo(step, &mut session).await
    }

    /// Does the device run the old software on every member, with nothing uncommitted?
    async fn back_already(&mut self, index: usize) -> Result<Option<String>> {
        let cx = self.context(index, false);
        let inventory = self.inspect(&cx).await?;
        let Some(old) = self.plan()?.expects.version.clone() else {
            return Ok(None);
        };
        let members = &self.plan()?.expects.members;
        let on_old = inventory.version.as_ref().is_some_and(|v| v.same_release(&old));
        let all = members.iter().all(|n| {
            let member = inventory.members.iter().find(|m| m.number == *n);
            member.is_some_and(|m| m.version.as_ref().is_none_or(|v| v.same_release(&old)))
        });
        let uncommitted = inventory
            .install
            .as_ref()
            .is_some_and(|i| i.rows.iter().any(|r| r.state == crate::model::InstallStateCode::U));
        Ok((on_old && all && !uncommitted).then(|| format!("every member runs {old}")))
    }

    /// The device reloads to go back: waits for it and proves that it is back.
    pub(super) async fn prove_back(&mut self) -> Result<()> {
        let phase = self.journal.read(|s| s.devices.get(&self.id).map(|d| (d.phase.clone(), d.step)));
        let Some((DevicePhase::Undoing { going_back: Some((undone, at)), error, .. }, step)) = phase else {
            return Ok(());
        };
        let Undone::Detached { check_after, back_within, .. } = undone else {
            return Ok(());
        };
        let cx = self.context(step, false);
        let now = self.ports.clock.now();
        if at + check_after > now {
            cx.sleep(between(now, at + check_after)).await?;
        }
        let until = at + back_within.max(self.return_within);
        let verdict = loop {
            let looked = match self.session(&cx, until, true).await {
                Ok(()) => self.back_already(step).await,
                Err(e) => break Err(e),
            };
            match looked {
                Ok(Some(how)) => break Ok(how),
                // Members may still be coming up, or the device is not down yet.
                Ok(None) => {}
                Err(e) => {
                    self.cli = None;
                    tracing::debug!(device = %self.id, error = %e, "not back yet");
                }
            }
            if self.ports.clock.now() >= until {
                break Err(Error::new(ErrorKind::Timeout, "go back", "the device does not run its old software")
                    .with("device", &self.id));
            }
            cx.sleep(RECONNECT_EVERY).await?;
        };
        let device = self.id.clone();
        match verdict {
            Ok(how) => self.journal.append(JobEvent::BackProven { device, how }).await,
            Err(e) => {
                let outcome =
                    if e.kind() == ErrorKind::Unreachable { Outcome::NeverReturned } else { Outcome::InDoubt };
                // The first failure is what the operator must see; the second one is its sequel.
                let both = Error::new(e.kind(), "go back", e.message().to_owned()).caused_by(Error::from(error));
                self.journal
                    .append(JobEvent::DeviceFinished { device: device.clone(), outcome, error: Some(both.record()) })
                    .await?;
                self.ports.jobs.free_device(self.journal.lease(), &device).await
            }
        }
    }
}
