//! What the handles of one client share. Its parts end when the client is freed; handles that are left answer with an
//! error then.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde_json::Value;
use swim::core::ports::PostChecks;
use swim::{Client, Config, Error, ErrorKind, Result, surface};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::gate::{Gate, may_wait};

/// Threads of a client. They mostly wait for devices.
const WORKERS: usize = 2;

/// How long freeing a client waits for its threads: what blocks them is a write to a disk.
const ENDING: Duration = Duration::from_secs(5);

/// What works until the client is freed.
pub(crate) struct Alive {
    pub(crate) client: Client,
    pub(crate) runtime: Runtime,
}

pub(crate) struct Shared {
    /// Calls hold it for reading while they wait, so that freeing the client outlasts them.
    alive: RwLock<Option<Alive>>,
    /// Ends the calls that wait.
    freed: CancellationToken,
    /// Every callback of the client passes through it.
    pub(crate) gate: Arc<Gate>,
}

fn freed() -> Error {
    Error::new(ErrorKind::Interrupted, "call", "the client was freed")
}

impl Shared {
    pub(crate) fn open(config: &str, gate: Arc<Gate>, checks: Option<Arc<dyn PostChecks>>) -> Result<Arc<Self>> {
        may_wait()?;
        let config = Config::from_json(config)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("swim")
            .enable_all()
            .build()
            .map_err(|e| Error::internal("open client", "no threads could be started").caused_by(e))?;
        let client = runtime.block_on(surface::open(config, checks))?;
        let alive = RwLock::new(Some(Alive { client, runtime }));
        Ok(Arc::new(Self { alive, freed: CancellationToken::new(), gate }))
    }

    /// Lets something be done that does not wait.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Alive) -> T) -> Result<T> {
        let alive = self.alive.read().unwrap_or_else(PoisonError::into_inner);
        alive.as_ref().map(work).ok_or_else(freed)
    }

    /// Calls a verb and waits until it is done, or until the client is freed.
    pub(crate) fn call(&self, verb: &str, arguments: Value) -> Result<Value> {
        may_wait()?;
        self.with(|alive| alive.runtime.block_on(self.or_freed(surface::call(&alive.client, verb, arguments))))?
    }

    async fn or_freed<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.freed.cancelled() => Err(freed()),
            done = work => done,
        }
    }

    /// Ends everything. When this returns, no call waits and no callback runs, and none will; the data folder is closed, unless
    /// its disk does not answer.
    pub(crate) fn free(&self) {
        self.freed.cancel();
        let alive = self.alive.write().unwrap_or_else(PoisonError::into_inner).take();
        self.gate.close();
        if let Some(Alive { client, runtime }) = alive {
            runtime.shutdown_timeout(ENDING);
            // There is nobody to tell an error, and nothing that the caller could do.
            if let Ok(last) = Builder::new_current_thread().enable_time().build() {
                let _ = last.block_on(client.close());
            }
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("freed", &self.freed.is_cancelled()).finish_non_exhaustive()
    }
}
