//! Fetching over SFTP and SCP from OpenSSH.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sink::{FileSink, fetch};
use support::memory::PatternStore;
use support::{Sshd, assert_pattern, context};
use swim_core::ErrorKind;
use swim_core::model::Protocol;
use swim_core::ports::{Fetch, Sink, Transfer};
use swim_protocols::ssh::SshClient;
use swim_protocols::ssh::scp::ScpFetch;
use swim_protocols::ssh::sftp::SftpFetch;

/// Not a multiple of any block.
const BYTES: u64 = 64 * 1024 * 1024 + 4321;

fn adapters(client: &Arc<SshClient>) -> [Arc<dyn Transfer>; 2] {
    [Arc::new(SftpFetch::new(Arc::clone(client))), Arc::new(ScpFetch::new(Arc::clone(client)))]
}

#[tokio::test]
async fn files_of_all_sizes_and_names_come_whole() {
    let sshd = Sshd::start();
    for adapter in adapters(&sshd.client(&Arc::default())) {
        for (name, bytes) in [("a", 0), ("b", 1), ("c d é.bin", 32 * 1024), ("e", 255 * 1024 + 1), ("f", BYTES)] {
            let path = sshd.folder.file(name);
            std::fs::write(&path, PatternStore::pattern(0, bytes as usize)).unwrap();
            let to = sshd.folder.file("to");
            std::fs::write(&to, b"something else that is longer than one byte").unwrap();
            let sink = FileSink::at(&to);
            let request = Fetch { bytes: Some(bytes), ..fetch(sshd.device(), &path, &sink) };
            let receipt = adapter.fetch(request, &context()).await.unwrap();
            assert_eq!((receipt.bytes, receipt.resumed_from), (bytes, 0), "{name}");
            assert!(sink.is_finished() && receipt.cipher.is_some(), "{name}");
            assert_pattern(&to, bytes);
        }
    }
}

#[tokio::test]
async fn sftp_begins_anew_when_the_file_was_changed_where_nobody_looks() {
    let sshd = Sshd::start();
    let (path, to) = (sshd.folder.file("x.bin"), sshd.folder.file("to"));
    let set = |bytes: &[u8], seconds: u64| {
        std::fs::write(&path, bytes).unwrap();
        let changed = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
    };
    let sftp = SftpFetch::new(sshd.client(&Arc::default()));
    let old = PatternStore::pattern(0, 4 << 20);
    let mut new = old.clone();
    new[1 << 20..2 << 20].fill(9);
    set(&old, 1_700_000_000);
    let sink = FileSink::at(&to);
    sftp.fetch(fetch(sshd.device(), &path, &sink), &context()).await.unwrap();
    let noted = sink.version().await.unwrap().unwrap();
    for (now, changed, from) in [(&old, 1_700_000_000, 3 << 20), (&new, 1_700_000_001, 0)] {
        set(now, changed);
        std::fs::write(&to, &old[..3 << 20]).unwrap();
        let sink = FileSink::at(&to);
        sink.note_version(&noted).await.unwrap();
        let receipt = sftp.fetch(fetch(sshd.device(), &path, &sink), &context()).await.unwrap();
        assert_eq!(receipt.resumed_from, from);
        assert!(std::fs::read(&to).unwrap() == *now);
    }
}

#[tokio::test]
async fn sftp_goes_on_behind_what_is_there_and_only_when_it_fits() {
    let sshd = Sshd::start();
    let (path, to) = (sshd.folder.file("x.bin"), sshd.folder.file("to"));
    std::fs::write(&path, PatternStore::pattern(0, BYTES as usize)).unwrap();
    let sftp = SftpFetch::new(sshd.client(&Arc::default()));
    let half = PatternStore::pattern(0, 20_000_001);
    let (mut torn, mut other) = (half.clone(), half.clone());
    torn[20_000_000] ^= 1;
    other[5] ^= 1;
    for (there, from) in [(half, 20_000_001), (torn, 0), (other, 0), (vec![0; BYTES as usize + 1], 0)] {
        std::fs::write(&to, &there).unwrap();
        let sink = FileSink::at(&to);
        let receipt = sftp.fetch(fetch(sshd.device(), &path, &sink), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES - from, from));
        assert_eq!(sink.written.load(Ordering::Relaxed), BYTES - from, "nothing is fetched twice");
        assert_pattern(&to, BYTES);
    }
}

#[tokio::test]
async fn refusals_have_kinds_and_nothing_is_called_whole() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    std::fs::write(&path, PatternStore::pattern(0, 1000)).unwrap();
    let to = sshd.folder.file("to");
    for adapter in adapters(&sshd.client(&Arc::default())) {
        let protocol = adapter.ability().protocol;
        let sink = FileSink::at(&to);
        let request = || fetch(sshd.device(), &path, &sink);
        let kind = async |request| adapter.fetch(request, &context()).await.unwrap_err().kind();
        assert_eq!(kind(Fetch { path: "/no/such/file".into(), ..request() }).await, ErrorKind::NotFound, "{protocol}");
        assert_eq!(kind(Fetch { most: 999, ..request() }).await, ErrorKind::NoSpace, "{protocol}");
        assert_eq!(kind(Fetch { bytes: Some(999), ..request() }).await, ErrorKind::Integrity, "{protocol}");
        let folder = Fetch { path: sshd.folder.file(""), ..request() };
        assert!(adapter.fetch(folder, &context()).await.is_err(), "{protocol}: a folder is no file");
        assert!(!sink.is_finished(), "{protocol}");
    }
}

#[tokio::test]
async fn a_disk_that_is_full_here_is_said_to_be_full() {
    let sshd = Sshd::start();
    let path = sshd.folder.file("x.bin");
    std::fs::write(&path, PatternStore::pattern(0, 1000)).unwrap();
    for adapter in adapters(&sshd.client(&Arc::default())) {
        // The kernel's own full disk.
        let sink = FileSink::at("/dev/full");
        let e = adapter.fetch(fetch(sshd.device(), &path, &sink), &context()).await.unwrap_err();
        let wanted = if adapter.ability().protocol == Protocol::Scp { ErrorKind::Store } else { ErrorKind::NoSpace };
        assert_eq!(e.kind(), wanted, "{e:?}");
    }
}
