//! Images that have their name and not yet their record.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use swim_core::Result;
use swim_core::model::Sha256;

use super::disk;
use super::failure::failed;

/// Files that are held at most. An import holds its own for as long as it looks at the image; who was dropped in the middle
/// of finishing one holds it until so many others came.
const MOST: usize = 64;

/// The files of images that were finished, each with the lock of its writer, which tells other processes that it lives.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<Vec<(Sha256, Arc<File>)>>);

impl Pending {
    pub(super) fn hold(&self, image: &Sha256, file: Arc<File>) {
        // Elsewhere a lock keeps readers away as well.
        if cfg!(unix) {
            self.locked(|held| {
                if held.len() == MOST {
                    held.remove(0);
                }
                held.push((*image, file));
            });
        }
    }

    pub(super) fn settle(&self, image: &Sha256) {
        self.locked(|held| held.retain(|(id, _)| id != image));
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Vec<(Sha256, Arc<File>)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Does a writer hold this file?
pub(super) fn is_held(path: &Path) -> Result<bool> {
    let broken = |cause| failed("look for image", path, cause);
    let Some((file, _)) = disk::open_regular(path).map_err(broken)? else { return Ok(false) };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(cause)) => Err(broken(cause)),
    }
}
