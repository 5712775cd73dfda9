//! Durable jobs: an append-only journal a job, leases with fencing, devices held by one job at a time.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Result;
use crate::model::DeviceId;

/// A job's id: unique, sortable by time of creation, no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub String);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a worker process, unique a process start.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub String);

/// Position in a journal: the number of entries before it.
pub type Sequence = u64;

/// The right to write a job's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which job.
    pub job: JobId,
    /// Which worker.
    pub worker: WorkerId,
    /// Grows with every claim; an append with an older one is refused.
    pub fence: u64,
}

/// A job to create.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// The same key never makes two jobs.
    pub idempotency_key: String,
    /// The devices that it will hold.
    pub devices: Vec<DeviceId>,
    /// The first journal entries.
    pub events: Vec<Value>,
    /// When it may start.
    pub due: Timestamp,
}

/// What `append` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The position after the entries.
    pub next: Sequence,
}

/// A journal entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its position.
    pub sequence: Sequence,
    /// The event, as JSON.
    pub event: Value,
}

/// A line in the list of jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSummary {
    /// Its id.
    pub id: JobId,
    /// When it may start.
    pub due: Timestamp,
    /// Finished?
    pub finished: bool,
}

/// Keeps jobs. Every write is durable when it returns.
#[async_trait]
pub trait JobStore: Send + Sync + fmt::Debug {
    /// Creates a job with its first entries in one transaction. When the idempotency key is known, returns the old job's id.
    async fn create(&self, job: NewJob) -> Result<JobId>;
    /// Appends at `position` (compare and set) under `lease`. `Conflict` when the position is taken, `LeaseLost` when the fence is old.
    async fn append(&self, lease: &Lease, position: Sequence, events: Vec<Value>) -> Result<Appended>;
    /// Appends at the end without a lease: for requests from outside (cancel, commit). Workers see it through `load`.
    async fn request(&self, job: &JobId, event: Value) -> Result<Appended>;
    /// Makes a job due at once: a request that must not wait for its time (cancel). `NotFound` when there is no such job.
    async fn make_due(&self, job: &JobId) -> Result<()>;
    /// Entries from a position on. `NotFound` when there is no such job.
    async fn load(&self, job: &JobId, from: Sequence) -> Result<Vec<Stored>>;
    /// Takes an unfinished job that is due and that nobody holds (or whose lease ran out); `only` narrows it to one job.
    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        ttl: Duration,
        only: Option<&JobId>,
    ) -> Result<Option<Lease>>;
    /// Keeps a lease alive; `LeaseLost` when it is gone.
    async fn renew(&self, lease: &Lease, now: Timestamp, ttl: Duration) -> Result<()>;
    /// Gives a lease back. `finished` closes the job and frees its devices.
    async fn release(&self, lease: &Lease, finished: bool) -> Result<()>;
    /// Holds a device for a job; `Busy` names the job that holds it.
    async fn hold_device(&self, lease: &Lease, device: &DeviceId) -> Result<()>;
    /// Frees a device.
    async fn free_device(&self, lease: &Lease, device: &DeviceId) -> Result<()>;
    /// All jobs, oldest first.
    async fn list(&self) -> Result<Vec<JobSummary>>;
}
