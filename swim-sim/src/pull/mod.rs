//! The device as a client: it reads a file from a server.

mod ftp;
mod http;
mod sftp;
mod ssh;
mod tftp;

use swim_core::model::{Endpoint, Protocol};
use tokio::io::AsyncReadExt;

pub(crate) use ftp::ftp;
pub(crate) use http::http;
pub(crate) use ssh::SshFiles;
pub(crate) use tftp::tftp;

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

/// What arrives, with a mark for every so many bytes.
struct Arriving<'a> {
    writer: FileWriter,
    banged: u64,
    out: &'a Printer,
}

impl<'a> Arriving<'a> {
    fn new(device: &SimDevice, target: &Target, protocol: Protocol, out: &'a Printer) -> Self {
        let writer = FileWriter::new(device, target.member, &target.name, &target.shown, Some(protocol));
        Self { writer, banged: 0, out }
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), PullError> {
        self.writer.write(bytes).await?;
        if self.writer.bytes() / BANG > self.banged {
            self.banged = self.writer.bytes() / BANG;
            self.out.put("!");
        }
        Ok(())
    }

    fn finish(self) -> u64 {
        let bytes = self.writer.bytes();
        self.out.put("!");
        self.writer.finish();
        bytes
    }
}

/// Copies exactly `length` bytes (or all, when it is not known) and gives back how many.
async fn pour(
    device: &SimDevice,
    from: &mut (impl tokio::io::AsyncRead + Unpin + Send),
    length: Option<u64>,
    target: &Target,
    protocol: Protocol,
    out: &Printer,
) -> Result<u64, PullError> {
    let mut file = Arriving::new(device, target, protocol, out);
    let mut chunk = vec![0; CHUNK];
    loop {
        let left = length.map_or(CHUNK as u64, |l| l - file.writer.bytes());
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
        file.take(room.get(..got).unwrap_or_default()).await?;
    }
    Ok(file.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let url = Url::parse("scp://u:p@192.0.2.1:2222/dir/x.bin").unwrap();
        assert_eq!((url.user.as_deref(), url.password.as_deref(), url.port), (Some("u"), Some("p"), Some(2222)));
        assert_eq!((url.path.as_str(), url.file_name()), ("dir/x.bin", "x.bin"));
        assert_eq!(Url::parse("http://[2001:db8::1]:80/x").unwrap().host, "2001:db8::1");
        assert_eq!(Url::parse("flash:x"), None);
    }
}
