//! The journal of a job under a lease: every event is durable before anything else learns of it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

use super::event::{Entry, EventSink, JobEvent};
use super::machine::{JobState, apply};
use crate::ports::{Clock, JobStore, Lease, Sequence};
use crate::{Error, ErrorKind, Result};

/// Another writer may slip in a request (cancel, release) between two appends; more than this many in a row is a fault.
const CONFLICTS: u32 = 32;

pub(super) struct Journal {
    store: Arc<dyn JobStore>,
    sink: Arc<dyn EventSink>,
    clock: Arc<dyn Clock>,
    lease: Lease,
    position: Mutex<Sequence>,
    state: RwLock<JobState>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("lease", &self.lease).finish_non_exhaustive()
    }
}

impl Journal {
    /// Replays the journal.
    pub(super) async fn open(
        store: Arc<dyn JobStore>,
        sink: Arc<dyn EventSink>,
        clock: Arc<dyn Clock>,
        lease: Lease,
    ) -> Result<Self> {
        let journal =
            Self { store, sink, clock, lease, position: Mutex::new(0), state: RwLock::new(JobState::default()) };
        journal.refresh().await?;
        if journal.read(|s| s.plan.is_none()) {
            return Err(Error::new(ErrorKind::Store, "journal", "the job has no plan").with("job", &journal.lease.job));
        }
        Ok(journal)
    }

    pub(super) const fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(super) fn read<R>(&self, look: impl FnOnce(&JobState) -> R) -> R {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, sequence: Sequence, entry: &Entry) {
        apply(&mut self.state.write().unwrap_or_else(PoisonError::into_inner), entry);
        self.sink.entry(&self.lease.job, sequence, entry);
    }

    /// Appends one event. Only when this returns may the world be changed because of it.
    pub(super) async fn append(&self, event: JobEvent) -> Result<()> {
        let mut position = self.position.lock().await;
        for _ in 0..CONFLICTS {
            let entry = Entry::new(self.clock.now(), event.clone());
            match self.store.append(&self.lease, *position, vec![entry.to_json()?]).await {
                Ok(done) => {
                    self.take(*position, &entry);
                    *position = done.next;
                    return Ok(());
                }
                Err(e) if e.kind() == ErrorKind::Conflict => self.catch_up(&mut position).await?,
                Err(e) => return Err(e),
            }
        }
        Err(Error::new(ErrorKind::Conflict, "journal", "other writers kept getting in between"))
    }

    /// Takes in what others appended.
    pub(super) async fn refresh(&self) -> Result<()> {
        let mut position = self.position.lock().await;
        self.catch_up(&mut position).await
    }

    async fn catch_up(&self, position: &mut Sequence) -> Result<()> {
        for stored in self.store.load(&self.lease.job, *position).await? {
            self.take(stored.sequence, &Entry::from_json(stored.event)?);
            *position = stored.sequence + 1;
        }
        Ok(())
    }
}
