//! Clients that mean harm, at our HTTP offers and accepts.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::time::Duration;

use sink::FileSink;
use support::memory::PatternStore;
use support::{Folder, context, offer};
use swim_core::ports::{Accept, Served, Sink, Transfer};
use swim_protocols::http::{HttpConfig, HttpOffers};
use swim_protocols::net::TcpNetwork;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BYTES: u64 = 300_001;
/// However busy the machine is.
const LONG: Duration = Duration::from_secs(60);

fn offers() -> HttpOffers {
    HttpOffers::new(Arc::new(TcpNetwork), HttpConfig { bind: "127.0.0.1".into(), ports: None })
}

async fn open() -> Box<dyn Served> {
    offers().offer(offer(BYTES, "x.bin"), &context()).await.unwrap()
}

async fn accept(folder: &Folder, most: u64) -> (Box<dyn Served>, Arc<FileSink>) {
    let sink = FileSink::at(folder.file("to"));
    let request = Accept {
        device: offer(1, "x").device,
        name: "x.bin".into(),
        sink: Arc::<FileSink>::clone(&sink) as Arc<dyn Sink>,
        most,
        source: None,
        lifetime: LONG,
    };
    (offers().accept(request, &context()).await.unwrap(), sink)
}

async fn knock(served: &dyn Served) -> TcpStream {
    TcpStream::connect(("127.0.0.1", served.port())).await.unwrap()
}

/// What is answered until the connection ends.
async fn ask(served: &dyn Served, said: &[u8]) -> Vec<u8> {
    let mut stream = knock(served).await;
    // It may be refused before all of it is said.
    let _ = stream.write_all(said).await;
    let mut heard = Vec::new();
    let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut heard)).await.expect("it is not closed");
    heard
}

fn status(answer: &[u8]) -> u16 {
    String::from_utf8_lossy(answer).split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0)
}

/// An honest device gets the whole file.
async fn is_served(served: &dyn Served) -> bool {
    let answer = ask(served, format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", served.path()).as_bytes()).await;
    answer.ends_with(&PatternStore::pattern(0, BYTES as usize))
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_holds_no_place() {
    let served = open().await;
    let mut dripping = Vec::new();
    for _ in 0..8 {
        dripping.push(knock(&*served).await);
    }
    let mut closed = 0;
    for byte in b"GET / HTTP/1.1\r\nHost: somewhere.far.away.example\r\n".iter().cycle().take(120) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut open = Vec::new();
        for mut stream in dripping {
            let mut heard = [0; 1000];
            // A request that is too slow is answered so, or just ended.
            let ended = stream.write_all(&[*byte]).await.is_err()
                || matches!(stream.try_read(&mut heard), Ok(_) | Err(_) if stream_ended(&stream, &heard));
            if ended { closed += 1 } else { open.push(stream) }
        }
        dripping = open;
        if dripping.is_empty() {
            break;
        }
    }
    assert_eq!((closed, dripping.len()), (8, 0));
    assert!(is_served(&*served).await);
}

/// Did the other side say something or end it?
fn stream_ended(stream: &TcpStream, heard: &[u8]) -> bool {
    let mut more = [0; 1];
    heard[0] != 0
        || matches!(stream.try_read(&mut more), Ok(0))
        || matches!(stream.try_read(&mut more), Err(e) if e.kind() != std::io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn a_head_without_an_end_is_refused() {
    for endless in [&b"X-More: and more and more and more\r\n"[..], b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let served = open().await;
        let stream = knock(&*served).await;
        let (mut reads, mut writes) = stream.into_split();
        let talk = async {
            writes.write_all(b"GET /").await.unwrap();
            if endless.ends_with(b"\n") {
                writes.write_all(b"x HTTP/1.1\r\n").await.unwrap();
            }
            let (piece, mut said) = (endless.repeat(100), 0);
            while writes.write_all(&piece).await.is_ok() {
                said += piece.len();
                assert!(said < 64 << 20, "{said} bytes of a head were taken");
            }
        };
        let mut heard = Vec::new();
        let hear = async { reads.read_to_end(&mut heard).await.ok() };
        tokio::time::timeout(LONG, async { tokio::join!(talk, hear) }).await.expect("it listens for ever");
        assert!(matches!(status(&heard), 0 | 400 | 414 | 431), "{}", status(&heard));
        assert!(is_served(&*served).await);
    }
}

#[tokio::test]
async fn connections_above_the_cap_are_closed_at_once() {
    let served = open().await;
    let mut all = Vec::new();
    for _ in 0..200 {
        all.push(knock(&*served).await);
    }
    let mut held = 0;
    for stream in &mut all {
        let mut heard = [0; 1];
        match tokio::time::timeout(Duration::from_millis(300), stream.read(&mut heard)).await {
            Err(_) => held += 1,
            Ok(read) => assert!(matches!(read, Ok(0) | Err(_))),
        }
    }
    assert_eq!(held, 8);
    drop(all);
    // Their ends are seen in a moment.
    for _ in 0..100 {
        if is_served(&*served).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the offer is dead after a flood");
}

#[tokio::test]
async fn other_paths_lead_nowhere() {
    let served = open().await;
    let path = served.path();
    let (secret, _) = path.split_once('/').unwrap();
    for target in [
        "/../../etc/passwd".to_owned(),
        "/..%2f..%2fetc/passwd".to_owned(),
        "/%2e%2e/%2e%2e/etc/passwd".to_owned(),
        format!("/{secret}"),
        format!("/{secret}/"),
        format!("/{secret}/../{path}"),
        format!("/{path}/../../etc/passwd"),
        format!("//{path}"),
        format!("/{path}%00"),
        format!("/{path}/"),
        format!("/{}", path.to_uppercase()),
        "http://127.0.0.1/etc/passwd".to_owned(),
        "http://elsewhere.example/".to_owned(),
        "*".to_owned(),
        "x".to_owned(),
        "\\..\\..\\x".to_owned(),
    ] {
        let answer = ask(&*served, format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        assert!(matches!(status(&answer), 400 | 404), "{target}: {}", String::from_utf8_lossy(&answer));
    }
    let connect = ask(&*served, b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(matches!(status(&connect), 400 | 404 | 405));
    // The absolute form is the same request, whatever host it names; nothing is dialled for it.
    let absolute = format!("GET http://elsewhere.example/{path} HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n");
    assert!(ask(&*served, absolute.as_bytes()).await.ends_with(&PatternStore::pattern(0, BYTES as usize)));
}

#[tokio::test]
async fn many_ranges_send_the_file_once_and_hostile_ones_harm_nothing() {
    let many: String = (0..1300).map(|n| format!("{n}-,")).collect();
    for range in [
        format!("bytes={many}0-"),
        "bytes=0-18446744073709551615".to_owned(),
        "bytes=0-99999999999999999999999999".to_owned(),
        "bytes=-18446744073709551615".to_owned(),
        "bytes=18446744073709551615-".to_owned(),
        "bytes=--1".to_owned(),
        "bytes=5-4".to_owned(),
    ] {
        let served = open().await;
        let head = format!("GET /{} HTTP/1.1\r\nHost: x\r\nRange: {range}\r\n\r\n", served.path());
        let answer = ask(&*served, head.as_bytes()).await;
        assert!(matches!(status(&answer), 200 | 206 | 416), "{range:.40}: {}", status(&answer));
        assert!((answer.len() as u64) < BYTES + 1000 && served.sent() <= BYTES, "{range:.40}");
    }
}

/// Requests that proxies and servers could cut differently: none is served twice, none becomes a file that was not meant.
#[tokio::test]
async fn requests_that_can_be_cut_in_two_ways_are_refused() {
    let folder = Folder::new();
    for (head, body) in [
        ("Content-Length: 3\r\nContent-Length: 5", "abcde"),
        ("Content-Length: 3, 5", "abcde"),
        ("Transfer-Encoding: xchunked", "3\r\nabc\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked, gzip", "3\r\nabc\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "3\r\nabc\r\n0\r\n\r\n"),
        ("Content-Length : 3", "abc"),
        ("Content-Length: +3", "abc"),
        ("Content-Length: -3", "abc"),
        ("Content-Length: 0x3", "abc"),
        ("Content-Length: 99999999999999999999999999", "abc"),
        ("Transfer-Encoding: chunked", "-3\r\nabc\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "ffffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "3\r\nabcde\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "3\r\nabc"),
    ] {
        let (served, sink) = accept(&folder, 1000).await;
        let said = format!("PUT /{} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{body}", served.path());
        let mut stream = knock(&*served).await;
        stream.write_all(said.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut answer)).await.expect("it is not closed");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(!answer.contains(" 201 ") && !sink.is_finished(), "{head}: {body}: {answer}");
    }
    // Chunks count more than a length beside them, in any order, and the connection ends behind them (RFC 9112, 6.3).
    for head in ["Content-Length: 99\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 2"]
    {
        let (served, sink) = accept(&folder, 1000).await;
        let one = format!("PUT /{} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n3\r\nabc\r\n0\r\n\r\n", served.path());
        let answer = ask(&*served, format!("{one}GET / HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.matches("HTTP/1.1").count() == 1 && answer.contains(" 201 "), "{head}: {answer}");
        assert_eq!((std::fs::read(folder.file("to")).unwrap(), sink.is_finished()), (b"abc".to_vec(), true), "{head}");
    }
    // What stands behind a request is no second one.
    let (served, sink) = accept(&folder, 1000).await;
    let one = format!("PUT /{} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", served.path());
    let answer = ask(&*served, format!("{one}{one}GET / HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.matches("HTTP/1.1").count() == 1 && answer.contains(" 201 "), "{answer}");
    assert!(sink.is_finished());
    assert_eq!(std::fs::read(folder.file("to")).unwrap(), b"abc");
}

#[tokio::test]
async fn an_upload_without_an_end_stops_at_the_limit() {
    let folder = Folder::new();
    let (served, sink) = accept(&folder, 100_000).await;
    let (mut reads, mut writes) = knock(&*served).await.into_split();
    let head = format!("PUT /{} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", served.path());
    let talk = async {
        writes.write_all(head.as_bytes()).await.unwrap();
        let piece = [b"1000\r\n".to_vec(), vec![7; 0x1000], b"\r\n".to_vec()].concat();
        while writes.write_all(&piece).await.is_ok() {}
    };
    let mut heard = Vec::new();
    let hear = async { reads.read_to_end(&mut heard).await.ok() };
    tokio::time::timeout(LONG, async { tokio::join!(talk, hear) }).await.expect("it is taken for ever");
    assert_eq!(status(&heard), 413);
    assert!(!sink.is_finished() && served.sent() < 2_000_000, "{}", served.sent());
    assert_eq!(std::fs::metadata(folder.file("to")).unwrap().len(), 0);
}

/// `nc -N`: the whole file comes, and nobody says that it came.
#[tokio::test]
async fn who_half_closes_gets_a_large_file_and_has_not_told_that_it_has_it() {
    const LARGE: u64 = 20_000_000;
    let served = offers().offer(offer(LARGE, "x.bin"), &context()).await.unwrap();
    let mut stream = knock(&*served).await;
    stream.write_all(format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", served.path()).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut heard = Vec::new();
    tokio::time::timeout(LONG, stream.read_to_end(&mut heard)).await.expect("it is not closed").unwrap();
    assert!(heard.ends_with(&PatternStore::pattern(0, LARGE as usize)));
    drop(stream);
    assert_eq!(served.close().await.unwrap().completed, Some(0));
}

/// Several at the same time, each asked for before the first is taken.
#[tokio::test]
async fn one_use_is_counted_once() {
    let served = open().await;
    let mut all = Vec::new();
    for _ in 0..4 {
        let mut stream = knock(&*served).await;
        stream.write_all(format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", served.path()).as_bytes()).await.unwrap();
        all.push(stream);
    }
    let mut came = 0;
    for mut stream in all {
        let mut heard = Vec::new();
        let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut heard)).await.expect("it is not closed");
        came += u32::from(heard.ends_with(&PatternStore::pattern(0, BYTES as usize)));
    }
    let receipt = served.close().await.unwrap();
    assert!(came > 0 && receipt.completed == Some(1), "{came} {receipt:?}");
}
