//! SCP against OpenSSH, in both directions.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::time::Duration;

use sink::{FileSink, fetch};

use support::memory::MemoryRecords;
use support::{Folder, Sshd, assert_pattern, context, keygen, offer, openssh, push};
use swim_core::ErrorKind;
use swim_core::ports::Transfer;
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::{OfferConfig, SshConfig, SshOffers};

/// Not a multiple of any block.
const BYTES: u64 = 64 * 1024 * 1024 + 4321;

#[tokio::test]
async fn a_push_arrives_whole_through_rekeys() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("a b.bin");
    let scp = ScpPush::new(sshd.client(&Arc::default()));
    let receipt = scp.push(push(sshd.device(), BYTES, &path), &context()).await.unwrap();
    assert_eq!(receipt.bytes, BYTES);
    assert_eq!(receipt.cipher.as_deref(), Some("aes128-gcm@openssh.com"));
    assert_pattern(&path, BYTES);
}

#[tokio::test]
async fn an_error_stream_without_an_end_is_no_sign_of_life() {
    let sshd = Sshd::with("ed25519", 0, "ForceCommand while echo noise >&2; do sleep 0.1; done\n");
    let config = SshConfig { silence_seconds: 2, ..SshConfig::default() };
    let client = sshd.client_with(&Arc::default(), config);
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let (scp, back) = (ScpPush::new(Arc::clone(&client)), ScpFetch::new(client));
    let cx = context();
    let both = async {
        tokio::join!(scp.push(push(sshd.device(), 10, "x"), &cx), back.fetch(fetch(sshd.device(), "x", &sink), &cx))
    };
    let (pushed, fetched) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("it is kept alive");
    for e in [pushed.unwrap_err(), fetched.unwrap_err()] {
        assert_eq!(e.kind(), ErrorKind::Timeout, "{e:?}");
        assert!(e.device_words().unwrap().contains("noise"), "{e:?}");
    }
}

#[tokio::test]
async fn a_refused_destination_keeps_the_words_of_the_far_side() {
    let sshd = Sshd::start();
    let scp = ScpPush::new(sshd.client(&Arc::default()));
    let e = scp.push(push(sshd.device(), 10, "/no/such/folder/x.bin"), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::NotFound, "{e:?}");
    assert!(e.device_words().unwrap().contains("No such file or directory"), "{e:?}");
    assert!(e.to_string().starts_with("scp: /no/such/folder/x.bin: "), "{e}");
}

#[tokio::test]
async fn a_changed_host_key_is_refused_with_both_fingerprints() {
    let records = Arc::new(MemoryRecords::default());
    let mut first = Sshd::start();
    first.client(&records).connect(&first.device(), &context()).await.unwrap();
    first.restart_with_another_key();
    let e = first.client(&records).connect(&first.device(), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Auth);
    assert!(
        e.context("expected").is_some()
            && e.context("offered").is_some()
            && e.context("expected") != e.context("offered")
    );
}

#[tokio::test]
async fn a_wrong_key_is_an_auth_failure() {
    let sshd = Sshd::start();
    std::fs::remove_file(sshd.folder.file("user")).unwrap();
    std::fs::remove_file(sshd.folder.file("user.pub")).unwrap();
    let kept = Folder::new();
    keygen(&kept.file("other"));
    std::fs::copy(kept.file("other"), sshd.folder.file("user")).unwrap();
    std::fs::write(sshd.folder.file("user.pub"), "").unwrap();
    let e = sshd.client(&Arc::default()).connect(&sshd.device(), &context()).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Auth, "{e:?}");
}

#[tokio::test]
async fn openssh_pulls_once_and_a_second_use_is_refused() {
    let (scp, _) =
        SshOffers::new(Arc::new(TcpNetwork), OfferConfig { bind: "127.0.0.1".into(), ..OfferConfig::default() })
            .unwrap();
    let served = scp.offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
    let folder = Folder::new();
    let args = |name: &str, to: &str| {
        let from = format!("{}@127.0.0.1:{name}", served.user().unwrap());
        vec!["-O".into(), "-P".into(), served.port().to_string(), from, folder.file(to)]
    };
    let password = served.password().unwrap().expose().clone();
    let other = openssh("scp", &password, &folder, &args("other.bin", "o")).await;
    assert!(!other.status.success());
    let wrong = openssh("scp", "wrong", &folder, &args("x.bin", "w")).await;
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("Permission denied"), "{wrong:?}");
    let first = openssh("scp", &password, &folder, &args("x.bin", "x")).await;
    assert!(first.status.success(), "{first:?}");
    assert_pattern(&folder.file("x"), BYTES);
    assert_eq!(served.sent(), BYTES);
    let second = openssh("scp", &password, &folder, &args("x.bin", "y")).await;
    assert!(String::from_utf8_lossy(&second.stderr).contains("Permission denied"), "{second:?}");
    assert_eq!(served.close().await.unwrap().bytes, BYTES);
}

#[tokio::test]
async fn nothing_can_be_written_to_an_offer_and_it_ends_when_it_is_closed() {
    let (scp, _) =
        SshOffers::new(Arc::new(TcpNetwork), OfferConfig { bind: "127.0.0.1".into(), ..OfferConfig::default() })
            .unwrap();
    let served = scp.offer(offer(10, "x.bin"), &context()).await.unwrap();
    let folder = Folder::new();
    std::fs::write(folder.file("mine"), "mine").unwrap();
    let to = format!("{}@127.0.0.1:x.bin", served.user().unwrap());
    let args = ["-O".into(), "-P".into(), served.port().to_string(), folder.file("mine"), to];
    let out = openssh("scp", served.password().unwrap().expose(), &folder, &args).await;
    assert!(!out.status.success());
    assert!(String::from_utf8_lossy(&out.stderr).contains("nothing can be written here"), "{out:?}");
    let port = served.port();
    served.close().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
