//! A push over a file of the same size, to OpenSSH and to vsftpd: is it the image?
#![cfg(all(feature = "ssh", feature = "ftp"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/certificates.rs"]
mod certificates;
mod support;
#[path = "support/vsftpd.rs"]
mod vsftpd;

use std::sync::Arc;

use support::memory::{MemorySecrets, PatternStore};
use support::{Sshd, assert_pattern, context, push};
use swim_core::model::Device;
use swim_core::ports::{Comparison, Push, Transfer};
use swim_core::transfer::push_whole;
use swim_protocols::ftp::{DataMode, FtpClient, FtpClientConfig};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use vsftpd::Vsftpd;

/// Larger than what is compared before a transfer goes on, at both ends. Not a multiple of any block.
const BYTES: u64 = 3 * 1024 * 1024 + 4321;

/// `path` is what `device` calls the file at `local`.
async fn judged(to: Arc<dyn Transfer>, back: Arc<dyn Transfer>, device: Device, path: &str, local: &str) {
    let request = push(device, BYTES, path);
    let send = async |request: Push| push_whole(&to, Some(&back), request, &context()).await.unwrap();
    let whole = PatternStore::pattern(0, BYTES as usize);
    // Another file with the same ends.
    let mut other = whole.clone();
    other[1_000_000..2_000_000].fill(7);
    std::fs::write(local, &other).unwrap();
    let sent = send(request.clone()).await;
    assert_eq!((sent.bytes, sent.resumed_from, sent.compared), (BYTES, 0, Comparison::None), "{}", sent.protocol);
    assert_eq!(sent.digest, Some(request.image));
    assert_pattern(local, BYTES);
    // Now it is the image, and every byte of it is looked at.
    let found = send(request.clone()).await;
    assert_eq!((found.bytes, found.resumed_from, found.compared), (0, BYTES, Comparison::Whole));
    assert_eq!(found.digest, Some(request.image));
    // Behind a part nobody knows what is in its middle.
    std::fs::write(local, &whole[..2_500_000]).unwrap();
    let rest = send(request.clone()).await;
    assert_eq!((rest.resumed_from, rest.compared, rest.digest), (2_500_000, Comparison::Tail, None));
    assert_pattern(local, BYTES);
    // The adapter alone has looked at the ends, and does not say more.
    let ends = to.push(request.clone(), &context()).await.unwrap();
    assert_eq!((ends.bytes, ends.digest.is_some()), (0, ends.compared == Comparison::Whole));
    // Where nobody can look, all of it is sent.
    let sent = push_whole(&to, None, request.clone(), &context()).await.unwrap();
    assert_eq!(sent.digest, Some(request.image));
}

#[tokio::test]
async fn a_file_of_the_same_size_at_openssh_is_compared_whole_and_replaced() {
    let sshd = Sshd::start();
    let client = sshd.client(&Arc::default());
    let (to, back) = (Arc::new(SftpPush::new(Arc::clone(&client))), Arc::new(SftpFetch::new(client)));
    let path = sshd.folder.file("x.bin");
    judged(to, back, sshd.device(), &path, &path).await;
}

#[tokio::test]
async fn a_file_of_the_same_size_at_vsftpd_is_compared_whole_and_replaced() {
    let ftpd = Vsftpd::start("127.0.0.1");
    let secrets = Arc::new(MemorySecrets::new(&[("good", "open sesame")]));
    let config = FtpClientConfig { mode: DataMode::Passive, active_ports: None };
    let ftp = Arc::new(FtpClient::new(Arc::new(TcpNetwork), secrets, config));
    judged(Arc::clone(&ftp) as _, ftp, ftpd.device(), "x.bin", &ftpd.file("x.bin")).await;
}
