//! Connections that are cut in the middle: the next try goes on there, and sends at most one window twice, counted by a relay.
#![cfg(all(feature = "ssh", feature = "http"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[path = "support/relay.rs"]
mod relay;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::process::Command;
use std::sync::Arc;

use relay::{Cut, Fault, Relay, Way};
use sink::{FileSink, fetch};
use support::memory::{MemoryRecords, MemorySecrets, PatternStore};
use support::{Folder, Sshd, assert_pattern, context, offer, program, push};
use swim_core::ErrorKind;
use swim_core::model::Device;
use swim_core::ports::{Offer, Served, Transfer};
use swim_protocols::http::{HttpClient, HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::ssh::{SshClient, SshConfig};

/// Not a multiple of any block.
const BYTES: u64 = 32 * 1024 * 1024 + 4321;
/// What a transfer may have on its way: four megabytes of requests, or the window of a channel.
const WINDOW: u64 = 4 * 1024 * 1024;
/// Logins, headers, and what is compared before a transfer goes on: half a megabyte either way.
const AROUND: u64 = 1024 * 1024;
/// The headers of packets: less than one percent of the bytes.
const HEADERS: u64 = BYTES / 100;
/// Where it is cut, in percent of the file.
const PLACES: [u64; 4] = [10, 50, 90, 99];

/// How often the bytes of the file crossed the relay beyond once.
fn sent_again(relay: &Relay, way: Way) -> u64 {
    relay.passed(way).saturating_sub(BYTES)
}

fn through(relay: &Relay, device: &Device) -> Device {
    let mut device = device.clone();
    device.at.port = relay.port;
    device
}

async fn relay(port: u16, way: Way, percent: u64, fault: Fault) -> Relay {
    Relay::start(port, Some(Cut { way, at: BYTES * percent / 100, fault })).await
}

/// A push that is cut, and the one after it.
async fn push_through_a_cut(adapter: &dyn Transfer, device: &Device, percent: u64, fault: Fault, folder: &Folder) {
    let relay = relay(device.at.port, Way::Up, percent, fault).await;
    let path = folder.file("pushed");
    let _ = std::fs::remove_file(&path);
    let request = || push(through(&relay, device), BYTES, &path);
    adapter.push(request(), &context()).await.unwrap_err();
    assert!(relay.is_cut());
    let receipt = adapter.push(request(), &context()).await.unwrap();
    assert_pattern(&path, BYTES);
    assert_eq!(receipt.resumed_from + receipt.bytes, BYTES);
    judge("push", adapter, &relay, Way::Up, percent, fault);
}

/// A fetch that is cut, and the one after it.
async fn fetch_through_a_cut(adapter: &dyn Transfer, device: &Device, path: &str, percent: u64, fault: Fault) {
    let relay = relay(device.at.port, Way::Down, percent, fault).await;
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let request = || fetch(through(&relay, device), path, &sink);
    adapter.fetch(request(), &context()).await.unwrap_err();
    assert!(relay.is_cut() && !sink.is_finished());
    let receipt = adapter.fetch(request(), &context()).await.unwrap();
    assert_pattern(&folder.file("to"), BYTES);
    assert_eq!(receipt.resumed_from + receipt.bytes, BYTES);
    judge("fetch", adapter, &relay, Way::Down, percent, fault);
}

fn judge(verb: &str, adapter: &dyn Transfer, relay: &Relay, way: Way, percent: u64, fault: Fault) {
    let again = sent_again(relay, way);
    println!("{} {verb}, {fault:?} at {percent} %: {again} bytes more than the file", adapter.ability().protocol);
    assert!(again <= WINDOW + AROUND + HEADERS, "{again}");
}

fn impatient(sshd: &Sshd) -> Arc<SshClient> {
    let key = std::fs::read_to_string(sshd.folder.file("user")).unwrap();
    let secrets = Arc::new(MemorySecrets::new(&[("key", &key)]));
    let config = SshConfig { silence_seconds: 2, ..SshConfig::default() };
    Arc::new(SshClient::new(Arc::new(TcpNetwork), secrets, Arc::<MemoryRecords>::default(), config))
}

#[tokio::test]
async fn an_sftp_push_goes_on_after_a_cut() {
    let sshd = Sshd::start();
    let adapter = SftpPush::new(sshd.client(&Arc::default()));
    for percent in PLACES {
        push_through_a_cut(&adapter, &sshd.device(), percent, Fault::Reset, &sshd.folder).await;
    }
    let adapter = SftpPush::new(impatient(&sshd));
    for fault in [Fault::Stall, Fault::HalfClose] {
        push_through_a_cut(&adapter, &sshd.device(), 50, fault, &sshd.folder).await;
    }
}

#[tokio::test]
async fn an_sftp_fetch_goes_on_after_a_cut() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    std::fs::write(&path, PatternStore::pattern(0, BYTES as usize)).unwrap();
    let adapter = SftpFetch::new(sshd.client(&Arc::default()));
    for percent in PLACES {
        fetch_through_a_cut(&adapter, &sshd.device(), &path, percent, Fault::Reset).await;
    }
    let adapter = SftpFetch::new(impatient(&sshd));
    for fault in [Fault::Stall, Fault::HalfClose] {
        fetch_through_a_cut(&adapter, &sshd.device(), &path, 50, fault).await;
    }
}

async fn http_offer() -> Box<dyn Served> {
    let offers = HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: "127.0.0.1".into(), ports: None });
    offers.offer(Offer { uses: 2, ..offer(BYTES, "x.bin") }, &context()).await.unwrap()
}

#[tokio::test]
async fn an_http_fetch_goes_on_after_a_cut() {
    let adapter = HttpClient::new(Arc::new(TcpNetwork), Arc::new(MemorySecrets::new(&[])));
    for percent in PLACES {
        for fault in [Fault::Reset, Fault::HalfClose] {
            let served = http_offer().await;
            let mut device = offer(BYTES, "x.bin").device;
            (device.at.port, device.login.user) = (served.port(), String::new());
            fetch_through_a_cut(&adapter, &device, served.path(), percent, fault).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_goes_on_with_an_http_offer_after_a_cut() {
    for percent in PLACES {
        let served = http_offer().await;
        let relay = relay(served.port(), Way::Down, percent, Fault::Reset).await;
        let folder = Folder::new();
        let to = folder.file("to");
        let url = format!("http://127.0.0.1:{}/{}", relay.port, served.path());
        let curl = async || {
            let mut command = Command::new(program("curl", "curl"));
            command.args(["-sf", "-C", "-", "-o", &to, &url]);
            tokio::task::spawn_blocking(move || command.status()).await.unwrap().unwrap()
        };
        assert!(!curl().await.success() && relay.is_cut());
        assert!(curl().await.success());
        assert_pattern(&to, BYTES);
        let again = sent_again(&relay, Way::Down);
        println!("curl, Reset at {percent} %: {again} bytes more than the file");
        assert!(again <= WINDOW + AROUND, "{again}");
    }
}

#[tokio::test]
async fn a_black_hole_is_an_interruption_and_not_a_verdict() {
    let sshd = Sshd::start();
    let relay = relay(sshd.port, Way::Up, 50, Fault::Stall).await;
    let request = push(through(&relay, &sshd.device()), BYTES, &sshd.folder.file("x.bin"));
    let e = SftpPush::new(impatient(&sshd)).push(request, &context()).await.unwrap_err();
    assert!(matches!(e.kind(), ErrorKind::Timeout | ErrorKind::Interrupted), "{e:?}");
}
