//! Jobs and records in one SQLite file.
//!
//! One thread owns the connection. Calls reach it through a bounded channel; those that wait together share one
//! transaction, so that many workers pay for one flush to disk. A call returns after the commit, and with
//! `synchronous=FULL` a commit is on disk: what was returned survives a kill and a power cut.
//!
//! Several processes may open the same file on one machine (not over a network file system: WAL needs shared
//! memory). A call whose future is dropped may still take effect.

mod failure;
mod index;
mod jobs;
mod migrations;
mod records;
mod search;
mod thread;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use swim_core::Result;

pub use search::Question;
use thread::{Access, Thread};

/// Jobs and records in one SQLite file. Clones share the connection.
///
/// ```
/// use swim_core::ports::Records;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> swim_core::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("swim-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).ok();
/// let path = folder.join("swim.db");
/// let store = swim_stores::SqliteStore::open(&path)?;
/// store.put("devices", "edge-1", serde_json::json!({"port": 22})).await?;
/// drop(store);
/// let again = swim_stores::SqliteStore::open(&path)?;
/// assert!(again.get("devices", "edge-1").await?.is_some());
/// # drop(again);
/// # std::fs::remove_dir_all(&folder).ok();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteStore {
    path: Arc<PathBuf>,
    thread: Thread,
}

impl SqliteStore {
    /// Opens the file, or makes it, and brings its tables up to date. Blocks for a few disk accesses; when another
    /// process is doing the same, until that one is done.
    ///
    /// # Errors
    /// `Store` when it cannot be opened, `Unsupported` when it was written by a newer version, `InvalidInput` when it is
    /// another program's database or no database at all.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = Arc::new(path.as_ref().to_path_buf());
        let connection = migrations::connect(&path)?;
        let thread = Thread::start(connection, Arc::clone(&path))?;
        Ok(Self { path, thread })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the file, for all clones: calls that wait already are answered, later ones fail (`Store`). When this returns no
    /// file of the database is open, so that its folder can be removed or moved. Closing twice does no harm.
    ///
    /// ```
    /// use swim_core::ports::Records;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> swim_core::Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("swim-close-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).ok();
    /// let store = swim_stores::SqliteStore::open(folder.join("swim.db"))?;
    /// let other = store.clone();
    /// store.close().await;
    /// assert!(!folder.join("swim.db-wal").exists());
    /// assert!(other.get("devices", "edge-1").await.is_err());
    /// # std::fs::remove_dir_all(&folder).ok();
    /// # Ok(()) }
    /// ```
    pub async fn close(&self) {
        self.thread.close().await;
    }

    /// Limits the file's size for this connection, in pages of 4 KiB; a write past it fails with `NoSpace`. SQLite keeps
    /// the limit at the present size when that is larger.
    ///
    /// # Errors
    /// `Store`.
    pub async fn limit_pages(&self, pages: u32) -> Result<()> {
        let operation = "limit database";
        self.read(operation, move |db| {
            db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(failure::failed(operation))
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.thread.call(Access::Read, operation, Arc::clone(&self.path), work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.thread.call(Access::Write, operation, Arc::clone(&self.path), work).await
    }
}
