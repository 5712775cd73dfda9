//! The line of one device: does what the machine asks for until it has to wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Ports;
use super::reach::{PATIENCE, RECONNECT_EVERY, reach};
use crate::analysis::Finding;
use crate::job::event::{JobEvent, Outcome};
use crate::job::gate;
use crate::job::journal::Journal;
use crate::job::machine::{DeviceState, StepPhase, Todo, next};
use crate::model::{DeviceId, Inventory};
use crate::plan::DevicePlan;
use crate::platform::{Acted, Platform, Probe, Session, StepKind, StepSpec};
use crate::ports::{CheckCall, Cli, Context, Note, NoteSink, Verdict};
use crate::{Effect, Error, ErrorKind, Result, Retry};

/// What the scheduler allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// To begin.
    Start,
    /// To begin the activation.
    Activation,
    /// What needs no permission.
    Free,
    /// Nothing any more: an earlier device failed and the policy says stop.
    Never,
}

/// Attempts of one step. A second try heals a torn session or a busy device, a third one a torn second try; more would
/// only repeat the device's own no.
const ATTEMPTS: u32 = 3;

/// Sessions lost in a row while looking. A device that drops five fresh sessions is not going to answer.
const LOST_SESSIONS: u32 = 5;

/// A device that was told to reload may take this long to go down; until then *it did not reload* is not a fact.
const GOING_DOWN: Duration = Duration::from_secs(300);

/// How long a device may report the same unfinished work before it is in doubt. The longest step seen (extraction on an
/// old stack) takes 20 minutes and changes its words on the way.
const SAME_WORDS: Duration = Duration::from_secs(3600);

/// Looks that may contradict themselves before a device is parked, and the time between them.
const DOUBTS: u32 = 3;
const DOUBT_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Line {
    pub(super) ports: Ports,
    pub(super) journal: Arc<Journal>,
    pub(super) id: DeviceId,
    pub(super) plan: Option<DevicePlan>,
    pub(super) return_within: Duration,
    pub(super) cli: Option<Box<dyn Cli>>,
    stop_now: CancellationToken,
}

struct StepNotes {
    ports: Ports,
    journal: Arc<Journal>,
    id: DeviceId,
    step: usize,
}

impl NoteSink for StepNotes {
    fn note(&self, note: Note) {
        self.ports.sink.note(&self.journal.lease().job, &self.id, self.step, &note);
    }
}

/// How a step went on.
enum Flow {
    /// Ask the machine again.
    Next,
    /// Look at the step again.
    Again,
}

impl Line {
    pub(super) fn new(ports: Ports, journal: Arc<Journal>, id: DeviceId, stop_now: CancellationToken) -> Self {
        let (plan, minutes) = journal.read(|s| {
            let plan = s.plan.as_ref();
            (plan.and_then(|p| p.device(&id).cloned()), plan.map_or(60, |p| p.policy.return_minutes))
        });
        let return_within = Duration::from_secs(u64::from(minutes) * 60);
        Self { ports, journal, id, plan, return_within, cli: None, stop_now }
    }

    /// Goes on until the machine has nothing for this device, or until it needs permission. An error is one of the
    /// journal or of this library, never one of the device.
    pub(super) async fn run(mut self, mut pass: Pass) -> Result<()> {
        if pass == Pass::Never {
            return self.stop().await;
        }
        loop {
            match self.journal.read(|s| next(s, &self.id)) {
                Todo::Start if pass == Pass::Start => self.start().await?,
                Todo::Activate(step) if pass == Pass::Activation => self.intend(step, 1).await?,
                Todo::Step(step) => {
                    if !self.step(step).await? {
                        break;
                    }
                }
                Todo::Hold(step) => {
                    self.journal.append(JobEvent::Held { device: self.id.clone(), step }).await?;
                    break;
                }
                Todo::Undo(step) => self.undo(step).await?,
                Todo::ProveBack => self.prove_back().await?,
                Todo::Cancel => self.cancel().await?,
                Todo::Finish(outcome, error) => {
                    self.journal.append(JobEvent::DeviceFinished { device: self.id.clone(), outcome, error }).await?;
                    self.ports.jobs.free_device(self.journal.lease(), &self.id).await?;
                }
                _ => break,
            }
            pass = Pass::Free;
        }
        if let Some(cli) = self.cli.take() {
            cli.close().await;
        }
        Ok(())
    }

    pub(super) fn plan(&self) -> Result<&DevicePlan> {
        self.plan
            .as_ref()
            .ok_or_else(|| Error::internal("run job", "the device is not in the plan").with("device", &self.id))
    }

    pub(super) fn platform(&self) -> Result<Arc<dyn Platform>> {
        Ok(Arc::clone(self.ports.platform(&self.plan()?.device.platform)?))
    }

    fn state(&self) -> Result<DeviceState> {
        self.journal
            .read(|s| s.devices.get(&self.id).cloned())
            .ok_or_else(|| Error::internal("run job", "the device is not in the job").with("device", &self.id))
    }

    /// The context of a step. Only a step that can be interrupted safely listens to *cancel now*.
    pub(super) fn context(&self, step: usize, interruptible: bool) -> Context {
        let notes =
            StepNotes { ports: self.ports.clone(), journal: Arc::clone(&self.journal), id: self.id.clone(), step };
        let cancel = if interruptible { self.stop_now.child_token() } else { CancellationToken::new() };
        Context { clock: Arc::clone(&self.ports.clock), cancel, notes: Arc::new(notes) }
    }

    /// Makes sure that there is a session.
    pub(super) async fn session(&mut self, cx: &Context, until: Timestamp, returning: bool) -> Result<()> {
        if self.cli.is_none() {
            let platform = self.platform()?;
            let device = &self.plan()?.device;
            let connector = &*self.ports.connector;
            self.cli = Some(reach(connector, device, platform.definition(), cx, until, returning).await?);
        }
        Ok(())
    }

    /// Runs `work` with the open session. The session is dropped when `work` says that it was lost.
    pub(super) fn lost(&mut self, error: &Error) -> bool {
        let lost = matches!(
            error.kind(),
            ErrorKind::Interrupted | ErrorKind::Timeout | ErrorKind::Unreachable | ErrorKind::UnexpectedReply
        );
        if lost {
            self.cli = None;
        }
        lost
    }

    pub(super) async fn inspect(&mut self, cx: &Context) -> Result<Inventory> {
        let platform = self.platform()?;
        let (cli, plan) = (&mut self.cli, &self.plan);
        let (Some(cli), Some(plan)) = (cli, plan) else {
            return Err(Error::internal("inspect", "there is no session"));
        };
        let mut session = Session { device: &plan.device, cli: &mut **cli, services: &self.ports.services, cx };
        platform.inspect(&mut session).await
    }

    /// Is the device still what the plan was made for?
    async fn start(&mut self) -> Result<()> {
        let device = self.id.clone();
        if let Err(e) = self.ports.jobs.hold_device(self.journal.lease(), &device).await {
            return match e.kind() {
                ErrorKind::Busy => self.finish(Outcome::Failed, &e).await,
                _ => Err(e),
            };
        }
        let cx = self.context(0, true);
        let until = self.ports.clock.now() + PATIENCE;
        let mut lost = 0;
        let inventory = loop {
            let tried = match self.session(&cx, until, false).await {
                Ok(()) => self.inspect(&cx).await,
                Err(e) => return self.finish(Outcome::Failed, &e).await,
            };
            match tried {
                Ok(inventory) => break inventory,
                Err(e) if self.lost(&e) && lost < LOST_SESSIONS => lost += 1,
                Err(e) => return self.finish(Outcome::Failed, &e).await,
            }
        };
        let stale = self.plan()?.expects.differs(&inventory);
        if !stale.is_empty() {
            let e = Error::new(ErrorKind::Blocked, "start", format!("the plan is stale: {}", stale.join("; ")))
                .with("device", &device);
            return self.finish(Outcome::Failed, &e).await;
        }
        self.journal.append(JobEvent::DeviceStarted { device }).await
    }

    async fn finish(&self, outcome: Outcome, error: &Error) -> Result<()> {
        let error = Some(error.record());
        self.journal.append(JobEvent::DeviceFinished { device: self.id.clone(), outcome, error }).await?;
        self.ports.jobs.free_device(self.journal.lease(), &self.id).await
    }

    async fn intend(&self, step: usize, attempt: u32) -> Result<()> {
        let fence = self.journal.lease().fence;
        let step_version = self.plan()?.steps.get(step).map_or(StepSpec::VERSION, |s| s.version);
        self.journal.append(JobEvent::Intended { device: self.id.clone(), step, attempt, fence, step_version }).await
    }

    /// Brings a step to its end. `false`: this process cannot (a check that it does not have).
    async fn step(&mut self, index: usize) -> Result<bool> {
        let step = self.plan()?.steps.get(index).cloned();
        let Some(step) = step else {
            return Err(Error::internal("run job", "there is no such step").with("step", index));
        };
        if step.version > StepSpec::VERSION {
            let e = Error::new(ErrorKind::Unsupported, "run step", "the step was planned by a newer release")
                .with("step version", step.version);
            self.fail(index, Outcome::Failed, e).await?;
            return Ok(true);
        }
        if self.state()?.step_phase == StepPhase::Fresh {
            self.intend(index, 1).await?;
        }
        if step.kind == StepKind::PostCheck {
            return self.post_check(index).await;
        }
        let mut look = Look::default();
        loop {
            match self.look(index, &step, &mut look).await? {
                Flow::Again => {}
                Flow::Next => return Ok(true),
            }
        }
    }

    /// Probes once, and acts if the probe says that it is needed.
    async fn look(&mut self, index: usize, step: &StepSpec, look: &mut Look) -> Result<Flow> {
        let state = self.state()?;
        let cx = self.context(index, !step.irreversible);
        if let Err(e) = self.reach_for(step, &state, &cx).await {
            if e.kind() == ErrorKind::Cancelled {
                return self.interrupted(index, e).await;
            }
            let gone = gate::reloads(step) && state.touched.contains(&index);
            let outcome = if gone { Outcome::NeverReturned } else { Outcome::Failed };
            return self.fail(index, outcome, e).await;
        }
        let probe = match self.probe(step, &state, &cx).await {
            Ok(probe) => probe,
            Err(e) if e.kind() == ErrorKind::Cancelled => return self.interrupted(index, e).await,
            Err(e) if self.lost(&e) && look.lost < LOST_SESSIONS => {
                look.lost += 1;
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
                    if state.attempt >= ATTEMPTS {
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
                let running = running.map_or_else(|| "an unknown version".to_owned(), |v| v.to_string());
                let e =
                    Error::new(ErrorKind::DeviceRejected, step.name(), format!("the device came back on {running}"))
                        .said(tried.as_ref().and_then(Error::device_words).map_or(evidence, str::to_owned));
                self.fail(index, Outcome::FellBack, e).await
            }
            Probe::Failed { why, said } => {
                let mut e = Error::new(ErrorKind::DeviceRejected, step.name(), why);
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
            platform.act(step, &mut session).await
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

    async fn post_check(&mut self, index: usize) -> Result<bool> {
        let Some(checks) = self.ports.checks.clone() else {
            self.journal.append(JobEvent::Held { device: self.id.clone(), step: index }).await?;
            return Ok(false);
        };
        let cx = self.context(index, false);
        let until = self.ports.clock.now() + PATIENCE;
        let looked = match self.session(&cx, until, true).await {
            Ok(()) => self.inspect(&cx).await,
            Err(e) => Err(e),
        };
        let verdict = match looked {
            Ok(inventory) => checks.check(CheckCall { job: self.journal.lease().job.clone(), inventory }).await,
            Err(e) => Err(e),
        };
        match verdict {
            Ok(Verdict::Good) => {
                let how = "the post-check is content".to_owned();
                self.journal.append(JobEvent::Verified { device: self.id.clone(), step: index, how }).await?;
            }
            Ok(Verdict::Bad(why)) => {
                let e = Error::new(ErrorKind::Blocked, "post-check", why);
                self.fail(index, Outcome::Failed, e).await?;
            }
            Err(e) => {
                self.fail(index, Outcome::Failed, e).await?;
            }
        }
        Ok(true)
    }

    /// The line failed: decides what must be taken back, and writes that down.
    async fn fail(&self, index: usize, outcome: Outcome, error: Error) -> Result<Flow> {
        let state = self.state()?;
        let undo = super::undo::what_to_undo(&self.plan()?.steps, &state, outcome);
        let event = JobEvent::Failing { device: self.id.clone(), step: index, outcome, error: error.record(), undo };
        self.journal.append(event).await?;
        Ok(Flow::Next)
    }

    async fn cancel(&self) -> Result<()> {
        let index = self.state()?.step;
        let e = Error::new(ErrorKind::Cancelled, "upgrade", "stopped on request");
        self.fail(index, Outcome::Cancelled, e).await.map(|_| ())
    }

    /// The policy says stop before this device was activated.
    async fn stop(&self) -> Result<()> {
        let (device, outcome, error) = (self.id.clone(), Outcome::Skipped, None);
        self.journal.append(JobEvent::DeviceFinished { device, outcome, error }).await?;
        self.ports.jobs.free_device(self.journal.lease(), &self.id).await
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("device", &self.id).finish_non_exhaustive()
    }
}

/// What was seen while one step was looked at, in this process.
#[derive(Debug, Default)]
struct Look {
    lost: u32,
    doubts: u32,
    busy: Option<(String, Duration)>,
}

pub(super) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
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
            e.said(said.clone())
        }
        StepPhase::ActFailed { error } => {
            let e = match &error.said {
                Some(said) => e.said(said.clone()),
                None => e,
            };
            e.caused_by(Error::from(error.clone()))
        }
        _ => e,
    }
}

fn words(findings: &[Finding]) -> String {
    findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("; ")
}
