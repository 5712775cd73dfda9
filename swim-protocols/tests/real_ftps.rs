//! Our FTPS client against vsftpd, which insists that data connections go on with the keys of the session.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/hurried.rs"]
mod hurried;
#[path = "support/sink.rs"]
mod sink;
mod support;
#[path = "support/vsftpd.rs"]
mod vsftpd;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use certificates::Authority;
use hurried::hurried;
use sink::{FileSink, fetch};
use support::memory::{MemoryRecords, MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, push};
use swim_core::model::{Device, TlsTrust};
use swim_core::ports::Transfer;
use swim_core::{Error, ErrorKind};
use swim_protocols::ftp::{DataMode, FtpClient, FtpClientConfig};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tls::TlsClient;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use vsftpd::{Vsftpd, server};

/// Not a multiple of any block.
const BYTES: u64 = 24 * 1024 * 1024 + 4321;
const HERE: &[&str] = &["127.0.0.1", "::1"];

fn client(mode: DataMode, records: &Arc<MemoryRecords>) -> FtpClient {
    let secrets = MemorySecrets::new(&[("good", "open sesame"), ("bad", "open rice")]);
    let config = FtpClientConfig { mode, active_ports: None };
    FtpClient::tls(Arc::new(TcpNetwork), Arc::new(secrets), config, TlsClient::new(Arc::clone(records) as _))
}

fn trusting(device: Device, tls: TlsTrust) -> Device {
    Device { tls, ..device }
}

#[tokio::test]
async fn files_of_all_sizes_and_names_go_both_ways_in_both_modes() {
    let authority = Authority::new();
    let leaf = authority.issue(HERE);
    for (host, mode) in [
        ("127.0.0.1", DataMode::Passive),
        ("127.0.0.1", DataMode::Active),
        ("::1", DataMode::Passive),
        ("::1", DataMode::Active),
    ] {
        let ftpd = Vsftpd::tls(host, &leaf, "");
        let ftps = client(mode, &Arc::default());
        let device = || trusting(ftpd.device(), TlsTrust::Ca(authority.pem.clone()));
        for (name, bytes) in [("a", 0), ("b", 1), (" c d ü%20?.bin", 1024 * 1024), ("f", BYTES)] {
            let receipt = ftps.push(push(device(), bytes, name), &context()).await.unwrap();
            assert_eq!((receipt.bytes, receipt.resumed_from), (bytes, 0), "{name}");
            assert_eq!(receipt.protocol.name(), "ftps");
            assert!(receipt.cipher.as_ref().is_some_and(|c| c.starts_with("TLS_")), "{receipt:?}");
            assert_pattern(&ftpd.file(name), bytes);
            let to = ftpd.folder.file("to");
            std::fs::write(&to, "something else").unwrap();
            let sink = FileSink::at(&to);
            let receipt = ftps.fetch(fetch(device(), name, &sink), &context()).await.unwrap();
            assert_eq!((receipt.bytes, receipt.resumed_from, sink.is_finished()), (bytes, 0, true), "{name}");
            assert!(receipt.cipher.is_some());
            assert_pattern(&to, bytes);
        }
    }
}

#[tokio::test]
async fn the_server_insists_on_the_keys_of_the_session() {
    let leaf = Authority::new().issue(&[]);
    let ftpd = Vsftpd::tls("127.0.0.1", &leaf, "");
    std::fs::write(ftpd.file("x.bin"), PatternStore::pattern(0, 70_000)).unwrap();
    let mut curl = std::process::Command::new(support::program("curl", "curl"));
    let url = format!("ftp://127.0.0.1:{}/x.bin", ftpd.port);
    curl.args(["-sSk", "--ssl-reqd", "--no-sessionid", "-u", "anonymous:open sesame", "-o", "/dev/null", &url]);
    let out = curl.output().unwrap();
    assert!(!out.status.success(), "this vsftpd takes new keys for data connections");
    let to = ftpd.folder.file("to");
    let device = trusting(ftpd.device(), TlsTrust::Pinned(leaf.fingerprint.to_string()));
    let fetched = fetch(device, "x.bin", &FileSink::at(&to));
    client(DataMode::Passive, &Arc::default()).fetch(fetched, &context()).await.unwrap();
    assert_pattern(&to, 70_000);
}

#[tokio::test]
async fn both_go_on_behind_what_is_there_and_only_when_it_fits() {
    let leaf = Authority::new().issue(&[]);
    let ftpd = Vsftpd::tls("127.0.0.1", &leaf, "");
    let ftps = client(DataMode::Passive, &Arc::default());
    let device = || trusting(ftpd.device(), TlsTrust::Pinned(leaf.fingerprint.to_string()));
    let half = PatternStore::pattern(0, 10_000_001);
    let mut torn = half.clone();
    torn[10_000_000] ^= 1;
    let whole = PatternStore::pattern(0, BYTES as usize);
    let to = ftpd.folder.file("to");
    for (there, from) in [(half, 10_000_001), (torn, 0), (whole.clone(), BYTES)] {
        std::fs::write(ftpd.file("up.bin"), &there).unwrap();
        let receipt = ftps.push(push(device(), BYTES, "up.bin"), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - from, from));
        assert_pattern(&ftpd.file("up.bin"), BYTES);
        std::fs::write(ftpd.file("x.bin"), &whole).unwrap();
        std::fs::write(&to, &there).unwrap();
        let sink = FileSink::at(&to);
        let receipt = ftps.fetch(fetch(device(), "x.bin", &sink), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - from, from));
        assert_eq!(sink.written.load(Ordering::Relaxed), BYTES - from, "nothing is written twice");
        assert_pattern(&to, BYTES);
    }
}

async fn refusal(ftps: &FtpClient, device: Device) -> Error {
    ftps.push(push(device, 5000, "refused.bin"), &context()).await.unwrap_err()
}

#[tokio::test]
async fn who_is_not_believed_gets_no_login() {
    let (authority, other) = (Authority::new(), Authority::new());
    let trusted = || TlsTrust::Ca(authority.pem.clone());
    let cases = [
        (authority.issue(HERE), TlsTrust::Ca(other.pem.clone()), "issuer that is not trusted"),
        (authority.issue(HERE), TlsTrust::MachineRoots, "issuer that is not trusted"),
        (authority.issue(&["files.example.net"]), trusted(), "does not name 127.0.0.1"),
        (authority.issue_expired(HERE), trusted(), "expired at 2020-02-03"),
        (authority.issue(HERE), TlsTrust::Pinned(other.issue(HERE).fingerprint.to_string()), "it was replaced"),
    ];
    let ftps = client(DataMode::Passive, &Arc::default());
    for (leaf, tls, words) in cases {
        let ftpd = Vsftpd::tls(
            "127.0.0.1",
            &leaf,
            "log_ftp_protocol=YES\nxferlog_std_format=NO\nvsftpd_log_file={at}log\nxferlog_enable=YES",
        );
        let e = refusal(&ftps, trusting(ftpd.device(), tls)).await;
        assert!(e.kind() == ErrorKind::Auth && e.message().contains(words), "{e:?}");
        assert_eq!(e.context("offered"), Some(leaf.fingerprint.to_string().as_str()));
        let log = std::fs::read_to_string(ftpd.folder.file("log")).unwrap();
        assert!(log.contains("AUTH TLS") && !log.contains("USER") && !log.contains("PASS"), "{log}");
    }
}

#[tokio::test]
async fn the_first_certificate_is_insisted_on_and_a_wrong_password_is_told() {
    let authority = Authority::new();
    let (first, second) = (authority.issue(&[]), authority.issue(&[]));
    let mut ftpd = Vsftpd::tls("127.0.0.1", &first, "");
    let ftps = client(DataMode::Passive, &Arc::default());
    let device = |port| trusting(server("127.0.0.1", port, "good"), TlsTrust::FirstUse);
    for _ in 0..2 {
        ftps.push(push(device(ftpd.port), 5000, "x.bin"), &context()).await.unwrap();
    }
    let e = refusal(&ftps, trusting(server("127.0.0.1", ftpd.port, "bad"), TlsTrust::FirstUse)).await;
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::Auth, Some("530 Login incorrect.")), "{e:?}");
    ftpd.shows(&second);
    let e = refusal(&ftps, device(ftpd.port)).await;
    assert_eq!(e.kind(), ErrorKind::Auth);
    assert_eq!(e.context("expected"), Some(first.fingerprint.to_string().as_str()));
    assert_eq!(e.context("offered"), Some(second.fingerprint.to_string().as_str()));
}

#[tokio::test]
async fn a_server_that_leaves_anything_in_the_clear_gets_nothing() {
    let ftps = client(DataMode::Passive, &Arc::default());
    let plain = Vsftpd::start("127.0.0.1");
    let e = refusal(&ftps, plain.device()).await;
    assert!(e.kind() == ErrorKind::Unsupported && e.message().contains("does no TLS"), "{e:?}");
    // What was said in the clear is no reason to go on in the clear.
    assert!(!swim_core::transfer::moves_on(&e), "{e:?}");
    let leaf = Authority::new().issue(&[]);
    let pinned = |ftpd: &Vsftpd| trusting(ftpd.device(), TlsTrust::Pinned(leaf.fingerprint.to_string()));
    let half = Vsftpd::tls("127.0.0.1", &leaf, "force_anon_data_ssl=NO\ncmds_denied=PROT");
    let e = refusal(&ftps, pinned(&half)).await;
    assert!(e.kind() == ErrorKind::Unsupported && e.message().contains("does not encrypt files"), "{e:?}");
    assert!(!swim_core::transfer::moves_on(&e), "{e:?}");
    let odd = scripted(&["220 here\r\n", "234 go on\r\n220 this is no TLS\r\n"]).await;
    assert_eq!(refusal(&ftps, odd).await.kind(), ErrorKind::UnexpectedReply);
    assert!(!std::fs::exists(half.file("refused.bin")).unwrap());
}

/// A server that speaks these lines, one to each that it hears, and its address.
async fn scripted(lines: &'static [&'static str]) -> Device {
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = door.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut heard = String::new();
        for line in lines {
            stream.write_all(line.as_bytes()).await.unwrap();
            let _ = stream.read_line(&mut heard).await;
        }
        // What follows is bytes of TLS, which this server takes without a word.
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    });
    server("127.0.0.1", port, "good")
}

#[tokio::test]
async fn answers_that_stand_before_the_handshake_are_not_taken_for_protected_ones() {
    let ftps = client(DataMode::Passive, &Arc::default());
    let injected = scripted(&["220 here\r\n", "234 go on\r\n230 you are logged in\r\n"]).await;
    let e = refusal(&ftps, injected).await;
    assert!(e.kind() == ErrorKind::UnexpectedReply && e.message().contains("between"), "{e:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_after_auth_is_left_after_a_silence() {
    let ftps = client(DataMode::Passive, &Arc::default());
    let silent = scripted(&["220 here\r\n", "234 go on\r\n"]).await;
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let e = ftps.fetch(fetch(silent, "x", &sink), &hurried()).await.unwrap_err();
    assert_eq!((e.kind(), e.operation()), (ErrorKind::Timeout, "start TLS"), "{e:?}");
}
