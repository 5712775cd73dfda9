//! A file on its way to a sink, whoever dialled.

use std::time::Duration;

use bytes::Bytes;
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

impl Sending<'_> {
    /// The piece at a place with so many bytes left.
    async fn piece(&self, offset: u64, left: u64) -> Result<Bytes> {
        self.store.read(self.image, offset, usize::try_from(left).unwrap_or(usize::MAX).min(self.piece)).await
    }
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
    // What is read while the piece before it is sent: where it begins, and its bytes.
    let mut ahead: Option<(u64, Result<Bytes>)> = None;
    loop {
        match source.next()? {
            Next::Done => return Ok(()),
            Next::Send(bytes) => pipe.send(bytes, false, file.silence, cx).await?,
            Next::SendFile { offset, left } => {
                let piece = match ahead.take() {
                    Some((begins, piece)) if begins == offset => piece?,
                    _ => file.piece(offset, left).await?,
                };
                if piece.is_empty() {
                    return Err(Error::new(ErrorKind::Integrity, "scp", "the image is shorter than its size"));
                }
                let sent = piece.len();
                allow(sent)?;
                cx.pace.take(sent, cx).await?;
                let (next, left) = (offset + sent as u64, left.saturating_sub(sent as u64));
                let read_on = async { if left > 0 { Some((next, file.piece(next, left).await)) } else { None } };
                let (handed, read) = tokio::join!(pipe.send(piece, true, file.silence, cx), read_on);
                handed?;
                ahead = read;
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
