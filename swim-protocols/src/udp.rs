//! Datagrams of the machine, many at a time: the kernel cuts one buffer into datagrams and glues what comes in.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use swim_core::model::Endpoint;
use swim_core::ports::Datagrams;
use swim_core::{Error, ErrorKind, Result};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// The largest buffer that one call sends or takes.
const BATCH: usize = 65_507;

/// Buffers that one call fills. Senders without batches of their own make a call for each datagram; we need not.
const BUFFERS: usize = 16;

/// Room for datagrams that wait for us. A window of large blocks must fit, or all of it is sent again after each loss; the
/// kernel gives less where its own limit is lower.
const WAITING: usize = 16 * 1024 * 1024;

/// A UDP socket.
#[derive(Debug)]
pub(crate) struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    /// Datagrams of this length are not cut out of a buffer by the kernel: they are above the MTU.
    uncut: AtomicUsize,
    local: Endpoint,
    /// The only one that is talked to, when that is known.
    peer: OnceLock<(Endpoint, SocketAddr)>,
    inbox: Mutex<Inbox>,
}

/// What was taken from the kernel and not by our reader yet.
#[derive(Debug)]
struct Inbox {
    /// Room for [`BUFFERS`] buffers; memory that no datagram reached costs nothing.
    room: Vec<u8>,
    /// Datagrams of the last call. Where they come one by one, filling in the paper for many costs more than the call.
    usual: usize,
    /// Place, length of all, length of each, and sender, by buffer.
    came: VecDeque<(usize, usize, usize, SocketAddr)>,
}

impl Inbox {
    /// The next datagrams of one sender that are alike: one buffer, or several that hold one each.
    fn take(&mut self, batch: &mut Vec<u8>) -> Option<(usize, SocketAddr)> {
        batch.clear();
        let (at, length, each, from) = self.came.pop_front()?;
        batch.extend_from_slice(self.room.get(at..at + length).unwrap_or_default());
        while let Some((at, length, stride, sender)) = self.came.front().copied() {
            // One buffer of shorter datagrams cannot stand at the end: only one of them may.
            let fits = stride == each || (stride < each && length <= stride);
            if sender != from || !batch.len().is_multiple_of(each) || !fits || batch.len() + length > BATCH {
                break;
            }
            batch.extend_from_slice(self.room.get(at..at + length).unwrap_or_default());
            self.came.pop_front();
        }
        Some((each, from))
    }
}

impl Udp {
    pub(crate) async fn bind(at: &Endpoint) -> Result<Self> {
        let refused = |e| crate::net::cannot_serve(at, e);
        let socket = UdpSocket::bind((at.host.as_str(), at.port)).await.map_err(refused)?;
        let state = UdpSocketState::new((&socket).into()).map_err(refused)?;
        allow_fragments(&socket);
        // Less room only means more repetitions, and without errors of the other machine a silence tells.
        let _ = state.set_recv_buffer_size((&socket).into(), WAITING);
        let _ = state.enable_transport_errors((&socket).into());
        let local = crate::net::endpoint(socket.local_addr().map_err(refused)?);
        let inbox = Mutex::new(Inbox { room: Vec::new(), usual: 1, came: VecDeque::new() });
        Ok(Self { socket, state, uncut: AtomicUsize::new(usize::MAX), local, peer: OnceLock::new(), inbox })
    }

    /// Takes what waits in the kernel. When that was all of it, we say so at once (`WouldBlock`): to ask a second time, only
    /// to hear that, would cost as much as the first.
    fn collect(&self, inbox: &mut Inbox) -> io::Result<()> {
        if inbox.room.is_empty() {
            inbox.room = vec![0; BATCH * BUFFERS];
        }
        let mut meta = [RecvMeta::default(); BUFFERS];
        let wanted = (inbox.usual * 2).min(BUFFERS);
        let mut buffers = inbox.room.chunks_exact_mut(BATCH).take(wanted).map(IoSliceMut::new).collect::<Vec<_>>();
        let count = self.state.recv((&self.socket).into(), &mut buffers, &mut meta)?;
        inbox.usual = count.max(1);
        let came = meta.iter().take(count).enumerate();
        inbox.came.extend(came.map(|(n, meta)| (n * BATCH, meta.len, meta.stride.max(1), meta.addr)));
        if count < wanted { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    }

    /// Hands datagrams to the kernel in one call.
    async fn put(&self, contents: &[u8], each: usize, destination: SocketAddr) -> io::Result<()> {
        if contents.len() <= each && self.peer.get().is_some_and(|(_, peer)| *peer == destination) {
            let sent = self.socket.async_io(Interest::WRITABLE, || self.socket.try_send(contents)).await;
            return sent.map(|_| ());
        }
        let segment_size = (contents.len() > each).then_some(each);
        let transmit = Transmit { destination, ecn: None, contents, segment_size, src_ip: None };
        let send = || self.state.try_send((&self.socket).into(), &transmit);
        self.socket.async_io(Interest::WRITABLE, send).await
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        // A panic elsewhere leaves datagrams behind that are as true as before.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where datagrams for an endpoint go.
    fn address(&self, to: &Endpoint) -> Result<SocketAddr> {
        if let Some((peer, address)) = self.peer.get()
            && peer == to
        {
            return Ok(*address);
        }
        let host: IpAddr = to.host.parse().map_err(|_| Error::invalid("host", to, "an address is needed here"))?;
        Ok(SocketAddr::new(host, to.port))
    }

    /// What went wrong. An error that another machine reported is cleared away, so that it is told once.
    fn failed(&self, e: io::Error) -> Error {
        let mut told = false;
        while let Ok(Some(_)) = self.state.recv_transport_error((&self.socket).into()) {
            told = true;
        }
        let unreachable =
            [io::ErrorKind::ConnectionRefused, io::ErrorKind::HostUnreachable, io::ErrorKind::NetworkUnreachable];
        if told || unreachable.contains(&e.kind()) {
            Error::new(ErrorKind::Unreachable, "datagrams", "nobody takes datagrams there").caused_by(e)
        } else {
            Error::new(ErrorKind::Interrupted, "datagrams", "the socket failed").caused_by(e)
        }
    }
}

/// Blocks larger than the MTU of the path go in fragments, as those of other servers and clients do. `quinn-udp` forbids
/// that for QUIC, and then such a block cannot be sent at all.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn allow_fragments(socket: &UdpSocket) {
    use nix::sys::socket::{setsockopt, sockopt::Ipv6DontFrag};
    use rustix::net::sockopt::{
        Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
    };
    // A socket of IPv6 may have IPv4 peers, and one of IPv4 has no option of the other. Blocks up to the MTU go anyway.
    let _ = set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::DONT);
    let _ = set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::DONT);
    let _ = setsockopt(socket, Ipv6DontFrag, &false);
}

/// Other systems: blocks up to the MTU.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const fn allow_fragments(_: &UdpSocket) {}

/// Did the kernel refuse to cut a buffer into datagrams of this length? It does not cut and fragment at once.
fn is_not_cut(e: &io::Error) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if e.raw_os_error() == Some(rustix::io::Errno::MSGSIZE.raw_os_error()) {
        return true;
    }
    e.kind() == io::ErrorKind::InvalidInput
}

#[async_trait]
impl Datagrams for Udp {
    fn local(&self) -> Endpoint {
        self.local.clone()
    }

    async fn connect(&self, to: &Endpoint) -> Result<()> {
        let address = self.address(to)?;
        self.socket.connect(address).await.map_err(|e| self.failed(e))?;
        let _ = self.peer.set((to.clone(), address));
        Ok(())
    }

    async fn send(&self, batch: &[u8], each: usize, to: &Endpoint) -> Result<()> {
        let destination = self.address(to)?;
        let each = each.max(1);
        let at_once = self.state.max_gso_segments().clamp(1, (BATCH / each).max(1)) * each;
        let at_once = if each >= self.uncut.load(Ordering::Relaxed) { each } else { at_once };
        for contents in batch.chunks(at_once) {
            let Err(e) = self.put(contents, each, destination).await else { continue };
            if contents.len() <= each || !is_not_cut(&e) {
                return Err(self.failed(e));
            }
            self.uncut.fetch_min(each, Ordering::Relaxed);
            for datagram in contents.chunks(each) {
                self.put(datagram, each, destination).await.map_err(|e| self.failed(e))?;
            }
        }
        Ok(())
    }

    async fn receive(&self, batch: &mut Vec<u8>) -> Result<(usize, Endpoint)> {
        let interest = Interest::READABLE | Interest::ERROR;
        loop {
            if let Some((each, from)) = self.inbox().take(batch) {
                let known = self.peer.get().filter(|(_, peer)| *peer == from);
                return Ok((each, known.map_or_else(|| crate::net::endpoint(from), |(peer, _)| peer.clone())));
            }
            let ready = self.socket.ready(interest).await.map_err(|e| self.failed(e))?;
            // One of them: tokio takes back nothing that was said of two at once.
            let said = if ready.is_error() { Interest::ERROR } else { Interest::READABLE };
            let collected = self.socket.try_io(said, || self.collect(&mut self.inbox()));
            if let Err(e) = collected
                && e.kind() != io::ErrorKind::WouldBlock
            {
                return Err(self.failed(e));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_batch_comes_as_datagrams_of_one_length() {
        for host in ["127.0.0.1", "::1"] {
            let any = Endpoint { host: host.into(), port: 0 };
            let (a, b) = (Udp::bind(&any).await.unwrap(), Udp::bind(&any).await.unwrap());
            let sent: Vec<u8> = (0..200_050_u32).map(|n| (n / 100) as u8).collect();
            a.send(&sent, 100, &b.local()).await.unwrap();
            let (mut came, mut batch) = (Vec::new(), Vec::new());
            while came.len() < sent.len() {
                let (each, from) = b.receive(&mut batch).await.unwrap();
                assert_eq!((from, each <= 100), (a.local(), true));
                came.extend_from_slice(&batch);
            }
            assert_eq!(came, sent);
        }
    }

    #[tokio::test]
    async fn who_is_connected_hears_one_and_is_heard_by_it() {
        let any = Endpoint { host: "127.0.0.1".into(), port: 0 };
        let [a, b, stranger] =
            [Udp::bind(&any).await, Udp::bind(&any).await, Udp::bind(&any).await].map(|u| u.unwrap());
        a.connect(&b.local()).await.unwrap();
        let mut batch = Vec::new();
        for round in 0..100_u8 {
            // The machine refuses for us; the error says so to the stranger, the next time.
            let _ = stranger.send(&[9; 10], 10, &a.local()).await;
            b.send(&[round; 10], 10, &a.local()).await.unwrap();
            assert_eq!((a.receive(&mut batch).await.unwrap(), batch[0]), ((10, b.local()), round));
            // One, many that one call sends, and again one.
            for count in [1, 40, 1] {
                a.send(&vec![round; count * 10], 10, &b.local()).await.unwrap();
                let mut came = 0;
                while came < count * 10 {
                    assert_eq!(b.receive(&mut batch).await.unwrap(), (10, a.local()));
                    came += batch.len();
                }
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_kernel_may_fragment() {
        use rustix::net::sockopt::{Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, ip_mtu_discover, ipv6_mtu_discover};
        let four = Udp::bind(&Endpoint { host: "127.0.0.1".into(), port: 0 }).await.unwrap();
        assert_eq!(ip_mtu_discover(&four.socket).unwrap(), Ipv4PathMtuDiscovery::DONT);
        let six = Udp::bind(&Endpoint { host: "::".into(), port: 0 }).await.unwrap();
        assert_eq!(ipv6_mtu_discover(&six.socket).unwrap(), Ipv6PathMtuDiscovery::DONT);
        assert_eq!(ip_mtu_discover(&six.socket).unwrap(), Ipv4PathMtuDiscovery::DONT);
    }
}
