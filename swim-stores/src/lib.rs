//! Stores of swim: in memory, content-addressed image files, and SQLite.

#[cfg(feature = "files")]
pub mod files;
pub mod memory;
mod refusals;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "files")]
pub use files::{FileImages, FileSink, FileSource, remove_leftover};
pub use memory::{Lent, MemoryStore, StaticSecrets, Vault};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use std::time::Duration;

use jiff::Timestamp;

/// When a lease that is taken `now` for `ttl` runs out. Past the end of the calendar it never does.
fn lease_end(now: Timestamp, ttl: Duration) -> Timestamp {
    now.checked_add(ttl).unwrap_or(Timestamp::MAX)
}
