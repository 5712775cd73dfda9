//! The client: everything that a program does with the library.

mod catalog;
mod collections;
mod devices;
mod imports;
mod jobs;
mod known_good;
mod offers;
mod planning;
mod recommend;
mod repository;
mod requirements;
mod servers;
mod signed;
mod transfers;
mod vendor;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use swim_core::image::Image;
use swim_core::job::{Engine, EngineConfig, JobReport, Ports};
use swim_core::ports::{ImageStore, JobId, JobStore, Records, Silent, WorkerId};
use swim_core::repo;
use swim_core::{Error, ErrorKind, Result};
use swim_stores::FileSource;
use tokio::task::JoinHandle;

use crate::watch::Hub;
use crate::wiring::{Adapters, Builder};
use crate::{Config, ImportOptions};

pub use catalog::{CatalogChange, KeptCatalogue, Listed};
pub use collections::Ran;
pub use devices::Inspected;
pub(crate) use imports::Given;
pub use imports::{Importing, Origin};
pub use jobs::SubmitOptions;
pub use known_good::{KnownGoodTaken, SaidOf};
pub use offers::{Offered, Offering, Taking};
pub use repository::ImageInfo;
pub use servers::{Checked, Works};
pub use signed::SignedFile;
pub use transfers::{Fetching, Moved, Pushing};
pub(crate) use vendor::login as catalog_login;
pub use vendor::{Downloaded, FormDecision, FoundFor};

/// How long closing waits for what is under way: a transaction and the flush at its end take milliseconds, a busy disk makes
/// seconds of them.
const CLOSING: Duration = Duration::from_secs(10);

/// Software image management. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    adapters: Adapters,
    engine: Engine,
    /// The name of this worker in records.
    worker: String,
    hub: Arc<Hub>,
    at_work: Mutex<BTreeMap<JobId, JoinHandle<Result<JobReport>>>>,
    /// Offers and accepts that are open, by their number.
    open: Mutex<BTreeMap<u64, offers::Open>>,
    /// The number of the newest of them: none is given twice.
    newest: AtomicU64,
}

impl Client {
    /// A client over adapters.
    pub(crate) fn over(mut adapters: Adapters, worker: WorkerId) -> Self {
        // What stands on image servers is known to every process that opens this data folder.
        let servers = adapters.services.servers.recorded(Arc::clone(&adapters.records), &worker.0);
        adapters.services.servers = Arc::new(servers);
        let hub = Hub::new();
        let ports = Ports {
            jobs: Arc::clone(&adapters.jobs),
            clock: Arc::clone(&adapters.clock),
            connector: Arc::clone(&adapters.connector),
            services: adapters.services.clone(),
            records: Some(Arc::clone(&adapters.records)),
            platforms: adapters.platforms.clone(),
            checks: adapters.checks.clone(),
            sink: Arc::clone(&hub) as _,
        };
        let name = worker.0.clone();
        let engine = Engine::new(ports, EngineConfig::new(worker));
        Self(Arc::new(Inner {
            adapters,
            engine,
            worker: name,
            hub,
            at_work: Mutex::default(),
            open: Mutex::default(),
            newest: AtomicU64::new(0),
        }))
    }

    /// Opens the data folder of a configuration, and makes its devices known.
    ///
    /// # Errors
    /// `InvalidInput` for a bad configuration, `NotFound` for a missing secret, `Store` when the folder cannot be used.
    pub async fn open(config: Config) -> Result<Self> {
        Builder::new(config).open().await
    }

    /// Ends the work of this process on jobs, withdraws what is open, and closes the data folder, for all clones of this
    /// client: calls on them fail from now on (`Store`). Jobs stay durable: any client on the same data goes on with
    /// [`Client::resume`]. When this returns, nothing of the data folder is open, so that it can be removed or moved. A client
    /// that is only dropped closes it a little later.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> swim::Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("swim-closed-{}", std::process::id()));
    /// let client = swim::Client::open(swim::Config::new(&folder)).await?;
    /// let clone = client.clone();
    /// client.close().await?;
    /// std::fs::remove_dir_all(&folder).unwrap();
    /// assert!(clone.devices().await.is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Timeout` when the disk does not take the last writes within some seconds: the folder may be open still.
    pub async fn close(&self) -> Result<()> {
        let at_work = std::mem::take(&mut *self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner));
        let open = std::mem::take(&mut *self.0.open.lock().unwrap_or_else(PoisonError::into_inner));
        drop(open);
        let ending = async {
            for task in at_work.into_values() {
                task.abort();
                // How it ended is in its journal.
                let _ = task.await;
            }
            if let Some(database) = &self.adapters().database {
                database.close().await;
            }
        };
        tokio::time::timeout(CLOSING, ending).await.map_err(|_| {
            let message = format!("the database is not closed after {} seconds", CLOSING.as_secs());
            Error::new(ErrorKind::Timeout, "close client", message)
        })
    }

    pub(crate) fn adapters(&self) -> &Adapters {
        &self.0.adapters
    }

    /// Takes a local file into the repository: one pass, atomic, known by its SHA-256.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput`, `Integrity`, `NoSpace`; nothing stays of a failed import.
    pub async fn import(&self, path: impl AsRef<Path>, options: ImportOptions) -> Result<Image> {
        requirements::of_import(&options)?;
        let source = FileSource::open(path).await?;
        let name = options.file_name.clone().or_else(|| source.file_name().map(str::to_owned));
        let name = name.ok_or_else(|| Error::invalid("file_name", "absent", "the path has no file name: give one"))?;
        self.take_in(source, name, options).await
    }

    async fn take_in(&self, source: FileSource, name: String, options: ImportOptions) -> Result<Image> {
        let required = requirements::of_import(&options)?;
        let a = &self.0.adapters;
        let mut how = self.named(&options, name);
        how.required = required.unwrap_or_default();
        repo::import(source, &*a.services.store, &*a.records, &*a.clock, how, &Silent).await
    }

    /// As the repository takes it: platforms of the configuration are known as well.
    fn named(&self, options: &ImportOptions, name: String) -> repo::ImportOptions {
        let mut how = options.named(name);
        how.said.defined = self.0.adapters.platforms.iter().map(|p| p.definition().id.0.clone()).collect();
        how
    }

    /// The images of the repository, oldest first. `text`: only those with this in any field; [`Client::search`] can tell more.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn images(&self, text: Option<&str>) -> Result<Vec<Image>> {
        self.search(&repo::ImageQuery { text: text.map(str::to_owned), ..repo::ImageQuery::default() }).await
    }

    /// One image: by id, by file name, or by the first digits of the id (four or more).
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` when it could be several.
    pub async fn image(&self, wanted: &str) -> Result<Image> {
        repo::find(self.index(), wanted).await
    }

    /// An image as the repository has it now: the caller's copy may be older than a list, and its size and digests are those
    /// of its bytes, whatever the copy says. Lists that are in force count also where the record does not say so yet.
    async fn as_known(&self, image: &Image) -> Result<Image> {
        repo::standing(self.records(), &image.id).await
    }

    fn jobs(&self) -> &dyn JobStore {
        &*self.0.adapters.jobs
    }

    fn records(&self) -> &dyn Records {
        &*self.0.adapters.records
    }

    fn images_store(&self) -> &Arc<dyn ImageStore> {
        &self.0.adapters.services.store
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("engine", &self.0.engine).finish_non_exhaustive()
    }
}

/// Refuses a list of nothing where an absent one stands for all: somebody's filter that let nothing through must not do
/// everything.
fn some<T>(field: &str, named: Option<&[T]>) -> Result<()> {
    match named {
        Some([]) => Err(Error::invalid(field, "[]", "name some, or leave it out for all")),
        _ => Ok(()),
    }
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value)
        .map_err(|e| Error::internal("write record", "it cannot be written as JSON").caused_by(e))
}

fn parse<T: for<'de> Deserialize<'de>>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value)
        .map_err(|e| Error::new(ErrorKind::Store, "read record", "a record cannot be read").caused_by(e))
}
