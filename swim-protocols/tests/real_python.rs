//! Python clients pull from our offers: paramiko, on which most automation stands, over SFTP, and the standard library over
//! HTTP.
#![cfg(all(feature = "ssh", feature = "http"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::process::Output;
use std::sync::Arc;

use support::memory::PatternStore;
use support::{context, offer};
use swim_core::model::Sha256;
use swim_core::ports::Transfer;
use swim_protocols::http::{HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{OfferConfig, SshOffers};

/// Not a multiple of any block.
const BYTES: u64 = 16 * 1024 * 1024 + 4321;

const SFTP: &str = r#"
import hashlib, io, sys, paramiko
port, user, password, name = sys.argv[1:]
transport = paramiko.Transport(("127.0.0.1", int(port)))
transport.connect(username=user, password=password)
got = io.BytesIO()
paramiko.SFTPClient.from_transport(transport).getfo(name, got)
transport.close()
print(hashlib.sha256(got.getvalue()).hexdigest())
"#;

const HTTP: &str = r#"
import hashlib, sys, urllib.request
digest = hashlib.sha256()
with urllib.request.urlopen(sys.argv[1]) as answer:
    while piece := answer.read(1 << 20):
        digest.update(piece)
print(digest.hexdigest())
"#;

/// Debian's Python: the one for which its paramiko is installed.
async fn python(script: &str, arguments: &[&str]) -> Output {
    let python = support::program("python3", "python3-paramiko");
    tokio::process::Command::new(python).args(["-c", script]).args(arguments).output().await.unwrap()
}

fn digest() -> String {
    Sha256::of(&PatternStore::pattern(0, BYTES as usize)).to_string()
}

#[tokio::test]
async fn paramiko_pulls_once() {
    let config = OfferConfig { bind: "127.0.0.1".into(), ..OfferConfig::default() };
    let (_, sftp) = SshOffers::new(Arc::new(TcpNetwork), config).unwrap();
    let served = sftp.offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
    let (port, password) = (served.port().to_string(), served.password().unwrap().expose().clone());
    let arguments = [port.as_str(), served.user().unwrap(), &password, "x.bin"];
    let first = python(SFTP, &arguments).await;
    assert_eq!(String::from_utf8_lossy(&first.stdout).trim(), digest(), "{first:?}");
    let second = python(SFTP, &arguments).await;
    let refused = String::from_utf8_lossy(&second.stderr).contains("AuthenticationException: Authentication failed");
    assert!(refused, "{second:?}");
}

#[tokio::test]
async fn urllib_pulls_once() {
    let config = HttpConfig { bind: "127.0.0.1".into(), ..HttpConfig::default() };
    let served = HttpOffers::new(Arc::new(TcpNetwork), config).offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
    let url = format!("http://127.0.0.1:{}/{}", served.port(), served.path());
    let first = python(HTTP, &[&url]).await;
    assert_eq!(String::from_utf8_lossy(&first.stdout).trim(), digest(), "{first:?}");
    let second = python(HTTP, &[&url]).await;
    assert!(String::from_utf8_lossy(&second.stderr).contains("HTTP Error 410"), "{second:?}");
}
