//! Clients of FTPS that use the keys for later connections in different ways: each once, or the same again and again.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/ftp_clients.rs"]
mod ftp_clients;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;

use ftp_clients::{curl, image, url};
use support::{Folder, context};
use swim_core::ports::{Offer, Served, Transfer};
use swim_protocols::clock::TokioClock;
use swim_protocols::ftp::{FtpConfig, FtpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tls::Identity;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const HOST: &str = "127.0.0.1";
const BYTES: u64 = 70_000;
/// More than a server hands out keys by itself.
const FILES: u32 = 12;

async fn served(identity: &Identity) -> Box<dyn Served> {
    let config = FtpConfig { bind: HOST.into(), port: 0, passive_ports: None };
    let offers = FtpOffers::new(Arc::new(TcpNetwork), config).tls(identity.clone());
    offers.offer(Offer { uses: FILES, ..image(HOST, BYTES) }, &context()).await.unwrap()
}

fn identity() -> Identity {
    Identity::self_signed(&[HOST.to_owned()], Arc::new(TokioClock::system())).unwrap()
}

async fn hear(control: &mut BufReader<impl AsyncReadExt + Unpin>) -> String {
    let mut line = String::new();
    control.read_line(&mut line).await.unwrap();
    line
}

async fn ask(control: &mut BufReader<TlsStream<TcpStream>>, line: &str) -> String {
    control.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
    control.get_mut().flush().await.unwrap();
    hear(control).await
}

/// As RFC 8446 (C.4) asks for.
#[tokio::test]
async fn who_uses_each_key_once_gets_many_files() {
    let identity = identity();
    let served = served(&identity).await;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(identity.pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from(HOST).unwrap();
    let mut plain = BufReader::new(TcpStream::connect((HOST, served.port())).await.unwrap());
    hear(&mut plain).await;
    plain.get_mut().write_all(b"AUTH TLS\r\n").await.unwrap();
    hear(&mut plain).await;
    let mut control = BufReader::new(connector.connect(name.clone(), plain.into_inner()).await.unwrap());
    let (user, password) = (served.user().unwrap(), served.password().unwrap());
    for line in [&format!("USER {user}"), &format!("PASS {}", password.expose()), "PBSZ 0", "PROT P", "TYPE I"] {
        ask(&mut control, line).await;
    }
    for file in 0..FILES {
        let passive = ask(&mut control, "EPSV").await;
        let port: u16 = passive.split('|').nth(3).unwrap_or_else(|| panic!("{passive}")).parse().unwrap();
        let data = TcpStream::connect((HOST, port)).await.unwrap();
        assert!(ask(&mut control, "RETR x.bin").await.starts_with("150"));
        let mut bytes = Vec::new();
        connector.connect(name.clone(), data).await.unwrap().read_to_end(&mut bytes).await.unwrap();
        assert_eq!((bytes.len() as u64, &hear(&mut control).await[..3]), (BYTES, "226"), "file {file}");
    }
}

#[tokio::test]
async fn curl_gets_many_files_with_both_versions_of_tls() {
    let (folder, identity) = (Folder::new(), identity());
    let authority = folder.file("authority");
    std::fs::write(&authority, identity.pem()).unwrap();
    for version in ["1.2", "1.3"] {
        let served = served(&identity).await;
        let at = url(HOST, &*served);
        let to: Vec<String> = (0..FILES).map(|n| folder.file(&format!("to{n}"))).collect();
        let mut line = vec!["--ssl-reqd", "--cacert", &authority, "--tls-max", version];
        line.extend(to.iter().flat_map(|to| ["-o", to, &at]));
        let ended = curl(&line).await;
        let receipt = served.close().await.unwrap();
        assert!(ended.status.success() && receipt.completed == Some(FILES), "TLS {version}: {ended:?} {receipt:?}");
    }
}
