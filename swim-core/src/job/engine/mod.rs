//! Runs effects: takes a job, lets each device's line do what the machine asks for, and journals everything first.

mod known;
mod line;
mod look;
mod places;
mod reach;
mod undo;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use self::line::{Line, Pass};
use self::places::Places;
use super::event::{CancelHow, EventSink, JobEvent};
use super::gate::{Fleet, Gate};
use super::journal::Journal;
use super::machine::{DevicePhase, JobState, Todo, apply, next};
use super::report::JobReport;
use crate::model::{DeviceId, PlatformId};
use crate::platform::{Platform, PullServices};
use crate::ports::{CliConnector, Clock, JobId, JobStore, Lease, PostChecks, Records, WorkerId};
use crate::{Error, ErrorKind, Result, Retry};

/// What the engine needs of the world.
#[derive(Clone)]
pub struct Ports {
    /// The jobs.
    pub jobs: Arc<dyn JobStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Command lines.
    pub connector: Arc<dyn CliConnector>,
    /// Images and transfers.
    pub services: PullServices,
    /// What is known of images and devices, in a process that keeps it: an image that must reach no device any more reaches
    /// none, and what a job reads of a device becomes what is known of it.
    pub records: Option<Arc<dyn Records>>,
    /// The platforms.
    pub platforms: Vec<Arc<dyn Platform>>,
    /// The caller's post-checks, in a process that has them.
    pub checks: Option<Arc<dyn PostChecks>>,
    /// Who watches.
    pub sink: Arc<dyn EventSink>,
}

impl Ports {
    /// The platform of that name.
    ///
    /// # Errors
    /// `Unsupported` names it.
    pub fn platform(&self, id: &PlatformId) -> Result<&Arc<dyn Platform>> {
        self.platforms.iter().find(|p| p.definition().id == *id).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "find platform", format!("there is no platform {id}")).with(
                "known",
                self.platforms.iter().map(|p| p.definition().id.0.clone()).collect::<Vec<_>>().join(", "),
            )
        })
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// Settings of a worker.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The name of this worker; unique a process start.
    pub worker: WorkerId,
    /// How long a lease lasts without renewal. A job of a killed worker is free after this long.
    pub lease: Duration,
    /// How often leases are renewed and requests are looked for.
    pub tick: Duration,
}

impl EngineConfig {
    /// The defaults for a worker: a lease of 30 s survives a pause of the process (swap, debugger) of that length and
    /// frees the job of a killed worker soon; it is renewed five times in that span.
    #[must_use]
    pub const fn new(worker: WorkerId) -> Self {
        Self { worker, lease: Duration::from_secs(30), tick: Duration::from_secs(6) }
    }
}

/// Runs jobs.
#[derive(Clone, Debug)]
pub struct Engine {
    ports: Ports,
    config: EngineConfig,
}

impl Engine {
    /// An engine.
    #[must_use]
    pub const fn new(ports: Ports, config: EngineConfig) -> Self {
        Self { ports, config }
    }

    /// How a job stands, from its journal.
    ///
    /// # Errors
    /// `NotFound` when there is no such job; those of the store.
    pub async fn report(&self, job: &JobId) -> Result<JobReport> {
        let mut state = JobState::default();
        for stored in self.ports.jobs.load(job, 0).await? {
            apply(&mut state, &super::event::Entry::from_json(stored.event)?);
        }
        Ok(JobReport::of(job, &state))
    }

    /// Works on a job until every device has a verdict or waits for somebody's go.
    ///
    /// # Errors
    /// `Busy` (retry later) when another worker has it; errors of the store; `LeaseLost`. A device's failure is not an
    /// error of this call: it is in the report.
    pub async fn work(&self, job: &JobId) -> Result<JobReport> {
        let now = self.ports.clock.now();
        match self.ports.jobs.claim(&self.config.worker, now, self.config.lease, Some(job)).await? {
            Some(lease) => self.run(lease).await,
            None => {
                let report = self.report(job).await?;
                if report.status == super::report::JobStatus::Finished {
                    return Ok(report);
                }
                Err(Error::new(ErrorKind::Busy, "claim job", "another worker has it, or it is not due yet")
                    .with("job", job)
                    .retry_when(Retry::After(self.config.tick)))
            }
        }
    }

    /// Works on a job that was claimed.
    ///
    /// # Errors
    /// As [`Engine::work`].
    pub async fn run(&self, lease: Lease) -> Result<JobReport> {
        let p = &self.ports;
        let journal =
            Arc::new(Journal::open(Arc::clone(&p.jobs), Arc::clone(&p.sink), Arc::clone(&p.clock), lease).await?);
        let worker = self.config.worker.0.clone();
        journal.append(JobEvent::Claimed { worker, fence: journal.lease().fence }).await?;
        let stop_now = CancellationToken::new();
        let done = self.schedule(&journal, &stop_now).await;
        let finished = match done {
            Ok(finished) => finished,
            Err(e) => {
                // The lease is left to run out when it is not ours any more; otherwise give it back at once.
                if e.kind() != ErrorKind::LeaseLost {
                    let _ = p.jobs.release(journal.lease(), false).await;
                }
                return Err(e);
            }
        };
        if finished && !journal.read(|s| s.finished) {
            journal.append(JobEvent::JobFinished).await?;
        }
        p.jobs.release(journal.lease(), finished).await?;
        Ok(journal.read(|s| JobReport::of(&journal.lease().job, s)))
    }

    /// `true` when every device has its verdict, `false` when the rest waits for somebody's go.
    ///
    /// The keeper and the lines are polled side by side and always: a line may hold the journal while it waits for the
    /// store, so nothing here may wait for the journal without polling the lines too.
    async fn schedule(&self, journal: &Arc<Journal>, stop_now: &CancellationToken) -> Result<bool> {
        tokio::select! {
            done = self.drive(journal, stop_now) => done,
            error = self.keep(journal, stop_now) => Err(error),
        }
    }

    /// Renews the lease and takes in requests until that fails.
    async fn keep(&self, journal: &Journal, stop_now: &CancellationToken) -> Error {
        loop {
            self.ports.clock.sleep(self.config.tick).await;
            let renewed = self.ports.jobs.renew(journal.lease(), self.ports.clock.now(), self.config.lease).await;
            let kept = match renewed {
                Ok(()) => journal.refresh().await,
                Err(e) => Err(e),
            };
            if let Err(e) = kept {
                return e;
            }
            if journal.read(|s| s.cancel == Some(CancelHow::Now)) {
                stop_now.cancel();
            }
        }
    }

    async fn drive(&self, journal: &Arc<Journal>, stop_now: &CancellationToken) -> Result<bool> {
        let ids: Vec<DeviceId> = journal.read(|s| s.places.keys().cloned().collect());
        let at_server = journal.read(|s| s.plan.as_ref().map_or(1, |p| p.policy.max_per_server));
        let mut places = Places::new(&self.ports.services.servers, at_server);
        let mut active: BTreeSet<DeviceId> = BTreeSet::new();
        let mut lines = FuturesUnordered::new();
        loop {
            for (id, pass) in self.who_may_go(journal, &ids, &active) {
                active.insert(id.clone());
                let place = journal.read(|s| places.at_server_of(s.plan.as_ref().and_then(|p| p.device(&id))));
                let line = Line::new(self.ports.clone(), Arc::clone(journal), id.clone(), stop_now.clone(), place);
                lines.push(async move { (id, line.run(pass).await) });
            }
            if let Some((id, ended)) = lines.next().await {
                active.remove(&id);
                ended?;
                continue;
            }
            journal.refresh().await?;
            let (finished, stuck) = journal.read(|s| {
                let finished = s.devices.values().all(|d| matches!(d.phase, DevicePhase::Finished { .. }));
                let waits = |id| matches!(next(s, id), Todo::Nothing | Todo::Wait) || self.cannot_check(s, id);
                (finished, ids.iter().all(waits))
            });
            if finished || stuck {
                return Ok(finished);
            }
        }
    }

    fn who_may_go(&self, journal: &Journal, ids: &[DeviceId], active: &BTreeSet<DeviceId>) -> Vec<(DeviceId, Pass)> {
        let mut launch = Vec::new();
        journal.read(|state| {
            let mut fleet = Fleet::of(state, active);
            for id in ids.iter().filter(|id| !active.contains(*id)) {
                let (gate, pass) = match next(state, id) {
                    Todo::Nothing | Todo::Wait => continue,
                    Todo::Step(_) if self.cannot_check(state, id) => continue,
                    Todo::Start => (fleet.start(), Pass::Start),
                    Todo::Activate(_) => (fleet.activate(id), Pass::Activation),
                    _ => (Gate::Open, Pass::Free),
                };
                match gate {
                    Gate::Open => launch.push((id.clone(), pass)),
                    Gate::Closed => launch.push((id.clone(), Pass::Never)),
                    Gate::Shut => {}
                }
            }
        });
        launch
    }

    /// A held check that this process cannot ask.
    fn cannot_check(&self, state: &JobState, id: &DeviceId) -> bool {
        self.ports.checks.is_none() && state.devices.get(id).is_some_and(|d| d.phase == DevicePhase::Held)
    }
}
