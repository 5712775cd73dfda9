//! Stores in memory, for rehearsal and tests: no threads and no waiting, so they work under paused time. What they
//! hold ends with the process.

mod images;
mod index;
mod jobs;
mod records;
mod secrets;
mod vault;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub use secrets::StaticSecrets;
pub use vault::{Lent, Vault};

/// Images, jobs and records in memory. Clones share what they hold.
///
/// ```
/// use swim_core::ports::Records;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> swim_core::Result<()> {
/// let store = swim_stores::MemoryStore::new();
/// store.put("devices", "edge-1", serde_json::json!({"port": 22})).await?;
/// assert!(store.clone().get("devices", "edge-1").await?.is_some());
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    images: images::Images,
    jobs: jobs::Jobs,
    records: records::Tables,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work` on the state. A panic in another test does not make the state wrong: every change is made whole.
    fn locked<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.locked(|state| {
            f.debug_struct("MemoryStore")
                .field("images", &state.images.len())
                .field("jobs", &state.jobs.len())
                .field("tables", &state.records.len())
                .finish()
        })
    }
}
