//! Bringing the image to the device: protocol order with fallback.
//!
//! Network and login failures move on to the next protocol; space, name and privilege failures do not: they would be the
//! same with every protocol.

use std::time::Duration;

use super::{LONG_SILENCE, files, last_words, questions, split_path};
use crate::cli::Dialogue;
use crate::model::{Direction, ImageServer, Protocol, Secret, Sha256};
use crate::platform::parse;
use crate::platform::{Acted, Session};
use crate::ports::{Offer, Push, Receipt};
use crate::transfer::Staging;
use crate::{Effect, Error, ErrorKind, Result};

/// A copy that prints nothing for so long is stuck: progress characters come every few seconds, a flash that flushes
/// pauses for up to two minutes.
const COPY_SILENCE: Duration = Duration::from_secs(180);

/// An offer closes after this long whatever happens: 1 GB at the slowest rate seen (265 KB/s) takes a bit over an hour.
const OFFER_LIFETIME: Duration = Duration::from_secs(6 * 3600);

pub(super) async fn bring(
    image: &Sha256,
    bytes: u64,
    path: &str,
    transfers: &[(Protocol, Direction)],
    s: &mut Session<'_>,
) -> Result<Acted> {
    let mut fallbacks = Vec::new();
    let mut last = None;
    for (protocol, direction) in transfers {
        let tried = match direction {
            Direction::Pull => pull(*protocol, image, bytes, path, s).await,
            Direction::Push => push(*protocol, image, bytes, path, s).await,
            other => Err(Error::invalid("transfers", other, "only pull and push bring an image to a device")),
        };
        match tried {
            Ok((said, receipt)) => return Ok(Acted::Settled { said, receipt: Some(receipt), fallbacks }),
            Err(e) if crate::transfer::moves_on(e.kind()) => {
                fallbacks.push(format!("{protocol} {direction:?}: {}", e.report()));
                last = Some(e);
            }
            Err(e) => return Err(e),
        }
    }
    Err(match last {
        Some(e) => {
            Error::new(ErrorKind::Unreachable, "transfer", format!("no protocol worked: {}", fallbacks.join("; ")))
                .said(e.device_words().unwrap_or_default().to_owned())
                .effected(Effect::None)
                .caused_by(e)
        }
        None => Error::new(ErrorKind::Unsupported, "transfer", "there is no transfer to try"),
    })
}

async fn pull(
    protocol: Protocol,
    image: &Sha256,
    bytes: u64,
    path: &str,
    s: &mut Session<'_>,
) -> Result<(String, Receipt)> {
    let servers = std::sync::Arc::clone(&s.services.servers);
    if let Some(server) = servers.of(s.device) {
        return pull_from(server, protocol, image, bytes, path, s).await;
    }
    let (_, name) = split_path(path);
    let transfer = s.services.find(protocol, Direction::Pull).ok_or_else(|| missing(protocol))?;
    let offer = Offer {
        device: s.device.clone(),
        store: std::sync::Arc::clone(&s.services.store),
        image: *image,
        bytes,
        name: name.to_owned(),
        // Devices may dial from another of their addresses than the one that we dial: the single-use secret decides.
        source: None,
        uses: 1,
        lifetime: OFFER_LIFETIME,
    };
    let host = s.our_address()?;
    let served = transfer.offer(offer, &s.transfer_context()).await?;
    let from = Origin {
        host,
        port: Some(served.port()),
        path: served.path().to_owned(),
        user: served.user().map(str::to_owned),
        password: served.password().cloned(),
    };
    let copied = copy_from(protocol, &from, bytes, path, s).await;
    let receipt = served.close().await;
    let said = copied?;
    Ok((said, receipt?.of(*image)))
}

/// The device pulls from the image server that stands near it; the image is brought there first.
async fn pull_from(
    server: &ImageServer,
    protocol: Protocol,
    image: &Sha256,
    bytes: u64,
    path: &str,
    s: &mut Session<'_>,
) -> Result<(String, Receipt)> {
    let door = server.door(protocol).ok_or_else(|| {
        let message = format!("the image server of this device does not speak {protocol}");
        Error::new(ErrorKind::Unsupported, "transfer", message).with("server", &server.name)
    })?;
    let (_, name) = split_path(path);
    s.services.servers.stage(Staging { image, bytes, name }, server, s.services, &s.transfer_context()).await?;
    let password = match door.login.as_ref().and_then(|login| login.password.as_ref()) {
        Some(secret) => Some(s.services.secrets.resolve(secret).await?),
        None => None,
    };
    let from = Origin {
        host: server.host.clone(),
        port: door.port.filter(|port| *port != protocol.port()),
        path: door.path(name),
        user: door.login.as_ref().map(|login| login.user.clone()),
        password,
    };
    let began = s.cx.clock.monotonic();
    let said = copy_from(protocol, &from, bytes, path, s).await?;
    let took = s.cx.clock.monotonic().saturating_sub(began);
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    Ok((said, Receipt::new(protocol, Direction::Pull, bytes, 0, millis).of(*image)))
}

/// Where a device copies from.
struct Origin {
    host: String,
    /// Absent: the protocol's own, which not every device can be told.
    port: Option<u16>,
    path: String,
    /// Absent: the path is the credential.
    user: Option<String>,
    password: Option<Secret<String>>,
}

async fn copy_from(protocol: Protocol, from: &Origin, bytes: u64, path: &str, s: &mut Session<'_>) -> Result<String> {
    let (_, name) = split_path(path);
    let user = from.user.as_ref().map(|u| format!("{u}@")).unwrap_or_default();
    let host = if from.host.contains(':') { format!("[{}]", from.host) } else { from.host.clone() };
    let port = from.port.map(|port| format!(":{port}")).unwrap_or_default();
    let url = format!("{protocol}://{user}{host}{port}/{}", from.path);
    let mut dialogue = Dialogue::show(format!("copy {url} {path}")).silence(COPY_SILENCE);
    dialogue.answers = questions::copy(name, from.user.as_deref(), from.password.as_ref());
    // The path of an HTTP offer is its credential.
    if from.user.is_none() {
        dialogue.shown = format!("copy {protocol}://{host}{port}/*** {path}");
        // Devices print it back (`Loading http://...`); the file's name behind it is no secret.
        let credential = from.path.split('/').next().unwrap_or_default();
        dialogue.hidden.push(Secret::new(credential.to_owned()));
    }
    let said = s.run(&dialogue).await?;
    judge(&said.output, bytes, path, s).await
}

/// A copy is good when the device says that it copied every byte.
async fn judge(output: &str, bytes: u64, path: &str, s: &mut Session<'_>) -> Result<String> {
    let copy = parse::copy_to_device(output);
    let error = match (copy.failure(), copy.bytes_copied) {
        (None, Some(copied)) if copied == bytes => return Ok(last_words(output)),
        (Some((kind, words)), _) => {
            Error::new(kind, "copy", format!("the copy to {path} failed")).said(words.to_owned())
        }
        (None, Some(copied)) => {
            Error::new(ErrorKind::Integrity, "copy", format!("{copied} of {bytes} bytes were copied to {path}"))
                .said(last_words(output))
        }
        (None, None) => {
            Error::new(ErrorKind::UnexpectedReply, "copy", "the device did not say that it copied anything")
                .said(last_words(output))
        }
    };
    // What an unfinished copy left takes the room that the next try needs.
    if files::size(path, s).await?.is_some_and(|left| left != bytes) {
        files::delete(path, s).await?;
    }
    Err(error)
}

async fn push(
    protocol: Protocol,
    image: &Sha256,
    bytes: u64,
    path: &str,
    s: &Session<'_>,
) -> Result<(String, Receipt)> {
    let transfer = s.services.find(protocol, Direction::Push).ok_or_else(|| missing(protocol))?;
    let request = Push {
        device: s.device.clone(),
        store: std::sync::Arc::clone(&s.services.store),
        image: *image,
        bytes,
        path: path.to_owned(),
        resume: true,
    };
    let receipt = transfer.push(request, &s.transfer_context()).await?;
    Ok((format!("{} bytes pushed by {protocol}", receipt.bytes), receipt.of(*image)))
}

fn missing(protocol: Protocol) -> Error {
    Error::new(ErrorKind::Unsupported, "transfer", format!("this client has no {protocol} for that direction"))
}

/// A copy on the device, to another member's flash.
pub(super) async fn copy_local(from: &str, to: &str, bytes: u64, s: &mut Session<'_>) -> Result<String> {
    let (_, name) = split_path(to);
    let mut dialogue = Dialogue::show(format!("copy {from} {to}")).silence(LONG_SILENCE);
    dialogue.answers = questions::copy(name, None, None);
    let said = s.run(&dialogue).await?;
    judge(&said.output, bytes, to, s).await
}
