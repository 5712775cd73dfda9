//! Byte streams: real TCP, or an in-memory network with simulated devices.

use std::fmt;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::Result;
use crate::model::Endpoint;

/// A byte stream in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// A connection that we made.
pub struct Dialed {
    /// The bytes.
    pub stream: Box<dyn ByteStream>,
    /// Our own address of this connection (no port), where the network has addresses.
    pub local: Option<String>,
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed").field("local", &self.local).finish_non_exhaustive()
    }
}

/// A connection that somebody made to us.
pub struct Accepted {
    /// The bytes.
    pub stream: Box<dyn ByteStream>,
    /// Who it is.
    pub peer: Endpoint,
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

/// Dials and listens.
#[async_trait]
pub trait Network: Send + Sync + fmt::Debug {
    /// Opens a stream; `Unreachable` when it cannot.
    async fn dial(&self, to: &Endpoint) -> Result<Dialed>;
    /// Listens; port 0 picks a free one.
    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>>;
}
