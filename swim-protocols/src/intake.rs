//! The books of an accept: who uploads, how much came, and whether the file is whole.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use swim_core::ports::Accept;
use swim_core::{Error, Result};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

/// The books of one accept. One file is taken, once, from the address that showed the secret first.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    taken: AtomicU64,
    owner: OnceLock<String>,
    state: Mutex<State>,
    /// Held by the upload that writes.
    place: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct State {
    /// Cuts the upload that is under way.
    current: CancellationToken,
    whole: Option<u64>,
}

/// The right to write, until it is dropped or [cut](Turn::cut).
#[derive(Debug)]
pub(crate) struct Turn {
    /// Cancelled when a newer upload takes over.
    pub(crate) cut: CancellationToken,
    _place: OwnedMutexGuard<()>,
}

impl Intake {
    /// May this address, which showed the secret, upload? The first one becomes the only one.
    pub(crate) fn admits(&self, host: &str) -> bool {
        self.lock().whole.is_none() && self.owner.get_or_init(|| host.to_owned()) == host
    }

    /// The turn of a new upload. The one before is cut: a device that begins again has given it up, and its connection may
    /// look alive for minutes. `None` when the file is whole already.
    pub(crate) async fn turn(&self) -> Option<Turn> {
        let cut = CancellationToken::new();
        std::mem::replace(&mut self.lock().current, cut.clone()).cancel();
        let place = Arc::clone(&self.place).lock_owned().await;
        self.lock().whole.is_none().then_some(Turn { cut, _place: place })
    }

    /// Counts bytes that came.
    pub(crate) fn took(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes that came so far, those of broken uploads as well.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// The file is whole and safe: nothing more is taken.
    pub(crate) fn finish(&self, bytes: u64) {
        self.lock().whole = Some(bytes);
    }

    /// The size of the whole file.
    pub(crate) fn whole(&self) -> Option<u64> {
        self.lock().whole
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves a plain state behind: it is still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks what is asked of an accept.
pub(crate) fn check_accept(request: &Accept) -> Result<()> {
    crate::pulls::check_name(&request.name)?;
    if request.most == 0 {
        return Err(Error::invalid("most", 0, "an accept must take at least one byte"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newer_upload_takes_over_and_a_whole_file_ends_it() {
        let intake = Arc::new(Intake::default());
        assert!(intake.admits("192.0.2.1") && !intake.admits("192.0.2.2"));
        let first = intake.turn().await.unwrap();
        let second = tokio::spawn({
            let intake = Arc::clone(&intake);
            async move { intake.turn().await }
        });
        first.cut.cancelled().await;
        assert!(!second.is_finished());
        drop(first);
        let second = second.await.unwrap().unwrap();
        assert!(!second.cut.is_cancelled());
        intake.finish(3);
        drop(second);
        assert!(intake.turn().await.is_none() && !intake.admits("192.0.2.1"));
    }
}
