//! The bytes of an image behind the head of an answer, and whether the other side took them.

use std::io;

use futures_util::FutureExt;
use swim_core::ports::{ByteStream, Context, Note, Offer};
use swim_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::config::{GOOD_BYE, IDLE, UNREAD};
use crate::delivered::delivered;
use crate::pulls::Pulls;
use crate::sendfile::{ImageFile, PORTION, socket};

/// Bytes that are read from the store and written at once where the kernel cannot: hundreds of connections at once hold
/// one such piece each.
const PIECE: u64 = 192 * 1024;

/// Sends bytes from `start` up to (not including) `end`. Says whether the close of the other side can tell that it has them:
/// one that closed its side before the last of them was sent (`nc -N`) has told nothing by it.
pub(super) async fn send(
    stream: &mut Box<dyn ByteStream>,
    offer: &Offer,
    pulls: &Pulls,
    (start, end): (u64, u64),
    cx: &Context,
) -> Result<bool> {
    let mut tells = true;
    let file = match socket(&**stream) {
        Some(_) => ImageFile::of(&*offer.store, &offer.image).await?,
        None => None,
    };
    let size = if file.is_some() { PORTION as u64 } else { PIECE };
    let mut at = start;
    while at < end {
        // At multiples of it, whatever was asked for.
        let next = (at / size + 1).saturating_mul(size).min(end);
        let length = usize::try_from(next - at).unwrap_or(usize::MAX);
        if next == end {
            match read(stream).now_or_never() {
                Some(Ok(0)) => tells = false,
                Some(Err(e)) => return Err(broken(e)),
                _ => {}
            }
        }
        pulls.hand_out(length)?;
        cx.pace.take(length, cx).await?;
        let socket = socket(&**stream);
        match (&file, socket) {
            (Some(file), Some(socket)) => {
                let image = (&*offer.store, &offer.image);
                file.pass(socket, image, at, length, IDLE, cx).await?;
            }
            _ => by_hand(stream, offer, at, length, cx).await?,
        }
        at = next;
        cx.notes.note(Note::Bytes { done: at, total: Some(offer.bytes) });
    }
    cx.within(IDLE, "http", async { stream.flush().await.map_err(broken) }).await?;
    Ok(tells)
}

async fn by_hand(
    stream: &mut Box<dyn ByteStream>,
    offer: &Offer,
    mut at: u64,
    mut length: usize,
    cx: &Context,
) -> Result<()> {
    while length > 0 {
        let piece = offer.store.read(&offer.image, at, length).await?;
        if piece.is_empty() {
            return Err(too_short());
        }
        at += piece.len() as u64;
        length -= piece.len();
        let mut left = &piece[..];
        while !left.is_empty() {
            let step = async { stream.write(left).await.map_err(broken) };
            match cx.within(IDLE, "http", step).await? {
                0 => return Err(broken(io::ErrorKind::WriteZero.into())),
                count => left = &left[count..],
            }
        }
    }
    Ok(())
}

/// Waits for the other side's close, and says that this was all. A reset tells that it did not read to the end: that is
/// what closing with unread bytes makes of a connection, and what is left of one whose program was killed.
///
/// The good-bye of TLS is bytes, which a program that counts does not read: it is said late.
pub(super) async fn taken(stream: &mut Box<dyn ByteStream>, secured: bool, cx: &Context) -> Result<()> {
    let mut unread = 0;
    if secured {
        tokio::select! {
            closed = closed(stream, &mut unread) => {
                closed?;
                return delivered(&**stream, false, IDLE, cx).await;
            }
            () = cx.clock.sleep(GOOD_BYE) => {}
        }
    }
    let rest = async {
        stream.shutdown().await.map_err(broken)?;
        closed(stream, &mut unread).await
    };
    cx.within(IDLE, "http", rest).await?;
    delivered(&**stream, true, IDLE, cx).await
}

async fn closed(stream: &mut Box<dyn ByteStream>, unread: &mut usize) -> Result<()> {
    while *unread < UNREAD {
        match read(stream).await {
            Ok(0) => return Ok(()),
            // A close without the good-bye of TLS.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Ok(count) => *unread += count,
            Err(e) => return Err(broken(e)),
        }
    }
    Err(Error::new(ErrorKind::UnexpectedReply, "http", "a device goes on sending where it shall read"))
}

/// What comes does not matter.
pub(super) async fn read(stream: &mut Box<dyn ByteStream>) -> io::Result<usize> {
    stream.read(&mut [0; 4096]).await
}

pub(super) fn untold() -> Error {
    let message = "the device closed its side before it had the file, and so cannot tell that it has it";
    Error::new(ErrorKind::Interrupted, "http", message)
}

fn too_short() -> Error {
    Error::new(ErrorKind::Integrity, "http", "the image is shorter than its size")
}

fn broken(e: io::Error) -> Error {
    Error::new(ErrorKind::Interrupted, "http", "the device broke off").caused_by(e)
}
