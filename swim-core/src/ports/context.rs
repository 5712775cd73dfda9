//! What travels with every call: the clock, cancellation, and where to tell what is happening.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::Clock;
use crate::model::DeviceId;
use crate::transfer::Pace;
use crate::{Error, ErrorKind, Result};

/// Something worth showing while a step is under way. Not journalled: it may be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// Bytes of a transfer that are done.
    Bytes {
        /// So far.
        done: u64,
        /// In all, where known.
        total: Option<u64>,
    },
    /// How fast it goes, over the last seconds.
    Rate {
        /// Bytes of the file.
        bytes_per_second: u64,
        /// Until every byte is sent, where the size is known.
        seconds_left: Option<u64>,
    },
    /// Every byte was sent; the other side has not confirmed the file yet: slow flash takes minutes for that.
    Flushing,
    /// The device is alive (progress characters, dots).
    Heartbeat,
    /// A line that the device printed, redacted.
    Line {
        /// The text.
        text: String,
    },
    /// The image server of the device is made ready first; bytes are those of that until the device copies.
    Staging {
        /// Which server.
        server: DeviceId,
        /// What is done or was found there.
        what: String,
    },
    /// Nothing was heard, or no byte of a transfer moved, for this long.
    Stalled {
        /// Seconds of silence.
        seconds: u64,
    },
}

/// Where notes go.
pub trait NoteSink: Send + Sync {
    /// Takes one note; must not block.
    fn note(&self, note: Note);
    /// Called now and then while a transfer is under way: a sink that measures can say that nothing moves.
    fn tick(&self) {}
}

/// Throws notes away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl NoteSink for Silent {
    fn note(&self, _: Note) {}
}

/// What travels with every call on a port.
#[derive(Clone)]
pub struct Context {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the call shall end as soon as it safely can.
    pub cancel: CancellationToken,
    /// Where notes go.
    pub notes: Arc<dyn NoteSink>,
    /// The bandwidth caps of a transfer.
    pub pace: Pace,
}

impl Context {
    /// A context that nobody cancels and nobody watches.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, cancel: CancellationToken::new(), notes: Arc::new(Silent), pace: Pace::default() }
    }

    /// The same with another sink of notes.
    #[must_use]
    pub fn noting(&self, notes: Arc<dyn NoteSink>) -> Self {
        Self { notes, ..self.clone() }
    }

    /// Waits, unless cancelled.
    ///
    /// # Errors
    /// `Cancelled`.
    pub async fn sleep(&self, duration: Duration) -> Result<()> {
        let slept = async {
            self.clock.sleep(duration).await;
            Ok(())
        };
        self.unless_cancelled("wait", slept).await
    }

    /// Runs `work`, unless it is cancelled, which is looked at first.
    ///
    /// # Errors
    /// `Cancelled`, or the error of `work`.
    pub async fn unless_cancelled<T>(
        &self,
        operation: &str,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Error::new(ErrorKind::Cancelled, operation, "stopped on request")),
            done = work => done,
        }
    }

    /// Runs `work`, unless it is cancelled or takes longer than `limit` (a `Timeout` of `operation`).
    ///
    /// # Errors
    /// `Cancelled`, `Timeout`, or the error of `work`.
    pub async fn within<T>(
        &self,
        limit: Duration,
        operation: &str,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.cancel.cancelled() => Err(Error::new(ErrorKind::Cancelled, operation, "stopped on request")),
            () = self.clock.sleep(limit) => {
                Err(Error::new(ErrorKind::Timeout, operation, format!("no answer within {} s", limit.as_secs())))
            }
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("clock", &self.clock).field("cancelled", &self.cancel.is_cancelled()).finish()
    }
}
