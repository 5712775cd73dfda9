//! Taking a file from the device: it copies to a place of ours that is open for this one file.

use std::time::Duration;

use super::transfer::{COPY_SILENCE, port_to_name};
use super::{questions, split_path};
use crate::cli::Dialogue;
use crate::model::{Direction, Protocol};
use crate::platform::{Abilities, Session, Upload, parse};
use crate::ports::{Accept, Receipt};
use crate::transfer::Attempts;
use crate::{Error, ErrorKind, Result};

/// A place closes after this long whatever happens: as an offer does.
const LIFETIME: Duration = Duration::from_secs(6 * 3600);

/// What a device may write with: the way of the command that asks for the password. FTP would have it in the URL, and TFTP
/// has none.
const WAYS: [Protocol; 2] = [Protocol::Scp, Protocol::Sftp];

/// Lets the device write the file to us, by the first way that works; which did not is told with the receipt.
pub(super) async fn take(
    upload: &Upload,
    abilities: &Abilities,
    s: &mut Session<'_>,
) -> Result<(Receipt, Vec<String>)> {
    let mut attempts = Attempts::new();
    let knows = |protocol: &Protocol| abilities.transfers.contains(&(*protocol, Direction::Pull));
    for protocol in WAYS.into_iter().filter(knows) {
        match by(protocol, upload, abilities, s).await {
            Ok(receipt) => return Ok((receipt, attempts.reasons())),
            Err(e) => attempts.failed_there(format!("{protocol} upload"), e)?,
        }
    }
    Err(attempts.none_worked().unwrap_or_else(|| {
        Error::new(ErrorKind::Unsupported, "upload", "this platform copies to no server in a way that is known")
    }))
}

async fn by(protocol: Protocol, upload: &Upload, abilities: &Abilities, s: &mut Session<'_>) -> Result<Receipt> {
    let transfer = s.services.find(protocol, Direction::Upload).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, "upload", format!("this client takes no uploads by {protocol}"))
    })?;
    let (_, name) = split_path(&upload.path);
    let accept = Accept {
        device: s.device.clone(),
        name: name.to_owned(),
        sink: std::sync::Arc::clone(&upload.sink),
        most: upload.most,
        source: s.device.pulls_from.map(|address| address.to_string()),
        lifetime: LIFETIME,
    };
    let host = s.our_address()?;
    let place = transfer.accept(accept, &s.transfer_context()).await?;
    let copied =
        copy(protocol, (&host, port_to_name(protocol, place.port(), abilities)?), &*place, &upload.path, s).await;
    let received = place.close().await;
    copied?;
    received
}

async fn copy(
    protocol: Protocol,
    (host, port): (&str, Option<u16>),
    place: &dyn crate::ports::Served,
    path: &str,
    s: &mut Session<'_>,
) -> Result<()> {
    let user = place.user().unwrap_or_default();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let name = place.path();
    let mut dialogue =
        Dialogue::show(format!("copy {path} {protocol}://{user}@{host}{port}/{name}")).silence(COPY_SILENCE);
    dialogue.answers = questions::upload(name, user, place.password());
    let said = s.run(&dialogue).await.map_err(|e| match e.kind() {
        ErrorKind::DeviceRejected => {
            let message = format!("the device refused the command that copies by {protocol}");
            Error::new(ErrorKind::Unsupported, "upload", message).caused_by(e)
        }
        _ => e,
    })?;
    let copy = parse::copy_to_device(&said.output);
    match copy.failure() {
        None => Ok(()),
        Some((kind, words)) => Err(Error::new(kind, "upload", format!("the copy of {path} failed")).said(words)),
    }
}
