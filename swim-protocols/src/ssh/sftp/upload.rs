//! A file that a device writes: which of its bytes are there, and whether it is whole.

use swim_core::ports::{Context, Note, Sink};
use swim_core::{Error, ErrorKind, Result};

use crate::gather::Gather;
use crate::intake::{Intake, Turn};
use crate::pulls::{PARTS, insert};

/// One upload. After a failure it takes nothing more, and its end is a failure too.
#[derive(Debug)]
pub(super) struct Upload {
    turn: Turn,
    most: u64,
    /// The parts that are there: sorted, disjoint, not touching.
    parts: Vec<(u64, u64)>,
    gather: Gather,
    /// Did the device say anything of the content?
    told: bool,
    failed: bool,
}

impl Upload {
    /// Begins behind the bytes that an earlier try left.
    pub(super) fn new(turn: Turn, have: u64, most: u64) -> Self {
        let mut parts = Vec::new();
        insert(&mut parts, 0, have);
        Self { turn, most, parts, gather: Gather::default(), told: false, failed: false }
    }

    /// The context of what it waits for: it ends when a newer upload takes over.
    pub(super) fn context(&self, cx: &Context) -> Context {
        Context { cancel: self.turn.cut.clone(), ..cx.clone() }
    }

    /// Where the file ends as far as it is known.
    pub(super) fn end(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.1)
    }

    /// Takes bytes at a place.
    pub(super) async fn write(
        &mut self,
        offset: u64,
        data: &[u8],
        sink: &dyn Sink,
        intake: &Intake,
        cx: &Context,
    ) -> Result<()> {
        self.check()?;
        self.told = true;
        let Some(end) = offset.checked_add(data.len() as u64) else {
            self.failed = true;
            return Err(too_large(self.most));
        };
        let taken = async {
            check_size(end, self.most)?;
            intake.took(data.len());
            cx.pace.take(data.len(), cx).await?;
            self.gather.put(sink, offset, data).await
        };
        let taken = taken.await;
        insert(&mut self.parts, offset, end);
        if self.parts.len() > PARTS {
            self.failed = true;
            return Err(refused(ErrorKind::Unsupported, "Too many pieces out of order"));
        }
        self.failed |= taken.is_err();
        cx.notes.note(Note::Bytes { done: end, total: None });
        taken
    }

    /// The device says how long the file is.
    pub(super) fn resize(&mut self, bytes: u64) -> Result<()> {
        if bytes > self.end() {
            return Err(refused(ErrorKind::Unsupported, "A file without its bytes is not made here"));
        }
        self.told = true;
        self.parts.retain_mut(|part| {
            part.1 = part.1.min(bytes);
            part.0 < part.1
        });
        Ok(())
    }

    /// Writes down what waits.
    pub(super) async fn flush(&mut self, sink: &dyn Sink) -> Result<()> {
        self.check()?;
        let flushed = self.gather.flush(sink).await;
        self.failed |= flushed.is_err();
        flushed
    }

    /// The device says that this is all: it is made safe, and nobody else may begin.
    pub(super) async fn finish(mut self, sink: &dyn Sink, intake: &Intake, cx: &Context) -> Result<()> {
        self.flush(sink).await?;
        let end = self.end();
        if !matches!(self.parts.as_slice(), [] | [(0, _)]) {
            return Err(refused(ErrorKind::Interrupted, "A part of the file is missing"));
        }
        if end == 0 || !self.told {
            // SFTP does not tell an empty file from one that was given up before its first byte, as clients do that try
            // whether they may write, or that only look at what is there. Nobody waits for an empty file, and the part that
            // an earlier try left is no file because somebody opened it: the place stays open for the one that has bytes.
            return Ok(());
        }
        cx.notes.note(Note::Flushing);
        sink.finish(end).await?;
        intake.finish(end);
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.failed { Err(refused(ErrorKind::Interrupted, "This upload has failed")) } else { Ok(()) }
    }
}

/// Refuses a file by its size, told or come.
pub(super) fn check_size(bytes: u64, most: u64) -> Result<()> {
    if bytes > most {
        return Err(too_large(most));
    }
    Ok(())
}

fn too_large(most: u64) -> Error {
    refused(ErrorKind::NoSpace, format!("The file has more than the {most} bytes that are taken"))
}

fn refused(kind: ErrorKind, words: impl Into<String>) -> Error {
    Error::new(kind, "sftp", words)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use tokio_util::sync::CancellationToken;

    use super::*;

    /// Keeps nothing.
    #[derive(Debug)]
    struct Nowhere;

    #[async_trait::async_trait]
    impl Sink for Nowhere {
        async fn have(&self) -> Result<u64> {
            Ok(0)
        }
        async fn read(&self, _: u64, _: usize) -> Result<bytes::Bytes> {
            Ok(bytes::Bytes::new())
        }
        async fn write(&self, _: u64, _: bytes::Bytes) -> Result<()> {
            Ok(())
        }
        async fn finish(&self, _: u64) -> Result<()> {
            Ok(())
        }
        async fn clear(&self) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn bytes_behind_the_last_number_are_too_many() {
        let cx = Context::new(Arc::new(crate::clock::TokioClock::system()));
        let intake = Intake::default();
        for (offset, good) in [(u64::MAX - 8, true), (u64::MAX - 7, false), (u64::MAX - 4, false), (u64::MAX, false)] {
            let turn = intake.turn_in(CancellationToken::new()).await.unwrap();
            let mut upload = Upload::new(turn, 0, u64::MAX);
            let written = upload.write(offset, b"abcdefgh", &Nowhere, &intake, &cx).await;
            assert_eq!(written.as_ref().err().map(Error::kind), (!good).then_some(ErrorKind::NoSpace), "{offset}");
            // Nothing follows them, and a hole before them makes no file.
            assert!(upload.write(0, b"a", &Nowhere, &intake, &cx).await.is_ok() == good);
            assert!(upload.finish(&Nowhere, &intake, &cx).await.is_err());
        }
        let mut gather = Gather::default();
        assert!(gather.put(&Nowhere, u64::MAX - 4, b"abcdefgh").await.is_err());
        gather.put(&Nowhere, u64::MAX - 8, b"abcdefgh").await.unwrap();
        gather.put(&Nowhere, 0, b"a").await.unwrap();
    }
}
