//! Our HTTPS client against nginx: every way of trust, and what goes wrong in a handshake.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/hurried.rs"]
mod hurried;
#[path = "support/nginx.rs"]
mod nginx;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use certificates::{Authority, Leaf};
use hurried::hurried;
use nginx::{Nginx, server};
use sink::{FileSink, fetch};
use support::memory::{MemoryRecords, MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, push};
use swim_core::model::{Device, Login, TlsTrust};
use swim_core::ports::Transfer;
use swim_core::{Error, ErrorKind};
use swim_protocols::http::HttpClient;
use swim_protocols::net::TcpNetwork;
use swim_protocols::tls::TlsClient;

/// Not a multiple of any block.
const BYTES: u64 = 24 * 1024 * 1024 + 4321;
const HERE: &[&str] = &["127.0.0.1", "::1", "localhost"];
/// Set for a child of a test that looks at what the machine trusts.
const CHILD: &str = "SWIM_TEST_HTTPS_PORT";

fn client() -> HttpClient {
    remembering(&Arc::default())
}

fn remembering(records: &Arc<MemoryRecords>) -> HttpClient {
    let secrets = MemorySecrets::new(&[("good", "open sesame")]);
    HttpClient::tls(Arc::new(TcpNetwork), Arc::new(secrets), TlsClient::new(Arc::clone(records) as _))
}

fn trusting(device: Device, tls: TlsTrust) -> Device {
    Device { tls, ..device }
}

/// The error of an upload with a login, which must not reach the server.
async fn refusal(client: &HttpClient, nginx: &Nginx, host: &str, tls: TlsTrust) -> Error {
    let before = nginx.requests();
    let request = push(trusting(nginx.device(host), tls), 5000, "locked/refused.bin");
    let e = client.push(request, &context()).await.unwrap_err();
    assert_eq!(nginx.requests(), before, "something was sent to a server that is not believed");
    assert!(!std::fs::exists(nginx.folder.file("locked/refused.bin")).unwrap());
    e
}

#[tokio::test]
async fn files_of_all_sizes_go_both_ways_by_both_versions() {
    let authority = Authority::new();
    let leaf = authority.issue(HERE);
    for (host, lines, cipher) in [
        ("127.0.0.1", "ssl_protocols TLSv1.3;", "TLS_AES_"),
        ("::1", "ssl_protocols TLSv1.3;", "TLS_AES_"),
        ("localhost", "ssl_protocols TLSv1.2;", "TLS_ECDHE_ECDSA_WITH_AES_"),
    ] {
        let nginx = Nginx::tls(host, &leaf, lines);
        for (name, bytes) in [("a", 0), ("b", 1), ("c d ü%20?.bin", 512 * 1024), ("locked/e", 70_001), ("f", BYTES)] {
            let device = || trusting(nginx.device(host), TlsTrust::Ca(authority.pem.clone()));
            let receipt = client().push(push(device(), bytes, name), &context()).await.unwrap();
            assert_eq!(receipt.bytes, bytes, "{name}");
            assert_eq!(receipt.protocol.name(), "https");
            assert!(receipt.cipher.as_ref().is_some_and(|c| c.starts_with(cipher)), "{receipt:?}");
            assert_pattern(&nginx.folder.file(name), bytes);
            let to = nginx.folder.file("to");
            std::fs::write(&to, "something else").unwrap();
            let sink = FileSink::at(&to);
            let receipt = client().fetch(fetch(device(), name, &sink), &context()).await.unwrap();
            assert_eq!((receipt.bytes, receipt.resumed_from, sink.is_finished()), (bytes, 0, true), "{name}");
            assert!(receipt.cipher.as_ref().is_some_and(|c| c.starts_with(cipher)), "{receipt:?}");
            assert_pattern(&to, bytes);
        }
    }
}

#[tokio::test]
async fn a_fetch_goes_on_behind_what_is_there_and_only_when_it_fits() {
    let leaf = Authority::new().issue(HERE);
    let nginx = Nginx::tls("127.0.0.1", &leaf, "");
    std::fs::write(nginx.folder.file("x.bin"), PatternStore::pattern(0, BYTES as usize)).unwrap();
    let to = nginx.folder.file("to");
    let half = PatternStore::pattern(0, 10_000_001);
    let mut torn = half.clone();
    torn[10_000_000] ^= 1;
    for (there, from) in [(half, 10_000_001), (torn, 0)] {
        std::fs::write(&to, &there).unwrap();
        let sink = FileSink::at(&to);
        let device = trusting(nginx.device("127.0.0.1"), TlsTrust::Pinned(leaf.fingerprint.to_string()));
        let receipt = client().fetch(fetch(device, "x.bin", &sink), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - from, from));
        assert_eq!(sink.written.load(Ordering::Relaxed), BYTES - from, "nothing is written twice");
        assert_pattern(&to, BYTES);
    }
}

#[tokio::test]
async fn who_is_not_believed_gets_nothing_and_the_error_says_why() {
    let (authority, other) = (Authority::new(), Authority::new());
    let trusted = || TlsTrust::Ca(authority.pem.clone());
    let good = authority.issue(HERE);
    let (real, false_one) = (Authority::named("the same name"), Authority::named("the same name"));
    let cases = [
        (false_one.issue(HERE), TlsTrust::Ca(real.pem.clone()), "not signed by the issuer that it names"),
        (authority.issue(HERE), TlsTrust::Ca(other.pem.clone()), "issuer that is not trusted"),
        (authority.issue(HERE), TlsTrust::MachineRoots, "issuer that is not trusted"),
        (authority.issue(&["images.example.net"]), trusted(), "does not name 127.0.0.1; it names images.example.net"),
        (authority.issue(&["127.0.0.2"]), trusted(), "does not name 127.0.0.1"),
        (authority.issue_expired(HERE), trusted(), "expired at 2020-02-03T00:00:00Z; now it is 2"),
        (authority.issue_early(HERE), trusted(), "not valid before 2999-01-01T00:00:00Z"),
        (authority.issue(HERE), TlsTrust::Pinned(good.fingerprint.to_string()), "it was replaced, or somebody"),
    ];
    for (leaf, tls, words) in cases {
        let nginx = Nginx::tls("127.0.0.1", &leaf, "");
        let e = refusal(&client(), &nginx, "127.0.0.1", tls).await;
        assert_eq!((e.kind(), e.operation()), (ErrorKind::Auth, "check certificate"), "{e:?}");
        assert!(e.message().contains(words), "{e} says not: {words}");
        assert_eq!(e.context("offered"), Some(leaf.fingerprint.to_string().as_str()));
    }
    let leaf = Leaf::of_an_authority(HERE);
    let nginx = Nginx::tls("127.0.0.1", &leaf, "");
    let e = refusal(&client(), &nginx, "127.0.0.1", TlsTrust::Ca(leaf.pem.clone())).await;
    assert!(e.kind() == ErrorKind::Auth && e.message().contains("pin its fingerprint"), "{e:?}");
    for (tls, field) in [
        (TlsTrust::Pinned("AB:CD".into()), "tls.pinned"),
        (TlsTrust::Ca("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".into()), "tls.ca"),
        (TlsTrust::Ca(String::new()), "tls.ca"),
    ] {
        let e = refusal(&client(), &nginx, "127.0.0.1", tls).await;
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{e:?}");
    }
}

#[tokio::test]
async fn a_pinned_certificate_needs_no_name_and_no_date() {
    for leaf in [Authority::new().issue_expired(&["images.example.net"]), Leaf::of_an_authority(&[])] {
        let nginx = Nginx::tls("::1", &leaf, "");
        let device = trusting(nginx.device("::1"), TlsTrust::Pinned(leaf.fingerprint.0.to_string()));
        client().push(push(device, 70_000, "x.bin"), &context()).await.unwrap();
        assert_pattern(&nginx.folder.file("x.bin"), 70_000);
    }
}

#[tokio::test]
async fn the_first_certificate_is_insisted_on() {
    let authority = Authority::new();
    let (first, second) = (authority.issue(&["a"]), authority.issue(&["a"]));
    let mut nginx = Nginx::tls("127.0.0.1", &first, "");
    let records = Arc::default();
    for _ in 0..2 {
        let device = trusting(nginx.device("127.0.0.1"), TlsTrust::FirstUse);
        remembering(&records).push(push(device, 5000, "x.bin"), &context()).await.unwrap();
    }
    nginx.shows(&second);
    let e = refusal(&remembering(&records), &nginx, "127.0.0.1", TlsTrust::FirstUse).await;
    assert_eq!(e.kind(), ErrorKind::Auth);
    assert_eq!(e.context("expected"), Some(first.fingerprint.to_string().as_str()));
    assert_eq!(e.context("offered"), Some(second.fingerprint.to_string().as_str()));
    nginx.shows(&first);
    let device = trusting(nginx.device("127.0.0.1"), TlsTrust::FirstUse);
    remembering(&records).push(push(device, 5000, "x.bin"), &context()).await.unwrap();
}

#[tokio::test]
async fn what_the_machine_trusts_is_believed() {
    if let Ok(port) = std::env::var(CHILD) {
        let device = server("localhost", port.parse().unwrap(), Login::password("swim", "good"));
        client().push(push(device, 70_000, "locked/x.bin"), &context()).await.unwrap();
        return;
    }
    let authority = Authority::new();
    let nginx = Nginx::tls("localhost", &authority.issue(&["localhost"]), "");
    let roots = nginx.folder.file("roots");
    let child = async |roots: &str| {
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "what_the_machine_trusts_is_believed"]);
        command.env(CHILD, nginx.port.to_string()).env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
        command.output().await.unwrap()
    };
    std::fs::write(&roots, Authority::new().pem).unwrap();
    let refused = child(&roots).await;
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stdout).contains("not trusted"),
        "{refused:?}"
    );
    std::fs::write(&roots, authority.pem).unwrap();
    let done = child(&roots).await;
    assert!(done.status.success(), "{done:?}");
    assert_pattern(&nginx.folder.file("locked/x.bin"), 70_000);
}

#[tokio::test]
async fn no_tls_and_too_old_tls_are_unsupported() {
    let plain = Nginx::start("127.0.0.1");
    let e = client().push(push(plain.device("127.0.0.1"), 5000, "x.bin"), &context()).await.unwrap_err();
    assert!(e.kind() == ErrorKind::Unsupported && e.message().contains("does not speak TLS"), "{e:?}");
    let leaf = Authority::new().issue(HERE);
    let old = Nginx::tls("127.0.0.1", &leaf, "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;");
    let e = refusal(&client(), &old, "127.0.0.1", TlsTrust::FirstUse).await;
    assert!(e.kind() == ErrorKind::Unsupported && e.message().contains("version"), "{e:?}");
    // The old one works for those who speak it: nothing else is wrong.
    let url = format!("https://127.0.0.1:{}/", old.port);
    let mut curl = Command::new(support::program("curl", "curl"));
    curl.args([
        "-sk",
        "--tls-max",
        "1.1",
        "--ciphers",
        "ALL:@SECLEVEL=0",
        "-w",
        "%{http_code}",
        "-o",
        "/dev/null",
        &url,
    ]);
    assert_eq!(String::from_utf8_lossy(&curl.output().unwrap().stdout), "403");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_after_a_silence_or_on_request() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
        }
    });
    let device = || server("127.0.0.1", port, Login::password("swim", "good"));
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let e = client().fetch(fetch(device(), "x", &sink), &hurried()).await.unwrap_err();
    assert_eq!((e.kind(), e.operation()), (ErrorKind::Timeout, "start TLS"), "{e:?}");
    let cx = context();
    let cancel = cx.cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        cancel.cancel();
    });
    let e = client().fetch(fetch(device(), "x", &sink), &cx).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Cancelled, "{e:?}");
    held.abort();
}

#[tokio::test]
async fn a_server_that_hangs_up_is_worth_another_try() {
    let rude = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = rude.local_addr().unwrap().port();
    tokio::spawn(async move { while rude.accept().await.is_ok() {} });
    let device = server("127.0.0.1", port, Login::password("swim", "good"));
    let e = client().push(push(device, 5000, "x"), &context()).await.unwrap_err();
    assert_eq!((e.kind(), e.retry()), (ErrorKind::Interrupted, swim_core::Retry::Now), "{e:?}");
}
