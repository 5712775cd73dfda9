//! HTTPS offers: pulled by curl, and by our own client.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/hurried.rs"]
mod hurried;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::time::Duration;

use certificates::Authority;
use hurried::hurried;
use sink::{FileSink, fetch};
use support::memory::{MemoryRecords, MemorySecrets};
use support::{Folder, assert_pattern, context, offer, program};
use swim_core::model::{Device, Endpoint, Login, Secret, TlsTrust};
use swim_core::ports::{Context, Offer, Served, Transfer};
use swim_protocols::clock::TokioClock;
use swim_protocols::http::{HttpClient, HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tls::{Identity, TlsClient};
use tokio::io::AsyncReadExt;

const BYTES: u64 = 24 * 1024 * 1024 + 77;

fn ours() -> Identity {
    Identity::self_signed(&["127.0.0.1".to_owned(), "::1".to_owned()], Arc::new(TokioClock::system())).unwrap()
}

async fn open(host: &str, identity: &Identity, cx: &Context) -> Box<dyn Served> {
    let config = HttpConfig { bind: host.to_owned(), ports: None };
    let offers = HttpOffers::tls(Arc::new(TcpNetwork), config, identity.clone());
    assert!(offers.ability().secure && offers.ability().protocol.name() == "https");
    let lifetime = Duration::from_secs(24 * 3600);
    offers.offer(Offer { source: Some(host.to_owned()), lifetime, ..offer(BYTES, "x.bin") }, cx).await.unwrap()
}

/// The code of the answer, and how curl ended.
async fn curl(args: &[&str]) -> (String, Option<i32>) {
    let mut command = tokio::process::Command::new(program("curl", "curl"));
    command.args(["-gsS", "--max-time", "30", "-w", "%{http_code}"]).args(args);
    let out = command.output().await.unwrap();
    // The end of the connection is noted a moment after curl has its last byte.
    tokio::time::sleep(Duration::from_millis(200)).await;
    (String::from_utf8_lossy(&out.stdout).into_owned(), out.status.code())
}

fn url(host: &str, served: &dyn Served) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!("https://{host}:{}/{}", served.port(), served.path())
}

/// What curl ends with when it does not believe a certificate, and a pinned key.
const NOT_BELIEVED: Option<i32> = Some(60);
const NOT_PINNED: Option<i32> = Some(90);

#[tokio::test]
async fn curl_pulls_once_when_it_knows_our_certificate() {
    for (host, version, cipher) in
        [("127.0.0.1", "1.3", "TLS_AES_"), ("::1", "1.3", "TLS_AES_"), ("127.0.0.1", "1.2", "TLS_ECDHE_ECDSA_")]
    {
        let (identity, folder) = (ours(), Folder::new());
        let served = open(host, &identity, &context()).await;
        let shown = served.certificate().unwrap();
        assert_eq!((shown.fingerprint, shown.pem.as_str()), (identity.fingerprint(), identity.pem()));
        let (url, ca, to) = (url(host, served.as_ref()), folder.file("ca"), folder.file("x"));
        std::fs::write(&ca, ours().pem()).unwrap();
        assert_eq!(curl(&["--cacert", &ca, "-o", &to, &url]).await, ("000".into(), NOT_BELIEVED));
        assert_eq!(curl(&["-o", &to, &url]).await, ("000".into(), NOT_BELIEVED));
        assert_eq!(served.sent(), 0);
        std::fs::write(&ca, identity.pem()).unwrap();
        let trusting = |more: &[&'static str]| [&["--cacert", &ca, "--tls-max", version], more].concat().join("\n");
        let run = async |more: &[&'static str]| {
            let line = trusting(more);
            let mut args: Vec<_> = line.split('\n').collect();
            args.push(&url);
            curl(&args).await
        };
        let (head, _) = run(&["-I"]).await;
        assert!(head.contains(&format!("content-length: {BYTES}")), "{head}");
        assert_eq!(curl(&["--cacert", &ca, "-r", "0-9999999", "-o", &to, &url]).await, ("206".into(), Some(0)));
        let rest = ["--cacert", &ca, "--tls-max", version, "-C", "-", "-o", &to, &url];
        assert_eq!(curl(&rest).await, ("206".into(), Some(0)));
        assert_pattern(&to, BYTES);
        assert_eq!(run(&["-o", "/dev/null"]).await.0, "410");
        let receipt = served.close().await.unwrap();
        assert_eq!(receipt.bytes, BYTES);
        assert!(receipt.cipher.as_ref().is_some_and(|c| c.starts_with(cipher)), "{receipt:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_the_user_is_shown_with_its_key() {
    let authority = Authority::new();
    let (leaf, other) = (authority.issue(&["127.0.0.1"]), authority.issue(&["127.0.0.1"]));
    let clock = Arc::new(TokioClock::system());
    let identity = Identity::from_pem(&leaf.pem, &Secret::new(leaf.key.clone()), clock).unwrap();
    assert_eq!(identity.fingerprint(), leaf.fingerprint);
    let served = open("127.0.0.1", &identity, &context()).await;
    let (url, folder) = (url("127.0.0.1", served.as_ref()), Folder::new());
    let (pin, ca, to) = (folder.file("pin"), folder.file("ca"), folder.file("x"));
    std::fs::write(&ca, &authority.pem).unwrap();
    std::fs::write(&pin, &other.public).unwrap();
    assert_eq!(curl(&["--cacert", &ca, "--pinnedpubkey", &pin, "-o", &to, &url]).await.1, NOT_PINNED);
    std::fs::write(&pin, &leaf.public).unwrap();
    assert_eq!(curl(&["--cacert", &ca, "--pinnedpubkey", &pin, "-o", &to, &url]).await, ("200".into(), Some(0)));
    assert_pattern(&to, BYTES);
}

#[tokio::test]
async fn our_own_client_pulls_it_with_the_fingerprint_and_only_with_it() {
    let secrets = Arc::new(MemorySecrets::default());
    let client = HttpClient::tls(Arc::new(TcpNetwork), secrets, TlsClient::new(Arc::new(MemoryRecords::default())));
    let (identity, folder) = (ours(), Folder::new());
    let served = open("127.0.0.1", &identity, &context()).await;
    let nobody = Login { password: None, ..Login::password("", "") };
    let at = Endpoint { host: "127.0.0.1".into(), port: served.port() };
    let device = |pin: &Identity| Device {
        at: at.clone(),
        login: nobody.clone(),
        tls: TlsTrust::Pinned(pin.fingerprint().to_string()),
        ..offer(1, "x").device
    };
    let sink = FileSink::at(folder.file("to"));
    let e = client.fetch(fetch(device(&ours()), served.path(), &sink), &context()).await.unwrap_err();
    assert_eq!(e.kind(), swim_core::ErrorKind::Auth, "{e:?}");
    let receipt = client.fetch(fetch(device(&identity), served.path(), &sink), &context()).await.unwrap();
    assert_eq!((receipt.bytes, receipt.cipher.is_some()), (BYTES, true));
    assert_pattern(&folder.file("to"), BYTES);
}

#[tokio::test]
async fn who_speaks_no_tls_or_nothing_gets_nothing_and_holds_no_place() {
    let identity = ours();
    let served = open("127.0.0.1", &identity, &hurried()).await;
    let plain = format!("http://127.0.0.1:{}/{}", served.port(), served.path());
    assert_ne!(curl(&["-o", "/dev/null", &plain]).await.1, Some(0));
    let mut silent = Vec::new();
    // As many as there are places.
    for _ in 0..8 {
        silent.push(tokio::net::TcpStream::connect(("127.0.0.1", served.port())).await.unwrap());
    }
    for stream in &mut silent {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
        assert!(read.expect("still open").is_err() || rest.is_empty());
    }
    assert_eq!(served.sent(), 0);
    let folder = Folder::new();
    std::fs::write(folder.file("ca"), identity.pem()).unwrap();
    let url = url("127.0.0.1", served.as_ref());
    // The places are free again. On a busy machine the hurried deadline of a handshake may end one of curl's.
    for _ in 0..5 {
        if curl(&["--cacert", &folder.file("ca"), "-o", &folder.file("x"), &url]).await == ("200".into(), Some(0)) {
            break;
        }
    }
    assert_pattern(&folder.file("x"), BYTES);
}
