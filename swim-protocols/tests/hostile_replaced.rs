//! Files that somebody else replaces while several channels of SFTP open them by their path.
#![cfg(feature = "ssh")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sink::{FileSink, fetch};
use support::memory::MemoryRecords;
use support::{Folder, Sshd, context, push};
use swim_core::ErrorKind;
use swim_core::ports::Transfer;
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};

/// Enough for several channels, and for far longer than they take to open.
const BYTES: usize = 256 * 1024 * 1024;

/// An OpenSSH whose further channels open late.
fn sshd(scripts: &Folder) -> Sshd {
    let (script, flag) = (scripts.file("sftp"), scripts.file("flag"));
    let late = format!("if [ -e {flag} ]; then sleep 0.5; else touch {flag}; fi");
    std::fs::write(&script, format!("#!/bin/sh\n{late}\nexec /usr/lib/openssh/sftp-server\n")).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    Sshd::with("ed25519", 0, &format!("Subsystem sftp {script}\n"))
}

#[tokio::test]
async fn a_fetch_is_of_one_file() {
    let scripts = Folder::new();
    let sshd = sshd(&scripts);
    let (at, new) = (sshd.folder.file("image"), sshd.folder.file("new"));
    std::fs::write(&at, vec![1_u8; BYTES]).unwrap();
    // Its time tells seconds.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    std::fs::write(&new, vec![2_u8; BYTES]).unwrap();
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let adapter = SftpFetch::new(sshd.client(&Arc::new(MemoryRecords::default())));
    let request = fetch(sshd.device(), &at, &sink);
    let (moved, to) = (new.clone(), at.clone());
    let flag = scripts.file("flag");
    let replaced = tokio::spawn(async move {
        while !Path::new(&flag).exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        std::fs::rename(moved, to).unwrap();
    });
    let done = adapter.fetch(request, &context()).await;
    replaced.await.unwrap();
    if done.is_ok() {
        let there = std::fs::read(folder.file("to")).unwrap();
        assert!(there.iter().all(|b| *b == there[0]), "bytes of two files: {done:?}");
    }
}

#[tokio::test]
async fn a_push_into_two_files_is_not_whole() {
    let scripts = Folder::new();
    let sshd = sshd(&scripts);
    let at = sshd.folder.file("image");
    let adapter = SftpPush::new(sshd.client(&Arc::new(MemoryRecords::default())));
    let (other, to) = (sshd.folder.file("other"), at.clone());
    std::fs::write(&other, vec![9_u8; 1000]).unwrap();
    let replaced = tokio::spawn(async move {
        while !Path::new(&to).exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        std::fs::rename(other, to).unwrap();
    });
    let done = adapter.push(push(sshd.device(), BYTES as u64, &at), &context()).await;
    replaced.await.unwrap();
    let there = std::fs::metadata(&at).unwrap().len();
    assert_eq!(
        done.as_ref().map_err(swim_core::Error::kind).unwrap_err(),
        ErrorKind::Conflict,
        "{there} bytes: {done:?}"
    );
}
