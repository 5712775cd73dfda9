//! The line of one device: does what the machine asks for until it has to wait.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::Ports;
use super::look::{Flow, LOST_SESSIONS, Look};
use super::reach::{PATIENCE, reach};
use crate::job::event::{JobEvent, Outcome};
use crate::job::journal::Journal;
use crate::job::machine::{DeviceState, StepPhase, Todo, next};
use crate::model::{DeviceId, Inventory};
use crate::plan::DevicePlan;
use crate::platform::{Platform, Session, StepKind, StepSpec};
use crate::ports::{CheckCall, Cli, Context, Note, NoteSink, Verdict};
use crate::transfer::Meter;
use crate::{Error, ErrorKind, Result, repo};

/// The longest wait for a device to come back.
const LONGEST_RETURN: Duration = Duration::from_secs(7 * 24 * 3600);

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

pub(super) struct Line {
    pub(super) ports: Ports,
    pub(super) journal: Arc<Journal>,
    pub(super) id: DeviceId,
    pub(super) plan: Option<DevicePlan>,
    pub(super) return_within: Duration,
    pub(super) cli: Option<Box<dyn Cli>>,
    stop_now: CancellationToken,
    /// Places at the image server: as many transfers as the policy allows at the same time.
    places: Arc<Semaphore>,
}

struct StepNotes {
    ports: Ports,
    journal: Arc<Journal>,
    id: DeviceId,
    step: usize,
    meter: Mutex<Meter>,
}

impl StepNotes {
    fn meter(&self) -> MutexGuard<'_, Meter> {
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, note: &Note) {
        self.ports.sink.note(&self.journal.lease().job, &self.id, self.step, note);
    }
}

impl NoteSink for StepNotes {
    fn note(&self, note: Note) {
        let notes = self.meter().see(note, self.ports.clock.monotonic());
        notes.iter().for_each(|note| self.tell(note));
    }

    fn tick(&self) {
        let stalled = self.meter().tick(self.ports.clock.monotonic());
        stalled.iter().for_each(|note| self.tell(note));
    }
}

impl Line {
    pub(super) fn new(
        ports: Ports,
        journal: Arc<Journal>,
        id: DeviceId,
        stop_now: CancellationToken,
        places: Arc<Semaphore>,
    ) -> Self {
        let (plan, minutes) = journal.read(|s| {
            let plan = s.plan.as_ref();
            (plan.and_then(|p| p.device(&id).cloned()), plan.map_or(60, |p| p.policy.return_minutes))
        });
        // Jobs of earlier releases may ask for thousands of years, which no calendar can add to the time of day.
        let return_within = Duration::from_secs(u64::from(minutes) * 60).min(LONGEST_RETURN);
        Self { ports, journal, id, plan, return_within, cli: None, stop_now, places }
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
                Todo::Activate(step) if pass == Pass::Activation => match self.cleared().await? {
                    Ok(()) => self.intend(step, 1).await?,
                    Err(e) => self.fail(step, Outcome::Failed, e).await.map(drop)?,
                },
                Todo::Step(step) => {
                    if !self.step(step).await? {
                        break;
                    }
                }
                Todo::Hold(step) => {
                    self.know_again(step, None).await;
                    self.journal.append(JobEvent::Held { device: self.id.clone(), step }).await?;
                    break;
                }
                Todo::Undo(step) => self.undo(step).await?,
                Todo::ProveBack => self.prove_back().await?,
                Todo::Cancel => self.cancel().await?,
                Todo::Finish(outcome, error) => {
                    self.know_again(self.state()?.step, Some(outcome)).await;
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

    pub(super) fn state(&self) -> Result<DeviceState> {
        self.journal
            .read(|s| s.devices.get(&self.id).cloned())
            .ok_or_else(|| Error::internal("run job", "the device is not in the job").with("device", &self.id))
    }

    /// The context of a step. Only a step that can be interrupted safely listens to *cancel now*.
    pub(super) fn context(&self, step: usize, interruptible: bool) -> Context {
        let notes = StepNotes {
            ports: self.ports.clone(),
            journal: Arc::clone(&self.journal),
            id: self.id.clone(),
            step,
            meter: Mutex::default(),
        };
        let cancel = if interruptible { self.stop_now.child_token() } else { CancellationToken::new() };
        Context { cancel, ..Context::new(Arc::clone(&self.ports.clock)).noting(Arc::new(notes)) }
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

    /// May the image still reach devices? Days may lie between the plan and its turn. The outer error is that of the store.
    async fn cleared(&self) -> Result<Result<()>> {
        let Some(records) = &self.ports.records else { return Ok(Ok(())) };
        let Some(image) = self.journal.read(|s| s.plan.as_ref().map(|plan| plan.goal.image)) else { return Ok(Ok(())) };
        match repo::cleared(&**records, &image, "start").await {
            Err(e) if !matches!(e.kind(), ErrorKind::Blocked | ErrorKind::Integrity) => Err(e),
            judged => Ok(judged.map_err(|e| e.with("device", &self.id))),
        }
    }

    /// Is the device still what the plan was made for?
    async fn start(&mut self) -> Result<()> {
        let device = self.id.clone();
        if let Err(e) = self.cleared().await? {
            return self.finish(Outcome::Failed, &e).await;
        }
        // Before anything is touched: the image servers that were approved are there.
        let servers = &self.ports.services.servers;
        let named = self.plan()?.steps.iter().filter_map(|step| step.source()?.server.as_ref());
        if let Some(e) = named.map(|planned| servers.planned(planned)).find_map(Result::err) {
            return self.finish(Outcome::Failed, &e.with("device", &device)).await;
        }
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
        if let Err(error) = self.keep(inventory).await {
            tracing::debug!(%device, %error, "what the job read is not known to others");
        }
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

    pub(super) async fn intend(&self, step: usize, attempt: u32) -> Result<()> {
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
        let Some(_place) = self.place(&step).await else { return Ok(true) };
        let mut look = Look::default();
        loop {
            match self.look(index, &step, &mut look).await? {
                Flow::Again => {}
                Flow::Next => return Ok(true),
            }
        }
    }

    /// A transfer waits here for a place at the server, without a session that would time out meanwhile. `None` after
    /// *cancel now*.
    async fn place(&mut self, step: &StepSpec) -> Option<Option<OwnedSemaphorePermit>> {
        if !matches!(step.kind, StepKind::Transfer { .. }) {
            return Some(None);
        }
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(Some(place));
        }
        if let Some(cli) = self.cli.take() {
            cli.close().await;
        }
        tokio::select! {
            place = Arc::clone(&self.places).acquire_owned() => Some(place.ok()),
            () = self.stop_now.cancelled() => None,
        }
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
    pub(super) async fn fail(&self, index: usize, outcome: Outcome, error: Error) -> Result<Flow> {
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

pub(super) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}
