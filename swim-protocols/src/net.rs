//! The network of the machine: TCP, and UDP.

#[cfg(any(feature = "http", feature = "ftp", feature = "tftp"))]
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use swim_core::model::Endpoint;
#[cfg(feature = "tftp")]
use swim_core::ports::Datagrams;
use swim_core::ports::{Accepted, Dialed, Listener, Network};
use swim_core::transfer::LISTEN;
use swim_core::{Error, ErrorKind, Result, Retry};
use tokio::net::{TcpListener, TcpStream};

/// When a refused or failed connection is worth another try: a device that reloads or a full connection table takes
/// seconds, not milliseconds.
pub const REDIAL_AFTER: Duration = Duration::from_secs(10);

/// Does the address mean the machine itself, wherever that is? IPv4 may stand in IPv6.
#[cfg(any(feature = "http", feature = "ftp", feature = "tftp"))]
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// TCP with small packets sent at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpNetwork;

#[async_trait]
impl Network for TcpNetwork {
    async fn dial(&self, to: &Endpoint) -> Result<Dialed> {
        let unreachable = |e: std::io::Error| {
            Error::new(ErrorKind::Unreachable, "connect", format!("no connection to {to}"))
                .with("endpoint", to)
                .retry_when(Retry::After(REDIAL_AFTER))
                .caused_by(e)
        };
        let stream = TcpStream::connect((to.host.as_str(), to.port)).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let local = own_address(&stream);
        let peer = stream.peer_addr().ok().map(|address| endpoint(address).host);
        Ok(Dialed { stream: Box::new(stream), local, peer })
    }

    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>> {
        let refused = |e| cannot_serve(at, e);
        let listener = TcpListener::bind((at.host.as_str(), at.port)).await.map_err(refused)?;
        let local = endpoint(listener.local_addr().map_err(refused)?);
        Ok(Box::new(TcpDoor { listener, local }))
    }

    async fn resolve(&self, to: &Endpoint) -> Result<Endpoint> {
        let unknown = |e: Option<std::io::Error>| {
            let unknown = Error::new(ErrorKind::Unreachable, "connect", format!("no address of {to} is known"))
                .with("endpoint", to)
                .retry_when(Retry::After(REDIAL_AFTER));
            match e {
                Some(e) => unknown.caused_by(e),
                None => unknown,
            }
        };
        let mut found = tokio::net::lookup_host((to.host.as_str(), to.port)).await.map_err(|e| unknown(Some(e)))?;
        found.next().map(endpoint).ok_or_else(|| unknown(None))
    }

    #[cfg(feature = "tftp")]
    async fn datagrams(&self, at: &Endpoint) -> Result<Box<dyn Datagrams>> {
        Ok(Box::new(crate::udp::Udp::bind(at).await?))
    }
}

/// Why nothing can be served at a place.
pub(crate) fn cannot_serve(at: &Endpoint, e: std::io::Error) -> Error {
    let kind = match e.kind() {
        std::io::ErrorKind::AddrInUse => ErrorKind::Busy,
        std::io::ErrorKind::PermissionDenied => ErrorKind::Privilege,
        _ => ErrorKind::InvalidInput,
    };
    let why = if kind == ErrorKind::Privilege { ": a port below 1024 takes CAP_NET_BIND_SERVICE" } else { "" };
    Error::new(kind, LISTEN, format!("cannot listen at {at}{why}")).with("endpoint", at).caused_by(e)
}

/// A listening TCP socket.
#[derive(Debug)]
struct TcpDoor {
    listener: TcpListener,
    local: Endpoint,
}

#[async_trait]
impl Listener for TcpDoor {
    fn local(&self) -> Endpoint {
        self.local.clone()
    }

    async fn accept(&self) -> Result<Accepted> {
        let (stream, peer) = self.listener.accept().await.map_err(|e| {
            Error::new(ErrorKind::Interrupted, "accept", "a connection could not be taken")
                .retry_when(Retry::After(Duration::from_millis(100)))
                .caused_by(e)
        })?;
        // Without it a connection works as well, only slower.
        let _ = stream.set_nodelay(true);
        let local = own_address(&stream);
        Ok(Accepted { stream: Box::new(stream), peer: endpoint(peer), local })
    }
}

/// Our own address of a connection.
fn own_address(stream: &TcpStream) -> Option<String> {
    stream.local_addr().ok().map(|address| endpoint(address).host)
}

/// IPv4 addresses that arrive through an IPv6 socket are shown as IPv4.
pub(crate) fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint { host: address.ip().to_canonical().to_string(), port: address.port() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn bytes_go_both_ways_and_both_ends_know_the_addresses() {
        let any = Endpoint { host: "127.0.0.1".into(), port: 0 };
        let door = TcpNetwork.listen(&any).await.unwrap();
        assert_ne!(door.local().port, 0);
        let mut dialed = TcpNetwork.dial(&door.local()).await.unwrap();
        assert_eq!(dialed.local.as_deref(), Some("127.0.0.1"));
        assert_eq!(dialed.peer.as_deref(), Some("127.0.0.1"));
        let mut accepted = door.accept().await.unwrap();
        assert_eq!(accepted.peer.host, "127.0.0.1");
        assert_eq!(accepted.local.as_deref(), Some("127.0.0.1"));
        dialed.stream.write_all(b"ping").await.unwrap();
        let mut four = [0; 4];
        accepted.stream.read_exact(&mut four).await.unwrap();
        assert_eq!(&four, b"ping");
    }

    #[tokio::test]
    async fn why_nothing_can_be_served_there_is_told() {
        let any = Endpoint { host: "127.0.0.1".into(), port: 0 };
        let open = TcpNetwork.listen(&any).await.unwrap();
        assert_eq!(TcpNetwork.listen(&open.local()).await.unwrap_err().kind(), ErrorKind::Busy);
        let foreign = Endpoint { host: "192.0.2.1".into(), port: 0 };
        assert_eq!(TcpNetwork.listen(&foreign).await.unwrap_err().kind(), ErrorKind::InvalidInput);
        let low = cannot_serve(&any, std::io::ErrorKind::PermissionDenied.into());
        assert_eq!((low.kind(), low.operation()), (ErrorKind::Privilege, LISTEN));
    }

    #[tokio::test]
    async fn a_closed_port_is_unreachable_and_worth_a_retry() {
        let any = Endpoint { host: "127.0.0.1".into(), port: 0 };
        let closed = TcpNetwork.listen(&any).await.unwrap().local();
        let e = TcpNetwork.dial(&closed).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unreachable);
        assert_eq!(e.retry(), Retry::After(REDIAL_AFTER));
    }
}
