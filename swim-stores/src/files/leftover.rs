//! Received files that nobody came back for.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};

use swim_core::Result;

use super::disk::{self, blocking};
use super::failure::failed;

const OPERATION: &str = "remove leftover";

/// Removes a file that a [`FileSink`](super::FileSink) made, unless that sink is there still, in this process or another.
/// `false` when it is.
///
/// # Errors
/// `Store` when the file system fails.
pub async fn remove_leftover(path: impl AsRef<Path>) -> Result<bool> {
    let path: PathBuf = path.as_ref().to_path_buf();
    blocking(OPERATION, move || {
        let broken = |cause| failed(OPERATION, &path, cause);
        let Some((file, _)) = disk::open_regular(&path).map_err(broken)? else { return Ok(true) };
        match file.try_lock() {
            Ok(()) => disk::remove_if_there(&path).map_err(broken).map(|()| true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(broken(cause)),
        }
    })
    .await
}
