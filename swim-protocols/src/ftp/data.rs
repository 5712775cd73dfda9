//! The data connection of the client.

use std::net::IpAddr;

use bytes::{Bytes, BytesMut};
use swim_core::model::Endpoint;
use swim_core::ports::{Context, Listener};
use swim_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};

use super::config::{CONNECT, DATA_SILENCE, DataMode, PIECE, READ_BUFFER};
use super::failure::{About, broken, refused};
use super::reply::{Reply, extended_port, passive_port};
use super::session::{Session, Stream};
use crate::tls::Peer;

/// A data connection that is agreed upon.
pub(super) enum Path {
    /// We dialled.
    Open(Stream),
    /// The server dials when it begins.
    Expected(Box<dyn Listener>),
}

impl Session<'_> {
    /// Sends the verb of a transfer over a new data connection, from an offset. The refusal of the verb, or the stream.
    pub(super) async fn transfer(&mut self, verb: &str, from: u64) -> Result<std::result::Result<Stream, Reply>> {
        let path = match self.ports.config.mode {
            DataMode::Passive => Path::Open(self.passive().await?),
            DataMode::Active => Path::Expected(self.active().await?),
        };
        // With some servers an offset outlives a verb that was refused.
        if from > 0 || self.offset_stays {
            let reply = self.ask(&format!("REST {from}")).await?;
            if reply.code != 350 && from > 0 {
                return Ok(Err(reply));
            }
            self.offset_stays = from > 0;
        }
        if let Err(reply) = self.start(verb).await? {
            return Ok(Err(reply));
        }
        self.offset_stays = false;
        let stream = match path {
            Path::Open(stream) => stream,
            Path::Expected(door) => arrival(&self.host, door.as_ref(), self.cx).await?,
        };
        Ok(Ok(protected(self.peer.as_ref(), stream, self.cx).await?))
    }

    async fn passive(&mut self) -> Result<Stream> {
        let mut port = None;
        if self.extended {
            let reply = self.ask("EPSV").await?;
            if reply.code == 229 {
                port = Some(extended_port(&reply.text).ok_or_else(|| unreadable(&reply))?);
            } else {
                self.extended = false;
            }
        }
        let port = match port {
            Some(port) => port,
            None => {
                let reply = self.ask("PASV").await?;
                if reply.code != 227 {
                    return Err(refused(&reply, About::Session));
                }
                passive_port(&reply.text).ok_or_else(|| unreadable(&reply))?
            }
        };
        let at = Endpoint { host: self.host.clone(), port };
        let dialed = self.cx.within(CONNECT, "connect", self.ports.network.dial(&at)).await;
        Ok(dialed.map_err(|e| e.with("connection", "data"))?.stream)
    }

    async fn active(&mut self) -> Result<Box<dyn Listener>> {
        let unknown = || {
            let message = "our own address is not known here, so the server cannot dial us: use the passive mode";
            Error::new(ErrorKind::Unsupported, "ftp", message)
        };
        let ours: IpAddr = self.local.as_deref().and_then(|a| a.parse().ok()).ok_or_else(unknown)?;
        let door = crate::door::open(&*self.ports.network, &ours.to_string(), self.ports.config.active_ports).await?;
        let port = door.local().port;
        if self.extended {
            let family = if ours.is_ipv4() { 1 } else { 2 };
            if self.ask(&format!("EPRT |{family}|{ours}|{port}|")).await?.good() {
                return Ok(door);
            }
            self.extended = false;
        }
        let IpAddr::V4(ours) = ours else { return Err(unknown()) };
        let [a, b, c, d] = ours.octets();
        let [high, low] = port.to_be_bytes();
        self.expect(&format!("PORT {a},{b},{c},{d},{high},{low}"), About::Session).await?;
        Ok(door)
    }
}

/// A data connection as its session is: encrypted, or not.
async fn protected(peer: Option<&Peer>, data: Stream, cx: &Context) -> Result<Stream> {
    let Some(peer) = peer else { return Ok(data) };
    let data = BufReader::with_capacity(READ_BUFFER, data);
    Ok(peer.secure(data, cx).await.map_err(|e| e.with("connection", "data"))?.stream)
}

/// Waits for this address; somebody else is sent away.
pub(super) async fn arrival(host: &str, door: &dyn Listener, cx: &Context) -> Result<Stream> {
    // The zone of a link-local address is ours: who comes shows none.
    let address = host.split('%').next().and_then(|a| a.parse::<IpAddr>().ok());
    let expected = address.map_or_else(|| host.to_owned(), |a| a.to_canonical().to_string());
    let come = async {
        loop {
            let accepted = door.accept().await?;
            if accepted.peer.host == expected {
                return Ok(accepted.stream);
            }
            tracing::warn!(peer = %accepted.peer, "a data connection from an address that is not expected");
        }
    };
    cx.within(CONNECT, "accept", come).await.map_err(|e| e.with("connection", "data"))
}

fn unreadable(reply: &Reply) -> Error {
    Error::new(ErrorKind::UnexpectedReply, "ftp", "the server does not tell the data port").said(&reply.text)
}

/// How a piece ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It is full; more may come.
    Full,
    /// The other side is done.
    Done,
    /// The connection ended without the good-bye of TLS: some servers never say it, and so does one who cuts.
    Torn(Error),
    /// The connection failed.
    Failed(Error),
}

/// Reads one piece: what came before a failure is kept.
pub(super) async fn fill(stream: &mut Stream, cx: &Context) -> (Bytes, Ended) {
    let mut piece = BytesMut::with_capacity(PIECE);
    while piece.len() < PIECE {
        let read = async { Ok(stream.read_buf(&mut piece).await) };
        match cx.within(DATA_SILENCE, "ftp", read).await {
            Ok(Ok(0)) => return (piece.freeze(), Ended::Done),
            Ok(Ok(_)) => {}
            Ok(Err(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                return (piece.freeze(), Ended::Torn(broken(e)));
            }
            Ok(Err(e)) => return (piece.freeze(), Ended::Failed(broken(e))),
            Err(e) => return (piece.freeze(), Ended::Failed(e)),
        }
    }
    (piece.freeze(), Ended::Full)
}

/// Writes one piece; each step of it may take as long as silence is allowed.
pub(super) async fn drain(stream: &mut Stream, mut piece: &[u8], cx: &Context) -> Result<()> {
    while !piece.is_empty() {
        let written = async { stream.write(piece).await.map_err(broken) };
        match cx.within(DATA_SILENCE, "ftp", written).await? {
            0 => return Err(broken(std::io::ErrorKind::WriteZero.into())),
            count => piece = &piece[count..],
        }
    }
    Ok(())
}
