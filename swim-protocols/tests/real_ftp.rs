//! Our FTP client against vsftpd.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/mounted.rs"]
mod mounted;
#[path = "support/sink.rs"]
mod sink;
mod support;
#[path = "support/vsftpd.rs"]
mod vsftpd;

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mounted::Mounted;
use sink::{FileSink, fetch};
use support::memory::{MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, push};
use swim_core::ErrorKind;
use swim_core::ports::{Context, Fetch, Transfer};
use swim_core::transfer::{Bucket, Pace};
use swim_protocols::ftp::{DataMode, FtpClient, FtpClientConfig};
use swim_protocols::net::TcpNetwork;
use vsftpd::{Vsftpd, server};

/// Not a multiple of any block.
const BYTES: u64 = 24 * 1024 * 1024 + 4321;

fn client(mode: DataMode) -> FtpClient {
    let secrets = MemorySecrets::new(&[("good", "open sesame"), ("bad", "open rice"), ("torn", "x\r\nDELE x.bin")]);
    FtpClient::new(Arc::new(TcpNetwork), Arc::new(secrets), FtpClientConfig { mode, active_ports: None })
}

#[tokio::test]
async fn files_of_all_sizes_and_names_go_both_ways_in_both_modes() {
    for (host, mode) in [
        ("127.0.0.1", DataMode::Passive),
        ("127.0.0.1", DataMode::Active),
        ("::1", DataMode::Passive),
        ("::1", DataMode::Active),
    ] {
        let ftpd = Vsftpd::start(host);
        for (name, bytes) in [("a", 0), ("b", 1), (" c d ü%20?.bin", 1024 * 1024), ("f", BYTES)] {
            let receipt = client(mode).push(push(ftpd.device(), bytes, name), &context()).await.unwrap();
            assert_eq!((receipt.bytes, receipt.resumed_from), (bytes, 0), "{name}");
            assert_pattern(&ftpd.file(name), bytes);
            let to = ftpd.folder.file("to");
            std::fs::write(&to, "something else").unwrap();
            let sink = FileSink::at(&to);
            let request = Fetch { bytes: Some(bytes), ..fetch(ftpd.device(), name, &sink) };
            let receipt = client(mode).fetch(request, &context()).await.unwrap();
            assert_eq!((receipt.bytes, receipt.resumed_from, sink.is_finished()), (bytes, 0, true), "{name}");
            assert_pattern(&to, bytes);
        }
    }
}

#[tokio::test]
async fn where_epsv_is_not_known_pasv_is_used_and_its_address_is_not() {
    // An address that answers nobody (RFC 5737), as behind address translation.
    let ftpd = Vsftpd::with("127.0.0.1", "cmds_denied=EPSV,EPRT\npasv_address=192.0.2.7");
    for mode in [DataMode::Passive, DataMode::Active] {
        client(mode).push(push(ftpd.device(), 70_000, "x.bin"), &context()).await.unwrap();
        assert_pattern(&ftpd.file("x.bin"), 70_000);
    }
}

#[tokio::test]
async fn both_go_on_behind_what_is_there_and_only_when_it_fits() {
    let ftpd = Vsftpd::start("127.0.0.1");
    let half = PatternStore::pattern(0, 20_000_001);
    let mut torn = half.clone();
    torn[20_000_000] ^= 1;
    let whole = PatternStore::pattern(0, BYTES as usize);
    let long = vec![0; BYTES as usize + 1];
    let cases =
        [(half, 20_000_001), (vec![PatternStore::pattern(0, 1)[0]], 1), (torn, 0), (whole.clone(), BYTES), (long, 0)];
    let to = ftpd.folder.file("to");
    for (there, from) in cases {
        std::fs::write(ftpd.file("up.bin"), &there).unwrap();
        let receipt = client(DataMode::Passive).push(push(ftpd.device(), BYTES, "up.bin"), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - from, from));
        assert_pattern(&ftpd.file("up.bin"), BYTES);
        std::fs::write(ftpd.file("x.bin"), &whole).unwrap();
        std::fs::write(&to, &there).unwrap();
        let sink = FileSink::at(&to);
        let receipt = client(DataMode::Passive).fetch(fetch(ftpd.device(), "x.bin", &sink), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - from, from));
        assert_eq!(sink.written.load(Ordering::Relaxed), BYTES - from, "nothing is written twice");
        assert_pattern(&to, BYTES);
    }
}

/// Another protocol leaves holes where a cut hit it, and bytes of the image behind them.
#[tokio::test]
async fn what_only_ends_as_the_image_does_is_not_gone_on_with() {
    let ftpd = Vsftpd::start("127.0.0.1");
    let half = PatternStore::pattern(0, 20_000_001);
    let mut other = half.clone();
    other[0] ^= 1;
    let mut hole = half.clone();
    hole[15_000_000..19_000_000].fill(0);
    let mut same_size = PatternStore::pattern(0, BYTES as usize);
    same_size[10_000_000] ^= 1;
    for (there, from) in [(half, 20_000_001), (other, 0), (hole, 0), (same_size, 0)] {
        std::fs::write(ftpd.file("up.bin"), &there).unwrap();
        let receipt = client(DataMode::Passive).push(push(ftpd.device(), BYTES, "up.bin"), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - from, from));
        assert_pattern(&ftpd.file("up.bin"), BYTES);
    }
}

#[tokio::test]
async fn where_nothing_can_be_looked_at_it_begins_again_and_leaves_no_part_behind() {
    let ftpd = Vsftpd::with("127.0.0.1", "cmds_denied=SIZE,MLST,REST,APPE");
    std::fs::write(ftpd.file("x.bin"), PatternStore::pattern(0, 1_000_000)).unwrap();
    let receipt = client(DataMode::Passive).push(push(ftpd.device(), BYTES, "x.bin"), &context()).await.unwrap();
    assert_eq!(receipt.resumed_from, 0);
    assert_pattern(&ftpd.file("x.bin"), BYTES);
    let to = ftpd.folder.file("to");
    std::fs::write(&to, PatternStore::pattern(0, 1_000_000)).unwrap();
    let sink = FileSink::at(&to);
    let receipt = client(DataMode::Passive).fetch(fetch(ftpd.device(), "x.bin", &sink), &context()).await.unwrap();
    assert_eq!(receipt.resumed_from, 0);
    assert_pattern(&to, BYTES);
    assert_eq!(cancelled(&ftpd).await, ErrorKind::Cancelled);
    assert!(!std::fs::exists(ftpd.file("y.bin")).unwrap(), "a part that cannot be continued stays");
}

/// A push of `y.bin` that is cancelled after a part of it.
async fn cancelled(ftpd: &Vsftpd) -> ErrorKind {
    let cap = Arc::new(Bucket::new(4 * 1024 * 1024));
    let cx = Context { pace: Pace::default().within(cap), ..context() };
    let (cancel, path) = (cx.cancel.clone(), ftpd.file("y.bin"));
    tokio::spawn(async move {
        while std::fs::metadata(&path).map_or(0, |m| m.len()) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        cancel.cancel();
    });
    client(DataMode::Passive).push(push(ftpd.device(), BYTES, "y.bin"), &cx).await.unwrap_err().kind()
}

#[tokio::test]
async fn a_cancelled_push_leaves_a_part_that_is_continued() {
    let ftpd = Vsftpd::start("127.0.0.1");
    assert_eq!(cancelled(&ftpd).await, ErrorKind::Cancelled);
    let there = std::fs::metadata(ftpd.file("y.bin")).unwrap().len();
    assert!(there > 0 && there < BYTES);
    let receipt = client(DataMode::Passive).push(push(ftpd.device(), BYTES, "y.bin"), &context()).await.unwrap();
    assert!(receipt.resumed_from >= there, "{receipt:?}");
    assert_pattern(&ftpd.file("y.bin"), BYTES);
}

#[tokio::test]
async fn refusals_have_kinds_and_the_words_of_the_server() {
    let ftpd = Vsftpd::start("127.0.0.1");
    std::fs::write(ftpd.file("x.bin"), PatternStore::pattern(0, 1000)).unwrap();
    std::fs::write(ftpd.file("secret"), "x").unwrap();
    let sink = FileSink::at(ftpd.folder.file("to"));
    let ftp = client(DataMode::Passive);
    let get = async |device, path: &str| ftp.fetch(fetch(device, path, &sink), &context()).await.unwrap_err();
    let put = async |device, path: &str| ftp.push(push(device, 5000, path), &context()).await.unwrap_err();
    let e = get(ftpd.device(), "no/such").await;
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::NotFound, Some("550 Failed to open file.")), "{e:?}");
    assert_eq!(get(ftpd.device(), "secret").await.kind(), ErrorKind::Privilege);
    assert_eq!(put(ftpd.device(), "secret").await.kind(), ErrorKind::Privilege);
    // vsftpd has the same words for both: what cannot be written in a folder that is there, and a folder that is not.
    std::fs::create_dir_all(ftpd.file("there/taken")).unwrap();
    let e = put(ftpd.device(), "there/taken").await;
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::Privilege, Some("553 Could not create file.")), "{e:?}");
    let e = put(ftpd.device(), "no/such").await;
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::NotFound, Some("550 Failed to change directory.")), "{e:?}");
    let e = get(server("127.0.0.1", ftpd.port, "bad"), "x.bin").await;
    assert_eq!((e.kind(), e.device_words()), (ErrorKind::Auth, Some("530 Login incorrect.")), "{e:?}");
    assert_eq!(get(server("127.0.0.1", 1, "good"), "x.bin").await.kind(), ErrorKind::Unreachable);
    let e = ftp.fetch(Fetch { most: 999, ..fetch(ftpd.device(), "x.bin", &sink) }, &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NoSpace);
    let request = Fetch { bytes: Some(999), ..fetch(ftpd.device(), "x.bin", &sink) };
    assert_eq!(ftp.fetch(request, &context()).await.unwrap_err().kind(), ErrorKind::Integrity);
    // A line end in a name or a secret would be another verb.
    assert_eq!(put(ftpd.device(), "y\r\nDELE x.bin").await.kind(), ErrorKind::InvalidInput);
    let e = get(server("127.0.0.1", ftpd.port, "torn"), "x.bin").await;
    assert!(e.kind() == ErrorKind::InvalidInput && !format!("{e:?}").contains("DELE"), "{e:?}");
    assert_pattern(&ftpd.file("x.bin"), 1000);
    assert!(!sink.is_finished());
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_part_is_removed() {
    let ftpd = Vsftpd::start("127.0.0.1");
    let small = Mounted::tmpfs(&ftpd.file("small"), "4m");
    let e = client(DataMode::Passive).push(push(ftpd.device(), BYTES, "small/x.bin"), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NoSpace, "{e:?}");
    assert!(!std::fs::exists(ftpd.file("small/x.bin")).unwrap());
    drop(small);
}

#[tokio::test]
async fn a_cap_of_connections_is_busy_not_a_failure_for_ever() {
    let ftpd = Vsftpd::with("127.0.0.1", "max_clients=1");
    // The one place may still be held by the look whether the server is up.
    let _first = loop {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", ftpd.port)).unwrap();
        let mut code = [0; 3];
        stream.read_exact(&mut code).unwrap();
        if code == *b"220" {
            break stream;
        }
    };
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let e = client(DataMode::Passive).fetch(fetch(ftpd.device(), "x", &sink), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Busy, "{e:?}");
}

/// A server that says back what it does not understand, and in colour.
async fn parrot() -> u16 {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 hi\r\n").await.unwrap();
        let mut line = String::new();
        while stream.read_line(&mut line).await.is_ok_and(|count| count > 0) {
            let said = match line.trim_end() {
                user if user.starts_with("USER") => "331 password\r\n".to_owned(),
                other => format!("500 '{other}\u{1b}[31m': command not understood\r\n"),
            };
            let _ = stream.write_all(said.as_bytes()).await;
            line.clear();
        }
    });
    port
}

#[tokio::test]
async fn a_password_that_is_said_back_and_an_escape_do_not_reach_the_error() {
    let ftpd = Vsftpd::start("127.0.0.1");
    let mut device = ftpd.device();
    device.at.port = parrot().await;
    let sink = FileSink::at(ftpd.folder.file("to"));
    let e = client(DataMode::Passive).fetch(fetch(device, "x", &sink), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Auth, "{e:?}");
    assert_eq!(e.device_words(), Some(r"500 'PASS ***\x1b[31m': command not understood"), "{e:?}");
    assert!(!format!("{e:?} {:?}", e.record()).contains("sesame"));
}
