//! Pushes 1 GiB to an SSH server over SFTP or SCP and prints the rate and the peak of the memory of this process.
//!
//! `push_1gib sftp|scp HOST PORT USER KEY-FILE REMOTE-PATH`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../src/memory.rs"]
mod memory;

use std::sync::Arc;

use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId, Sha256};
use swim_core::ports::{Context, Push, Transfer};
use swim_protocols::clock::TokioClock;
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::scp::ScpPush;
use swim_protocols::ssh::sftp::SftpPush;
use swim_protocols::ssh::{SshClient, SshConfig};

const BYTES: u64 = 1 << 30;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [protocol, host, port, user, key, path] = arguments.as_slice() else {
        panic!("push_1gib sftp|scp HOST PORT USER KEY-FILE REMOTE-PATH");
    };
    let key = std::fs::read_to_string(key).expect("the key file");
    let secrets = Arc::new(memory::MemorySecrets::new(&[("key", &key)]));
    let records = Arc::new(memory::MemoryRecords::default());
    let client = Arc::new(SshClient::new(Arc::new(TcpNetwork), secrets, records, SshConfig::default()));
    let login = Login::key(user.clone(), "key");
    let device = Device::new(
        DeviceId::new("target").unwrap(),
        Endpoint { host: host.clone(), port: port.parse().unwrap() },
        PlatformId("ios".into()),
        login,
        HostKeyPolicy::FirstUse,
    );
    let request = Push {
        device,
        store: Arc::new(memory::PatternStore { bytes: BYTES }),
        image: Sha256::of(b"pattern"),
        bytes: BYTES,
        path: path.clone(),
        resume: true,
    };
    let cx = Context::new(Arc::new(TokioClock::system()));
    let receipt = match protocol.as_str() {
        "scp" => ScpPush::new(client).push(request, &cx).await,
        _ => SftpPush::new(client).push(request, &cx).await,
    }
    .unwrap_or_else(|e| panic!("{e:?}"));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM: not told here");
    let rate = BYTES as f64 / 1e6 / (receipt.millis as f64 / 1e3);
    println!("{protocol} push of 1 GiB: {} ms, {rate:.0} MB/s, {:?}; {peak}", receipt.millis, receipt.cipher);
}
