//! A process that is killed while it pushes over SFTP: the next one sends what is missing, and nothing twice.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use support::memory::{MemoryRecords, MemorySecrets};
use support::{Sshd, assert_pattern, context, push};
use swim_core::model::{Device, HostKeyPolicy};
use swim_core::ports::Transfer;
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::sftp::SftpPush;
use swim_protocols::ssh::{SshClient, SshConfig};
use tokio::net::{TcpListener, TcpStream};

const BYTES: u64 = 48 * 1024 * 1024 + 4321;
const KILLS: u64 = 6;
/// Bytes that may be on their way when the process dies (4 MiB on a short path), and SSH's own: over several channels what
/// lies behind the first hole is sent again.
const A_KILL_MAY_COST: u64 = 6 * 1024 * 1024;
/// What the other process is told: port, key file, path, and the device as JSON.
const CHILD: &str = "SWIM_TEST_CHILD";

/// The other process: does nothing in an ordinary run.
#[tokio::test]
async fn child_pushes() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let [device, key, path] = serde_json::from_str::<[String; 3]>(&told).unwrap();
    let device: Device = serde_json::from_str(&device).unwrap();
    let key = std::fs::read_to_string(key).unwrap();
    let records = Arc::<MemoryRecords>::default();
    let secrets = Arc::new(MemorySecrets::new(&[("key", &key)]));
    let client = Arc::new(SshClient::new(Arc::new(TcpNetwork), secrets, records, SshConfig::default()));
    let receipt = SftpPush::new(client).push(push(device, BYTES, &path), &context()).await.unwrap();
    println!(":{}", receipt.resumed_from);
}

/// Passes bytes on, slowly enough that a kill meets a transfer, and counts those that go up.
async fn relay(to: u16) -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let counted = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&counted);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
            let (mut near_in, mut near_out) = near.into_split();
            let (mut far_in, mut far_out) = far.into_split();
            let count = Arc::clone(&count);
            tokio::spawn(async move { tokio::io::copy(&mut far_in, &mut near_out).await.ok() });
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = near_in.read(&mut buffer).await {
                    count.fetch_add(length as u64, Ordering::Relaxed);
                    if far_out.write_all(&buffer[..length]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
        }
    });
    (port, counted)
}

/// The size of the file once the server has taken all that it was sent.
async fn settled(path: &str) -> u64 {
    let size = || std::fs::metadata(path).map_or(0, |m| m.len());
    let mut before = size();
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        match size() {
            now if now == before => return now,
            now => before = now,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_push_goes_on_and_sends_nothing_twice() {
    let sshd = Sshd::start();
    let (port, counted) = relay(sshd.port).await;
    let mut device = sshd.device();
    device.at.port = port;
    device.host_key = HostKeyPolicy::FirstUse;
    let path = sshd.folder.file("x.bin");
    let told = [serde_json::to_string(&device).unwrap(), sshd.folder.file("user"), path.clone()];
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_pushes", "--nocapture"])
            .env(CHILD, serde_json::to_string(&told).unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut at = 0;
    let mut killed = 0;
    for n in 1..=KILLS {
        let mut child = start();
        // When it has come some megabytes further.
        let until = (BYTES * n / (KILLS + 2)).max(at + 1);
        while std::fs::metadata(&path).map_or(0, |m| m.len()) < until && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        killed += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        at = settled(&path).await;
    }
    let last = start().wait_with_output().unwrap();
    let said = String::from_utf8(last.stdout).unwrap();
    let from = said.lines().find_map(|l| l.split(':').nth(1)?.trim().parse::<u64>().ok());
    let from = from.expect("it tells where it went on");
    assert!(from <= at && at - from <= A_KILL_MAY_COST, "it goes on near the end: {from} of {at}");
    assert_pattern(&path, BYTES);
    let sent = counted.load(Ordering::Relaxed);
    println!("{killed} kills, {BYTES} bytes of image, {sent} bytes on the wire");
    assert_eq!(killed, KILLS);
    assert!(sent < BYTES + BYTES / 50 + KILLS * A_KILL_MAY_COST, "{sent}");
}
