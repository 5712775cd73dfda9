//! Our TFTP client against servers of others, and against our own.
#![cfg(feature = "tftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;
#[path = "support/tftpd.rs"]
mod tftpd;

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sink::{FileSink, fetch};
use support::{Folder, assert_pattern, context, free_port, memory, offer, program, push};
use swim_core::model::{Device, Endpoint};
use swim_core::ports::{Accept, Fetch, Offer, Served, Sink, Transfer};
use swim_core::{Effect, ErrorKind, Result};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tftp::{TftpClient, TftpClientConfig, TftpConfig, TftpOffers};
use tftpd::Tftpd;

fn device(host: &str, port: u16) -> Device {
    Device { at: Endpoint { host: host.into(), port }, ..offer(1, "x").device }
}

fn client(config: TftpClientConfig) -> TftpClient {
    TftpClient::new(Arc::new(TcpNetwork), config)
}

fn with(block: u64, window: u64) -> TftpClientConfig {
    TftpClientConfig { block: Some(block), window: Some(window), timeout: None }
}

async fn patient<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), work).await.expect("it hangs")
}

#[tokio::test]
async fn files_of_all_sizes_go_to_and_from_tftpd_hpa() {
    for host in ["127.0.0.1", "::1"] {
        let server = Tftpd::start(host, Folder::new(), &["-B", "65464"]);
        for config in [TftpClientConfig::default(), with(512, 1), with(8192, 16), with(65_464, 1)] {
            let client = client(config);
            for bytes in [0, 1, 511, 512, 513, 1468 * 64, 3_000_001] {
                let name = "a name with ü.bin";
                let sent = patient(client.push(push(server.device(), bytes, name), &context())).await.unwrap();
                assert_eq!((sent.bytes, sent.resumed_from), (bytes, 0));
                assert_pattern(&server.folder.file(name), bytes);
                let to = Folder::new();
                // What another try left is not kept: TFTP cannot go on.
                std::fs::write(to.file("to"), vec![7; 4000]).unwrap();
                let sink = FileSink::at(to.file("to"));
                let request = Fetch { bytes: Some(bytes), ..fetch(server.device(), name, &sink) };
                let taken = patient(client.fetch(request, &context())).await.unwrap();
                assert_eq!((taken.bytes, sink.is_finished()), (bytes, true));
                assert_pattern(&to.file("to"), bytes);
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_options_gets_plain_requests() {
    let server = Tftpd::start("127.0.0.1", Folder::new(), &["-r", "blksize", "-r", "tsize"]);
    let (client, to) = (client(TftpClientConfig::default()), Folder::new());
    patient(client.push(push(server.device(), 70_000, "x"), &context())).await.unwrap();
    assert_pattern(&server.folder.file("x"), 70_000);
    let sink = FileSink::at(to.file("to"));
    patient(client.fetch(fetch(server.device(), "x", &sink), &context())).await.unwrap();
    assert_pattern(&to.file("to"), 70_000);
}

#[tokio::test]
async fn block_numbers_roll_over_both_ways() {
    // More than 65,535 blocks.
    let (bytes, server, to) = (36 * 1024 * 1024 + 5, Tftpd::start("127.0.0.1", Folder::new(), &[]), Folder::new());
    let client = client(with(512, 1));
    patient(client.push(push(server.device(), bytes, "x"), &context())).await.unwrap();
    assert_pattern(&server.folder.file("x"), bytes);
    let sink = FileSink::at(to.file("to"));
    patient(client.fetch(fetch(server.device(), "x", &sink), &context())).await.unwrap();
    assert_pattern(&to.file("to"), bytes);
}

#[tokio::test]
async fn refusals_have_their_kinds() {
    let server = Tftpd::start("127.0.0.1", Folder::new(), &[]);
    let (client, to) = (client(TftpClientConfig::default()), Folder::new());
    let sink = FileSink::at(to.file("to"));
    let missing = patient(client.fetch(fetch(server.device(), "none", &sink), &context())).await.unwrap_err();
    assert_eq!((missing.kind(), missing.effect()), (ErrorKind::NotFound, Effect::None));
    let refused = patient(client.push(push(server.device(), 10, "no-such-folder/x"), &context())).await.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::NotFound | ErrorKind::Privilege), "{refused:?}");
    std::fs::write(server.folder.file("large"), vec![1; 5000]).unwrap();
    let large = Fetch { most: 4999, ..fetch(server.device(), "large", &sink) };
    assert_eq!(patient(client.fetch(large, &context())).await.unwrap_err().kind(), ErrorKind::NoSpace);
    let other = Fetch { bytes: Some(4999), ..fetch(server.device(), "large", &sink) };
    assert_eq!(patient(client.fetch(other, &context())).await.unwrap_err().kind(), ErrorKind::Integrity);
    assert!(!sink.is_finished());
    for path in ["", "a\0b", &"x".repeat(401)] {
        let invalid = client.fetch(fetch(server.device(), path, &sink), &context()).await.unwrap_err();
        assert_eq!(invalid.kind(), ErrorKind::InvalidInput);
    }
}

/// tftpd-hpa says yes and cuts the file, to curl as well: so this is shown against our own server.
#[tokio::test]
async fn a_full_disk_there_is_told_with_what_is_left_behind() {
    let folder = Folder::new();
    let path = folder.0.to_str().unwrap().to_owned();
    let run = |name: &str, arguments: &[&str]| Command::new(name).args(arguments).status().unwrap().success();
    let mounted = run("mount", &["-t", "tmpfs", "-o", "size=256k", "tmpfs", &path]);
    assert!(mounted, "this test mounts a file system: run it as root");
    let accepted = accept("127.0.0.1", 1 << 30, FileSink::at(folder.file("x"))).await;
    let at = device("127.0.0.1", accepted.port());
    let client = client(TftpClientConfig::default());
    let failed = patient(client.push(push(at.clone(), 5_000_000, accepted.path()), &context())).await;
    // What is too large from the beginning is refused before a byte is sent.
    let small = accept("127.0.0.1", 999, FileSink::at(folder.file("y"))).await;
    let at = device("127.0.0.1", small.port());
    let refused = patient(client.push(push(at, 1000, small.path()), &context())).await;
    drop(accepted.close().await);
    let unmounted = run("umount", &["-l", &path]);
    let (failed, refused) = (failed.unwrap_err(), refused.unwrap_err());
    assert_eq!((failed.kind(), failed.effect(), unmounted), (ErrorKind::NoSpace, Effect::Unknown, true), "{failed:?}");
    assert!(failed.context("left behind").is_some());
    assert_eq!((refused.kind(), refused.effect()), (ErrorKind::NoSpace, Effect::None), "{refused:?}");
}

#[tokio::test]
async fn a_closed_port_is_unreachable_at_once() {
    for host in ["127.0.0.1", "::1"] {
        let closed = device(host, free_port(host));
        let failed =
            patient(client(TftpClientConfig::default()).push(push(closed, 10, "x"), &context())).await.unwrap_err();
        assert_eq!((failed.kind(), failed.effect()), (ErrorKind::Unreachable, Effect::None), "{failed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_ends_after_a_silence() {
    let hole = UdpSocket::bind("127.0.0.1:0").unwrap();
    let closed = device("127.0.0.1", hole.local_addr().unwrap().port());
    let failed = client(TftpClientConfig::default()).push(push(closed, 10, "x"), &context()).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Unreachable);
}

/// A server by hand: takes the request and answers what the test says.
async fn answer(socket: &tokio::net::UdpSocket, packet: &[u8]) -> std::net::SocketAddr {
    let (_, from) = socket.recv_from(&mut [0; 2000]).await.unwrap();
    socket.send_to(packet, from).await.unwrap();
    from
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_and_one_that_lies_are_noticed() {
    let (client, to) = (client(TftpClientConfig::default()), Folder::new());
    let sink = FileSink::at(to.file("to"));
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = device("127.0.0.1", socket.local_addr().unwrap().port());
    let dies = async {
        let from = answer(&socket, b"\0\x06blksize\x001024\0").await;
        socket.recv_from(&mut [0; 2000]).await.unwrap();
        let mut block = vec![0, 3, 0, 1];
        block.resize(1028, 7);
        socket.send_to(&block, from).await.unwrap();
        drop(socket);
    };
    let context = context();
    let fetching = client.fetch(fetch(at, "x", &sink), &context);
    let (failed, ()) = patient(async { tokio::join!(fetching, dies) }).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Interrupted);

    for lie in [
        &b"\0\x06blksize\x0065464\0"[..],
        b"\0\x06windowsize\x009999\0",
        b"\0\x06multicast\0\0",
        b"\0\x04\0\x05",
        b"\0\x01x\0octet\0",
    ] {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let at = device("127.0.0.1", socket.local_addr().unwrap().port());
        let stop = context.cancel.child_token();
        let cx = swim_core::ports::Context { cancel: stop.clone(), ..context.clone() };
        let lying = async {
            answer(&socket, lie).await;
            // A request is no answer: it is passed over.
            if lie[1] == 1 {
                stop.cancel();
            }
        };
        let fetching = client.fetch(fetch(at, "x", &sink), &cx);
        let (failed, ()) = patient(async { tokio::join!(fetching, lying) }).await;
        let kind = failed.unwrap_err().kind();
        assert!(matches!(kind, ErrorKind::UnexpectedReply | ErrorKind::Cancelled), "{kind} {lie:?}");
    }
    assert!(!sink.is_finished());
}

#[tokio::test]
async fn strangers_do_not_disturb_a_transfer() {
    let (client, to) = (client(with(512, 1)), Folder::new());
    let sink = FileSink::at(to.file("to"));
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = device("127.0.0.1", socket.local_addr().unwrap().port());
    let serving = async {
        let from = answer(&socket, b"\0\x06blksize\x00512\0").await;
        for number in 1..=3_u8 {
            // Blocks, errors and nonsense from another port.
            for spray in 0..50_u8 {
                stranger.send_to(&[0, 3 + spray % 3, 0, number, 66], from).await.unwrap();
                stranger.send_to(&[], from).await.unwrap();
            }
            socket.recv_from(&mut [0; 2000]).await.unwrap();
            let mut block = vec![0, 3, 0, number];
            block.resize(if number == 3 { 14 } else { 516 }, 7);
            // A block that comes twice, and one from far away.
            for packet in [&block[..], &block, &[0, 3, 0x80, 1, 9]] {
                socket.send_to(packet, from).await.unwrap();
            }
        }
    };
    let context = context();
    let fetching = client.fetch(fetch(at, "x", &sink), &context);
    let (taken, ()) = patient(async { tokio::join!(fetching, serving) }).await;
    assert_eq!(taken.unwrap().bytes, 1034);
    assert_eq!(std::fs::read(to.file("to")).unwrap(), [7; 1034]);
}

/// A place of ours for one upload.
async fn accept(host: &str, most: u64, sink: Arc<dyn Sink>) -> Box<dyn Served> {
    let served = TftpOffers::new(Arc::new(TcpNetwork), TftpConfig { bind: host.into(), port: 0 });
    let (device, lifetime) = (offer(1, "x").device, Duration::from_secs(60));
    let accept = Accept { device, name: "up.bin".into(), sink, most, source: Some(host.into()), lifetime };
    served.accept(accept, &context()).await.unwrap()
}

/// Our server and our client, both ways.
async fn ours(bytes: u64, config: TftpClientConfig, host: &str) -> Result<()> {
    let (to, context) = (Folder::new(), context());
    let served = TftpOffers::new(Arc::new(TcpNetwork), TftpConfig { bind: host.into(), port: 0 });
    let source = Some(host.to_owned());
    let offered = served.offer(Offer { source: source.clone(), ..offer(bytes, "x.bin") }, &context).await?;
    let sink = FileSink::at(to.file("to"));
    let client = client(config);
    client.fetch(fetch(device(host, offered.port()), offered.path(), &sink), &context).await?;
    assert_pattern(&to.file("to"), bytes);
    let accepted = accept(host, bytes.max(1), FileSink::at(to.file("up"))).await;
    client.push(push(device(host, accepted.port()), bytes, accepted.path()), &context).await?;
    let receipt = accepted.close().await?;
    assert_eq!(receipt.bytes, bytes);
    assert_pattern(&to.file("up"), bytes);
    Ok(())
}

#[tokio::test]
async fn clients_of_others_upload_once_and_only_what_was_agreed() {
    for host in ["127.0.0.1", "::1"] {
        for bytes in [1_usize, 512, 8192 * 7, 1_000_001] {
            let folder = Folder::new();
            let (from, to) = (folder.file("from"), folder.file("to"));
            std::fs::write(&from, memory::PatternStore::pattern(0, bytes)).unwrap();
            let accepted = accept(host, 1_000_001, FileSink::at(&to)).await;
            let at = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            let (port, path) = (accepted.port(), accepted.path().to_owned());
            let curl = async |path: &str, block: &str| {
                let url = format!("tftp://{at}:{port}/{path}");
                let mut curl = tokio::process::Command::new(program("curl", "curl"));
                let arguments = ["-sS", "-m", "60", "--tftp-blksize", block, "-T", &from, &url];
                curl.args(arguments).stderr(Stdio::null()).status().await.unwrap().success()
            };
            // Another path, and a download of what is to be uploaded.
            assert!(!curl("up.bin", "1468").await);
            let url = format!("tftp://{at}:{port}/{path}");
            let mut reads = tokio::process::Command::new(program("curl", "curl"));
            let reads = reads.args(["-sS", "-m", "60", "-o", "/dev/null", &url]).output().await.unwrap();
            assert!(!reads.status.success());
            assert!(curl(&path, if bytes % 2 == 0 { "8192" } else { "1468" }).await, "{host} {bytes}");
            assert_pattern(&to, bytes as u64);
            assert!(!curl(&path, "1468").await, "a second upload was taken");
            assert_eq!(accepted.close().await.unwrap().bytes, bytes as u64);
        }
    }
    let unused = accept("127.0.0.1", 10, FileSink::at(Folder::new().file("x"))).await;
    assert_eq!(unused.close().await.unwrap_err().kind(), ErrorKind::Interrupted);
}

#[tokio::test]
async fn atftp_uploads_with_windows() {
    let folder = Folder::new();
    let (from, to) = (folder.file("from"), folder.file("to"));
    std::fs::write(&from, memory::PatternStore::pattern(0, 3_000_001)).unwrap();
    for (block, window) in [(1468, 1), (1468, 64), (8192, 16)] {
        let accepted = accept("127.0.0.1", 1 << 30, FileSink::at(&to)).await;
        let (block, window) = (format!("blksize {block}"), format!("windowsize {window}"));
        let mut atftp = tokio::process::Command::new(program("atftp", "atftp"));
        atftp.args(["-p", "-l", &from, "-r", accepted.path(), "--option", &block, "--option", &window, "127.0.0.1"]);
        let ended = patient(atftp.arg(accepted.port().to_string()).output()).await.unwrap();
        assert!(ended.status.success(), "{ended:?}");
        assert_pattern(&to, 3_000_001);
        accepted.close().await.unwrap();
    }
}

#[tokio::test]
async fn our_two_ends_agree_for_all_sizes_blocks_and_windows() {
    for host in ["127.0.0.1", "::1"] {
        for config in [TftpClientConfig::default(), with(512, 1), with(8, 512), with(8192, 64), with(65_464, 3)] {
            for bytes in [0, 1, 7, 512, 1468 * 64, 400_001] {
                patient(ours(bytes, config.clone(), host))
                    .await
                    .unwrap_or_else(|e| panic!("{host} {bytes} {config:?}: {e:?}"));
            }
        }
    }
}
