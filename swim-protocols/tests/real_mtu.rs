//! TFTP with blocks above the MTU, in a network namespace whose loopback has the MTU of Ethernet (Linux, root).
#![cfg(all(feature = "tftp", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use support::{Folder, assert_pattern, context, offer, program};
use swim_core::ports::{Offer, Transfer};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tftp::{TftpConfig, TftpOffers};

const INSIDE: &str = "SWIM_TEST_IN_A_NAMESPACE";
const BYTES: u64 = 3_000_001;

/// Runs itself once more, in a namespace of its own.
#[test]
fn blocks_above_the_mtu_arrive() {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(pulls());
    }
    let me = std::env::current_exe().unwrap();
    let script = "ip link set lo mtu 1500 up && exec \"$0\" --exact --nocapture blocks_above_the_mtu_arrive";
    let ended = Command::new(program("unshare", "util-linux"))
        .args(["-n", "sh", "-ec", script])
        .arg(me)
        .env(INSIDE, "1")
        .output()
        .unwrap();
    assert!(ended.status.success(), "{}{}", text(&ended.stdout), text(&ended.stderr));
    assert!(text(&ended.stdout).contains("1 passed"), "{}", text(&ended.stdout));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn pulls() {
    let folder = Folder::new();
    let to = folder.file("to");
    for host in ["127.0.0.1", "::1"] {
        for block in ["1468", "8192", "65464"] {
            let offers = TftpOffers::new(Arc::new(TcpNetwork), TftpConfig { bind: host.into(), port: 0 });
            let request = Offer { source: Some(host.into()), ..offer(BYTES, "x.bin") };
            let served = offers.offer(request, &context()).await.unwrap();
            let named = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            let url = format!("tftp://{named}:{}/{}", served.port(), served.path());
            let _ = std::fs::remove_file(&to);
            let mut curl = tokio::process::Command::new(program("curl", "curl"));
            curl.args(["-sS", "--tftp-blksize", block, "-o", &to, &url]);
            let ended = tokio::time::timeout(Duration::from_secs(60), curl.output()).await.unwrap().unwrap();
            assert!(ended.status.success(), "{host} {block}: {ended:?}");
            assert_pattern(&to, BYTES);
        }
    }
}
