//! HTTP offers from the file store, whose bytes the kernel sends, and from a store that is only read: what counts as pulled.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::memory::PatternStore;
use support::{Folder, assert_pattern, context, offer, program};
use swim_core::model::Sha256;
use swim_core::ports::{ImageStore, Served, Transfer};
use swim_protocols::http::{HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use swim_stores::FileImages;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BYTES: u64 = 9 * 1024 * 1024 + 77;
/// What the sockets of both sides hold.
const FEW: u64 = 100_000;
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
enum From {
    File,
    Reads,
}

struct Shelf {
    folder: Folder,
    store: Arc<dyn ImageStore>,
    image: Sha256,
}

async fn shelf(bytes: u64) -> Shelf {
    let folder = Folder::new();
    let store = FileImages::open(folder.file("store")).unwrap();
    let content = PatternStore::pattern(0, bytes as usize);
    let image = Sha256::of(&content);
    let mut writer = store.create().await.unwrap();
    writer.write(content.into()).await.unwrap();
    writer.finish(&image).await.unwrap();
    Shelf { folder, store: Arc::new(store), image }
}

async fn open(from: From, bytes: u64) -> (Shelf, Box<dyn Served>) {
    let shelf = shelf(bytes).await;
    let mut request = offer(bytes, "x.bin");
    if matches!(from, From::File) {
        assert!(shelf.store.opened(&shelf.image).await.unwrap().is_some());
        (request.store, request.image) = (Arc::clone(&shelf.store), shelf.image);
    }
    let offers = HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: "127.0.0.1".into(), ports: None });
    let served = offers.offer(request, &context()).await.unwrap();
    (shelf, served)
}

async fn curl(served: &dyn Served, args: &[&str]) -> String {
    let url = format!("http://127.0.0.1:{}/{}", served.port(), served.path());
    let mut command = tokio::process::Command::new(program("curl", "curl"));
    command.args(["-s", "-S", "--max-time", "30", "-w", "%{http_code}"]).args(args).arg(url);
    String::from_utf8_lossy(&command.output().await.unwrap().stdout).into_owned()
}

/// Is the offer still to be had? Looked at without spending it.
async fn is_open(served: &dyn Served) -> bool {
    let code = curl(served, &["-I", "-o", "/dev/null"]).await;
    assert!(code == "200" || code == "410", "{code}");
    code == "200"
}

async fn used_up(served: &dyn Served) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while is_open(served).await {
        assert!(tokio::time::Instant::now() < until, "never counted as pulled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A connection that has asked for the file and read its head.
async fn asked(served: &dyn Served) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", served.port())).await.unwrap();
    let request = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", served.path());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream
}

/// Waits until our side has handed everything over.
async fn handed_out(served: &dyn Served, bytes: u64) {
    let until = tokio::time::Instant::now() + PATIENCE;
    while served.sent() < bytes {
        assert!(tokio::time::Instant::now() < until, "only {} bytes were handed out", served.sent());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
}

#[tokio::test]
async fn curl_gets_the_file_and_its_parts() {
    for from in [From::File, From::Reads] {
        let (shelf, served) = open(from, BYTES).await;
        let (whole, parts) = (shelf.folder.file("whole"), shelf.folder.file("parts"));
        assert_eq!(curl(&*served, &["-r", "0-3000001", "-o", &parts]).await, "206");
        assert_eq!(curl(&*served, &["-C", "-", "-o", &parts]).await, "206");
        assert_pattern(&parts, BYTES);
        used_up(&*served).await;
        let (shelf, served) = (shelf, open(from, BYTES).await);
        assert_eq!(curl(&*served.1, &["-o", &whole]).await, "200");
        assert_pattern(&whole, BYTES);
        used_up(&*served.1).await;
        drop(shelf);
        assert_eq!(served.1.close().await.unwrap().bytes, BYTES);
    }
}

/// All bytes are in the sockets; the device has read half of them and dies.
#[tokio::test]
async fn who_resets_after_half_of_it_has_not_pulled() {
    for from in [From::File, From::Reads] {
        let (_shelf, served) = open(from, FEW).await;
        let mut stream = asked(&*served).await;
        stream.read_exact(&mut vec![0; (FEW / 2) as usize]).await.unwrap();
        handed_out(&*served, FEW).await;
        // Unread bytes make the close a reset.
        drop(stream);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(is_open(&*served).await, "{from:?}");
        assert_eq!(curl(&*served, &["-o", "/dev/null"]).await, "200");
        used_up(&*served).await;
    }
}

#[tokio::test]
async fn a_slow_reader_has_pulled_when_it_has_read() {
    for from in [From::File, From::Reads] {
        let (_shelf, served) = open(from, FEW).await;
        let mut stream = asked(&*served).await;
        handed_out(&*served, FEW).await;
        let mut got = Vec::new();
        for _ in 0..5 {
            assert!(is_open(&*served).await, "{from:?}: {} bytes were read", got.len());
            let mut some = vec![0; (FEW / 5) as usize];
            stream.read_exact(&mut some).await.unwrap();
            got.extend_from_slice(&some);
        }
        assert!(got == PatternStore::pattern(0, FEW as usize), "{from:?}: other bytes");
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "the end is told");
        drop(stream);
        used_up(&*served).await;
    }
}

/// A program that has read to the end may come back before our side has seen its close.
#[tokio::test]
async fn who_comes_back_at_once_does_not_pull_twice() {
    for from in [From::File, From::Reads] {
        let (_shelf, served) = open(from, FEW).await;
        let mut stream = asked(&*served).await;
        stream.read_exact(&mut vec![0; FEW as usize]).await.unwrap();
        let again = curl(&*served, &["-o", "/dev/null"]);
        let close = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            drop(stream);
        };
        assert_eq!(tokio::join!(again, close).0, "410", "{from:?}");
        assert_eq!(served.close().await.unwrap().bytes, FEW);
    }
}

/// A close in the middle says nothing about what is still to come.
#[tokio::test]
async fn who_says_that_it_is_done_before_the_end_has_not_pulled() {
    for from in [From::File, From::Reads] {
        let (_shelf, served) = open(from, 64 * 1024 * 1024).await;
        let mut stream = asked(&*served).await;
        stream.shutdown().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        // It would read all.
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        drop(stream);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(is_open(&*served).await, "{from:?}");
    }
}

/// The store forgets the image while it is sent: who has begun gets nothing but its bytes, and nobody else begins.
#[tokio::test]
async fn nothing_but_its_bytes_follows_when_the_image_is_removed() {
    let (shelf, served) = open(From::File, 64 * 1024 * 1024).await;
    let mut stream = asked(&*served).await;
    let mut all = vec![0; 1024];
    stream.read_exact(&mut all).await.unwrap();
    shelf.store.remove(&shelf.image).await.unwrap();
    let _ = stream.read_to_end(&mut all).await;
    assert!(PatternStore::pattern(0, all.len()) == all, "other bytes than those of the image");
    drop(stream);
    assert!(shelf.store.opened(&shelf.image).await.is_err());
}

/// Somebody cut the file of the store: the device sees that bytes are missing, and nothing else is sent in their place.
#[tokio::test]
async fn a_file_that_was_cut_is_no_pull() {
    let (shelf, served) = open(From::File, BYTES).await;
    let text = shelf.image.to_string();
    let path = format!("{}/images/{}/{}", shelf.folder.file("store"), &text[..2], &text[2..]);
    let file = std::fs::OpenOptions::new().write(true).open(&path);
    let file = file.unwrap_or_else(|_| {
        // Files of the store may be read-only.
        std::process::Command::new("chmod").args(["u+w", &path]).status().unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap()
    });
    file.set_len(BYTES / 2).unwrap();
    let made = shelf.folder.file("made");
    curl(&*served, &["-o", &made]).await;
    assert!(std::fs::metadata(&made).map_or(0, |m| m.len()) < BYTES);
    assert!(is_open(&*served).await);
}
