//! FTP whose data connections are cut in the middle, with vsftpd: the next try goes on there, and sends at most what was on
//! its way twice, counted by a relay.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/relay.rs"]
mod relay;
#[path = "support/sink.rs"]
mod sink;
mod support;
#[path = "support/vsftpd.rs"]
mod vsftpd;

use std::sync::Arc;

use async_trait::async_trait;
use relay::{Cut, Fault, Relay, Way};
use sink::{FileSink, fetch};
use support::memory::{MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, free_port, push};
use swim_core::model::Endpoint;
use swim_core::ports::{Dialed, Listener, Network, Transfer};
use swim_core::{ErrorKind, Result};
use swim_protocols::ftp::{FtpClient, FtpClientConfig};
use swim_protocols::net::TcpNetwork;
use vsftpd::Vsftpd;

/// Not a multiple of any block.
const BYTES: u64 = 32 * 1024 * 1024 + 4321;
/// What the sockets on the way hold, ours, those of the relay and the one of the server.
const ON_ITS_WAY: u64 = 5 * 1024 * 1024;
/// Where it is cut, in percent of the file.
const PLACES: [u64; 4] = [10, 50, 90, 99];

/// The data connections go through a relay.
#[derive(Debug)]
struct Detour {
    data: u16,
    relay: u16,
}

#[async_trait]
impl Network for Detour {
    async fn dial(&self, to: &Endpoint) -> Result<Dialed> {
        let port = if to.port == self.data { self.relay } else { to.port };
        TcpNetwork.dial(&Endpoint { port, ..to.clone() }).await
    }

    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>> {
        TcpNetwork.listen(at).await
    }
}

/// A server with one port for data, the relay before it, and our client.
async fn ends(way: Way, percent: u64, fault: Fault) -> (Vsftpd, Relay, FtpClient) {
    let data = free_port("127.0.0.1");
    let ftpd = Vsftpd::with("127.0.0.1", &format!("pasv_min_port={data}\npasv_max_port={data}"));
    let relay = Relay::start(data, Some(Cut { way, at: BYTES * percent / 100, fault })).await;
    let network = Detour { data, relay: relay.port };
    let secrets = MemorySecrets::new(&[("good", "open sesame")]);
    let client = FtpClient::new(Arc::new(network), Arc::new(secrets), FtpClientConfig::default());
    (ftpd, relay, client)
}

fn judge(verb: &str, relay: &Relay, way: Way, percent: u64, fault: Fault) {
    let again = relay.passed(way).checked_sub(BYTES).unwrap();
    println!("ftp {verb}, {fault:?} at {percent} %: {again} bytes more than the file");
    assert!(again <= ON_ITS_WAY, "{again}");
}

#[tokio::test]
async fn a_push_goes_on_after_a_cut() {
    for (percent, fault) in PLACES.map(|percent| (percent, Fault::Reset)) {
        let (ftpd, relay, client) = ends(Way::Up, percent, fault).await;
        let request = || push(ftpd.device(), BYTES, "x.bin");
        let e = client.push(request(), &context()).await.unwrap_err();
        assert_eq!((e.kind(), relay.is_cut()), (ErrorKind::Interrupted, true), "{e:?}");
        let receipt = client.push(request(), &context()).await.unwrap();
        assert_pattern(&ftpd.file("x.bin"), BYTES);
        assert_eq!(receipt.resumed_from + receipt.bytes, BYTES);
        assert!(receipt.resumed_from > 0 && receipt.digest.is_none(), "{receipt:?}");
        judge("push", &relay, Way::Up, percent, fault);
    }
}

#[tokio::test]
async fn a_fetch_goes_on_after_a_cut() {
    let faults = PLACES.map(|percent| (percent, Fault::Reset));
    for (percent, fault) in faults.into_iter().chain([(50, Fault::HalfClose)]) {
        let (ftpd, relay, client) = ends(Way::Down, percent, fault).await;
        std::fs::write(ftpd.file("x.bin"), PatternStore::pattern(0, BYTES as usize)).unwrap();
        let folder = Folder::new();
        let sink = FileSink::at(folder.file("to"));
        let e = client.fetch(fetch(ftpd.device(), "x.bin", &sink), &context()).await.unwrap_err();
        assert_eq!((e.kind(), relay.is_cut(), sink.is_finished()), (ErrorKind::Interrupted, true, false), "{e:?}");
        let receipt = client.fetch(fetch(ftpd.device(), "x.bin", &sink), &context()).await.unwrap();
        assert_pattern(&folder.file("to"), BYTES);
        assert_eq!(receipt.resumed_from + receipt.bytes, BYTES);
        assert!(receipt.resumed_from > 0, "{receipt:?}");
        judge("fetch", &relay, Way::Down, percent, fault);
    }
}
