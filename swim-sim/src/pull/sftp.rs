//! SFTP version 3 (draft-ietf-secsh-filexfer-02): one read after the other.

use swim_core::model::Protocol;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Arriving, PullError, Target, Url};
use crate::SimDevice;
use crate::terminal::Printer;

const INIT: u8 = 1;
const VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const READ: u8 = 5;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
/// `SSH_FXP_OPEN` for reading.
const FOR_READING: u32 = 1;
/// `SSH_FX_EOF`, `SSH_FX_NO_SUCH_FILE`, `SSH_FX_PERMISSION_DENIED`.
const END: u32 = 1;
const NO_SUCH_FILE: u32 = 2;
const DENIED: u32 = 3;
/// Bytes of a read: what every server must grant.
const PIECE: u32 = 32_768;
/// A packet that is longer is none.
const LONGEST: u32 = 256 * 1024;

const fn lost() -> PullError {
    PullError::Reading("Connection closed by remote host")
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
}

/// Sends a packet and gives back the answer: its kind, and what follows the number of the request.
async fn ask<S: AsyncRead + AsyncWrite + Unpin + Send>(
    stream: &mut S,
    kind: u8,
    body: &[u8],
) -> Result<(u8, Vec<u8>), PullError> {
    let mut packet = text(&[&[kind], body].concat());
    stream.write_all(&packet).await.map_err(|_| lost())?;
    stream.flush().await.map_err(|_| lost())?;
    let length = stream.read_u32().await.map_err(|_| lost())?;
    if !(5..=LONGEST).contains(&length) {
        return Err(lost());
    }
    packet.resize(length as usize, 0);
    stream.read_exact(&mut packet).await.map_err(|_| lost())?;
    let rest = packet.split_off(5);
    Ok((packet.first().copied().unwrap_or_default(), rest))
}

fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |four| u32::from_be_bytes(*four))
}

/// Reads a file from an open subsystem.
pub(super) async fn fetch<S: AsyncRead + AsyncWrite + Unpin + Send>(
    mut stream: S,
    device: &SimDevice,
    url: &Url,
    target: &Target,
    out: &Printer,
) -> Result<u64, PullError> {
    if ask(&mut stream, INIT, &3_u32.to_be_bytes()).await?.0 != VERSION {
        return Err(PullError::Opening("Undefined error"));
    }
    // Request 1 with the flags and no attributes.
    let open = [&1_u32.to_be_bytes()[..], &text(url.path.as_bytes()), &FOR_READING.to_be_bytes(), &[0; 4]].concat();
    let handle = match ask(&mut stream, OPEN, &open).await? {
        (HANDLE, handle) => handle,
        (STATUS, why) => {
            return Err(PullError::Opening(match number(&why) {
                NO_SUCH_FILE => "No such file or directory",
                DENIED => "Permission denied",
                _ => "Undefined error",
            }));
        }
        _ => return Err(lost()),
    };
    let mut file = Arriving::new(device, target, Protocol::Sftp, out);
    loop {
        let read =
            [&2_u32.to_be_bytes()[..], &handle, &file.writer.bytes().to_be_bytes(), &PIECE.to_be_bytes()].concat();
        match ask(&mut stream, READ, &read).await? {
            (DATA, data) => file.take(data.get(4..).ok_or_else(lost)?).await?,
            (STATUS, why) if number(&why) == END => break,
            (STATUS, _) => return Err(PullError::Reading("I/O error")),
            _ => return Err(lost()),
        }
    }
    let bytes = file.finish();
    // The file is complete; a server that is gone by now has lost nothing.
    let _ = ask(&mut stream, CLOSE, &[&3_u32.to_be_bytes()[..], &handle].concat()).await;
    let _ = stream.shutdown().await;
    out.put("\n");
    Ok(bytes)
}
