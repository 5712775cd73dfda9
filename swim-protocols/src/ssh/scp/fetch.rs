//! We dial and read a file with `scp -f`. SCP cannot resume: it starts anew.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use russh::client::Msg;
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Context, Fetch, Note, Receipt, Transfer, TransferAbility};
use swim_core::{Error, ErrorKind, Result};

use super::push::{farewell, quote};
use super::sink::{Event, Sink, SinkLimits};
use crate::ssh::client::SshClient;
use crate::ssh::config::CHANNEL_LIMIT;
use crate::ssh::failure;
use crate::ssh::pipe::{Heard, Pipe};

/// SCP fetch.
#[derive(Debug)]
pub struct ScpFetch {
    client: Arc<SshClient>,
    ability: TransferAbility,
}

impl ScpFetch {
    /// A fetch adapter over a client.
    #[must_use]
    pub fn new(client: Arc<SshClient>) -> Self {
        Self { client, ability: TransferAbility::new(Protocol::Scp, true, false, &[Direction::Fetch]) }
    }
}

/// A file on its way from a source.
struct Incoming<'a> {
    request: &'a Fetch,
    /// The size that the source told.
    bytes: Option<u64>,
    done: u64,
    whole: bool,
}

impl Incoming<'_> {
    /// Does what the engine asks for.
    async fn settle(&mut self, engine: &mut Sink, pipe: &mut Pipe<Msg>, silence: Duration, cx: &Context) -> Result<()> {
        while let Some(event) = engine.event() {
            match event {
                Event::Send(bytes) => pipe.send(bytes, false, silence, cx).await?,
                Event::File { bytes, .. } => self.begins(bytes)?,
                Event::Data(data) => {
                    let length = data.len();
                    cx.pace.take(length, cx).await?;
                    self.request.sink.write(self.done, data).await?;
                    self.done += length as u64;
                    cx.notes.note(Note::Bytes { done: self.done, total: self.bytes });
                }
                Event::FileDone => self.whole = true,
                Event::Directory(_) | Event::EndDirectory => {}
            }
        }
        Ok(())
    }

    fn begins(&mut self, bytes: u64) -> Result<()> {
        if self.bytes.is_some() {
            return Err(Error::new(ErrorKind::UnexpectedReply, "scp", "the source sends more than one file"));
        }
        if self.request.bytes.is_some_and(|expected| expected != bytes) {
            let message = format!("the file has {bytes} bytes, not {}", self.request.bytes.unwrap_or_default());
            return Err(Error::new(ErrorKind::Integrity, "scp", message));
        }
        self.bytes = Some(bytes);
        Ok(())
    }
}

#[async_trait]
impl Transfer for ScpFetch {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn fetch(&self, request: Fetch, cx: &Context) -> Result<Receipt> {
        let began = cx.clock.monotonic();
        let command = format!("scp -f {}", quote(&request.path)?);
        let link = self.client.connect(&request.device, cx).await?;
        let mut pipe = Pipe::new(link.channel("scp", cx).await?, "scp");
        pipe.writer().exec(true, command).await.map_err(|e| failure::ssh("scp", e))?;
        let silence = self.client.config().silence();
        let mut incoming = Incoming { request: &request, bytes: None, done: 0, whole: false };
        let fetched = async {
            pipe.granted(CHANNEL_LIMIT, cx).await?;
            request.sink.clear().await?;
            let mut engine = Sink::new(SinkLimits { largest: request.most, depth: 0 });
            while !incoming.whole {
                incoming.settle(&mut engine, &mut pipe, silence, cx).await?;
                if incoming.whole {
                    break;
                }
                let heard = match pipe.hear(silence, cx).await? {
                    Heard::Data(bytes) => engine.received(bytes),
                    Heard::Moved => Ok(()),
                    Heard::Closed => engine
                        .closed()
                        .and_then(|()| Err(Error::new(ErrorKind::NotFound, "scp", "the source ended without a file"))),
                    Heard::Quiet => Err(failure::silent("scp", silence)),
                };
                if let Err(e) = heard {
                    // What came before the end, and the sentence for the source.
                    let _ = incoming.settle(&mut engine, &mut pipe, silence, cx).await;
                    return Err(classified(e));
                }
            }
            farewell(&mut pipe, cx).await?;
            request.sink.finish(incoming.done).await
        };
        let fetched = fetched.await;
        fetched.map_err(|e| pipe.explain(e).with("device", &request.device.id).with("path", &request.path))?;
        link.close().await;
        let millis = u64::try_from(cx.clock.monotonic().saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        Ok(Receipt::new(Protocol::Scp, Direction::Fetch, incoming.done, 0, millis).over(link.cipher()))
    }
}

/// A refusal by what it says.
fn classified(e: Error) -> Error {
    let kind = match (e.kind(), e.device_words()) {
        (ErrorKind::DeviceRejected, Some(words)) => failure::kind_of_refusal(words),
        _ => return e,
    };
    let words = e.device_words().unwrap_or_default().to_owned();
    Error::new(kind, "scp", "the source refused").said(words)
}
