//! SCP fetch from the device: the source of the legacy protocol (`scp -f`).
//!
//! A simulated flash keeps no bytes: an image that it had from the beginning is made again, with the identity and the size
//! that the flash tells. What was written to it since cannot be read back.

use std::io::Read;

use russh::Channel;
use russh::server::Msg;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::flash::{Content, StoredFile};
use crate::images::{IosImageSpec, PackageSpec, ios_image, ios_xe_package};
use crate::spec::Kind;
use crate::{SimDevice, show};

/// Bytes that are sent at once.
const CHUNK: usize = 64 * 1024;

/// Serves one `scp -f` request and closes the channel.
pub(crate) async fn run(device: SimDevice, line: String, channel: Channel<Msg>) {
    let (mut read, write) = channel.split();
    let mut out = write.make_writer();
    let status = {
        let mut input = read.make_reader();
        match send(&device, &line, &mut input, &mut out).await {
            Some(()) => 0,
            None => 1,
        }
    };
    // The client may be gone.
    let _ = write.exit_status(status).await;
    let _ = write.eof().await;
    let _ = write.close().await;
}

async fn send(
    device: &SimDevice,
    line: &str,
    input: &mut (impl tokio::io::AsyncRead + Unpin),
    out: &mut (impl tokio::io::AsyncWrite + Unpin),
) -> Option<()> {
    let path = line.split_whitespace().last()?.trim_matches(|c| c == '\'' || c == '"').to_owned();
    let Opened { name, mut bytes, size } = match granted(device, &path) {
        Ok(opened) => opened,
        Err(words) => {
            let _ = out.write_all(format!("\x01{words}\n").as_bytes()).await;
            let _ = out.flush().await;
            return None;
        }
    };
    go_on(input).await?;
    out.write_all(format!("C0644 {size} {name}\n").as_bytes()).await.ok()?;
    out.flush().await.ok()?;
    go_on(input).await?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = bytes.read(&mut chunk).ok()?;
        if count == 0 {
            break;
        }
        out.write_all(chunk.get(..count)?).await.ok()?;
    }
    out.write_all(&[0]).await.ok()?;
    out.flush().await.ok()?;
    go_on(input).await
}

/// The other side says yes to what came.
async fn go_on(input: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<()> {
    let mut verdict = [1];
    input.read_exact(&mut verdict).await.ok()?;
    (verdict[0] == 0).then_some(())
}

/// A file of the flash that is made again.
pub(crate) struct Opened {
    pub(crate) name: String,
    pub(crate) bytes: Box<dyn Read + Send>,
    pub(crate) size: u64,
}

fn granted(device: &SimDevice, path: &str) -> Result<Opened, String> {
    if !device.state().running.scp_server {
        return Err("Administratively disabled.".to_owned());
    }
    if device.spec().privilege < 15 {
        return Err("Privilege denied.".to_owned());
    }
    open(device, path)
}

/// The bytes of a file, or the words of the device.
pub(crate) fn open(device: &SimDevice, path: &str) -> Result<Opened, String> {
    let spec = device.spec();
    let missing = || format!("{path}: No such file or directory");
    let (member, name) = show::flash_of(&spec, path).ok_or_else(missing)?;
    let state = device.state();
    let members = state.members.iter().find(|m| m.number == member);
    let file: StoredFile = members.and_then(|m| m.flash.files.get(&name)).cloned().ok_or_else(missing)?;
    drop(state);
    let Content::Image(identity) = &file.content else {
        return Err(format!("{path}: the simulation keeps no bytes of it"));
    };
    let size = file.bytes;
    let bytes: Box<dyn Read + Send> = match spec.kind {
        Kind::Cat9300Stack { .. } => {
            Box::new(ios_xe_package(&PackageSpec::new(&identity.family, &identity.version, size)))
        }
        Kind::IosSwitch | Kind::IosRouter => {
            let image = IosImageSpec::new(&identity.family, &spec.software, &identity.version, size);
            Box::new(ios_image(&image))
        }
    };
    Ok(Opened { name, bytes, size })
}
