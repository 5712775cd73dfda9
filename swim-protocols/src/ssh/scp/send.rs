//! A file on its way to a sink, whoever dialled.

use std::time::Duration;

use swim_core::model::Sha256;
use swim_core::ports::{Context, ImageStore, Note};
use swim_core::{Error, ErrorKind, Result};

use super::source::{Next, Source};
use crate::ssh::failure;
use crate::ssh::pipe::{Heard, Pipe};

/// What is sent.
pub(super) struct Sending<'a> {
    pub(super) store: &'a dyn ImageStore,
    pub(super) image: &'a Sha256,
    pub(super) bytes: u64,
    /// Bytes that are read from the store and handed to the connection at once.
    pub(super) piece: usize,
    /// Silence of the other side that ends it.
    pub(super) silence: Duration,
}

/// Plays the source until the sink has confirmed the file. `allow` is asked before bytes of the file go out.
pub(super) async fn send_file<M>(
    file: &Sending<'_>,
    source: &mut Source,
    pipe: &mut Pipe<M>,
    cx: &Context,
    allow: impl Fn(usize) -> Result<()> + Send + Sync,
) -> Result<()>
where
    M: From<(russh::ChannelId, russh::ChannelMsg)> + Send + Sync + 'static,
{
    loop {
        match source.next()? {
            Next::Done => return Ok(()),
            Next::Send(bytes) => pipe.send(bytes, false, file.silence, cx).await?,
            Next::SendFile { offset, left } => {
                let length = usize::try_from(left).unwrap_or(usize::MAX).min(file.piece);
                let piece = file.store.read(file.image, offset, length).await?;
                if piece.is_empty() {
                    return Err(Error::new(ErrorKind::Integrity, "scp", "the image is shorter than its size"));
                }
                let sent = piece.len();
                allow(sent)?;
                cx.pace.take(sent, cx).await?;
                pipe.send(piece, true, file.silence, cx).await?;
                source.sent(sent as u64);
                cx.notes.note(Note::Bytes { done: offset + sent as u64, total: Some(file.bytes) });
                while let Some(heard) = pipe.overheard() {
                    match heard {
                        Heard::Data(bytes) => source.received(&bytes),
                        _ => {
                            source.closed();
                            break;
                        }
                    }
                }
            }
            Next::Wait => match pipe.hear(file.silence, cx).await? {
                Heard::Data(bytes) => source.received(&bytes),
                Heard::Closed => source.closed(),
                Heard::Moved => {}
                Heard::Quiet => return Err(failure::silent("scp", file.silence)),
            },
        }
    }
}
