//! SFTP against OpenSSH, in both directions.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use support::memory::PatternStore;
use support::{Folder, Sshd, assert_pattern, context, offer, openssh, push};
use swim_core::ErrorKind;
use swim_core::ports::{Push, Transfer};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::sftp::SftpPush;
use swim_protocols::ssh::{OfferConfig, SshOffers};

/// Not a multiple of any block.
const BYTES: u64 = 64 * 1024 * 1024 + 4321;

#[tokio::test]
async fn a_push_arrives_whole_through_rekeys_and_replaces_what_was_there() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    std::fs::write(&path, vec![7; BYTES as usize + 10]).unwrap();
    let sftp = SftpPush::new(sshd.client(&Arc::default()));
    let receipt = sftp.push(push(sshd.device(), BYTES, &path), &context()).await.unwrap();
    assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES, 0));
    assert_pattern(&path, BYTES);
}

#[tokio::test]
async fn a_push_goes_on_where_it_stopped_and_sends_only_the_rest() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    let half = 20_000_001;
    std::fs::write(&path, PatternStore::pattern(0, half)).unwrap();
    let sftp = SftpPush::new(sshd.client(&Arc::default()));
    let request = push(sshd.device(), BYTES, &path);
    let receipt = sftp.push(request.clone(), &context()).await.unwrap();
    assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - half as u64, half as u64));
    assert_pattern(&path, BYTES);
    let again = sftp.push(request.clone(), &context()).await.unwrap();
    assert_eq!((again.bytes, again.resumed_from), (0, BYTES), "nothing is left to send");
    let whole = sftp.push(Push { resume: false, ..request }, &context()).await.unwrap();
    assert_eq!((whole.bytes, whole.resumed_from), (BYTES, 0));
    assert_pattern(&path, BYTES);
}

#[tokio::test]
async fn what_is_no_beginning_of_the_image_is_replaced() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    let sftp = SftpPush::new(sshd.client(&Arc::default()));
    let good = PatternStore::pattern(0, 1_000_000);
    let (mut torn, mut other) = (good.clone(), good.clone());
    torn[999_999] ^= 1;
    other[100] ^= 1;
    for there in [torn, other, b"short".to_vec(), Vec::new(), vec![0; BYTES as usize + 1]] {
        std::fs::write(&path, &there).unwrap();
        let receipt = sftp.push(push(sshd.device(), BYTES, &path), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES, 0), "{} bytes were there", there.len());
        assert_pattern(&path, BYTES);
    }
}

#[tokio::test]
async fn a_hole_is_found_and_filled() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    let sftp = SftpPush::new(sshd.client(&Arc::default()));
    // What a cut of a transfer over several channels leaves: a part that lies ahead of one that never came.
    let mut there = PatternStore::pattern(0, 9_000_000);
    there[5_000_000..6_000_000].fill(0);
    std::fs::write(&path, &there).unwrap();
    let receipt = sftp.push(push(sshd.device(), BYTES, &path), &context()).await.unwrap();
    assert!((5_000_000..5_001_000).contains(&receipt.resumed_from), "{receipt:?}");
    assert_pattern(&path, BYTES);
}

#[tokio::test]
async fn refusals_have_kinds() {
    let sshd = Sshd::start();
    let sftp = SftpPush::new(sshd.client(&Arc::default()));
    let e = sftp.push(push(sshd.device(), 10, "/no/such/folder/x.bin"), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound, "{e:?}");
}

#[tokio::test]
async fn openssh_sftp_and_scp_pull_once_each() {
    let config = OfferConfig { bind: "127.0.0.1".into(), ..OfferConfig::default() };
    let (_, sftp) = SshOffers::new(Arc::new(TcpNetwork), config).unwrap();
    for client in ["sftp", "scp"] {
        let served = sftp.offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
        let folder = Folder::new();
        let password = served.password().unwrap().expose().clone();
        let args = |name: &str, to: &str| {
            let from = format!("{}@127.0.0.1:{name}", served.user().unwrap());
            vec!["-P".to_owned(), served.port().to_string(), from, folder.file(to)]
        };
        let other = openssh(client, &password, &folder, &args("/etc/passwd", "o")).await;
        assert!(!other.status.success() && !std::path::Path::new(&folder.file("o")).exists(), "{other:?}");
        let first = openssh(client, &password, &folder, &args("x.bin", "x")).await;
        assert!(first.status.success(), "{client}: {first:?}");
        assert_pattern(&folder.file("x"), BYTES);
        let second = openssh(client, &password, &folder, &args("x.bin", "y")).await;
        assert!(String::from_utf8_lossy(&second.stderr).contains("Permission denied"), "{client}: {second:?}");
    }
}
