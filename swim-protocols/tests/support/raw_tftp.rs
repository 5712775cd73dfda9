//! TFTP by hand: packets as they are, and the patience that a busy machine needs.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;

/// However busy the machine is.
pub const LONG: Duration = Duration::from_secs(60);

pub async fn patient<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, work).await.expect("it hangs")
}

pub async fn hear(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut packet = vec![0; 70_000];
    let (count, from) = patient(socket.recv_from(&mut packet)).await.unwrap();
    packet.truncate(count);
    (packet, from)
}
