//! A device pulls our one file: it runs `scp -f NAME` here.

use russh::server::Msg;
use swim_core::ports::{Context, Offer};
use swim_core::{Error, ErrorKind, Result};

use super::send::{Sending, send_file};
use super::serve::complain;
use super::source::Source;
use crate::path::shown;
use crate::pulls::Pulls;
use crate::ssh::config::TRANSFER_SILENCE;
use crate::ssh::pipe::Pipe;

/// Bytes of the image that a device holds here: two hundred of them take 40 MiB.
const PIECE: usize = 192 * 1024;

/// Sends the file, or tells the device why not.
pub(super) async fn send(pipe: &mut Pipe<Msg>, asked: &str, offer: &Offer, pulls: &Pulls, cx: &Context) -> Result<()> {
    let sent = async {
        if asked != offer.name || !pulls.open() {
            return Err(Error::new(ErrorKind::NotFound, "scp", format!("{}: No such file or directory", shown(asked))));
        }
        let mut source = Source::new(&offer.name, offer.bytes)?;
        let (store, image, bytes) = (&*offer.store, &offer.image, offer.bytes);
        let file = Sending { store, image, bytes, piece: PIECE, silence: TRANSFER_SILENCE };
        send_file(&file, &mut source, pipe, cx, |length| pulls.hand_out(length)).await
    };
    match sent.await {
        Ok(()) => {
            pulls.arrived(0, offer.bytes);
            Ok(())
        }
        Err(e) => {
            complain(pipe, &e, cx).await;
            Err(e)
        }
    }
}
