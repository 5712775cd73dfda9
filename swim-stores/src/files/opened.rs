//! Files that are kept open between reads.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use swim_core::model::Sha256;

/// Files kept open. A fleet reads few images at a time (one a platform), and the usual limit of a process is 1024
/// open files, which connections need more.
const KEPT: usize = 32;

/// The most recently used files, newest last.
#[derive(Debug, Default)]
pub(super) struct Opened(Mutex<Vec<(Sha256, Arc<File>)>>);

impl Opened {
    pub(super) fn get(&self, image: &Sha256) -> Option<Arc<File>> {
        self.locked(|kept| {
            let at = kept.iter().position(|(id, _)| id == image)?;
            let entry = kept.remove(at);
            let file = Arc::clone(&entry.1);
            kept.push(entry);
            Some(file)
        })
    }

    pub(super) fn keep(&self, image: &Sha256, file: Arc<File>) {
        self.locked(|kept| {
            kept.retain(|(id, _)| id != image);
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push((*image, file));
        });
    }

    pub(super) fn forget(&self, image: &Sha256) {
        self.locked(|kept| kept.retain(|(id, _)| id != image));
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Vec<(Sha256, Arc<File>)>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
