//! Where fetched and uploaded bytes go.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;

/// A file that is being received. Pieces may come out of order: one file is striped over several channels where that is
/// faster.
#[async_trait]
pub trait Sink: Send + Sync + fmt::Debug {
    /// Bytes from the beginning on that an earlier try left, without a gap.
    async fn have(&self) -> Result<u64>;
    /// Bytes that are there: what an adapter compares before it goes on behind them. Shorter at the end.
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes>;
    /// Writes at a place. `NoSpace` when the disk is full.
    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()>;
    /// The file is whole and has this many bytes: what is behind them is cut off, and all of it is made durable.
    async fn finish(&self, bytes: u64) -> Result<()>;
    /// Forgets all that is there, and of which version it was: it belongs to another file.
    async fn clear(&self) -> Result<()>;
    /// Of which version of the far file the bytes are that are there, as [`Sink::note_version`] was told; `None` when that
    /// is not known. What was replaced meanwhile may end in the same bytes: a part of it must not be gone on with.
    async fn version(&self) -> Result<Option<String>> {
        Ok(None)
    }
    /// Keeps that beside the bytes: one line, in words of the adapter. Sinks that keep no parts forget it.
    async fn note_version(&self, _: &str) -> Result<()> {
        Ok(())
    }
}
