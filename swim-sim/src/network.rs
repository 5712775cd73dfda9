//! The in-memory network: devices and listeners under endpoints, no sockets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use swim_core::model::Endpoint;
use swim_core::ports::{Accepted, ByteStream, Datagrams, Dialed, Listener, Network};
use swim_core::{Error, ErrorKind, Result, Retry};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use crate::SimDevice;
use crate::carrier::Access;
use crate::device::Outside;

/// Bytes in flight in each direction: about a TCP window on a fast network.
const WINDOW: usize = 256 * 1024;
/// Datagrams that wait; more are lost, as in a socket's buffer.
const WAITING: usize = 1024;
/// Connections that wait for `accept`.
const BACKLOG: usize = 1024;
/// The address of everybody who is not a device: what `Dialed::local` says and devices pull from.
const OWN_ADDRESS: &str = "192.0.2.1";
/// The first port that `listen` gives for port 0.
const FIRST_PORT: u16 = 20_000;

/// A datagram and who sent it.
type Datagram = (Vec<u8>, Endpoint);

#[derive(Debug, Default)]
struct Tables {
    /// Ports that take datagrams, by address and port.
    mailboxes: HashMap<Endpoint, mpsc::Sender<Datagram>>,
    devices: HashMap<Endpoint, (SimDevice, Access)>,
    listeners: HashMap<u16, mpsc::Sender<Accepted>>,
    next_port: u16,
}

#[derive(Debug, Default)]
pub(crate) struct Net {
    tables: Mutex<Tables>,
}

impl Net {
    fn tables(&self) -> std::sync::MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn peer_port(&self) -> u16 {
        let mut tables = self.tables();
        tables.next_port = tables.next_port.checked_add(1).unwrap_or(1);
        40_000 + tables.next_port % 20_000
    }

    /// Takes datagrams at a port of this host; 0 picks a free one.
    pub(crate) fn mailbox(self: &Arc<Self>, host: &str, port: u16) -> Result<Box<dyn Datagrams>> {
        let (send, receive) = mpsc::channel(WAITING);
        let mut tables = self.tables();
        tables.mailboxes.retain(|_, m| !m.is_closed());
        let at = |port| Endpoint { host: host.to_owned(), port };
        let free = |port: &u16| !tables.mailboxes.contains_key(&at(*port));
        let port = if port == 0 { (FIRST_PORT..u16::MAX).find(free) } else { Some(port).filter(free) };
        let local = port.map(at).ok_or_else(|| {
            Error::new(ErrorKind::Busy, "listen", format!("no free port for datagrams at {host}")).with("host", host)
        })?;
        tables.mailboxes.insert(local.clone(), send);
        let queue = tokio::sync::Mutex::new(receive);
        Ok(Box::new(Mailbox { net: Arc::downgrade(self), local, queue }))
    }

    /// A datagram to a device's port, or to ours under whatever host it is asked for; to nobody it is lost.
    fn post(&self, contents: &[u8], from: &Endpoint, to: &Endpoint) {
        let ours = Endpoint { host: OWN_ADDRESS.to_owned(), port: to.port };
        let tables = self.tables();
        if let Some(mailbox) = tables.mailboxes.get(to).or_else(|| tables.mailboxes.get(&ours)) {
            let _ = mailbox.try_send((contents.to_vec(), from.clone()));
        }
    }

    /// A connection of `own` to a listener, whatever host it is asked for under: there is one other side only.
    pub(crate) fn dial_from(&self, own: &str, to: &Endpoint) -> Result<Box<dyn ByteStream>> {
        let listener = self.tables().listeners.get(&to.port).cloned();
        let (near, far) = pair();
        let peer = Endpoint { host: own.to_owned(), port: self.peer_port() };
        listener
            .and_then(|l| {
                l.try_send(Accepted { stream: Box::new(far), peer, local: Some(OWN_ADDRESS.to_owned()) }).ok()
            })
            .ok_or_else(|| unreachable(to, "connection refused"))?;
        Ok(Box::new(near))
    }
}

fn pair() -> (DuplexStream, DuplexStream) {
    tokio::io::duplex(WINDOW)
}

fn unreachable(to: &Endpoint, why: &str) -> Error {
    Error::new(ErrorKind::Unreachable, "dial", format!("{to}: {why}")).with("endpoint", to).retry_when(Retry::Now)
}

/// A network in memory, for [`SimDevice`]s and for our own servers. Clones are the same network.
///
/// Devices are found by their whole endpoint. Listeners are found by port alone, whatever host they were given: all of
/// them are at the one address `192.0.2.1`, which is also what [`Dialed::local`] says.
#[derive(Clone, Debug, Default)]
pub struct SimNetwork(Arc<Net>);

impl SimNetwork {
    /// An empty network.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the SSH server of a device at an endpoint; its pulls come through this network too, from that host.
    pub fn attach(&self, device: &SimDevice, at: Endpoint) {
        self.put(device, at, Access::Ssh);
    }

    /// The same with its Telnet server. A device may have both, at two ports.
    pub fn attach_telnet(&self, device: &SimDevice, at: Endpoint) {
        self.put(device, at, Access::Telnet);
    }

    fn put(&self, device: &SimDevice, at: Endpoint, access: Access) {
        device.set_outside(Outside::Memory(Arc::downgrade(&self.0), at.host.clone()));
        self.0.tables().devices.insert(at, (device.clone(), access));
    }

    /// Takes a device away.
    pub fn detach(&self, at: &Endpoint) {
        self.0.tables().devices.remove(at);
    }
}

#[async_trait]
impl Network for SimNetwork {
    async fn dial(&self, to: &Endpoint) -> Result<Dialed> {
        let device = self.0.tables().devices.get(to).cloned();
        let stream: Box<dyn ByteStream> = match device {
            Some((device, access)) if device.admits() => {
                let (near, far) = pair();
                device.serve(far, access);
                Box::new(near)
            }
            Some(_) => return Err(unreachable(to, "connection refused")),
            None => self.0.dial_from(OWN_ADDRESS, to)?,
        };
        Ok(Dialed { stream, local: Some(OWN_ADDRESS.to_owned()), peer: None })
    }

    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>> {
        let (send, receive) = mpsc::channel(BACKLOG);
        let mut tables = self.0.tables();
        tables.listeners.retain(|_, l| !l.is_closed());
        let port = if at.port == 0 {
            (FIRST_PORT..u16::MAX).find(|p| !tables.listeners.contains_key(p)).unwrap_or(u16::MAX)
        } else {
            at.port
        };
        if tables.listeners.contains_key(&port) {
            return Err(Error::new(ErrorKind::Conflict, "listen", format!("port {port} is taken")).with("port", port));
        }
        tables.listeners.insert(port, send);
        let at = Endpoint { host: at.host.clone(), port };
        Ok(Box::new(SimListener { at, queue: tokio::sync::Mutex::new(receive) }))
    }

    async fn datagrams(&self, at: &Endpoint) -> Result<Box<dyn Datagrams>> {
        self.0.mailbox(OWN_ADDRESS, at.port)
    }
}

/// A listener in memory; dropping it frees its port.
#[derive(Debug)]
struct SimListener {
    at: Endpoint,
    queue: tokio::sync::Mutex<mpsc::Receiver<Accepted>>,
}

#[async_trait]
impl Listener for SimListener {
    fn local(&self) -> Endpoint {
        self.at.clone()
    }

    async fn accept(&self) -> Result<Accepted> {
        let next = self.queue.lock().await.recv().await;
        next.ok_or_else(|| Error::new(ErrorKind::Interrupted, "accept", "the network is gone"))
    }
}

/// A port for datagrams; dropping it frees it.
#[derive(Debug)]
struct Mailbox {
    net: Weak<Net>,
    local: Endpoint,
    queue: tokio::sync::Mutex<mpsc::Receiver<Datagram>>,
}

#[async_trait]
impl Datagrams for Mailbox {
    fn local(&self) -> Endpoint {
        self.local.clone()
    }

    async fn send(&self, batch: &[u8], each: usize, to: &Endpoint) -> Result<()> {
        let net = self.net.upgrade().ok_or_else(|| unreachable(to, "the network is gone"))?;
        batch.chunks(each.max(1)).for_each(|contents| net.post(contents, &self.local, to));
        Ok(())
    }

    async fn receive(&self, batch: &mut Vec<u8>) -> Result<(usize, Endpoint)> {
        let next = self.queue.lock().await.recv().await;
        let (contents, from) =
            next.ok_or_else(|| Error::new(ErrorKind::Interrupted, "receive", "the network is gone"))?;
        *batch = contents;
        Ok((batch.len().max(1), from))
    }
}
