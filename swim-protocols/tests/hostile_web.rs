//! HTTP servers that lie, break off and fall silent, with our client.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sink::{FileSink, fetch};
use support::memory::{MemorySecrets, PatternStore};
use support::{Folder, assert_pattern, context, offer, push};
use swim_core::model::{Device, Endpoint, Login};
use swim_core::ports::{Fetch, Sink, Transfer};
use swim_core::{ErrorKind, Result};
use swim_protocols::http::HttpClient;
use swim_protocols::net::TcpNetwork;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// However busy the machine is.
const LONG: Duration = Duration::from_secs(60);

fn client() -> HttpClient {
    HttpClient::new(Arc::new(TcpNetwork), Arc::new(MemorySecrets::new(&[])))
}

/// What it does after its words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Ends,
    Resets,
    IsSilent,
    GoesOn,
}

/// Answers one connection after the other.
async fn server(answers: Vec<(Vec<u8>, Then)>) -> Device {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = Endpoint { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
    tokio::spawn(async move {
        for (answer, then) in answers {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(one(stream, answer, then));
        }
    });
    Device { at, ..offer(1, "x").device }
}

async fn one(mut stream: TcpStream, answer: Vec<u8>, then: Then) {
    let mut request = Vec::new();
    while !request.windows(4).any(|w| w == b"\r\n\r\n") {
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(count) if count > 0 => request.extend_from_slice(&more[..count]),
            _ => return,
        }
    }
    let _ = stream.write_all(&answer).await;
    match then {
        Then::Ends => {
            let _ = stream.shutdown().await;
            let mut rest = [0; 65_536];
            while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
        }
        // Unread bytes and no patience: the kernel sends a reset.
        Then::Resets => {
            tokio::time::sleep(Duration::from_millis(100)).await;
            stream.set_zero_linger().unwrap();
        }
        Then::IsSilent => std::future::pending().await,
        Then::GoesOn => while stream.write_all(&answer).await.is_ok() {},
    }
}

fn whole(bytes: usize, more: &str) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n{more}\r\n").into_bytes(), PatternStore::pattern(0, bytes)]
        .concat()
}

async fn fetched(answers: Vec<(Vec<u8>, Then)>, have: usize, folder: &Folder) -> (Result<u64>, Arc<FileSink>) {
    let to = folder.file("to");
    std::fs::write(&to, PatternStore::pattern(0, have)).unwrap();
    let sink = FileSink::at(&to);
    let request = Fetch { most: 1_000_000, ..fetch(server(answers).await, "x", &sink) };
    let taken = tokio::time::timeout(LONG, client().fetch(request, &context())).await.expect("it hangs");
    (taken.map(|receipt| receipt.bytes), sink)
}

#[tokio::test]
async fn heads_that_lie_or_do_not_end_are_refused() {
    let folder = Folder::new();
    let head = |text: &str| text.as_bytes().to_vec();
    for (answer, then, kinds) in [
        (head("HTTP/1.1 200 OK\r\n"), Then::Ends, vec![ErrorKind::Interrupted]),
        (b"X-More: and more and more\r\n".repeat(100), Then::GoesOn, vec![ErrorKind::UnexpectedReply]),
        (
            [head("HTTP/1.1 200 OK\r\nX: "), vec![b'a'; 2_000_000]].concat(),
            Then::Ends,
            vec![ErrorKind::UnexpectedReply],
        ),
        (head("SSH-2.0-OpenSSH\r\n\r\n"), Then::Ends, vec![ErrorKind::UnexpectedReply]),
        (head("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), Then::Ends, vec![ErrorKind::UnexpectedReply]),
        (
            head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
            Then::Ends,
            vec![ErrorKind::UnexpectedReply],
        ),
        (head("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n"), Then::Ends, vec![ErrorKind::NoSpace]),
        (
            head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"),
            Then::Ends,
            vec![ErrorKind::UnexpectedReply],
        ),
        (head("HTTP/1.1 200 OK\r\n\r\nabcde"), Then::Ends, vec![ErrorKind::UnexpectedReply]),
        (
            head("HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\na"),
            Then::Ends,
            vec![ErrorKind::DeviceRejected],
        ),
        (
            head("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n"),
            Then::Ends,
            vec![ErrorKind::DeviceRejected],
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000), Then::Ends, vec![ErrorKind::Interrupted]),
    ] {
        let words = String::from_utf8_lossy(&answer[..answer.len().min(80)]).into_owned();
        let (taken, sink) = fetched(vec![(answer, then)], 0, &folder).await;
        let kind = taken.expect_err(&words).kind();
        assert!(kinds.contains(&kind), "{words}: {kind}");
        assert!(!sink.is_finished());
    }
}

#[tokio::test]
async fn a_body_that_is_longer_or_shorter_than_it_was_told_is_seen() {
    let folder = Folder::new();
    let mut longer = whole(5000, "");
    longer.extend_from_slice(&[7; 100_000]);
    let (taken, sink) = fetched(vec![(longer, Then::Ends)], 0, &folder).await;
    assert_eq!((taken.unwrap(), sink.is_finished()), (5000, true));
    assert_pattern(&folder.file("to"), 5000);
    for then in [Then::Ends, Then::Resets] {
        let mut shorter = whole(5000, "");
        shorter.truncate(shorter.len() - 1);
        let (taken, sink) = fetched(vec![(shorter, then)], 0, &folder).await;
        assert_eq!(taken.unwrap_err().kind(), ErrorKind::Interrupted);
        assert!(!sink.is_finished());
    }
}

#[tokio::test]
async fn a_part_that_is_not_the_one_that_was_asked_for_is_not_sewn_on() {
    let folder = Folder::new();
    // What is there is compared first, so the part begins at its end less 64 KiB, here at its beginning.
    let part = |range: &str, body: Vec<u8>| {
        let head =
            format!("HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.into_bytes(), body].concat()
    };
    for (range, body) in [
        ("bytes 3-4999/5000", PatternStore::pattern(3, 4997)),
        ("bytes 70000-79999/80000", PatternStore::pattern(70_000, 10_000)),
        ("bytes 0-4999/*", PatternStore::pattern(0, 5000)),
        ("bytes */5000", Vec::new()),
        ("lines 1-2/3", Vec::new()),
        ("bytes -5-4999/5000", PatternStore::pattern(0, 5000)),
        ("bytes 4464-99999/18446744073709551616", PatternStore::pattern(4464, 95_536)),
        // Shorter than what is there.
        ("bytes 4464-4999/5000", PatternStore::pattern(4464, 536)),
        ("bytes 4464-99999/100000", vec![9; 95_536]),
    ] {
        let answers = vec![(part(range, body), Then::Ends), (whole(100_000, ""), Then::Ends)];
        let (taken, sink) = fetched(answers, 70_000, &folder).await;
        assert_eq!((taken.expect(range), sink.is_finished()), (100_000, true), "{range}");
        assert_pattern(&folder.file("to"), 100_000);
    }
    // The right part of a file that goes on behind its end.
    let from = 70_000 - 65_536;
    let more = part(&format!("bytes {from}-99999/80000"), PatternStore::pattern(from, 100_000 - from as usize));
    let (taken, sink) = fetched(vec![(more, Then::Ends)], 70_000, &folder).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::UnexpectedReply);
    assert!(!sink.is_finished());
    // And one that breaks off: what came is kept for the next try.
    let part = part(&format!("bytes {from}-99999/100000"), PatternStore::pattern(from, 100_000 - from as usize));
    let (taken, sink) = fetched(vec![(part[..part.len() - 1000].to_vec(), Then::Resets)], 70_000, &folder).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::Interrupted);
    assert!(!sink.is_finished());
}

/// A sink with a part of another file that ends like this one, and what was noted of it.
async fn part_of_another(folder: &Folder, note: &str) -> Arc<FileSink> {
    let mut other = PatternStore::pattern(0, 200_000);
    other[..1000].fill(9);
    std::fs::write(folder.file("to"), other).unwrap();
    let sink = FileSink::at(folder.file("to"));
    sink.note_version(note).await.unwrap();
    sink
}

#[tokio::test]
async fn a_part_of_another_version_is_not_gone_on_with() {
    let folder = Folder::new();
    let from = 200_000 - 65_536;
    let range = format!("Content-Range: bytes {from}-299999/300000\r\nContent-Length: {}", 300_000 - from);
    let time = "Last-Modified: Wed, 25 Nov 2026 05:00:00 GMT\r\n";
    // One server ignores the condition, and one has changed only the time.
    for (told, note) in [("ETag: \"v2\"\r\n", "etag: \"v1\""), (time, "last-modified: Wed, 25 Nov 2026 04:00:00 GMT")] {
        let head = format!("HTTP/1.1 206 Partial Content\r\n{told}{range}\r\n\r\n");
        let part = [head.into_bytes(), PatternStore::pattern(from, 300_000 - from as usize)].concat();
        let sink = part_of_another(&folder, note).await;
        let device = server(vec![(part, Then::Ends), (whole(300_000, told), Then::Ends)]).await;
        let receipt = client().fetch(fetch(device, "x", &sink), &context()).await.unwrap();
        assert_eq!((receipt.resumed_from, sink.is_finished()), (0, true));
        assert_pattern(&folder.file("to"), 300_000);
        let noted = sink.version().await.unwrap().unwrap();
        assert!(told.to_lowercase().starts_with(&noted.to_lowercase()), "{noted}");
    }
}

#[tokio::test]
async fn an_answer_that_is_of_no_use_does_not_cost_what_is_there() {
    let folder = Folder::new();
    let no_size = b"HTTP/1.1 200 OK\r\n\r\nabc".to_vec();
    let packed = whole(5, "Content-Encoding: gzip\r\n");
    let large = whole(1_000_001, "");
    for (answer, kind) in
        [(no_size, ErrorKind::UnexpectedReply), (packed, ErrorKind::UnexpectedReply), (large, ErrorKind::NoSpace)]
    {
        let answers = vec![(answer.clone(), Then::Ends), (answer, Then::Ends)];
        let (taken, sink) = fetched(answers, 700_000, &folder).await;
        assert_eq!(taken.unwrap_err().kind(), kind);
        assert!(!sink.is_finished());
        assert_pattern(&folder.file("to"), 700_000);
    }
    let (taken, _) = fetched(vec![(whole(5, "Content-Encoding: identity\r\n"), Then::Ends)], 0, &folder).await;
    assert_eq!(taken.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_it() {
    let folder = Folder::new();
    let half = whole(5000, "");
    for answer in [Vec::new(), b"HTTP/1.1 200 OK\r\nContent-Le".to_vec(), half[..half.len() - 2000].to_vec()] {
        let to = folder.file("to");
        std::fs::write(&to, "").unwrap();
        let sink = FileSink::at(&to);
        let begun = answer.len() > 1000;
        let request = fetch(server(vec![(answer, Then::IsSilent)]).await, "x", &sink);
        let e = client().fetch(request, &context()).await.unwrap_err();
        assert!(e.kind() == ErrorKind::Timeout && e.to_string().contains("nothing moved"), "{e:?}");
        assert_eq!(sink.written.load(Ordering::Relaxed) > 0, begun);
        assert!(!sink.is_finished());
    }
    let device = server(vec![(Vec::new(), Then::IsSilent)]).await;
    let e = client().push(push(device, 5000, "x"), &context()).await.unwrap_err();
    assert!(e.kind() == ErrorKind::Timeout && e.to_string().contains("nothing moved"), "{e:?}");
}

#[tokio::test]
async fn a_server_that_breaks_off_or_says_yes_too_early_has_not_taken_the_file() {
    const LARGE: u64 = 64 * 1024 * 1024;
    for (answer, then, kind) in [
        ("", Then::Resets, ErrorKind::Interrupted),
        ("", Then::Ends, ErrorKind::Interrupted),
        ("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", Then::Resets, ErrorKind::UnexpectedReply),
        ("HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n", Then::Ends, ErrorKind::NoSpace),
    ] {
        let device = server(vec![(answer.as_bytes().to_vec(), then)]).await;
        let pushed = tokio::time::timeout(LONG, client().push(push(device, LARGE, "x"), &context())).await;
        assert_eq!(pushed.expect("it hangs").expect_err(answer).kind(), kind, "{answer}");
    }
}

/// A server that says the login back, as it came.
#[tokio::test]
async fn a_login_that_is_said_back_is_in_no_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = Endpoint { host: "127.0.0.1".into(), port: listener.local_addr().unwrap().port() };
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut some = vec![0; 4096];
        let count = stream.read(&mut some).await.unwrap();
        let head = String::from_utf8_lossy(&some[..count]).into_owned();
        let login = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap().to_owned();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: {login}\r\n\r\nabc");
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let device = Device { at, login: Login::password("u", "pw"), ..offer(1, "x").device };
    let client = HttpClient::new(Arc::new(TcpNetwork), Arc::new(MemorySecrets::new(&[("pw", "hunter2-canary")])));
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let e = client.fetch(fetch(device, "x", &sink), &context()).await.unwrap_err();
    let shown = format!("{e:?} {}", e.report());
    // "u:hunter2-canary" in base64.
    assert!(shown.contains("Basic ***") && !shown.contains("dTpodW50ZXIyLWNhbmFyeQ"), "{shown}");
}
