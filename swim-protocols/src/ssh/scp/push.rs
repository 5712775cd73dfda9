//! We dial the device and write a file with `scp -t`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use russh::client::Msg;
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Context, Push, Receipt, Transfer, TransferAbility};
use swim_core::{Effect, Error, ErrorKind, Result};

use super::send::{Sending, send_file};
use super::source::Source;
use crate::ssh::client::{SshClient, SshLink};
use crate::ssh::config::CHANNEL_LIMIT;
use crate::ssh::failure;
use crate::ssh::pipe::{Heard, Pipe};

/// Bytes that are read from the store and handed to the connection at once: large enough that the store is asked rarely,
/// small enough that hundreds of transfers fit into memory.
const PIECE: usize = 512 * 1024;
/// How long the other side may take to say its exit status after it confirmed the file.
const FAREWELL: Duration = Duration::from_secs(5);

/// SCP push: the fallback for devices that have nothing better. Slow on most of them; it cannot resume.
#[derive(Debug)]
pub struct ScpPush {
    client: Arc<SshClient>,
    ability: TransferAbility,
}

impl ScpPush {
    /// A push adapter over a client.
    #[must_use]
    pub fn new(client: Arc<SshClient>) -> Self {
        Self { client, ability: TransferAbility::new(Protocol::Scp, true, false, &[Direction::Push]) }
    }
}

#[async_trait]
impl Transfer for ScpPush {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, cx: &Context) -> Result<Receipt> {
        let began = cx.clock.monotonic();
        let command = format!("scp -t {}", quote(&request.path)?);
        let mut source = Source::new(base_name(&request.path), request.bytes)?;
        let link = self.client.connect(&request.device, cx).await?;
        self.send(&link, command, &mut source, &request, cx).await.map_err(|e| link.discreet(e))?;
        link.close().await;
        let millis = u64::try_from(cx.clock.monotonic().saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        let receipt = Receipt::new(Protocol::Scp, Direction::Push, request.bytes, 0, millis);
        Ok(receipt.of(request.image).over(link.cipher()))
    }
}

impl ScpPush {
    async fn send(
        &self,
        link: &SshLink,
        command: String,
        source: &mut Source,
        request: &Push,
        cx: &Context,
    ) -> Result<()> {
        let mut pipe = link.pipe("scp", cx).await?;
        pipe.writer().exec(true, command).await.map_err(|e| failure::ssh("scp", e))?;
        pipe.granted(CHANNEL_LIMIT, cx).await.map_err(|e| e.with("device", &request.device.id))?;
        let silence = self.client.config().silence();
        let (store, image, bytes) = (&*request.store, &request.image, request.bytes);
        let file = Sending { store, image, bytes, piece: PIECE, silence };
        let driven = send_file(&file, source, &mut pipe, cx, |_| Ok(())).await;
        if driven.is_err() {
            pipe.finish().await;
        }
        driven.map_err(|e| {
            let effect = if e.effect() == Effect::None { source.effect() } else { e.effect() };
            pipe.explain(e).effected(effect).with("device", &request.device.id).of_file(&request.path)
        })?;
        farewell(&mut pipe, cx).await
    }
}

/// The file was confirmed; an exit status that contradicts that is a failure, none is fine (many devices just close).
/// The channel is closed behind the status: on a channel that we have closed nothing is heard any more.
pub(super) async fn farewell(pipe: &mut Pipe<Msg>, cx: &Context) -> Result<()> {
    pipe.end().await;
    let told = status(pipe, cx).await;
    pipe.finish().await;
    told
}

async fn status(pipe: &mut Pipe<Msg>, cx: &Context) -> Result<()> {
    let deadline = cx.clock.monotonic().saturating_add(FAREWELL);
    while pipe.exit().is_none() {
        let left = deadline.saturating_sub(cx.clock.monotonic());
        match pipe.hear(left, cx).await? {
            Heard::Closed | Heard::Quiet => return Ok(()),
            Heard::Data(_) | Heard::Moved => {}
        }
    }
    match pipe.exit() {
        None | Some(0) => Ok(()),
        Some(status) => Err(pipe.explain(
            Error::new(ErrorKind::DeviceRejected, "scp", format!("the far side ended with status {status}"))
                .effected(Effect::Unknown),
        )),
    }
}

/// The last part of a path like `flash:x.bin` or `/tmp/x.bin`.
fn base_name(path: &str) -> &str {
    path.rsplit(['/', ':']).next().unwrap_or(path)
}

/// A path as it must be written for a far shell. Paths of plain characters stay as they are, because most devices have
/// no shell that would take the quotes away.
pub(super) fn quote(path: &str) -> Result<String> {
    crate::path::check(path)?;
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if path.chars().all(plain) {
        return Ok(path);
    }
    Ok(format!("'{}'", path.replace('\'', r"'\''")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_devices_stay_and_strange_ones_are_quoted() {
        assert_eq!(quote("flash:c9k.17.09.bin").unwrap(), "flash:c9k.17.09.bin");
        assert_eq!(quote("/tmp/a b; rm -rf x").unwrap(), "'/tmp/a b; rm -rf x'");
        assert_eq!(quote("it's").unwrap(), r"'it'\''s'");
        assert_eq!(quote("-v").unwrap(), "./-v");
        assert!(quote("a\nb").is_err());
        assert_eq!(base_name("flash:/dir/x.bin"), "x.bin");
        assert_eq!(base_name("flash:x.bin"), "x.bin");
    }
}
