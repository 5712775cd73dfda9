//! Datagrams of the machine, many at a time: the kernel cuts one buffer into datagrams and glues what comes in.

use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use swim_core::model::Endpoint;
use swim_core::ports::Datagrams;
use swim_core::{Error, ErrorKind, Result};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// The largest buffer that one call sends or takes.
const BATCH: usize = 65_507;

/// Room for datagrams that wait for us. A window of large blocks must fit, or all of it is sent again after each loss; the
/// kernel gives less where its own limit is lower.
const WAITING: usize = 16 * 1024 * 1024;

/// A UDP socket.
#[derive(Debug)]
pub(crate) struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    local: Endpoint,
}

impl Udp {
    pub(crate) async fn bind(at: &Endpoint) -> Result<Self> {
        let refused = |e: std::io::Error| {
            let kind = match e.kind() {
                std::io::ErrorKind::AddrInUse => ErrorKind::Busy,
                std::io::ErrorKind::PermissionDenied => ErrorKind::Privilege,
                _ => ErrorKind::InvalidInput,
            };
            Error::new(kind, "listen", format!("cannot take datagrams at {at}")).with("endpoint", at).caused_by(e)
        };
        let socket = UdpSocket::bind((at.host.as_str(), at.port)).await.map_err(refused)?;
        let state = UdpSocketState::new((&socket).into()).map_err(refused)?;
        // Less room only means more repetitions.
        let _ = state.set_recv_buffer_size((&socket).into(), WAITING);
        let local = crate::net::endpoint(socket.local_addr().map_err(refused)?);
        Ok(Self { socket, state, local })
    }
}

fn failed(e: std::io::Error) -> Error {
    Error::new(ErrorKind::Interrupted, "datagrams", "the socket failed").caused_by(e)
}

#[async_trait]
impl Datagrams for Udp {
    fn local(&self) -> Endpoint {
        self.local.clone()
    }

    async fn send(&self, batch: &[u8], each: usize, to: &Endpoint) -> Result<()> {
        let address: IpAddr = to.host.parse().map_err(|_| Error::invalid("host", to, "an address is needed here"))?;
        let destination = SocketAddr::new(address, to.port);
        let each = each.max(1);
        let at_once = self.state.max_gso_segments().clamp(1, (BATCH / each).max(1)) * each;
        for contents in batch.chunks(at_once) {
            let segment_size = (contents.len() > each).then_some(each);
            let transmit = Transmit { destination, ecn: None, contents, segment_size, src_ip: None };
            let send = || self.state.try_send((&self.socket).into(), &transmit);
            self.socket.async_io(Interest::WRITABLE, send).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn receive(&self, batch: &mut Vec<u8>) -> Result<(usize, Endpoint)> {
        batch.clear();
        batch.resize(BATCH, 0);
        let mut meta = [RecvMeta::default()];
        let receive = || self.state.recv((&self.socket).into(), &mut [IoSliceMut::new(batch)], &mut meta);
        self.socket.async_io(Interest::READABLE, receive).await.map_err(failed)?;
        let [meta] = meta;
        batch.truncate(meta.len);
        Ok((meta.stride.max(1), crate::net::endpoint(meta.addr)))
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
}
