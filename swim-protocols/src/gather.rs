//! Bytes that come in small pieces, written to a sink in large ones.

use bytes::BytesMut;
use swim_core::ports::Sink;
use swim_core::{Error, ErrorKind, Result};

/// Bytes that are written at once: fewer cost a switch of threads each, more only cost memory.
const PIECE: usize = 256 * 1024;

/// What was not written yet, and where it belongs.
#[derive(Debug, Default)]
pub(crate) struct Gather {
    at: u64,
    buffer: BytesMut,
}

impl Gather {
    /// Takes bytes. What does not follow the ones before is a new piece.
    pub(crate) async fn put(&mut self, sink: &dyn Sink, offset: u64, bytes: &[u8]) -> Result<()> {
        if offset.checked_add(bytes.len() as u64).is_none() {
            return Err(Error::new(ErrorKind::NoSpace, "gather", "no file has bytes there"));
        }
        // What is held was checked as well: its end is a number.
        if offset != self.at + self.buffer.len() as u64 {
            self.flush(sink).await?;
            self.at = offset;
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE { self.flush(sink).await } else { Ok(()) }
    }

    /// Writes what is there.
    pub(crate) async fn flush(&mut self, sink: &dyn Sink) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = self.buffer.split().freeze();
        let at = self.at;
        self.at += piece.len() as u64;
        sink.write(at, piece).await
    }
}
