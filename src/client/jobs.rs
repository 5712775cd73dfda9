//! Jobs: submitted, worked on in this process, watched, released, cancelled, accounted for.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use swim_core::audit::{self, AuditRecord};
use swim_core::job::{CancelHow, Entry, JobEvent, JobReport, JobStatus};
use swim_core::model::DeviceId;
use swim_core::plan::Plan;
use swim_core::ports::{JobId, JobSummary, NewJob};
use swim_core::{Error, ErrorKind, Result, Retry, repo};
use tokio::task::JoinHandle;

use super::{Client, some};
use crate::watch::Watch;

/// How a job is submitted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SubmitOptions {
    /// The same key never makes two jobs. Default: the plan's digest and the time of the call.
    pub key: Option<String>,
    /// When it may start. Default: now.
    pub due: Option<Timestamp>,
}

impl Client {
    /// Makes a job of an approved plan and starts to work on it in this process. `approval` is the plan's digest.
    ///
    /// A plan that has no device to upgrade makes a job that ends at once, and is not good: its report says that nothing was
    /// done, and who is left out (`left_out`).
    ///
    /// The job is durable when this returns: if the process ends, any client on the same data goes on with
    /// [`Client::resume`].
    ///
    /// # Errors
    /// `Integrity` when the image is damaged; `Conflict` when another plan was approved or the key belongs to a job with another
    /// plan; `InvalidInput` or `Unsupported` for a plan that was changed by hand into an impossible one; those of the store. A plan with a post-check waits there until a
    /// client that has one goes on with the job.
    pub async fn submit(&self, plan: &Plan, approval: &str, options: SubmitOptions) -> Result<JobId> {
        plan.approved_by(approval)?;
        plan.check()?;
        if options.key.as_deref().is_some_and(|key| key.trim().is_empty()) {
            return Err(Error::invalid(
                "key",
                "\"\"",
                "a key tells this job from others: leave it out for one of its own",
            ));
        }
        let now = self.0.adapters.clock.now();
        if self.images_store().size(&plan.goal.image).await?.is_none() {
            return Err(Error::new(ErrorKind::NotFound, "submit", "the plan's image is not in the repository")
                .with("image", plan.goal.image));
        }
        // A list may have come since the plan was made.
        repo::cleared(self.records(), &plan.goal.image, "submit").await?;
        let entry =
            Entry::new(now, JobEvent::Submitted { plan: Box::new(plan.clone()), approval: approval.to_owned() });
        let id = JobId(format!("{:016x}-{:08x}", now.as_nanosecond(), rand_tail()));
        let job = NewJob {
            idempotency_key: options.key.unwrap_or_else(|| format!("{approval}/{id}")),
            id,
            devices: plan.devices.iter().map(|d| d.device.id.clone()).collect(),
            events: vec![entry.to_json()?],
            due: options.due.unwrap_or(now),
        };
        let wanted = job.id.clone();
        self.usable(&plan.goal.image).await?;
        let id = self.jobs().create(job).await?;
        // A deletion looks at the jobs after it has hidden the image: one of the two sees the other.
        if let Err(gone) = self.usable(&plan.goal.image).await {
            self.cancel(&id, CancelHow::Now).await?;
            return Err(gone.with("job", &id));
        }
        if id != wanted {
            self.same_plan(&id, approval).await?;
        }
        self.start(&id);
        Ok(id)
    }

    /// Is the job that has the key already one of the same plan? Else the caller would take its end for that of theirs.
    async fn same_plan(&self, job: &JobId, approval: &str) -> Result<()> {
        let first =
            self.jobs().load(job, 0).await?.into_iter().next().map(|s| Entry::from_json(s.event)).transpose()?;
        match first.map(|e| e.event) {
            Some(JobEvent::Submitted { approval: theirs, .. }) if theirs == approval => Ok(()),
            _ => Err(Error::new(ErrorKind::Conflict, "submit", "the key belongs to a job with another plan")
                .with("job", job)
                .with("approval", approval)),
        }
    }

    /// Goes on with every unfinished job of this data folder in this process; returns them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn resume(&self) -> Result<Vec<JobId>> {
        let open: Vec<_> = self.jobs().list().await?.into_iter().filter(|j| !j.finished).map(|j| j.id).collect();
        for id in &open {
            self.start(id);
        }
        Ok(open)
    }

    /// Works on a job in the background, unless this client does so already.
    fn start(&self, job: &JobId) {
        let mut at_work = self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        if at_work.get(job).is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (engine, clock, id) = (self.0.engine.clone(), Arc::clone(&self.0.adapters.clock), job.clone());
        let task = tokio::spawn(async move {
            loop {
                match engine.work(&id).await {
                    // Another worker's lease may still run, or the job may not be due yet.
                    Err(e) if e.kind() == ErrorKind::Busy => {
                        let Retry::After(pause) = e.retry() else { return Err(e) };
                        clock.sleep(pause).await;
                    }
                    done => return done,
                }
            }
        });
        at_work.insert(job.clone(), task);
    }

    /// Waits until the job finished, or waits for somebody's go.
    ///
    /// # Errors
    /// The error of the worker, where it is in this process; `NotFound`; those of the store.
    pub async fn wait(&self, job: &JobId) -> Result<JobReport> {
        loop {
            let task = self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner).remove(job);
            if let Some(task) = task {
                // Put back when this call is dropped in the middle, so that the worker is not lost sight of.
                let mut guard = PutBack { client: self, job, task: Some(task) };
                let Some(task) = guard.task.as_mut() else { continue };
                let done = task.await;
                guard.task = None;
                return done.map_err(|e| Error::internal("run job", "the worker ended").caused_by(e))?;
            }
            let report = self.status(job).await?;
            if report.status != JobStatus::Running {
                return Ok(report);
            }
            self.0.adapters.clock.sleep(Duration::from_millis(250)).await;
        }
    }

    /// How a job stands.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn status(&self, job: &JobId) -> Result<JobReport> {
        self.0.engine.report(job).await
    }

    /// All jobs, oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self) -> Result<Vec<JobSummary>> {
        self.jobs().list().await
    }

    /// The events of a job from its first one on, also of a job that another process works on.
    #[must_use]
    pub fn watch(&self, job: &JobId) -> Watch {
        self.0.hub.watch(job.clone(), Arc::clone(&self.0.adapters.jobs))
    }

    /// Says go for a commit that was held back (`hold_commit`), for some devices or (`None`) for all of the job, and works on
    /// it.
    ///
    /// # Errors
    /// `NotFound`, also for a device that is none of the job; `InvalidInput` for an empty list; those of the store.
    pub async fn commit(&self, job: &JobId, devices: Option<&[DeviceId]>) -> Result<()> {
        some("devices", devices)?;
        let devices = devices.unwrap_or_default();
        let report = self.status(job).await?;
        if let Some(other) = devices.iter().find(|id| report.device(id.as_str()).is_none()) {
            return Err(Error::new(ErrorKind::NotFound, "commit", format!("{other} is no device of the job"))
                .with("device", other)
                .with("job", job));
        }
        self.request(job, JobEvent::Released { devices: devices.to_vec() }).await?;
        self.start(job);
        Ok(())
    }

    /// Asks for a job to stop. The request is durable and reaches whoever works on the job.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn cancel(&self, job: &JobId, how: CancelHow) -> Result<()> {
        self.request(job, JobEvent::CancelRequested { how }).await?;
        // A job that is due in a year must not wait so long to be ended.
        self.jobs().make_due(job).await?;
        self.start(job);
        Ok(())
    }

    async fn request(&self, job: &JobId, event: JobEvent) -> Result<()> {
        let entry = Entry::new(self.0.adapters.clock.now(), event);
        self.jobs().request(job, entry.to_json()?).await.map(|_| ())
    }

    /// The audit of a job.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn audit(&self, job: &JobId) -> Result<Vec<AuditRecord>> {
        let stored = self.jobs().load(job, 0).await?;
        let entries = stored.into_iter().map(|s| Entry::from_json(s.event)).collect::<Result<Vec<_>>>()?;
        Ok(audit::records(job, &entries))
    }
}

struct PutBack<'a> {
    client: &'a Client,
    job: &'a JobId,
    task: Option<JoinHandle<Result<JobReport>>>,
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let mut at_work = self.client.0.at_work.lock().unwrap_or_else(PoisonError::into_inner);
            at_work.entry(self.job.clone()).or_insert(task);
        }
    }
}

/// Tells apart two jobs that are submitted in the same nanosecond on two machines.
fn rand_tail() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    // The hasher's keys are random a process, and differ from call to call.
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    (hasher.finish() & 0xffff_ffff) as u32
}
