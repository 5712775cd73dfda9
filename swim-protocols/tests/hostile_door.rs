//! Strangers that crowd the doors of our offers, and a device that comes all the same.
#![cfg(all(feature = "ssh", feature = "http", feature = "ftp"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use support::{Folder, assert_pattern, context, offer, openssh, program};
use swim_core::ErrorKind;
use swim_core::model::Protocol;
use swim_core::ports::{Offer, Served, Transfer};
use swim_protocols::ftp::{FtpConfig, FtpOffers};
use swim_protocols::http::{HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{OfferConfig, SshOffers};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

const BYTES: u64 = 300_001;
/// No machine that a test can reach has it.
const ELSEWHERE: &str = "192.0.2.1";
/// A flood that spins would leave no processor for the device on a small machine.
const PAUSE: Duration = Duration::from_millis(20);
const PROTOCOLS: [Protocol; 3] = [Protocol::Http, Protocol::Sftp, Protocol::Ftp];

/// An adapter that listens at an address of this machine.
fn adapter(protocol: Protocol, bind: &str) -> Box<dyn Transfer> {
    let (network, bind) = (Arc::new(TcpNetwork), bind.to_owned());
    match protocol {
        Protocol::Http => Box::new(HttpOffers::new(network, HttpConfig { bind, ports: None })),
        Protocol::Ftp => Box::new(FtpOffers::new(network, FtpConfig { bind, port: 0, passive_ports: None })),
        _ => Box::new(SshOffers::new(network, OfferConfig { bind, ..OfferConfig::default() }).unwrap().1),
    }
}

/// An offer for a device at this address that may come from anywhere.
async fn open(protocol: Protocol, device: &str) -> Box<dyn Served> {
    let mut request = Offer { source: None, ..offer(BYTES, "x.bin") };
    request.device.at.host = device.to_owned();
    adapter(protocol, "127.0.0.1").offer(request, &context()).await.unwrap()
}

async fn knock(from: Ipv4Addr, port: u16) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(([127, 0, 0, 1], port).into()).await
}

/// A connection from each address that says nothing, and comes again when it is closed. It ends with the set.
async fn crowd(port: u16, from: impl Iterator<Item = Ipv4Addr>) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for address in from {
        let mut stream = knock(address, port).await.unwrap();
        all.spawn(async move {
            let mut heard = [0; 1000];
            loop {
                while stream.read(&mut heard).await.is_ok_and(|count| count > 0) {}
                tokio::time::sleep(PAUSE).await;
                match knock(address, port).await {
                    Ok(again) => stream = again,
                    Err(_) => return,
                }
            }
        });
    }
    all
}

/// The device pulls, once, with the program that people use.
async fn is_pulled(protocol: Protocol, served: &dyn Served) {
    let folder = Folder::new();
    let (port, path, file) = (served.port(), served.path(), folder.file("x"));
    let password = served.password().map(|p| p.expose().clone()).unwrap_or_default();
    let user = served.user().unwrap_or_default();
    let out = if protocol == Protocol::Sftp {
        let args = ["-q", "-P", &port.to_string(), &format!("{user}@127.0.0.1:{path}"), &file];
        openssh("scp", &password, &folder, &args.map(str::to_owned)).await
    } else {
        let login = if user.is_empty() { String::new() } else { format!("{user}:{password}@") };
        let mut curl = tokio::process::Command::new(program("curl", "curl"));
        curl.args(["-sS", "--max-time", "60", "-o", &file, &format!("{protocol}://{login}127.0.0.1:{port}/{path}")]);
        curl.output().await.unwrap()
    };
    assert!(out.status.success(), "{protocol}: {}", String::from_utf8_lossy(&out.stderr));
    assert_pattern(&file, BYTES);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_floods_locks_out_nobody() {
    for protocol in PROTOCOLS {
        let served = open(protocol, ELSEWHERE).await;
        let _crowd = crowd(served.port(), std::iter::repeat_n(Ipv4Addr::new(127, 0, 0, 2), 16)).await;
        is_pulled(protocol, &*served).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_flood_do_not_lock_out_the_device_at_its_address() {
    for protocol in PROTOCOLS {
        let served = open(protocol, "127.0.0.1").await;
        let _crowd = crowd(served.port(), (1..=150).map(|n| Ipv4Addr::new(127, 0, 3, n))).await;
        is_pulled(protocol, &*served).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_sit_there_do_not_lock_out_a_device_from_elsewhere() {
    for protocol in PROTOCOLS {
        let served = open(protocol, ELSEWHERE).await;
        let mut sitting = Vec::new();
        for n in 1..=150 {
            sitting.push(knock(Ipv4Addr::new(127, 0, 3, n), served.port()).await.unwrap());
        }
        is_pulled(protocol, &*served).await;
        drop(sitting);
    }
}

#[tokio::test]
async fn a_source_may_be_written_in_every_way() {
    let (bind, at) = ("::", "[::1]");
    for (source, code) in [("0:0:0:0:0:0:0:1", "200"), ("::2", "000")] {
        let request = Offer { source: Some(source.into()), ..offer(BYTES, "x.bin") };
        let served = adapter(Protocol::Http, bind).offer(request, &context()).await.unwrap();
        let url = format!("http://{at}:{}/{}", served.port(), served.path());
        let mut curl = tokio::process::Command::new(program("curl", "curl"));
        curl.args(["-s", "--max-time", "60", "-o", "/dev/null", "-w", "%{http_code}", &url]);
        assert_eq!(String::from_utf8_lossy(&curl.output().await.unwrap().stdout), code, "{source}");
    }
    // The socket is one of IPv6, and so is the address that it tells.
    let request = Offer { source: Some("::ffff:127.0.0.1".into()), ..offer(BYTES, "x.bin") };
    is_pulled(Protocol::Http, &*adapter(Protocol::Http, bind).offer(request, &context()).await.unwrap()).await;
    for protocol in PROTOCOLS {
        for bad in ["", "127.0.0.1 ", "bogus host"] {
            let request = Offer { source: Some(bad.into()), ..offer(BYTES, "x.bin") };
            let e = adapter(protocol, "127.0.0.1").offer(request, &context()).await.unwrap_err();
            assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("source")), "{protocol} {bad:?}");
        }
    }
}
