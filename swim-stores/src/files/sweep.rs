//! Removing what dead writers left.

use std::fs::TryLockError;
use std::path::Path;

use swim_core::Result;

use super::disk;
use super::failure::failed;
use super::store::entries;
use super::writer::SUFFIX;

/// Removes every file of a writer whose lock is free, and says how many.
pub(super) fn sweep(incoming: &Path) -> Result<u64> {
    let operation = "sweep images";
    let mut removed = 0;
    for path in entries(incoming)? {
        if !path.to_str().is_some_and(|path| path.ends_with(SUFFIX)) {
            continue;
        }
        let Some((file, _)) = disk::open_regular(&path).map_err(|cause| failed(operation, &path, cause))? else {
            continue;
        };
        match file.try_lock() {
            // The lock is kept until the name is gone: a writer that made the file and had not locked it yet finds,
            // once it has the lock, that its file has no name any more.
            Ok(()) => match std::fs::remove_file(&path) {
                Ok(()) => removed += 1,
                // It was finished or aborted between the listing and the lock.
                Err(cause) if disk::is_absent(&cause) => {}
                Err(cause) => return Err(failed(operation, &path, cause)),
            },
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) => return Err(failed(operation, &path, cause)),
        }
    }
    if removed > 0 {
        disk::flush_folder(incoming).map_err(|cause| failed(operation, incoming, cause))?;
    }
    Ok(removed)
}
