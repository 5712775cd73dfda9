//! Our HTTP client against nginx, and against our own offers.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/nginx.rs"]
mod nginx;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nginx::{Nginx, server};
use sink::{FileSink, fetch};
use support::memory::{MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, offer, push};
use swim_core::ErrorKind;
use swim_core::model::Login;
use swim_core::ports::{Context, Fetch, Sink, Transfer};
use swim_core::transfer::{Bucket, Pace};
use swim_protocols::http::{HttpClient, HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;

/// Not a multiple of any block.
const BYTES: u64 = 48 * 1024 * 1024 + 4321;

fn client() -> HttpClient {
    let secrets = MemorySecrets::new(&[("good", "open sesame"), ("bad", "open rice")]);
    HttpClient::new(Arc::new(TcpNetwork), Arc::new(secrets))
}

#[tokio::test]
async fn files_of_all_sizes_and_names_go_both_ways() {
    for host in ["127.0.0.1", "::1"] {
        let nginx = Nginx::start(host);
        for (name, bytes) in
            [("a", 0), ("b", 1), ("c d ü%20?.bin", 512 * 1024), ("locked/e", 512 * 1024 + 1), ("f", BYTES)]
        {
            let receipt = client().push(push(nginx.device(host), bytes, name), &context()).await.unwrap();
            assert_eq!(receipt.bytes, bytes, "{name}");
            assert_pattern(&nginx.folder.file(name), bytes);
            let to = nginx.folder.file("to");
            std::fs::write(&to, "something else").unwrap();
            let sink = FileSink::at(&to);
            let request = Fetch { bytes: Some(bytes), ..fetch(nginx.device(host), name, &sink) };
            let receipt = client().fetch(request, &context()).await.unwrap();
            assert_eq!((receipt.bytes, receipt.resumed_from, sink.is_finished()), (bytes, 0, true), "{name}");
            assert_pattern(&to, bytes);
        }
    }
}

#[tokio::test]
async fn a_fetch_goes_on_behind_what_is_there_and_only_when_it_fits() {
    let nginx = Nginx::start("127.0.0.1");
    for name in ["x.bin", "dumb/x.bin"] {
        std::fs::write(nginx.folder.file(name), PatternStore::pattern(0, BYTES as usize)).unwrap();
    }
    let to = nginx.folder.file("to");
    let half = PatternStore::pattern(0, 20_000_001);
    let mut torn = half.clone();
    torn[20_000_000] ^= 1;
    let whole = PatternStore::pattern(0, BYTES as usize);
    let long = vec![0; BYTES as usize + 1];
    let cases = [
        ("x.bin", half.clone(), 20_000_001),
        ("x.bin", torn, 0),
        ("x.bin", whole, BYTES),
        ("x.bin", long, 0),
        ("dumb/x.bin", half, 0),
    ];
    for (name, there, from) in cases {
        std::fs::write(&to, &there).unwrap();
        let sink = FileSink::at(&to);
        let receipt = client().fetch(fetch(nginx.device("127.0.0.1"), name, &sink), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - from, from), "{name}");
        assert_eq!(sink.written.load(Ordering::Relaxed), BYTES - from, "nothing is written twice");
        assert_pattern(&to, BYTES);
    }
}

#[tokio::test]
async fn a_part_is_gone_on_with_while_the_server_has_the_same_version() {
    let nginx = Nginx::start("127.0.0.1");
    let (far, to) = (nginx.folder.file("x.bin"), nginx.folder.file("to"));
    let set = |bytes: &[u8], seconds: u64| {
        std::fs::write(&far, bytes).unwrap();
        let changed = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        std::fs::File::options().write(true).open(&far).unwrap().set_modified(changed).unwrap();
    };
    let bytes = PatternStore::pattern(0, 1_000_001);
    set(&bytes, 1_700_000_000);
    let sink = FileSink::at(&to);
    client().fetch(fetch(nginx.device("127.0.0.1"), "x.bin", &sink), &context()).await.unwrap();
    let noted = sink.version().await.unwrap().unwrap();
    assert!(noted.starts_with("etag: "), "{noted}");
    let mut other = bytes.clone();
    other[..100].fill(9);
    for (now, changed, from) in [(&bytes, 1_700_000_000, 700_000), (&other, 1_700_000_001, 0)] {
        set(now, changed);
        std::fs::write(&to, &bytes[..700_000]).unwrap();
        let sink = FileSink::at(&to);
        sink.note_version(&noted).await.unwrap();
        let receipt = client().fetch(fetch(nginx.device("127.0.0.1"), "x.bin", &sink), &context()).await.unwrap();
        assert_eq!(receipt.resumed_from, from);
        assert!(std::fs::read(&to).unwrap() == *now);
    }
}

#[tokio::test]
async fn refusals_have_kinds_and_the_words_of_the_server() {
    let nginx = Nginx::start("127.0.0.1");
    let device = || nginx.device("127.0.0.1");
    std::fs::write(nginx.folder.file("x.bin"), PatternStore::pattern(0, 1000)).unwrap();
    std::fs::write(nginx.folder.file("locked/x.bin"), PatternStore::pattern(0, 1000)).unwrap();
    let sink = FileSink::at(nginx.folder.file("to"));
    let get = async |device, path: &str| client().fetch(fetch(device, path, &sink), &context()).await.unwrap_err();
    let put = async |device, path: &str| client().push(push(device, 5000, path), &context()).await.unwrap_err();
    let stranger = || server("127.0.0.1", nginx.port, Login::password("swim", "bad"));
    let e = get(device(), "no/such").await;
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::NotFound, Some("404 Not Found")), "{e:?}");
    assert_eq!(get(stranger(), "locked/x.bin").await.kind(), ErrorKind::Auth);
    assert_eq!(get(device(), "shut/x").await.kind(), ErrorKind::Privilege);
    assert_eq!(put(stranger(), "locked/y.bin").await.kind(), ErrorKind::Auth);
    assert_eq!(put(device(), "small/y.bin").await.kind(), ErrorKind::NoSpace);
    let request = || fetch(device(), "x.bin", &sink);
    let e = client().fetch(Fetch { most: 999, ..request() }, &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NoSpace);
    let e = client().fetch(Fetch { bytes: Some(999), ..request() }, &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Integrity);
    let e = get(server("127.0.0.1", 1, Login::password("swim", "good")), "x").await;
    assert_eq!(e.kind(), ErrorKind::Unreachable);
    assert!(!sink.is_finished());
    assert!(!format!("{e:?}").contains("sesame"));
}

#[tokio::test]
async fn our_own_offer_is_pulled_once() {
    let offers = HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: "127.0.0.1".into(), ports: None });
    let served = offers.offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
    let folder = Folder::new();
    let nobody = Login { user: String::new(), password: None, key: None, key_passphrase: None, enable: None };
    let device = server("127.0.0.1", served.port(), nobody);
    let sink = FileSink::at(folder.file("to"));
    let receipt = client().fetch(fetch(device.clone(), served.path(), &sink), &context()).await.unwrap();
    assert_eq!(receipt.bytes, BYTES);
    assert_pattern(&folder.file("to"), BYTES);
    let sink = FileSink::at(folder.file("again"));
    // The end of the first pull is told when its connection is closed.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let e = client().fetch(fetch(device, served.path(), &sink), &context()).await.unwrap_err();
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::NotFound, Some("410 Gone")), "{e:?}");
}

#[tokio::test]
async fn a_cap_holds_for_all_transfers_together() {
    const RATE: u64 = 8 * 1024 * 1024;
    const EACH: u64 = 2 * 1024 * 1024;
    let nginx = Nginx::start("127.0.0.1");
    std::fs::write(nginx.folder.file("x.bin"), PatternStore::pattern(0, EACH as usize)).unwrap();
    let cap = Arc::new(Bucket::new(RATE));
    let capped = Context { pace: Pace::default().within(cap), ..context() };
    let one = async |name: &str| {
        let sink = FileSink::at(nginx.folder.file(name));
        client().fetch(fetch(nginx.device("127.0.0.1"), "x.bin", &sink), &capped).await.unwrap();
        Instant::now()
    };
    let began = Instant::now();
    let (a, b) = tokio::join!(one("a"), one("b"));
    // Never faster than the cap (but for its burst and the last piece); how much slower is the machine's affair.
    let least = Duration::from_secs_f64((2 * EACH) as f64 / RATE as f64 * 0.7);
    assert!(a.max(b) - began >= least, "{:?}", a.max(b) - began);
    // Both go at the same rate: the first is not done long before the second.
    assert!(a.min(b) - began >= least / 2, "{:?}", a.min(b) - began);
}
