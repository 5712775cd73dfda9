//! The control connection of the client: greeting, login, verbs and their answers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use swim_core::model::{Device, Secret};
use swim_core::ports::{ByteStream, Context, Network, Secrets};
use swim_core::transfer::START_TLS;
use swim_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;

use super::config::{CONNECT, FtpClientConfig, GOODBYE, SILENCE};
use super::failure::{About, broken, refused};
use super::reply::{Replies, Reply, size_fact, time_fact};
use crate::tls::{Peer, Secured, TlsClient};

/// Preliminary answers to one verb. There is one, or a few from servers that show that they are alive.
const PRELIMINARY: usize = 64;

pub(super) type Stream = Box<dyn ByteStream>;

/// What sessions stand on.
#[derive(Clone, Debug)]
pub(super) struct Ports {
    pub(super) network: Arc<dyn Network>,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) config: FtpClientConfig,
    /// FTPS where it is there.
    pub(super) tls: Option<TlsClient>,
}

/// A session that is logged in.
pub(super) struct Session<'a> {
    pub(super) ports: &'a Ports,
    pub(super) device: &'a Device,
    pub(super) cx: &'a Context,
    /// Our own address.
    pub(super) local: Option<String>,
    /// The address of the server: a name may stand for several, and the data connection is of the same machine.
    pub(super) host: String,
    /// Does the server know `EPSV` and `EPRT`, as far as we saw?
    pub(super) extended: bool,
    /// Does it tell sizes, so that a later try can look at what is there?
    pub(super) looks: bool,
    /// An offset was agreed upon for a transfer that did not begin.
    pub(super) offset_stays: bool,
    /// Was a transfer begun whose answer has not come?
    running: bool,
    stream: Stream,
    replies: Replies,
    /// The other side of TLS: the data connections go on with the keys of this one, which servers insist on.
    pub(super) peer: Option<Peer>,
    cipher: Option<String>,
    /// The password that the server was told.
    told: Option<Secret<String>>,
}

impl<'a> Session<'a> {
    /// Dials and logs in.
    pub(super) async fn open(ports: &'a Ports, device: &'a Device, cx: &'a Context) -> Result<Self> {
        let dialed = cx.within(CONNECT, "connect", ports.network.dial(&device.at)).await?;
        let mut session = Self {
            ports,
            device,
            cx,
            local: dialed.local,
            host: one_address(&device.at.host, dialed.peer),
            extended: true,
            looks: true,
            offset_stays: false,
            running: false,
            stream: dialed.stream,
            replies: Replies::default(),
            peer: None,
            cipher: None,
            told: None,
        };
        let greeting = session.last(CONNECT).await?;
        if greeting.code != 220 {
            return Err(refused(&greeting, About::Session));
        }
        let session = match &ports.tls {
            Some(tls) => session.secured(tls).await?,
            None => session,
        };
        session.logged_in().await
    }

    /// From here on every verb and answer is encrypted.
    async fn secured(mut self, tls: &TlsClient) -> Result<Self> {
        let peer = tls.peer(self.device, self.cx).await?;
        let answer = self.ask("AUTH TLS").await?;
        if answer.code != 234 {
            let refusal = refused(&answer, About::Session);
            return Err(if answer.code == 421 { refusal } else { no_tls("does no TLS", &answer) });
        }
        // Somebody in between could have put answers here that we would take for ones that were protected.
        if !self.replies.is_empty() {
            let message = "the server sent something between the answer to AUTH and the TLS handshake";
            return Err(Error::new(ErrorKind::UnexpectedReply, "ftp", message));
        }
        let Secured { stream, cipher, .. } = peer.secure(BufReader::new(self.stream), self.cx).await?;
        Ok(Self { stream, cipher, peer: Some(peer), ..self })
    }

    async fn logged_in(mut self) -> Result<Self> {
        let ready = self.prepare().await;
        ready.map_err(|e| self.discreet(e))?;
        Ok(self)
    }

    /// An error of this session without the password: servers say back what they were told, and not only in their answer to
    /// it.
    pub(super) fn discreet(&self, error: Error) -> Error {
        match &self.told {
            Some(password) => error.masking(password),
            None => error,
        }
    }

    async fn prepare(&mut self) -> Result<()> {
        self.login(&*self.ports.secrets).await?;
        if self.peer.is_some() {
            for verb in ["PBSZ 0", "PROT P"] {
                let answer = self.ask(verb).await?;
                if !answer.good() {
                    return Err(no_tls("does not encrypt files", &answer));
                }
            }
        }
        self.expect("TYPE I", About::Session).await.map(drop)
    }

    /// The cipher of the verbs.
    pub(super) fn cipher(&self) -> Option<&str> {
        self.cipher.as_deref()
    }

    async fn login(&mut self, secrets: &dyn Secrets) -> Result<()> {
        let login = &self.device.login;
        // Without a login: what anonymous servers expect (RFC 1635).
        let user = if login.user.is_empty() { "anonymous" } else { &login.user };
        let answer = self.ask(&format!("USER {user}")).await?;
        if answer.code == 331 {
            let Some(name) = &login.password else {
                return in_or_refused(&self.ask("PASS anonymous@").await?);
            };
            let secret = secrets.resolve(name).await?;
            let line = Secret::new(format!("PASS {}", secret.expose()));
            self.told = Some(secret);
            return in_or_refused(&self.ask(line.expose()).await?);
        }
        in_or_refused(&answer)
    }

    /// Sends a verb. The caller's text is checked before: a line end in a name would be another verb.
    pub(super) async fn send(&mut self, line: &str) -> Result<()> {
        if line.contains(['\r', '\n', '\0']) {
            let verb = line.split(' ').next().unwrap_or_default();
            return Err(Error::invalid(verb, "(not shown)", "no line ends and no NUL can stand in it"));
        }
        let line = format!("{line}\r\n");
        let stream = &mut self.stream;
        let sent = async {
            stream.write_all(line.as_bytes()).await.map_err(broken)?;
            stream.flush().await.map_err(broken)
        };
        self.cx.within(SILENCE, "ftp", sent).await
    }

    /// The next reply. It must be there whole within a time: bytes that drip are silence.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Reply> {
        let cx = self.cx;
        cx.within(limit, "ftp", self.read_reply()).await
    }

    async fn read_reply(&mut self) -> Result<Reply> {
        loop {
            if let Some(reply) = self.replies.next_reply()? {
                return Ok(reply);
            }
            let mut some = [0; 4096];
            let count = self.stream.read(&mut some).await.map_err(broken)?;
            if count == 0 {
                return Err(broken(std::io::ErrorKind::UnexpectedEof.into()));
            }
            self.replies.feed(&some[..count])?;
        }
    }

    /// The next reply that is not preliminary.
    pub(super) async fn last(&mut self, limit: Duration) -> Result<Reply> {
        for _ in 0..PRELIMINARY {
            let reply = self.reply(limit).await?;
            if !reply.preliminary() {
                self.running = false;
                return Ok(reply);
            }
        }
        Err(Error::new(ErrorKind::UnexpectedReply, "ftp", "the server sends preliminary answers without end"))
    }

    /// Sends a verb and takes its answer.
    pub(super) async fn ask(&mut self, line: &str) -> Result<Reply> {
        self.send(line).await?;
        self.last(SILENCE).await
    }

    /// Sends a verb that must be done.
    pub(super) async fn expect(&mut self, line: &str, about: About) -> Result<Reply> {
        let reply = self.ask(line).await?;
        if reply.good() { Ok(reply) } else { Err(refused(&reply, about)) }
    }

    /// Starts the transfer of a verb: whether its preliminary answer came, or the refusal.
    pub(super) async fn start(&mut self, line: &str) -> Result<std::result::Result<(), Reply>> {
        self.send(line).await?;
        let reply = self.reply(SILENCE).await?;
        self.running = reply.preliminary();
        Ok(if self.running { Ok(()) } else { Err(reply) })
    }

    /// The size of a file; `None` when it is not there or the server does not tell.
    pub(super) async fn size(&mut self, path: &str) -> Result<Option<u64>> {
        let reply = self.ask(&format!("SIZE {path}")).await?;
        if reply.code == 213 {
            return Ok(reply.text.trim().parse().ok());
        }
        if reply.code == 421 {
            return Err(refused(&reply, About::Session));
        }
        // A file that is not there is an answer; everything else means that it does not tell.
        self.looks = refused(&reply, About::Read).kind() == ErrorKind::NotFound;
        if !reply.unknown() {
            return Ok(None);
        }
        let facts = self.ask(&format!("MLST {path}")).await?;
        let size = size_fact(&facts.text).filter(|_| facts.good());
        self.looks = size.is_some() || refused(&facts, About::Read).kind() == ErrorKind::NotFound;
        Ok(size)
    }

    /// When a file was changed, in seconds since 1970; `None` where the server does not tell.
    pub(super) async fn changed(&mut self, path: &str) -> Result<Option<i64>> {
        let reply = self.ask(&format!("MDTM {path}")).await?;
        if reply.code == 421 {
            return Err(refused(&reply, About::Session));
        }
        Ok(Some(reply).filter(|reply| reply.code == 213).and_then(|reply| time_fact(&reply.text)))
    }

    /// Leaves: stops a transfer that runs (its data connection is closed already), and removes the file where it must not stay. Nobody waits
    /// long for a server that is gone.
    pub(super) async fn give_up(&mut self, remove: Option<&str>) {
        let calm = Context { cancel: CancellationToken::new(), ..self.cx.clone() };
        let work = async {
            if self.running {
                self.line_out("ABOR").await?;
                // The answer to the transfer, and the one to the verb; a server that was done before gives them as well.
                self.plain_reply().await?;
                self.plain_reply().await?;
            }
            if let Some(path) = remove {
                self.line_out(&format!("DELE {path}")).await?;
                self.plain_reply().await?;
            }
            self.line_out("QUIT").await
        };
        if let Err(e) = calm.within(GOODBYE, "ftp", work).await {
            tracing::debug!(error = %e, "an FTP session was not left in order");
        }
    }

    async fn line_out(&mut self, line: &str) -> Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)
    }

    async fn plain_reply(&mut self) -> Result<Reply> {
        loop {
            let reply = self.read_reply().await?;
            if !reply.preliminary() {
                return Ok(reply);
            }
        }
    }
}

/// What the answer to a login means.
fn in_or_refused(answer: &Reply) -> Result<()> {
    if matches!(answer.code, 230 | 202) { Ok(()) } else { Err(refused(answer, About::Login)) }
}

/// Where the data connections of a server go whose name stood for this address. An address of the user stays as it is: it
/// may have a zone, which no connection tells.
fn one_address(host: &str, dialed: Option<String>) -> String {
    let address = host.split('%').next().is_some_and(|a| a.parse::<IpAddr>().is_ok());
    dialed.filter(|_| !address).unwrap_or_else(|| host.to_owned())
}

/// A server that does not protect what it must.
fn no_tls(what: &str, answer: &Reply) -> Error {
    let message = format!("the server {what}, and nothing is sent to it in the clear");
    Error::new(ErrorKind::Unsupported, START_TLS, message).said(format!("{} {}", answer.code, answer.text.trim()))
}
