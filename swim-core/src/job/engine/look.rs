//! One look at a step: probe it, and act if the probe says that it is needed.

use std::time::Duration;

use super::line::{Line, between};
use super::reach::{PATIENCE, RECONNECT_EVERY};
use crate::analysis::Finding;
use crate::job::event::{JobEvent, Outcome};
use crate::job::gate;
use crate::job::machine::{DeviceState, StepPhase};
use crate::platform::{Acted, Probe, Session, StepKind, StepSpec};
use crate::ports::{Context, Note};
use crate::transfer::Meter;
use crate::{Effect, Error, ErrorKind, Result, Retry};

/// Attempts of one step. A second try heals a torn session or a busy device, a third one a torn second try; more would
/// only repeat the device's own no.
const ATTEMPTS: u32 = 3;

/// Attempts of a step that the device refuses because it is busy with something else: half an hour at its thirty seconds
/// between two of them, as long as one operation of a device may be silent.
const BUSY_ATTEMPTS: u32 = 60;

/// Sessions lost in a row while looking. A device that drops five fresh sessions is not going to answer.
pub(super) const LOST_SESSIONS: u32 = 5;

/// Looks in a row that ended in silence. The silence that is allowed is the longest that a command needs; one that is
/// asked again and is silent as long will not speak.
const SILENCES: u32 = 2;

/// A device that was told to reload may take this long to go down; until then *it did not reload* is not a fact.
const GOING_DOWN: Duration = Duration::from_secs(300);

/// How long a device may report the same unfinished work before it is in doubt. The longest step seen (extraction on an
/// old stack) takes 20 minutes and changes its words on the way.
const SAME_WORDS: Duration = Duration::from_secs(3600);

/// Looks that may contradict themselves before a device is parked, and the time between them.
const DOUBTS: u32 = 3;
const DOUBT_PAUSE: Duration = Duration::from_secs(60);

/// How a step went on.
pub(super) enum Flow {
    /// Ask the machine again.
    Next,
    /// Look at the step again.
    Again,
}

/// What was seen while one step was looked at, in this process.
#[derive(Debug, Default)]
pub(super) struct Look {
    lost: u32,
    silent: u32,
    doubts: u32,
    busy: Option<(String, Duration)>,
}

impl Look {
    /// May it be looked at again after this session was lost?
    fn may_go_on(&mut self, error: &Error) -> bool {
        self.lost += 1;
        self.silent = if error.kind() == ErrorKind::Timeout { self.silent + 1 } else { 0 };
        self.lost <= LOST_SESSIONS && self.silent < SILENCES
    }
}

impl Line {
    /// Probes once, and acts if the probe says that it is needed.
    pub(super) async fn look(&mut self, index: usize, step: &StepSpec, look: &mut Look) -> Result<Flow> {
        let state = self.state()?;
        let cx = self.context(index, !step.irreversible);
        if let Err(e) = self.reach_for(step, &state, &cx).await {
            if e.kind() == ErrorKind::Cancelled {
                return self.interrupted(index, e).await;
            }
            let gone = gate::reloads(step) && state.touched.contains(&index);
            if gone {
                return self.fail(index, Outcome::NeverReturned, e.effected(Effect::Unknown)).await;
            }
            return self.fail(index, Outcome::Failed, e).await;
        }
        let probe = match self.probe(step, &state, &cx).await {
            Ok(probe) => probe,
            Err(e) if e.kind() == ErrorKind::Cancelled => return self.interrupted(index, e).await,
            Err(e) if self.lost(&e) && look.may_go_on(&e) => {
                cx.sleep(RECONNECT_EVERY).await.ok();
                return Ok(Flow::Again);
            }
            Err(e) => {
                let outcome = if gate::reloads(step) && state.touched.contains(&index) {
                    Outcome::InDoubt
                } else {
                    Outcome::Failed
                };
                return self.fail(index, outcome, e).await;
            }
        };
        let tried = match &state.step_phase {
            StepPhase::ActFailed { error } => Some(Error::from(error.clone())),
            _ => None,
        };
        match probe {
            Probe::Done { how } => {
                self.journal.append(JobEvent::Verified { device: self.id.clone(), step: index, how }).await?;
                Ok(Flow::Next)
            }
            Probe::Busy { what, again } => self.busy(index, what, again, look, &cx).await,
            Probe::Ready { mark } => {
                if gate::reloads(step) && tried.is_none() && self.may_still_go_down(&state) {
                    cx.sleep(RECONNECT_EVERY).await.ok();
                    return Ok(Flow::Again);
                }
                let before = !matches!(state.step_phase, StepPhase::Fresh | StepPhase::Intended);
                if before {
                    if let Some(error) = tried.filter(|e| !worth_retrying(e)) {
                        return self.fail(index, Outcome::Failed, error).await;
                    }
                    let busy =
                        matches!(&state.step_phase, StepPhase::ActFailed { error } if error.kind == ErrorKind::Busy);
                    if state.attempt >= if busy { BUSY_ATTEMPTS } else { ATTEMPTS } {
                        let e =
                            Error::new(ErrorKind::DeviceRejected, step.name(), "it did not take effect, several times")
                                .with("attempts", state.attempt)
                                .with("step", &step.title);
                        return self.fail(index, Outcome::Failed, with_words(e, &state)).await;
                    }
                    self.intend(index, state.attempt + 1).await?;
                }
                self.journal.append(JobEvent::Acting { device: self.id.clone(), step: index, mark }).await?;
                self.act(index, step, &cx).await
            }
            Probe::Blocked { findings } => {
                let e = Error::new(ErrorKind::Blocked, step.name(), words(&findings));
                self.fail(index, Outcome::Failed, e).await
            }
            Probe::FellBack { running, evidence } => {
                let running = running.map_or_else(|| "an unknown version".to_owned(), |v| v.with_own_words());
                let e =
                    Error::new(ErrorKind::DeviceRejected, step.name(), format!("the device came back on {running}"))
                        .said(tried.as_ref().and_then(Error::device_words).map_or(evidence, str::to_owned))
                        .effected(Effect::Applied);
                self.fail(index, Outcome::FellBack, e).await
            }
            Probe::Failed { why, said } => {
                let damaged = matches!(step.kind, StepKind::VerifyDigest { .. });
                let kind = if damaged { ErrorKind::Integrity } else { ErrorKind::DeviceRejected };
                let mut e = Error::new(kind, step.name(), why);
                if let Some(said) = said.or_else(|| tried.as_ref().and_then(Error::device_words).map(str::to_owned)) {
                    e = e.said(said);
                }
                self.fail(index, Outcome::Failed, e).await
            }
            Probe::InDoubt { why } => {
                look.doubts += 1;
                if look.doubts < DOUBTS {
                    cx.sleep(DOUBT_PAUSE).await.ok();
                    return Ok(Flow::Again);
                }
                let e = Error::new(ErrorKind::UnexpectedReply, step.name(), why).effected(Effect::Unknown);
                self.fail(index, Outcome::InDoubt, e).await
            }
        }
    }

    /// Waits for the device where it was told to reload, then makes sure that there is a session.
    async fn reach_for(&mut self, step: &StepSpec, state: &DeviceState, cx: &Context) -> Result<()> {
        let now = self.ports.clock.now();
        match &state.step_phase {
            StepPhase::Acted { acted: Acted::Detached { check_after, back_within, .. }, at } => {
                let first = *at + *check_after;
                if first > now {
                    cx.sleep(between(now, first)).await?;
                }
                let until = *at + (*back_within).max(self.return_within);
                self.session(cx, until, true).await
            }
            StepPhase::Acting | StepPhase::ActFailed { .. } if gate::reloads(step) => {
                let until = state.acting_since.unwrap_or(now) + self.return_within;
                self.session(cx, until.max(now + PATIENCE), true).await
            }
            _ => self.session(cx, now + PATIENCE, gate::activated(&self.plan()?.steps.clone(), state)).await,
        }
    }

    async fn probe(&mut self, step: &StepSpec, state: &DeviceState, cx: &Context) -> Result<Probe> {
        let platform = self.platform()?;
        let (Some(cli), Some(plan)) = (&mut self.cli, &self.plan) else {
            return Err(Error::internal("probe", "there is no session"));
        };
        let mut session = Session { device: &plan.device, cli: &mut **cli, services: &self.ports.services, cx };
        platform.probe(step, state.mark.as_ref(), &mut session).await
    }

    async fn act(&mut self, index: usize, step: &StepSpec, cx: &Context) -> Result<Flow> {
        let platform = self.platform()?;
        let acted = {
            let (Some(cli), Some(plan)) = (&mut self.cli, &self.plan) else {
                return Err(Error::internal("act", "there is no session"));
            };
            let mut session = Session { device: &plan.device, cli: &mut **cli, services: &self.ports.services, cx };
            let acting = platform.act(step, &mut session);
            if matches!(step.kind, StepKind::Transfer { .. }) { ticking(acting, cx).await } else { acting.await }
        };
        let device = self.id.clone();
        match acted {
            Ok(acted) => {
                if matches!(acted, Acted::Detached { .. }) {
                    self.cli = None;
                }
                self.journal.append(JobEvent::Acted { device, step: index, acted }).await?;
            }
            Err(e) => {
                self.lost(&e);
                self.journal.append(JobEvent::ActFailed { device, step: index, error: e.record() }).await?;
                if e.kind() == ErrorKind::Cancelled {
                    return Ok(Flow::Next);
                }
                if let Retry::After(pause) = e.retry() {
                    cx.sleep(pause).await.ok();
                }
            }
        }
        Ok(Flow::Again)
    }

    async fn busy(&self, index: usize, what: String, again: Duration, look: &mut Look, cx: &Context) -> Result<Flow> {
        let now = self.ports.clock.monotonic();
        match &look.busy {
            Some((words, since)) if *words == what => {
                if now.saturating_sub(*since) > SAME_WORDS {
                    let e = Error::new(ErrorKind::Timeout, "wait", "the device has been at the same work for too long")
                        .said(what)
                        .effected(Effect::Unknown);
                    return self.fail(index, Outcome::InDoubt, e).await;
                }
            }
            _ => look.busy = Some((what, now)),
        }
        cx.notes.note(Note::Heartbeat);
        if let Err(e) = cx.sleep(again).await {
            return self.interrupted(index, e).await;
        }
        Ok(Flow::Again)
    }

    fn may_still_go_down(&self, state: &DeviceState) -> bool {
        !matches!(state.step_phase, StepPhase::Fresh | StepPhase::Intended)
            && state.acting_since.is_some_and(|t| between(t, self.ports.clock.now()) < GOING_DOWN)
    }

    /// *Cancel now* came while a step was waited for.
    async fn interrupted(&self, index: usize, e: Error) -> Result<Flow> {
        if !matches!(self.state()?.step_phase, StepPhase::Fresh | StepPhase::Intended) {
            self.journal
                .append(JobEvent::ActFailed { device: self.id.clone(), step: index, error: e.record() })
                .await?;
        }
        Ok(Flow::Next)
    }
}

/// A lost session or a busy device may go better the next time; a device's own no will not.
const fn is_transient(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Interrupted | ErrorKind::Timeout | ErrorKind::Unreachable | ErrorKind::Busy | ErrorKind::Cancelled
    )
}

fn worth_retrying(e: &Error) -> bool {
    is_transient(e.kind()) || e.retry() != Retry::Never
}

fn with_words(e: Error, state: &DeviceState) -> Error {
    match &state.step_phase {
        StepPhase::Acted { acted: Acted::Settled { said, .. } | Acted::Detached { said, .. }, .. }
            if !said.is_empty() =>
        {
            e.said(said)
        }
        StepPhase::ActFailed { error } => {
            let e = match &error.said {
                Some(said) => e.said(said),
                None => e,
            };
            e.caused_by(Error::from(error.clone()))
        }
        _ => e,
    }
}

fn words(findings: &[Finding]) -> String {
    findings.iter().map(|f| f.message.as_ref()).collect::<Vec<_>>().join("; ")
}

/// Runs a transfer, and lets the sink of its notes see the time: only so can it say that nothing moves.
async fn ticking<T>(work: impl Future<Output = T> + Send, cx: &Context) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = cx.clock.sleep(Meter::TICK) => cx.notes.tick(),
        }
    }
}
