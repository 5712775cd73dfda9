//! Bringing the image to the device: protocol order with fallback.
//!
//! Network and login failures move on to the next protocol, see [`crate::transfer::moves_on`]; space, name and privilege
//! failures do not: they would be the same with every protocol.

use std::time::Duration;

use super::{LONG_SILENCE, files, last_words, questions, split_path};
use crate::cli::Dialogue;
use crate::model::{Direction, ImageServer, Protocol, Secret, Sha256};
use crate::platform::parse;
use crate::platform::{Abilities, Acted, Session};
use crate::ports::{Offer, Push, Receipt};
use crate::transfer::{Attempts, Source, Staging};
use crate::{Error, ErrorKind, Result};

/// A copy that prints nothing for so long is stuck: progress characters come every few seconds, a flash that flushes
/// pauses for up to two minutes.
pub(super) const COPY_SILENCE: Duration = Duration::from_secs(180);

/// An offer closes after this long whatever happens: 1 GB at the slowest rate seen (265 KB/s) takes a bit over an hour.
const OFFER_LIFETIME: Duration = Duration::from_secs(6 * 3600);

/// What shall be where.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) image: &'a Sha256,
    pub(super) bytes: u64,
    pub(super) path: &'a str,
    /// From where the device pulls.
    pub(super) from: &'a Source,
}

pub(super) async fn bring(
    wanted: Wanted<'_>,
    transfers: &[(Protocol, Direction)],
    abilities: &Abilities,
    s: &mut Session<'_>,
) -> Result<Acted> {
    let mut attempts = Attempts::new();
    for (protocol, direction) in transfers {
        let tried = match direction {
            _ if !abilities.transfers.contains(&(*protocol, *direction)) => Err(unknown(*protocol, *direction)),
            Direction::Pull => pull(*protocol, abilities, wanted, s).await,
            Direction::Push => match attempts.check(*protocol, s.device) {
                Ok(()) => push(*protocol, wanted, s).await,
                Err(e) => Err(e),
            },
            other => Err(Error::invalid("transfers", other, "only pull and push bring an image to a device")),
        };
        let name = format!("{protocol} {direction:?}");
        match (tried, direction) {
            (Ok((said, receipt)), _) => {
                return Ok(Acted::Settled { said, receipt: Some(receipt), fallbacks: attempts.reasons() });
            }
            (Err(e), Direction::Push) => attempts.failed(name, *protocol, s.device, e)?,
            (Err(e), _) => attempts.failed_there(name, e)?,
        }
    }
    Err(attempts
        .none_worked()
        .unwrap_or_else(|| Error::new(ErrorKind::Unsupported, "transfer", "there is no transfer to try")))
}

fn unknown(protocol: Protocol, direction: Direction) -> Error {
    let message = format!("this platform does not know {protocol} {direction}");
    Error::new(ErrorKind::Unsupported, "transfer", message).with("protocol", protocol)
}

/// The port to name in the URL, where one must be named.
pub(super) fn port_to_name(protocol: Protocol, port: u16, abilities: &Abilities) -> Result<Option<u16>> {
    if port == protocol.port() {
        return Ok(None);
    }
    if abilities.fixed_ports.contains(&protocol) {
        let own = protocol.port();
        let message = format!("devices of this platform pull {protocol} from port {own} only, and {port} is served");
        return Err(Error::new(ErrorKind::Unsupported, "transfer", message).with("port", port));
    }
    Ok(Some(port))
}

async fn pull(
    protocol: Protocol,
    abilities: &Abilities,
    wanted: Wanted<'_>,
    s: &mut Session<'_>,
) -> Result<(String, Receipt)> {
    if let Some(planned) = &wanted.from.server {
        let servers = std::sync::Arc::clone(&s.services.servers);
        return pull_from(servers.planned(planned)?, protocol, abilities, wanted, s).await;
    }
    let Wanted { image, bytes, path, .. } = wanted;
    let (_, name) = split_path(path);
    let transfer = s.services.find(protocol, Direction::Pull).ok_or_else(|| missing(protocol))?;
    let offer = Offer {
        device: s.device.clone(),
        store: std::sync::Arc::clone(&s.services.store),
        image: *image,
        bytes,
        name: name.to_owned(),
        // The address that we dial tells nothing about where pulls come from: devices take the one of the interface that
        // the route leaves by, of `ip ftp source-interface` and the like, or of a VRF, and it may be translated on the
        // way. A wrong restriction would break every upgrade, so there is one only where the device's record says so;
        // elsewhere the single-use secret decides.
        source: s.device.pulls_from.map(|address| address.to_string()),
        uses: 1,
        lifetime: OFFER_LIFETIME,
    };
    let host = s.our_address()?;
    let served = transfer.offer(offer, &s.transfer_context()).await?;
    let from = Origin {
        host,
        port: port_to_name(protocol, served.port(), abilities)?,
        path: served.path().to_owned(),
        user: served.user().map(str::to_owned),
        password: served.password().cloned(),
    };
    let copied = copy_from(protocol, &from, bytes, path, s).await;
    let receipt = served.close().await;
    let said = copied?;
    // The device says so, whatever our connection to it has seen of the end.
    Ok((said, Receipt { digest: Some(*image), ..receipt? }))
}

/// The device pulls from the image server that stands near it; the image is brought there first.
async fn pull_from(
    server: &ImageServer,
    protocol: Protocol,
    abilities: &Abilities,
    Wanted { image, bytes, path, .. }: Wanted<'_>,
    s: &mut Session<'_>,
) -> Result<(String, Receipt)> {
    let door = server.door(protocol).ok_or_else(|| {
        let message = format!("the image server of this device does not speak {protocol}");
        Error::new(ErrorKind::Unsupported, "transfer", message).with("server", &server.name)
    })?;
    let port = port_to_name(protocol, door.port.unwrap_or_else(|| protocol.port()), abilities)?;
    let (_, name) = split_path(path);
    s.services.servers.stage(Staging { image, bytes, name }, server, s.services, &s.transfer_context()).await?;
    let password = match door.login.as_ref().and_then(|login| login.password.as_ref()) {
        Some(secret) => Some(s.services.secrets.resolve(secret).await?),
        None => None,
    };
    let from = Origin {
        host: server.host.clone(),
        port,
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
    let login = login(protocol, from)?;
    let host = if from.host.contains(':') { format!("[{}]", from.host) } else { from.host.clone() };
    let port = from.port.map(|port| format!(":{port}")).unwrap_or_default();
    let url = format!("{protocol}://{login}{host}{port}/{}", from.path);
    let mut dialogue = Dialogue::show(format!("copy {url} {path}")).silence(COPY_SILENCE);
    dialogue.answers = questions::copy(name, from.user.as_deref(), from.password.as_ref());
    match (&from.user, &from.password) {
        // The path of an HTTP or TFTP offer is its credential. Devices print it back (`Loading http://...`); the file's
        // name behind it is no secret.
        (None, _) => {
            dialogue.shown = format!("copy {protocol}://{host}{port}/*** {path}");
            dialogue.hidden.extend(from.path.split_once('/').map(|(secret, _)| Secret::new(secret.to_owned())));
        }
        (Some(user), Some(password)) if protocol == Protocol::Ftp => {
            dialogue.shown = format!("copy {protocol}://{user}:***@{host}{port}/{} {path}", from.path);
            dialogue.hidden.push(password.clone());
        }
        _ => {}
    }
    // A release that does not know the protocol refuses the command as a whole: there was no copy.
    let said = s.run(&dialogue).await.map_err(|e| match e.kind() {
        ErrorKind::DeviceRejected => {
            let message = format!("the device refused the command that copies by {protocol}");
            Error::new(ErrorKind::Unsupported, "transfer", message).caused_by(e)
        }
        _ => e,
    })?;
    judge(&said.output, bytes, path, s).await
}

/// The login of a URL. Passwords are answers to questions; only FTP never asks. The other way that FTP has, `ip ftp
/// password`, would change the configuration, where it lasts and where others use it: what we offer is worthless after
/// the one copy, so the URL is the lesser leak (to the command accounting of the device).
fn login(protocol: Protocol, from: &Origin) -> Result<String> {
    let Some(user) = &from.user else { return Ok(String::new()) };
    let Some(password) = from.password.as_ref().filter(|_| protocol == Protocol::Ftp) else {
        return Ok(format!("{user}@"));
    };
    // Devices take what they are given: there is no way to write these characters in another way.
    let reserved = |text: &str| text.chars().any(|c| c.is_whitespace() || "@:/?[]".contains(c));
    if reserved(user) || reserved(password.expose()) {
        // Another way may do: it moves on.
        let message = "the device cannot be told this login of FTP: user and password stand in a URL there, with no \
             spaces and none of @ : / ? [ ]";
        return Err(Error::new(ErrorKind::Unsupported, "copy", message).with("server", &from.host).with("user", user));
    }
    Ok(format!("{user}:{}@", password.expose()))
}

/// A copy is good when the device says that it copied every byte.
async fn judge(output: &str, bytes: u64, path: &str, s: &mut Session<'_>) -> Result<String> {
    let copy = parse::copy_to_device(output);
    let error = match (copy.failure(), copy.bytes_copied) {
        (None, Some(copied)) if copied == bytes => return Ok(last_words(output)),
        (Some((kind, words)), _) => Error::new(kind, "copy", format!("the copy to {path} failed")).said(words),
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
    Wanted { image, bytes, path, .. }: Wanted<'_>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Registry;

    fn origin(user: Option<&str>, password: &str) -> Origin {
        let password = Some(Secret::new(password.to_owned()));
        Origin { host: "192.0.2.1".into(), port: None, path: "x.bin".into(), user: user.map(str::to_owned), password }
    }

    #[test]
    fn only_ftp_has_its_password_in_the_url() {
        for protocol in [Protocol::Scp, Protocol::Sftp, Protocol::Http, Protocol::Https] {
            assert_eq!(login(protocol, &origin(Some("u"), "p")).unwrap(), "u@");
        }
        assert_eq!(login(Protocol::Ftp, &origin(Some("u"), "p")).unwrap(), "u:p@");
        assert_eq!(login(Protocol::Tftp, &origin(None, "p")).unwrap(), "");
        for bad in ["a@b", "a b", "a/b", "a:b", "a?b"] {
            let e = login(Protocol::Ftp, &origin(Some("u"), bad)).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Unsupported, "another protocol may do");
            assert!(!e.report().to_string().contains(bad), "{e}");
        }
    }

    #[test]
    fn every_builtin_platform_says_which_ports_it_cannot_be_told() {
        let registry = Registry::builtin().unwrap();
        for id in registry.ids() {
            let abilities = &registry.definition(id).unwrap().abilities;
            assert_eq!(port_to_name(Protocol::Tftp, 69, abilities).unwrap(), None);
            assert_eq!(port_to_name(Protocol::Http, 8080, abilities).unwrap(), Some(8080));
            let e = port_to_name(Protocol::Ftp, 2121, abilities).unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Unsupported);
            assert!(e.to_string().contains("21 only") && e.to_string().contains("2121"), "{e}");
        }
    }
}
