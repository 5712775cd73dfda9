//! New keys in the middle of transfers, asked for by our side: OpenSSH counts them. (Where OpenSSH asks: see the other tests,
//! whose sshd wants new keys every 32 MiB.)
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::time::Duration;

use sink::{FileSink, fetch};
use support::memory::PatternStore;
use support::{Folder, Sshd, assert_pattern, context, offer, openssh, push};
use swim_core::model::Protocol;
use swim_core::ports::{Accept, Sink, Transfer};
use swim_core::{ErrorKind, Result};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::ssh::{OfferConfig, SshClient, SshConfig, SshOffers};

/// Three times [`EVERY`], and not a multiple of any block.
const BYTES: u64 = 100 * 1024 * 1024 + 4321;
/// MiB between two exchanges.
const EVERY: u64 = 32;
/// What OpenSSH says of new keys, once for each direction.
const SAID: &str = "set_newkeys: rekeying";

/// sshd asks for no new keys itself.
fn silent_sshd() -> Sshd {
    Sshd::with("ed25519", 0, "RekeyLimit default none\nLogLevel DEBUG1\n")
}

fn client(sshd: &Sshd) -> Arc<SshClient> {
    sshd.client_with(&Arc::default(), SshConfig { rekey_mib: EVERY, ..SshConfig::default() })
}

/// How often the keys were new since the log was `before` long.
fn rekeys(sshd: &Sshd, before: usize) -> usize {
    let log = std::fs::read(sshd.folder.file("log")).unwrap();
    String::from_utf8_lossy(&log[before..]).matches(SAID).count() / 2
}

fn log_length(sshd: &Sshd) -> usize {
    std::fs::metadata(sshd.folder.file("log")).unwrap().len().try_into().unwrap()
}

fn offers() -> (SshOffers, SshOffers) {
    let config = OfferConfig { bind: "127.0.0.1".into(), rekey_mib: EVERY, ..OfferConfig::default() };
    SshOffers::new(Arc::new(TcpNetwork), config).unwrap()
}

/// The program of OpenSSH, and what comes before its ends.
fn program(protocol: Protocol) -> (&'static str, Vec<String>) {
    match protocol {
        Protocol::Scp => ("scp", vec!["-O".into(), "-v".into()]),
        _ => ("scp", vec!["-s".into(), "-v".into()]),
    }
}

async fn run(protocol: Protocol, port: u16, password: &str, folder: &Folder, ends: [String; 2]) -> usize {
    let (name, mut args) = program(protocol);
    args.extend(["-o".into(), "RekeyLimit=default none".into(), "-P".into(), port.to_string()]);
    args.extend(ends);
    let out = openssh(name, password, folder, &args).await;
    assert!(out.status.success(), "{protocol} {out:?}");
    String::from_utf8_lossy(&out.stderr).matches(SAID).count() / 2
}

#[tokio::test]
async fn a_push_and_a_fetch_that_ask_for_new_keys_are_whole() {
    let sshd = silent_sshd();
    let ssh = client(&sshd);
    let both: [(Arc<dyn Transfer>, Arc<dyn Transfer>); 2] = [
        (Arc::new(SftpPush::new(Arc::clone(&ssh))), Arc::new(SftpFetch::new(Arc::clone(&ssh)))),
        (Arc::new(ScpPush::new(Arc::clone(&ssh))), Arc::new(ScpFetch::new(ssh))),
    ];
    let (far, near) = (sshd.folder.file("far.bin"), sshd.folder.file("near.bin"));
    for (pushes, fetches) in both {
        let before = log_length(&sshd);
        pushes.push(push(sshd.device(), BYTES, &far), &context()).await.unwrap();
        assert_pattern(&far, BYTES);
        assert!(rekeys(&sshd, before) >= 2, "{} push: {}", pushes.ability().protocol, rekeys(&sshd, before));

        let before = log_length(&sshd);
        let sink = FileSink::at(&near);
        fetches.fetch(fetch(sshd.device(), &far, &sink), &context()).await.unwrap();
        assert_pattern(&near, BYTES);
        assert!(rekeys(&sshd, before) >= 2, "{} fetch: {}", fetches.ability().protocol, rekeys(&sshd, before));
        std::fs::remove_file(&near).unwrap();
        std::fs::remove_file(&far).unwrap();
    }
}

#[tokio::test]
async fn an_offer_and_an_accept_that_ask_for_new_keys_are_whole() {
    let folder = Folder::new();
    let (scp, sftp) = offers();
    for ours in [scp, sftp] {
        let protocol = ours.ability().protocol;
        let served = ours.offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
        let password = served.password().unwrap().expose().clone();
        let there = format!("{}@127.0.0.1:x.bin", served.user().unwrap());
        let made = folder.file("pulled.bin");
        let rekeys = run(protocol, served.port(), &password, &folder, [there, made.clone()]).await;
        assert_pattern(&made, BYTES);
        assert!(rekeys >= 2, "{protocol} offer: {rekeys}");
        assert_eq!(served.close().await.unwrap().bytes, BYTES);

        std::fs::write(&made, PatternStore::pattern(0, BYTES as usize)).unwrap();
        let taken = folder.file("taken.bin");
        let sink: Arc<dyn Sink> = FileSink::at(&taken);
        let request = Accept {
            device: offer(1, "x.bin").device,
            name: "x.bin".into(),
            sink,
            most: 1 << 30,
            source: Some("127.0.0.1".into()),
            lifetime: Duration::from_secs(60),
        };
        let served = ours.accept(request, &context()).await.unwrap();
        let password = served.password().unwrap().expose().clone();
        let there = format!("{}@127.0.0.1:x.bin", served.user().unwrap());
        let rekeys = run(protocol, served.port(), &password, &folder, [made.clone(), there]).await;
        assert_eq!(served.close().await.unwrap().bytes, BYTES);
        assert_pattern(&taken, BYTES);
        assert!(rekeys >= 2, "{protocol} accept: {rekeys}");
        std::fs::remove_file(&made).unwrap();
        std::fs::remove_file(&taken).unwrap();
    }
}

#[test]
fn a_limit_that_is_none_is_refused() {
    for rekey_mib in [0, 1025, u64::MAX] {
        let config = OfferConfig { rekey_mib, ..OfferConfig::default() };
        let refused: Result<_> = SshOffers::new(Arc::new(TcpNetwork), config);
        let e = refused.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::InvalidInput);
        assert!(e.to_string().contains("rekey_mib") && e.to_string().contains(&rekey_mib.to_string()), "{e}");
    }
}
