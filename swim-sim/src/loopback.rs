//! The same devices on real TCP ports, for real clients.

use std::net::SocketAddr;

use async_trait::async_trait;
use swim_core::model::Endpoint;
use swim_core::ports::{ByteStream, Datagrams};
use swim_core::{Error, ErrorKind, Result};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

use crate::SimDevice;
use crate::carrier::Access;
use crate::device::Outside;

/// A device that listens; dropping this ends it.
#[derive(Debug)]
pub struct Served {
    local: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    /// The address, with the real port.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn failed(what: &str, at: impl std::fmt::Display, e: std::io::Error) -> Error {
    Error::new(ErrorKind::Unreachable, what, at.to_string()).caused_by(e)
}

/// Serves a device at a TCP address (port 0 picks a free one). While the device boots the port is closed, so that
/// connections are refused; then it is opened again. The device's pulls use TCP from now on.
///
/// # Errors
/// `Unreachable` when the address cannot be bound.
pub async fn serve(device: &SimDevice, bind: SocketAddr) -> Result<Served> {
    listen(device, bind, Access::Ssh).await
}

/// The same with Telnet instead of SSH.
///
/// # Errors
/// As [`serve`].
pub async fn serve_telnet(device: &SimDevice, bind: SocketAddr) -> Result<Served> {
    listen(device, bind, Access::Telnet).await
}

async fn listen(device: &SimDevice, bind: SocketAddr, access: Access) -> Result<Served> {
    let listener = TcpListener::bind(bind).await.map_err(|e| failed("bind", bind, e))?;
    let local = listener.local_addr().map_err(|e| failed("bind", bind, e))?;
    device.set_outside(Outside::Tcp);
    let task = tokio::spawn(accept_forever(device.clone(), local, listener, access));
    Ok(Served { local, task })
}

async fn accept_forever(device: SimDevice, local: SocketAddr, first: TcpListener, access: Access) {
    /// Pause before binding again when the port is not free yet.
    const AGAIN: std::time::Duration = std::time::Duration::from_millis(50);
    let mut listener = Some(first);
    let mut up = device.up();
    loop {
        let open = match listener.take() {
            Some(open) => open,
            None => match TcpListener::bind(local).await {
                Ok(open) => open,
                Err(_) => {
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            },
        };
        loop {
            tokio::select! {
                accepted = open.accept() => if let Ok((stream, _)) = accepted {
                    take(&device, stream, access);
                },
                down = up.wait_for(|up| !*up) => {
                    if down.is_err() {
                        return;
                    }
                    break;
                }
            }
        }
        drop(open);
        if up.wait_for(|up| *up).await.is_err() {
            return;
        }
    }
}

fn take(device: &SimDevice, stream: TcpStream, access: Access) {
    // A refused connection is dropped at once: accepted and closed, as a device does whose login is not up yet.
    if device.admits() {
        let _ = stream.set_nodelay(true);
        device.serve(stream, access);
    }
}

/// Dials out over TCP.
pub(crate) async fn dial(to: &Endpoint) -> Result<Box<dyn ByteStream>> {
    let stream = TcpStream::connect((to.host.as_str(), to.port)).await.map_err(|e| failed("dial", to, e))?;
    Ok(Box::new(stream))
}

/// A UDP port for what a device pulls.
pub(crate) async fn datagrams() -> Result<Box<dyn Datagrams>> {
    let any = SocketAddr::from(([0, 0, 0, 0], 0));
    let socket = UdpSocket::bind(any).await.map_err(|e| failed("bind", any, e))?;
    let local = socket.local_addr().map_err(|e| failed("bind", any, e))?;
    Ok(Box::new(Udp { socket, local }))
}

/// A UDP socket, one datagram at a time.
#[derive(Debug)]
struct Udp {
    socket: UdpSocket,
    local: SocketAddr,
}

/// The largest datagram.
const DATAGRAM: usize = 65_535;

#[async_trait]
impl Datagrams for Udp {
    fn local(&self) -> Endpoint {
        Endpoint { host: self.local.ip().to_string(), port: self.local.port() }
    }

    async fn send(&self, batch: &[u8], each: usize, to: &Endpoint) -> Result<()> {
        for contents in batch.chunks(each.max(1)) {
            let sent = self.socket.send_to(contents, (to.host.as_str(), to.port)).await;
            sent.map_err(|e| failed("send", to, e))?;
        }
        Ok(())
    }

    async fn receive(&self, batch: &mut Vec<u8>) -> Result<(usize, Endpoint)> {
        batch.resize(DATAGRAM, 0);
        let (got, from) = self.socket.recv_from(batch).await.map_err(|e| failed("receive", self.local, e))?;
        batch.truncate(got);
        Ok((got.max(1), Endpoint { host: from.ip().to_canonical().to_string(), port: from.port() }))
    }
}
