//! Clients of others pull from our TFTP offers.
#![cfg(feature = "tftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use support::{Folder, assert_pattern, context, free_port, offer, program};
use swim_core::ports::{Offer, Served, Transfer};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tftp::{TftpConfig, TftpOffers};

async fn open(host: &str, request: Offer) -> Box<dyn Served> {
    let offers = TftpOffers::new(Arc::new(TcpNetwork), TftpConfig { bind: host.into(), port: 0 });
    offers.offer(request, &context()).await.unwrap()
}

async fn run(name: &str, package: &str, arguments: Vec<String>) -> Output {
    let mut command = tokio::process::Command::new(program(name, package));
    tokio::time::timeout(Duration::from_secs(20), command.args(arguments).output()).await.unwrap().unwrap()
}

async fn curl(host: &str, port: u16, path: &str, to: &str, block: Option<u32>) -> Output {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut arguments = vec!["-sS".to_owned(), "-o".to_owned(), to.to_owned(), format!("tftp://{host}:{port}/{path}")];
    match block {
        Some(block) => arguments.extend(["--tftp-blksize".to_owned(), block.to_string()]),
        None => arguments.push("--tftp-no-options".to_owned()),
    }
    run("curl", "curl", arguments).await
}

#[tokio::test]
async fn curl_pulls_files_of_all_sizes_with_all_blocks() {
    let folder = Folder::new();
    let to = folder.file("to");
    for host in ["127.0.0.1", "::1"] {
        for bytes in [0, 1, 511, 512, 513, 1468 * 64, 3_000_001] {
            for block in [None, Some(512), Some(1468), Some(8192), Some(65_464)] {
                let served = open(host, Offer { source: Some(host.into()), ..offer(bytes, "x.bin") }).await;
                let _ = std::fs::remove_file(&to);
                let ended = curl(host, served.port(), served.path(), &to, block).await;
                assert!(ended.status.success(), "{host} {bytes} {block:?}: {ended:?}");
                if bytes > 0 {
                    assert_pattern(&to, bytes);
                }
            }
        }
    }
}

#[tokio::test]
async fn block_numbers_roll_over() {
    // More than 65,535 blocks of 512 bytes.
    let bytes = 36 * 1024 * 1024 + 5;
    let folder = Folder::new();
    let served = open("127.0.0.1", offer(bytes, "x.bin")).await;
    let script = format!("get {} {}\nquit\n", served.path(), folder.file("to"));
    let mut child = tokio::process::Command::new(program("tftp", "tftp-hpa"))
        .args(["-m", "binary", "127.0.0.1", &served.port().to_string()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stdin, script.as_bytes()).await.unwrap();
    drop(stdin);
    let ended = tokio::time::timeout(Duration::from_secs(120), child.wait()).await.unwrap().unwrap();
    assert!(ended.success());
    assert_pattern(&folder.file("to"), bytes);
}

/// Two devices at one port, each with an offer of its own.
#[tokio::test]
async fn offers_at_one_port_are_told_apart_by_path_and_source() {
    let (folder, port) = (Folder::new(), free_port("0.0.0.0"));
    let offers = TftpOffers::new(Arc::new(TcpNetwork), TftpConfig { bind: "0.0.0.0".into(), port });
    let from = |source: &str, bytes| Offer { source: Some(source.into()), ..offer(bytes, "x.bin") };
    let one = offers.offer(from("127.0.0.1", 700_001), &context()).await.unwrap();
    let two = offers.offer(from("127.0.0.2", 300_001), &context()).await.unwrap();
    assert_eq!((one.port(), two.port()), (port, port));
    let pull = async |device: &str, served: &dyn Served| {
        let url = format!("tftp://127.0.0.1:{port}/{}", served.path());
        let to = folder.file(device);
        let words = ["-sS", "--interface", device, "--tftp-blksize", "1468", "-o", &to, &url].map(str::to_owned);
        run("curl", "curl", words.to_vec()).await.status.code()
    };
    // The path of another one is no path.
    assert_eq!(pull("127.0.0.2", &*one).await, Some(68));
    assert_eq!((one.sent(), two.sent()), (0, 0), "it counts against nobody");
    let both = tokio::join!(pull("127.0.0.1", &*one), pull("127.0.0.2", &*two));
    assert_eq!(both, (Some(0), Some(0)));
    assert_pattern(&folder.file("127.0.0.1"), 700_001);
    assert_pattern(&folder.file("127.0.0.2"), 300_001);
    // The port stays for the other one, and is free after the last.
    one.close().await.unwrap();
    assert!(std::net::UdpSocket::bind(("0.0.0.0", port)).is_err());
    assert_eq!(pull("127.0.0.2", &*two).await, Some(68));
    two.close().await.unwrap();
    let free = async {
        while std::net::UdpSocket::bind(("0.0.0.0", port)).is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), free).await.expect("the port is still taken");
}

#[tokio::test]
async fn a_second_use_another_path_and_a_write_are_refused() {
    let folder = Folder::new();
    let (to, port) = (folder.file("to"), |served: &dyn Served| served.port());
    let served = open("127.0.0.1", offer(5000, "x.bin")).await;
    for path in ["x.bin", "../x.bin", "etc/passwd"] {
        let ended = curl("127.0.0.1", port(&*served), path, &to, None).await;
        // The exit code for the error "file not found".
        assert_eq!(ended.status.code(), Some(68), "{path}: {ended:?}");
    }
    let url = format!("tftp://127.0.0.1:{}/{}", port(&*served), served.path());
    std::fs::write(&to, "mine").unwrap();
    let ended = run("curl", "curl", vec!["-sS".into(), "-T".into(), to.clone(), url]).await;
    assert!(!ended.status.success(), "{ended:?}");
    assert!(curl("127.0.0.1", port(&*served), served.path(), &to, None).await.status.success());
    assert_pattern(&to, 5000);
    let again = curl("127.0.0.1", port(&*served), served.path(), &to, None).await;
    assert!(!again.status.success(), "{again:?}");
    let foreign = open("127.0.0.1", Offer { source: Some("192.0.2.1".into()), ..offer(5000, "x.bin") }).await;
    assert!(!curl("127.0.0.1", port(&*foreign), foreign.path(), &to, None).await.status.success());
}
