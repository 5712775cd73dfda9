//! A job store whose writes are points.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::KillSwitch;
use crate::Result;
use crate::model::DeviceId;
use crate::ports::{Appended, JobId, JobStore, JobSummary, Lease, NewJob, Sequence, Stored, WorkerId};

/// Wraps a job store: every write is two points, one before the inner write (it did not happen) and one after it
/// (it is durable, but the worker never learns of it). Labels are `before append`, `after append` and so on.
#[derive(Clone, Debug)]
pub struct FaultyJobStore {
    inner: Arc<dyn JobStore>,
    switch: KillSwitch,
}

impl FaultyJobStore {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn JobStore>, switch: KillSwitch) -> Self {
        Self { inner, switch }
    }

    async fn write<T: Send>(&self, name: &str, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.switch.point(&format!("before {name}")).await;
        let done = work.await;
        self.switch.point(&format!("after {name}")).await;
        done
    }
}

#[async_trait]
impl JobStore for FaultyJobStore {
    async fn create(&self, job: NewJob) -> Result<JobId> {
        self.write("create", self.inner.create(job)).await
    }

    async fn append(&self, lease: &Lease, position: Sequence, events: Vec<Value>) -> Result<Appended> {
        self.write("append", self.inner.append(lease, position, events)).await
    }

    async fn request(&self, job: &JobId, event: Value) -> Result<Appended> {
        self.write("request", self.inner.request(job, event)).await
    }

    async fn make_due(&self, job: &JobId) -> Result<()> {
        self.write("make_due", self.inner.make_due(job)).await
    }

    async fn load(&self, job: &JobId, from: Sequence) -> Result<Vec<Stored>> {
        self.switch.alive().await;
        self.inner.load(job, from).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        ttl: Duration,
        only: Option<&JobId>,
    ) -> Result<Option<Lease>> {
        self.write("claim", self.inner.claim(worker, now, ttl, only)).await
    }

    async fn renew(&self, lease: &Lease, now: Timestamp, ttl: Duration) -> Result<()> {
        self.write("renew", self.inner.renew(lease, now, ttl)).await
    }

    async fn release(&self, lease: &Lease, finished: bool) -> Result<()> {
        self.write("release", self.inner.release(lease, finished)).await
    }

    async fn hold_device(&self, lease: &Lease, device: &DeviceId) -> Result<()> {
        self.write("hold_device", self.inner.hold_device(lease, device)).await
    }

    async fn free_device(&self, lease: &Lease, device: &DeviceId) -> Result<()> {
        self.write("free_device", self.inner.free_device(lease, device)).await
    }

    async fn list(&self) -> Result<Vec<JobSummary>> {
        self.switch.alive().await;
        self.inner.list().await
    }
}
