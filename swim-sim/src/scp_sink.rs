//! SCP push into the device: the sink of the legacy protocol (`scp -t`).

use russh::Channel;
use russh::server::Msg;
use swim_core::model::Protocol;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::write::{Failed, FileWriter};
use crate::{SimDevice, show};

/// Read buffer.
const CHUNK: usize = 64 * 1024;

/// Serves one `scp` request and closes the channel.
pub(crate) async fn run(device: SimDevice, line: String, channel: Channel<Msg>) {
    let (read, write) = channel.split();
    let status = receive(&device, &line, read, &write).await.map_or(1, |()| 0);
    // The client may be gone.
    let _ = write.exit_status(status).await;
    let _ = write.eof().await;
    let _ = write.close().await;
}

async fn receive(
    device: &SimDevice,
    line: &str,
    mut read: russh::ChannelReadHalf,
    write: &russh::ChannelWriteHalf<Msg>,
) -> Option<()> {
    let mut out = write.make_writer();
    let spec = device.spec();
    let words: Vec<&str> = line.split_whitespace().collect();
    let refusal = if !device.state().running.scp_server {
        Some("Administratively disabled.")
    } else if spec.privilege < 15 {
        Some("Privilege denied.")
    } else if !words.contains(&"-t") {
        Some("scp: only -t is served.")
    } else {
        None
    };
    if let Some(words) = refusal {
        fail(&mut out, words).await;
        return None;
    }
    let path = words.last()?.trim_matches(|c| c == '\'' || c == '"').to_owned();
    out.write_all(&[0]).await.ok()?;
    let mut input = BufReader::with_capacity(CHUNK, read.make_reader());
    let (size, sent_name) = loop {
        let mut header = String::new();
        if input.read_line(&mut header).await.ok()? == 0 {
            return None;
        }
        match header.as_bytes().first() {
            Some(b'T') => out.write_all(&[0]).await.ok()?,
            Some(b'C') => {
                let mut parts = header.trim_end().splitn(3, ' ').skip(1);
                let size: Option<u64> = parts.next().and_then(|s| s.parse().ok());
                break (size?, parts.next().unwrap_or("").to_owned());
            }
            _ => {
                fail(&mut out, "scp: protocol error").await;
                return None;
            }
        }
    };
    let path = if path.ends_with(':') || path.ends_with('/') { format!("{path}{sent_name}") } else { path };
    let Some((member, name)) = show::flash_of(&spec, &path) else {
        fail(&mut out, &format!("{path}: No such file or directory")).await;
        return None;
    };
    out.write_all(&[0]).await.ok()?;
    let mut writer = FileWriter::new(device, member, &name, &path, Some(Protocol::Scp));
    let mut chunk = vec![0; CHUNK];
    while writer.bytes() < size {
        let room = chunk.get_mut(..((size - writer.bytes()).min(CHUNK as u64) as usize))?;
        let got = input.read(room).await.ok()?;
        if got == 0 {
            return None;
        }
        match writer.write(room.get(..got)?).await {
            Ok(()) => {}
            Err(Failed::NoSpace) => {
                fail(&mut out, "No space left on device").await;
                return None;
            }
            Err(Failed::Broken) => {
                let _ = write.close().await;
                return None;
            }
        }
    }
    let mut verdict = [1];
    input.read_exact(&mut verdict).await.ok()?;
    if verdict[0] != 0 {
        return None;
    }
    writer.finish();
    out.write_all(&[0]).await.ok()?;
    Some(())
}

async fn fail(out: &mut (impl tokio::io::AsyncWrite + Unpin), words: &str) {
    // A client that is gone does not need the reason.
    let _ = out.write_all(format!("\x01{words}\n").as_bytes()).await;
    let _ = out.flush().await;
}
