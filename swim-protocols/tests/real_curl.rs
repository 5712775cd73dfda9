//! HTTP offers against curl.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::{Folder, assert_pattern, context, offer, program};
use swim_core::ports::{Served, Transfer};
use swim_protocols::http::{HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const BYTES: u64 = 32 * 1024 * 1024 + 77;

async fn open(uses: u32) -> Box<dyn Served> {
    let offers = HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: "127.0.0.1".into(), ports: None });
    let mut request = offer(BYTES, "x.bin");
    request.uses = uses;
    offers.offer(request, &context()).await.unwrap()
}

async fn curl(args: &[&str]) -> String {
    let mut command = tokio::process::Command::new(program("curl", "curl"));
    command.args(["-s", "-S", "--max-time", "30", "-w", "%{http_code}"]).args(args);
    let out = command.output().await.unwrap();
    // The end of the connection is noted a moment after curl has its last byte.
    tokio::time::sleep(Duration::from_millis(200)).await;
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn url(served: &dyn Served) -> String {
    format!("http://127.0.0.1:{}/{}", served.port(), served.path())
}

#[tokio::test]
async fn curl_pulls_once() {
    let served = open(1).await;
    let folder = Folder::new();
    let head = curl(&["-I", &url(served.as_ref())]).await;
    assert!(head.contains(&format!("content-length: {BYTES}")) && head.contains("etag: \""), "{head}");
    assert_eq!(curl(&["-o", &folder.file("x"), &url(served.as_ref())]).await, "200");
    assert_pattern(&folder.file("x"), BYTES);
    assert_eq!(curl(&["-o", "/dev/null", &url(served.as_ref())]).await, "410");
    assert_eq!(served.close().await.unwrap().bytes, BYTES);
}

#[tokio::test]
async fn parts_make_one_use_and_resume_works() {
    let served = open(1).await;
    let folder = Folder::new();
    let url = url(served.as_ref());
    assert_eq!(curl(&["-r", "0-9999999", "-o", &folder.file("x"), &url]).await, "206");
    assert_eq!(curl(&["-r", &format!("{BYTES}-"), "-o", "/dev/null", &url]).await, "416");
    assert_eq!(curl(&["-C", "-", "-o", &folder.file("x"), &url]).await, "206");
    assert_pattern(&folder.file("x"), BYTES);
    assert_eq!(curl(&["-o", "/dev/null", &url]).await, "410");
}

#[tokio::test]
async fn a_pull_that_breaks_off_spends_no_use() {
    let served = open(1).await;
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", served.port())).await.unwrap();
    stream.write_all(format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", served.path()).as_bytes()).await.unwrap();
    let mut some = [0; 1000];
    stream.read_exact(&mut some).await.unwrap();
    drop(stream);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let folder = Folder::new();
    assert_eq!(curl(&["-o", &folder.file("x"), &url(served.as_ref())]).await, "200");
    assert_pattern(&folder.file("x"), BYTES);
}

#[tokio::test]
async fn nothing_else_is_there() {
    let served = open(1).await;
    let root = format!("http://127.0.0.1:{}", served.port());
    for path in ["/", "/x.bin", "/../etc/passwd"] {
        assert_eq!(curl(&["--path-as-is", "-o", "/dev/null", &format!("{root}{path}")]).await, "404", "{path}");
    }
    assert_eq!(curl(&["-X", "DELETE", "-o", "/dev/null", &url(served.as_ref())]).await, "405");
    assert_eq!(curl(&["-T", "/etc/hostname", "-o", "/dev/null", &url(served.as_ref())]).await, "405");
}

#[tokio::test]
async fn another_address_is_not_served() {
    let offers = HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: "127.0.0.1".into(), ports: None });
    let mut request = offer(BYTES, "x.bin");
    request.source = Some("192.0.2.1".into());
    let served = offers.offer(request, &context()).await.unwrap();
    assert_eq!(curl(&["-o", "/dev/null", &url(served.as_ref())]).await, "000");
    assert_eq!(served.sent(), 0);
}

#[tokio::test]
async fn an_offer_ends_with_its_lifetime_even_while_it_is_pulled() {
    let offers = HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: "127.0.0.1".into(), ports: None });
    let mut request = offer(BYTES, "x.bin");
    request.lifetime = Duration::from_millis(300);
    let served = offers.offer(request, &context()).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", served.port())).await.unwrap();
    stream.write_all(format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", served.path()).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let mut all = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut all)).await.expect("still open");
    assert!(read.is_err() || (all.len() as u64) < BYTES);
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", served.port())).await.is_err());
}
