//! Files over SSH: SCP, and the way to SFTP.

use std::sync::Arc;

use russh::client;
use russh::keys::PublicKeyOrCertificate;
use swim_core::model::Protocol;
use swim_core::ports::ByteStream;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::{BANG, CHUNK, PullError, Target, Url, pour};
use crate::SimDevice;
use crate::scp_source::Opened;
use crate::terminal::Printer;

/// Takes any host key, as a device without a list of known hosts does.
struct AnyKey;

impl client::Handler for AnyKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// The server says yes to what was sent.
async fn agreed(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Result<(), PullError> {
    let mut verdict = [1];
    stream.read_exact(&mut verdict).await.map_err(|_| PullError::Writing)?;
    if verdict[0] == 0 { Ok(()) } else { Err(PullError::Writing) }
}

/// An SSH connection to a server, not logged in yet.
pub(crate) struct SshFiles(client::Handle<AnyKey>);

impl SshFiles {
    pub(crate) async fn connect(device: &SimDevice, url: &Url) -> Result<Self, PullError> {
        let stream: Box<dyn ByteStream> =
            device.dial(&url.endpoint(22)).await.map_err(|_| PullError::Opening("Connection refused"))?;
        let config = Arc::new(client::Config { inactivity_timeout: None, ..client::Config::default() });
        let handle = client::connect_stream(config, stream, AnyKey)
            .await
            .map_err(|_| PullError::Opening("Connection closed by remote host"))?;
        Ok(Self(handle))
    }

    pub(crate) async fn login(&mut self, user: &str, password: &str) -> Result<(), PullError> {
        match self.0.authenticate_password(user, password).await {
            Ok(done) if done.success() => Ok(()),
            _ => Err(PullError::Login),
        }
    }

    /// Opens the subsystem `sftp` and reads the file.
    pub(crate) async fn sftp(
        self,
        device: SimDevice,
        url: Url,
        target: Target,
        out: Printer,
    ) -> Result<u64, PullError> {
        let lost = |_| PullError::Opening("Connection closed by remote host");
        let channel = self.0.channel_open_session().await.map_err(lost)?;
        channel.request_subsystem(true, "sftp").await.map_err(lost)?;
        super::sftp::fetch(channel.into_stream(), &device, &url, &target, &out).await
    }

    /// Runs `scp -t` and sends a file.
    pub(crate) async fn send(self, url: Url, mut file: Opened, out: Printer) -> Result<u64, PullError> {
        let lost = |_| PullError::Writing;
        let channel = self.0.channel_open_session().await.map_err(lost)?;
        channel.exec(true, format!("scp -t {}", url.path)).await.map_err(lost)?;
        let mut stream = channel.into_stream();
        let broken = |_| PullError::Writing;
        agreed(&mut stream).await?;
        let line = format!("C0644 {} {}\n", file.size, url.file_name());
        out.put(format!(" Sink: {line}"));
        stream.write_all(line.as_bytes()).await.map_err(broken)?;
        agreed(&mut stream).await?;
        let (mut chunk, mut sent) = (vec![0; CHUNK], 0_u64);
        loop {
            let count = file.bytes.read(&mut chunk).map_err(|_| PullError::Writing)?;
            if count == 0 {
                break;
            }
            stream.write_all(chunk.get(..count).unwrap_or_default()).await.map_err(broken)?;
            if (sent + count as u64) / BANG > sent / BANG {
                out.put("!");
            }
            sent += count as u64;
        }
        stream.write_all(&[0]).await.map_err(broken)?;
        agreed(&mut stream).await?;
        let _ = stream.shutdown().await;
        out.put("!\n");
        Ok(sent)
    }

    /// Runs `scp -f` and stores what comes.
    pub(crate) async fn scp(self, device: SimDevice, url: Url, target: Target, out: Printer) -> Result<u64, PullError> {
        let lost = |_| PullError::Reading("Connection closed by remote host");
        let channel = self.0.channel_open_session().await.map_err(lost)?;
        channel.exec(true, format!("scp -f {}", url.path)).await.map_err(lost)?;
        let mut stream = BufReader::new(channel.into_stream());
        let broken = |_| PullError::Reading("Connection closed by remote host");
        stream.get_mut().write_all(&[0]).await.map_err(broken)?;
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await.map_err(broken)? == 0 {
                return Err(PullError::Opening("Undefined error"));
            }
            match line.as_bytes().first() {
                // Times of the file: not kept.
                Some(b'T') => stream.get_mut().write_all(&[0]).await.map_err(broken)?,
                Some(b'C') => break,
                Some(1 | 2) if line.contains("ermission") => return Err(PullError::Opening("Permission denied")),
                _ => return Err(PullError::Opening("No such file or directory")),
            }
        }
        let size: u64 = line.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or(PullError::Opening("I/O error"))?;
        out.put(format!(" Sending file modes: {}\n", line.trim_end()));
        stream.get_mut().write_all(&[0]).await.map_err(broken)?;
        let bytes = pour(&device, &mut stream, Some(size), &target, Protocol::Scp, &out).await?;
        let mut verdict = [0];
        stream.read_exact(&mut verdict).await.map_err(broken)?;
        // The file is complete; a server that is gone by now has lost nothing.
        let _ = stream.get_mut().write_all(&[0]).await;
        let _ = stream.get_mut().shutdown().await;
        out.put("\n");
        Ok(bytes)
    }
}
