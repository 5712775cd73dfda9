//! Byte streams: real TCP, or an in-memory network with simulated devices.

use std::any::Any;
use std::fmt;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::model::Endpoint;
use crate::{Error, ErrorKind, Result};

/// A byte stream in both directions. A network's adapters may know their own streams again by their type.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + Any {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + Any> ByteStream for T {}

/// A connection that we made.
pub struct Dialed {
    /// The bytes.
    pub stream: Box<dyn ByteStream>,
    /// Our own address of this connection (no port), where the network has addresses.
    pub local: Option<String>,
    /// The address that was dialled (no port), where the network has addresses: a name may stand for several.
    pub peer: Option<String>,
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed").field("local", &self.local).field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// A connection that somebody made to us.
pub struct Accepted {
    /// The bytes.
    pub stream: Box<dyn ByteStream>,
    /// Who it is.
    pub peer: Endpoint,
    /// Our own address of this connection (no port), where the network has addresses.
    pub local: Option<String>,
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// Takes connections until it is dropped.
#[async_trait]
pub trait Listener: Send + Sync + fmt::Debug {
    /// Where it listens, with the real port.
    fn local(&self) -> Endpoint;
    /// The next connection.
    async fn accept(&self) -> Result<Accepted>;
}

/// Datagrams from and to a port of ours. A batch is one buffer that is cut into datagrams of the same length (the last
/// may be shorter): machines send such a buffer in one call, which is many times faster than one call each.
#[async_trait]
pub trait Datagrams: Send + Sync + fmt::Debug {
    /// Our own address.
    fn local(&self) -> Endpoint;
    /// From now on only this one is sent to and heard. The others are passed over where the network can do so by itself,
    /// which makes every datagram cheaper; elsewhere nothing changes, and the reader looks at the senders anyway.
    async fn connect(&self, _to: &Endpoint) -> Result<()> {
        Ok(())
    }
    /// Sends a batch.
    async fn send(&self, batch: &[u8], each: usize, to: &Endpoint) -> Result<()>;
    /// Waits for datagrams of one sender and puts them into `batch`, which is cleared before; says the length of each
    /// and who sent them. Where the datagrams came alone, the batch is one datagram.
    async fn receive(&self, batch: &mut Vec<u8>) -> Result<(usize, Endpoint)>;
}

/// Dials and listens.
#[async_trait]
pub trait Network: Send + Sync + fmt::Debug {
    /// Opens a stream; `Unreachable` when it cannot.
    async fn dial(&self, to: &Endpoint) -> Result<Dialed>;
    /// Listens; port 0 picks a free one.
    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>>;
    /// The same place with an address instead of a name: what sends datagrams must know who answers.
    async fn resolve(&self, to: &Endpoint) -> Result<Endpoint> {
        Ok(to.clone())
    }
    /// Takes datagrams at a port; port 0 picks a free one. `Unsupported` where there are only streams.
    async fn datagrams(&self, at: &Endpoint) -> Result<Box<dyn Datagrams>> {
        let message = format!("this network has no datagrams (asked for {at})");
        Err(Error::new(ErrorKind::Unsupported, "listen", message))
    }
}
