//! Jobs in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use swim_core::Result;
use swim_core::model::DeviceId;
use swim_core::ports::{Appended, JobId, JobStore, JobSummary, Lease, NewJob, Sequence, Stored, WorkerId};

use super::MemoryStore;
use crate::{lease_end, refusals};

#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// In the order of their creation.
    jobs: Vec<Job>,
    /// Which job holds a device.
    held: BTreeMap<DeviceId, JobId>,
}

#[derive(Debug)]
struct Job {
    id: JobId,
    key: String,
    due: Timestamp,
    finished: bool,
    journal: Vec<Value>,
    /// The fence of the last claim; 0 before the first.
    fence: u64,
    holder: Option<Holder>,
}

#[derive(Debug)]
struct Holder {
    worker: WorkerId,
    until: Timestamp,
}

impl Jobs {
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    fn job(&mut self, id: &JobId, operation: &str) -> Result<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == *id).ok_or_else(|| refusals::no_job(operation, id))
    }

    /// The job, if this lease is its present one.
    fn leased(&mut self, lease: &Lease, operation: &str) -> Result<&mut Job> {
        let job = self.job(&lease.job, operation)?;
        let current = job.fence == lease.fence && job.holder.as_ref().is_some_and(|h| h.worker == lease.worker);
        if current { Ok(job) } else { Err(refusals::lease_lost(operation, lease)) }
    }

    fn create(&mut self, new: NewJob) -> Result<JobId> {
        if let Some(known) = self.jobs.iter().find(|job| job.key == new.idempotency_key) {
            return Ok(known.id.clone());
        }
        if self.jobs.iter().any(|job| job.id == new.id) {
            return Err(refusals::id_taken(&new.id));
        }
        self.jobs.push(Job {
            id: new.id.clone(),
            key: new.idempotency_key,
            due: new.due,
            finished: false,
            journal: new.events,
            fence: 0,
            holder: None,
        });
        Ok(new.id)
    }

    fn claim(&mut self, worker: &WorkerId, now: Timestamp, ttl: Duration, only: Option<&JobId>) -> Option<Lease> {
        let free = |job: &&mut Job| {
            !job.finished
                && job.due <= now
                && job.holder.as_ref().is_none_or(|holder| holder.until <= now)
                && only.is_none_or(|only| job.id == *only)
        };
        // The first of equals, so the older one.
        let job = self.jobs.iter_mut().filter(free).min_by_key(|job| job.due)?;
        job.fence += 1;
        job.holder = Some(Holder { worker: worker.clone(), until: lease_end(now, ttl) });
        Some(Lease { job: job.id.clone(), worker: worker.clone(), fence: job.fence })
    }
}

impl Job {
    fn end(&self) -> Sequence {
        self.journal.len() as Sequence
    }
}

#[async_trait]
impl JobStore for MemoryStore {
    async fn create(&self, job: NewJob) -> Result<JobId> {
        self.locked(|state| state.jobs.create(job))
    }

    async fn append(&self, lease: &Lease, position: Sequence, events: Vec<Value>) -> Result<Appended> {
        self.locked(|state| {
            let job = state.jobs.leased(lease, "append")?;
            if job.end() != position {
                return Err(refusals::position_taken(&lease.job, position, job.end()));
            }
            job.journal.extend(events);
            Ok(Appended { next: job.end() })
        })
    }

    async fn request(&self, job: &JobId, event: Value) -> Result<Appended> {
        self.locked(|state| {
            let job = state.jobs.job(job, "request")?;
            job.journal.push(event);
            Ok(Appended { next: job.end() })
        })
    }

    async fn make_due(&self, job: &JobId) -> Result<()> {
        self.locked(|state| {
            state.jobs.job(job, "make due")?.due = Timestamp::UNIX_EPOCH;
            Ok(())
        })
    }

    async fn load(&self, job: &JobId, from: Sequence) -> Result<Vec<Stored>> {
        self.locked(|state| {
            let job = state.jobs.job(job, "load")?;
            let skip = usize::try_from(from).unwrap_or(usize::MAX);
            let entries = (from..).zip(job.journal.iter().skip(skip));
            Ok(entries.map(|(sequence, event)| Stored { sequence, event: event.clone() }).collect())
        })
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        ttl: Duration,
        only: Option<&JobId>,
    ) -> Result<Option<Lease>> {
        Ok(self.locked(|state| state.jobs.claim(worker, now, ttl, only)))
    }

    async fn renew(&self, lease: &Lease, now: Timestamp, ttl: Duration) -> Result<()> {
        self.locked(|state| {
            let job = state.jobs.leased(lease, "renew")?;
            job.holder = Some(Holder { worker: lease.worker.clone(), until: lease_end(now, ttl) });
            Ok(())
        })
    }

    async fn release(&self, lease: &Lease, finished: bool) -> Result<()> {
        self.locked(|state| {
            let job = state.jobs.leased(lease, "release")?;
            job.holder = None;
            if finished {
                job.finished = true;
                state.jobs.held.retain(|_, holder| *holder != lease.job);
            }
            Ok(())
        })
    }

    async fn hold_device(&self, lease: &Lease, device: &DeviceId) -> Result<()> {
        self.locked(|state| {
            state.jobs.leased(lease, "hold device")?;
            match state.jobs.held.get(device) {
                Some(holder) if *holder != lease.job => Err(refusals::device_held(device, holder)),
                Some(_) => Ok(()),
                None => {
                    state.jobs.held.insert(device.clone(), lease.job.clone());
                    Ok(())
                }
            }
        })
    }

    async fn free_device(&self, lease: &Lease, device: &DeviceId) -> Result<()> {
        self.locked(|state| {
            state.jobs.leased(lease, "free device")?;
            if state.jobs.held.get(device) == Some(&lease.job) {
                state.jobs.held.remove(device);
            }
            Ok(())
        })
    }

    async fn list(&self) -> Result<Vec<JobSummary>> {
        Ok(self.locked(|state| {
            let jobs = state.jobs.jobs.iter();
            jobs.map(|job| JobSummary { id: job.id.clone(), due: job.due, finished: job.finished }).collect()
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use swim_core::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn a_refused_call_names_what_stands_in_the_way() {
        let store = MemoryStore::new();
        let nobody = JobId("nobody".into());
        let error = store.load(&nobody, 0).await.unwrap_err();
        assert_eq!((error.kind(), error.context("job")), (ErrorKind::NotFound, Some("nobody")));
    }
}
