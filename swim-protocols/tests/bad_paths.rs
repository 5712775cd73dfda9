//! Paths that no machine has are refused before anything is dialled.
#![cfg(all(feature = "ssh", feature = "http", feature = "ftp", feature = "tftp"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use sink::{FileSink, fetch};
use support::memory::{MemoryRecords, MemorySecrets};
use support::{Folder, context, offer, push};
use swim_core::model::{Direction, Endpoint};
use swim_core::ports::{Datagrams, Dialed, Listener, Network, Transfer};
use swim_core::{Error, ErrorKind, Result};
use swim_protocols::ftp::{FtpClient, FtpClientConfig};
use swim_protocols::http::HttpClient;
use swim_protocols::ssh::scp::{ScpFetch, ScpPush};
use swim_protocols::ssh::sftp::{SftpFetch, SftpPush};
use swim_protocols::ssh::{SshClient, SshConfig};
use swim_protocols::tftp::{TftpClient, TftpClientConfig};

/// Counts what is asked of it, and has nobody.
#[derive(Debug, Default)]
struct Deserted(AtomicUsize);

impl Deserted {
    fn nobody<T>(&self) -> Result<T> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Error::new(ErrorKind::Unreachable, "connect", "nobody is here"))
    }
}

#[async_trait]
impl Network for Deserted {
    async fn dial(&self, _: &Endpoint) -> Result<Dialed> {
        self.nobody()
    }
    async fn listen(&self, _: &Endpoint) -> Result<Box<dyn Listener>> {
        self.nobody()
    }
    async fn resolve(&self, _: &Endpoint) -> Result<Endpoint> {
        self.nobody()
    }
    async fn datagrams(&self, _: &Endpoint) -> Result<Box<dyn Datagrams>> {
        self.nobody()
    }
}

#[tokio::test]
async fn every_protocol_refuses_them_before_it_dials() {
    let network = Arc::new(Deserted::default());
    let net = || Arc::<Deserted>::clone(&network) as Arc<dyn Network>;
    let secrets = || Arc::new(MemorySecrets::new(&[("p", "p")]));
    let ssh = SshClient::new(net(), secrets(), Arc::<MemoryRecords>::default(), SshConfig::default());
    let ssh = Arc::new(ssh);
    let adapters: Vec<Box<dyn Transfer>> = vec![
        Box::new(ScpPush::new(Arc::clone(&ssh))),
        Box::new(ScpFetch::new(Arc::clone(&ssh))),
        Box::new(SftpPush::new(Arc::clone(&ssh))),
        Box::new(SftpFetch::new(ssh)),
        Box::new(HttpClient::new(net(), secrets())),
        Box::new(FtpClient::new(net(), secrets(), FtpClientConfig::default())),
        Box::new(TftpClient::new(net(), TftpClientConfig::default())),
    ];
    let (folder, cx) = (Folder::new(), context());
    let mut device = offer(1, "x").device;
    device.login = swim_core::model::Login::password("u", "p");
    for adapter in &adapters {
        let ability = adapter.ability();
        for path in ["", "a\r\nDELE x", "a\0b", "a\u{1b}b", &"x".repeat(100_000), "good"] {
            let mut errors = Vec::new();
            if ability.directions.contains(&Direction::Push) {
                errors.push(adapter.push(push(device.clone(), 10, path), &cx).await.unwrap_err());
                errors.extend(adapter.remove(&device, path, &cx).await.err());
            }
            if ability.directions.contains(&Direction::Fetch) {
                let sink = FileSink::at(folder.file("x"));
                errors.push(adapter.fetch(fetch(device.clone(), path, &sink), &cx).await.unwrap_err());
            }
            errors.retain(|e| e.kind() != ErrorKind::Unsupported);
            let dialled = network.0.swap(0, Ordering::Relaxed);
            let about = format!("{} {path:.20}: {dialled} {errors:?}", ability.protocol);
            if path == "good" {
                assert!(
                    dialled >= errors.len() && errors.iter().all(|e| e.kind() == ErrorKind::Unreachable),
                    "{about}"
                );
                continue;
            }
            assert_eq!(dialled, 0, "{about}");
            assert!(errors.iter().all(|e| e.kind() == ErrorKind::InvalidInput), "{about}");
            assert!(errors.iter().all(|e| e.context("field") == Some("path")), "{about}");
            assert!(errors.iter().all(|e| !e.report().to_string().chars().any(char::is_control)), "{about}");
        }
    }
}
