//! The books of an accept: who uploads, how much came, and whether the file is whole.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

#[cfg(feature = "ssh")]
use async_trait::async_trait;
#[cfg(feature = "ssh")]
use bytes::Bytes;
use swim_core::ports::Accept;
use swim_core::{Error, Result};
#[cfg(any(feature = "ssh", feature = "tftp"))]
use swim_core::{ErrorKind, ports::Sink};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

/// Uploads that may be begun. A device that breaks off more often does not get through, and who has the secret must not
/// make us write for ever.
const TRIES: u32 = 16;

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
    /// Uploads that were begun.
    tries: u32,
    /// Nothing more is taken.
    closed: bool,
    /// Why the last upload that failed was not taken.
    reason: Option<String>,
}

impl State {
    /// May an upload begin?
    const fn open(&self) -> bool {
        self.whole.is_none() && self.tries < TRIES && !self.closed
    }
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
        self.lock().open() && self.owner.get_or_init(|| host.to_owned()) == host
    }

    /// The turn of a new upload. The one before is cut: a device that begins again has given it up, and its connection may
    /// look alive for minutes. `None` when the file is whole already, or too many uploads were begun.
    #[cfg(any(feature = "http", feature = "tftp", feature = "ftp"))]
    pub(crate) async fn turn(&self) -> Option<Turn> {
        self.turn_in(CancellationToken::new()).await
    }

    /// The same, where `cut` ends all that the upload waits for.
    pub(crate) async fn turn_in(&self, cut: CancellationToken) -> Option<Turn> {
        {
            let mut state = self.lock();
            if !state.open() {
                return None;
            }
            state.tries += 1;
            std::mem::replace(&mut state.current, cut.clone()).cancel();
        }
        let place = Arc::clone(&self.place).lock_owned().await;
        let state = self.lock();
        (state.whole.is_none() && !state.closed).then_some(Turn { cut, _place: place })
    }

    /// Takes nothing more. The upload that is under way is cut, unless it is being made safe already: the end of that is
    /// waited for, and then it is known what has come.
    pub(crate) async fn close(&self) {
        {
            let mut state = self.lock();
            state.closed = true;
            state.current.cancel();
        }
        let _over = self.place.lock().await;
    }

    /// Counts bytes that came.
    pub(crate) fn took(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes that came so far, those of broken uploads as well.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Gives the file its name, as one thing: who stops waiting for it does not stop it, and [`close`](Self::close) comes
    /// before it, when nothing gets a name, or behind it.
    ///
    /// # Errors
    /// `Interrupted` when the accept was closed before; those of the sink.
    #[cfg(feature = "tftp")]
    pub(crate) async fn publish(self: &Arc<Self>, turn: Turn, sink: Arc<dyn Sink>, bytes: u64) -> Result<()> {
        if self.lock().closed {
            return Err(Error::new(ErrorKind::Interrupted, "accept", "it was closed before the upload was whole"));
        }
        let intake = Arc::clone(self);
        let named = tokio::spawn(async move {
            let _turn = turn;
            sink.finish(bytes).await?;
            intake.finish(bytes);
            Ok(())
        });
        named.await.map_err(|e| Error::internal("accept", "the end of an upload was lost").caused_by(e))?
    }

    /// Notes why an upload was not taken.
    pub(crate) fn failed(&self, why: impl Into<String>) {
        self.lock().reason = Some(why.into());
    }

    /// Why the last upload that failed was not taken.
    pub(crate) fn reason(&self) -> Option<String> {
        self.lock().reason.clone()
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
    crate::door::check_source(request.source.as_deref())?;
    if request.most == 0 {
        return Err(Error::invalid("most", 0, "an accept must take at least one byte"));
    }
    Ok(())
}

/// A sink whose errors may be shown to who uploads: they name nothing of this machine.
#[derive(Debug)]
#[cfg(feature = "ssh")]
pub(crate) struct Discreet<'a>(pub(crate) &'a dyn Sink);

#[cfg(feature = "ssh")]
fn discreet(e: Error) -> Error {
    let message = if e.kind() == ErrorKind::NoSpace { "no space left" } else { "the file cannot be written" };
    Error::new(e.kind(), "accept", message).caused_by(e)
}

#[cfg(feature = "ssh")]
#[async_trait]
impl Sink for Discreet<'_> {
    async fn have(&self) -> Result<u64> {
        self.0.have().await.map_err(discreet)
    }

    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.0.read(offset, length).await.map_err(discreet)
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        self.0.write(offset, bytes).await.map_err(discreet)
    }

    async fn finish(&self, bytes: u64) -> Result<()> {
        self.0.finish(bytes).await.map_err(discreet)
    }

    async fn clear(&self) -> Result<()> {
        self.0.clear().await.map_err(discreet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_newer_upload_takes_over_and_a_whole_file_ends_it() {
        let intake = Arc::new(Intake::default());
        assert!(intake.admits("192.0.2.1") && !intake.admits("192.0.2.2"));
        let first = intake.turn_in(CancellationToken::new()).await.unwrap();
        let second = tokio::spawn({
            let intake = Arc::clone(&intake);
            async move { intake.turn_in(CancellationToken::new()).await }
        });
        first.cut.cancelled().await;
        assert!(!second.is_finished());
        drop(first);
        let second = second.await.unwrap().unwrap();
        assert!(!second.cut.is_cancelled());
        intake.finish(3);
        drop(second);
        assert!(intake.turn_in(CancellationToken::new()).await.is_none() && !intake.admits("192.0.2.1"));
    }

    #[tokio::test]
    async fn a_close_waits_for_the_end_of_what_is_under_way() {
        let intake = Arc::new(Intake::default());
        let turn = intake.turn_in(CancellationToken::new()).await.unwrap();
        let closed = tokio::spawn({
            let intake = Arc::clone(&intake);
            async move { intake.close().await }
        });
        turn.cut.cancelled().await;
        assert!(!closed.is_finished() && !intake.admits("192.0.2.1"));
        assert!(intake.turn_in(CancellationToken::new()).await.is_none());
        intake.finish(3);
        drop(turn);
        closed.await.unwrap();
        assert_eq!(intake.whole(), Some(3));
    }

    #[tokio::test]
    async fn who_breaks_off_too_often_is_not_taken_any_more() {
        let intake = Intake::default();
        assert!(intake.admits("192.0.2.1"));
        for _ in 0..TRIES {
            assert!(intake.turn_in(CancellationToken::new()).await.is_some());
        }
        assert!(intake.turn_in(CancellationToken::new()).await.is_none() && !intake.admits("192.0.2.1"));
    }
}
