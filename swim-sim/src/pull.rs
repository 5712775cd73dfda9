//! The device as a client: it reads a file from a server by HTTP or by SCP.

use std::sync::Arc;

use russh::client;
use russh::keys::PublicKeyOrCertificate;
use swim_core::model::{Endpoint, Protocol};
use swim_core::ports::ByteStream;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::SimDevice;
use crate::terminal::Printer;
use crate::write::{Failed, FileWriter};

/// A URL of a copy command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) path: String,
}

impl Url {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https" | "scp" | "sftp" | "ftp" | "tftp") {
            return None;
        }
        let rest = rest.trim_start_matches("//");
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = authority.rsplit_once('@').map_or((None, authority), |(l, p)| (Some(l), p));
        let (user, password) = match login.map(|l| l.split_once(':').map_or((l, None), |(u, p)| (u, Some(p)))) {
            Some((user, password)) => (Some(user.to_owned()), password.map(str::to_owned)),
            None => (None, None),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|p| p.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(h, p)| (h, Some(p))),
        };
        let port = match port {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        Some(Self { scheme, user, password, host: host.to_owned(), port, path: path.to_owned() })
    }

    /// The URL as errors show it: without the login.
    pub(crate) fn shown(&self) -> String {
        format!("{}://{}/{}", self.scheme, self.host, self.path)
    }

    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or("")
    }

    fn endpoint(&self, default: u16) -> Endpoint {
        Endpoint { host: self.host.clone(), port: self.port.unwrap_or(default) }
    }
}

/// Why a pull failed, as the words in the brackets of `%Error opening`.
#[derive(Debug)]
pub(crate) enum PullError {
    /// `%Error opening URL (words)`.
    Opening(&'static str),
    /// `%Error reading URL (words)`.
    Reading(&'static str),
    /// `%Error writing TARGET (words)`.
    Writing,
    /// The password was refused.
    Login,
}

impl From<Failed> for PullError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::NoSpace => Self::Writing,
            Failed::Broken => Self::Reading("I/O error"),
        }
    }
}

/// Where the bytes go.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) member: u32,
    pub(crate) name: String,
    pub(crate) shown: String,
}

/// A `!` is printed for so many bytes.
const BANG: u64 = 512 * 1024;
/// Read buffer.
const CHUNK: usize = 64 * 1024;

/// Copies exactly `length` bytes (or all, when it is not known) and gives back how many.
async fn pour(
    device: &SimDevice,
    from: &mut (impl tokio::io::AsyncRead + Unpin + Send),
    length: Option<u64>,
    target: &Target,
    protocol: Protocol,
    out: &Printer,
) -> Result<u64, PullError> {
    let mut writer = FileWriter::new(device, target.member, &target.name, &target.shown, Some(protocol));
    let mut chunk = vec![0; CHUNK];
    let mut banged = 0;
    loop {
        let left = length.map_or(CHUNK as u64, |l| l - writer.bytes());
        if left == 0 {
            break;
        }
        let room = chunk.get_mut(..(left.min(CHUNK as u64) as usize)).unwrap_or_default();
        let got = from.read(room).await.map_err(|_| PullError::Reading("Connection closed by remote host"))?;
        if got == 0 {
            if length.is_some() {
                return Err(PullError::Reading("Connection closed by remote host"));
            }
            break;
        }
        writer.write(room.get(..got).unwrap_or_default()).await?;
        if writer.bytes() / BANG > banged {
            banged = writer.bytes() / BANG;
            out.put("!");
        }
    }
    let bytes = writer.bytes();
    out.put("!");
    writer.finish();
    Ok(bytes)
}

/// Reads a file by HTTP/1.1.
pub(crate) async fn http(device: SimDevice, url: Url, target: Target, out: Printer) -> Result<u64, PullError> {
    let at = url.endpoint(80);
    let stream = device.dial(&at).await.map_err(|_| PullError::Opening("Connection refused"))?;
    let mut stream = BufReader::new(stream);
    let login = match (&url.user, &url.password) {
        (Some(user), Some(password)) => {
            format!("Authorization: Basic {}\r\n", base64(format!("{user}:{password}").as_bytes()))
        }
        _ => String::new(),
    };
    let request = format!(
        "GET /{} HTTP/1.1\r\nHost: {at}\r\nUser-Agent: cisco-IOS\r\nAccept: */*\r\n{login}Connection: close\r\n\r\n",
        url.path
    );
    stream.get_mut().write_all(request.as_bytes()).await.map_err(|_| PullError::Opening("I/O error"))?;
    let mut status = String::new();
    stream.read_line(&mut status).await.map_err(|_| PullError::Opening("I/O error"))?;
    let mut length = None;
    loop {
        let mut header = String::new();
        let got = stream.read_line(&mut header).await.map_err(|_| PullError::Opening("I/O error"))?;
        let header = header.trim();
        if got == 0 || header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    match status.split_whitespace().nth(1) {
        Some("200") => {}
        Some("401" | "403") => return Err(PullError::Opening("Permission denied")),
        Some("404" | "410") => return Err(PullError::Opening("No such file or directory")),
        _ => return Err(PullError::Opening("I/O error")),
    }
    out.put(format!("Loading {} ", url.shown()));
    let bytes = pour(&device, &mut stream, length, &target, Protocol::Http, &out).await?;
    out.put("\n");
    Ok(bytes)
}

/// Takes any host key, as a device without a list of known hosts does.
struct AnyKey;

impl client::Handler for AnyKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// An SSH connection to a server, not logged in yet.
pub(crate) struct ScpClient(client::Handle<AnyKey>);

impl ScpClient {
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

    /// Runs `scp -f` and stores what comes.
    pub(crate) async fn fetch(
        self,
        device: SimDevice,
        url: Url,
        target: Target,
        out: Printer,
    ) -> Result<u64, PullError> {
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

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let n = (0..3).fold(0_u32, |n, i| n << 8 | u32::from(group.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let sign = SIGNS[(n >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= group.len() { char::from(sign) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_base64() {
        let url = Url::parse("scp://u:p@192.0.2.1:2222/dir/x.bin").unwrap();
        assert_eq!((url.user.as_deref(), url.password.as_deref(), url.port), (Some("u"), Some("p"), Some(2222)));
        assert_eq!((url.path.as_str(), url.file_name()), ("dir/x.bin", "x.bin"));
        assert_eq!(Url::parse("http://[2001:db8::1]:80/x").unwrap().host, "2001:db8::1");
        assert_eq!(Url::parse("flash:x"), None);
        assert_eq!(base64(b"user:pass"), "dXNlcjpwYXNz");
        assert_eq!(base64(b"ab"), "YWI=");
    }
}
