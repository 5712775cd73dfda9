//! A file on its way from a source, whoever dialled.

use std::time::Duration;

use swim_core::ports::{self, Context, Note};
use swim_core::{Error, ErrorKind, Result};

use super::sink::{Event, Sink, SinkLimits};
use crate::gather::Gather;
use crate::intake::Intake;
use crate::ssh::failure;
use crate::ssh::pipe::{Heard, Pipe};

/// Where the file goes.
pub(super) struct Target<'a> {
    pub(super) sink: &'a dyn ports::Sink,
    /// A larger file is refused.
    pub(super) most: u64,
    /// Is told the name and the size; an error refuses the file.
    pub(super) judge: &'a (dyn Fn(&str, u64) -> Result<()> + Sync),
    /// The books of an accept: they hear what comes, and that the file is safe before the source hears it. A fetch
    /// finishes its file itself.
    pub(super) intake: Option<&'a Intake>,
    /// Silence of the other side that ends it.
    pub(super) silence: Duration,
}

/// Plays the sink for one file.
pub(super) struct Taking<'a> {
    target: Target<'a>,
    engine: Sink,
    gather: Gather,
    /// The size that the source told.
    bytes: Option<u64>,
    done: u64,
    whole: bool,
    /// It cannot be written. A source hears that behind its last byte: it does not listen before.
    broken: Option<Error>,
    /// The other side knows why it failed.
    pub(super) told: bool,
}

impl<'a> Taking<'a> {
    pub(super) fn new(target: Target<'a>) -> Self {
        let engine = Sink::new(SinkLimits { largest: target.most, depth: 0 });
        let gather = Gather::default();
        Self { target, engine, gather, bytes: None, done: 0, whole: false, broken: None, told: false }
    }

    /// Takes the file and confirms it. How many bytes it has.
    pub(super) async fn take<M>(&mut self, pipe: &mut Pipe<M>, cx: &Context) -> Result<u64>
    where
        M: From<(russh::ChannelId, russh::ChannelMsg)> + Send + Sync + 'static,
    {
        let mut alive = cx.clock.monotonic();
        loop {
            let before = (self.bytes, self.done);
            self.settle(pipe, cx).await?;
            // The beginning of the file and its bytes are what is waited for. Whoever says other things, or fills the error
            // stream, is as good as silent.
            if before != (self.bytes, self.done) {
                alive = cx.clock.monotonic();
            }
            if self.whole {
                if let Some(intake) = self.target.intake {
                    cx.notes.note(Note::Flushing);
                    self.target.sink.finish(self.done).await?;
                    intake.finish(self.done);
                }
                self.whole = false;
                // Its confirmation. Who goes away without hearing it has sent all of it.
                let _ = self.settle(pipe, cx).await;
                return Ok(self.done);
            }
            let silent = cx.clock.monotonic().saturating_sub(alive);
            let Some(left) = self.target.silence.checked_sub(silent).filter(|left| !left.is_zero()) else {
                return Err(failure::silent("scp", self.target.silence));
            };
            let heard = match pipe.hear(left, cx).await? {
                Heard::Data(bytes) => self.engine.received(bytes),
                Heard::Moved => Ok(()),
                Heard::Closed => self
                    .engine
                    .closed()
                    .and_then(|()| Err(Error::new(ErrorKind::NotFound, "scp", "the source ended without a file"))),
                Heard::Quiet => Err(failure::silent("scp", self.target.silence)),
            };
            if let Err(e) = heard {
                // What came before the end, and the sentence for the source.
                self.told = self.settle(pipe, cx).await.is_ok();
                return Err(e);
            }
        }
    }

    /// Does what the engine asks for, up to the end of the file.
    async fn settle<M>(&mut self, pipe: &mut Pipe<M>, cx: &Context) -> Result<()>
    where
        M: From<(russh::ChannelId, russh::ChannelMsg)> + Send + Sync + 'static,
    {
        while !self.whole
            && let Some(event) = self.engine.event()
        {
            match event {
                Event::Send(bytes) => pipe.send(bytes, false, self.target.silence, cx).await?,
                Event::File { name, bytes, .. } => self.begins(&name, bytes).await?,
                Event::Data(data) => {
                    cx.pace.take(data.len(), cx).await?;
                    if let Some(intake) = self.target.intake {
                        intake.took(data.len());
                    }
                    if self.broken.is_none() {
                        self.broken = self.gather.put(self.target.sink, self.done, &data).await.err();
                    }
                    self.done += data.len() as u64;
                    cx.notes.note(Note::Bytes { done: self.done, total: self.bytes });
                }
                Event::FileDone => {
                    if let Some(e) = self.broken.take() {
                        return Err(e);
                    }
                    self.gather.flush(self.target.sink).await?;
                    self.whole = true;
                }
                Event::Directory(_) | Event::EndDirectory => {}
            }
        }
        Ok(())
    }

    async fn begins(&mut self, name: &str, bytes: u64) -> Result<()> {
        if self.bytes.is_some() {
            return Err(Error::new(ErrorKind::UnexpectedReply, "scp", "the source sends more than one file"));
        }
        (self.target.judge)(name, bytes)?;
        self.bytes = Some(bytes);
        self.target.sink.clear().await
    }
}
