//! Sessions with our FTP offers and accepts that end, go on or begin anew where nobody expects it.
#![cfg(feature = "ftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/raw_ftp.rs"]
mod raw_ftp;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::time::Duration;

use raw_ftp::{BYTES, Raw, accepted, client, dial, offers, served, server, whole};
use sink::FileSink;
use support::memory::PatternStore;
use support::{Folder, context, offer, push};
use swim_core::ports::{Offer, Sink, Transfer};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket};

/// Whatever a client has said by then: one that is killed has not given a file.
#[tokio::test]
async fn a_killed_upload_is_not_whole() {
    for said in ["NOOP\r\n", &"NOOP\r\n".repeat(100), &"NOOP\r\n".repeat(2000), "QUIT\r\n"] {
        let folder = Folder::new();
        let sink = FileSink::at(folder.file("sink"));
        let served = accepted(1 << 30, &sink, &context()).await;
        let mut raw = Raw::inside(&*served).await;
        let mut data = dial("127.0.0.1", raw.passive().await).await;
        assert_eq!(raw.ask("STOR x.bin").await, 150);
        data.write_all(&[1; 100_000]).await.unwrap();
        raw.say(said).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let _ = data.write_all(&[1; 100_000]).await;
        // Both connections end at the same time.
        drop(data);
        drop(raw);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let closed = served.close().await;
        assert!(closed.is_err() && !sink.is_finished(), "{} bytes of verbs: {closed:?}", said.len());
    }
}

/// Keepalives in a file are answered behind it, and cost it nothing.
#[tokio::test]
async fn verbs_in_an_upload_wait_for_its_end() {
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("sink"));
    let served = accepted(1 << 30, &sink, &context()).await;
    let mut raw = Raw::inside(&*served).await;
    let mut data = dial("127.0.0.1", raw.passive().await).await;
    assert_eq!(raw.ask("STOR x.bin").await, 150);
    raw.say(&"NOOP\r\n".repeat(100)).await;
    data.write_all(&[1; 100_000]).await.unwrap();
    drop(data);
    assert_eq!(raw.code().await, 226);
    for _ in 0..100 {
        assert_eq!(raw.code().await, 200);
    }
    assert!(sink.is_finished());
    assert_eq!(served.close().await.unwrap().bytes, 100_000);
}

/// There are a few seats, and no way to stay without one.
#[tokio::test]
async fn who_is_logged_in_keeps_the_seat() {
    let served = served(&context()).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut raw = Raw::inside(&*served).await;
        for verb in ["USER y", "PASS y", "AUTH TLS"] {
            assert_eq!(raw.ask(verb).await, 503, "{verb}");
        }
        let _ = raw.passive().await;
        held.push(raw);
    }
    let mut fifth = Raw::at("127.0.0.1", served.port()).await;
    assert_eq!(fifth.log_in(&*served).await, 421);
    drop(held);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (code, bytes) = Raw::inside(&*served).await.pull("x.bin").await;
    assert!(code == 226 && whole(&bytes));
}

/// A second use begins with nothing: its end alone is no file.
#[tokio::test]
async fn a_read_of_the_end_is_no_use() {
    let served = offers().offer(Offer { source: None, uses: 3, ..offer(BYTES, "x.bin") }, &context()).await.unwrap();
    let mut raw = Raw::inside(&*served).await;
    let (code, bytes) = raw.pull("x.bin").await;
    assert!(code == 226 && whole(&bytes));
    for from in [BYTES, BYTES - 1] {
        assert_eq!(raw.ask(&format!("REST {from}")).await, 350);
        assert_eq!(raw.pull("x.bin").await.0, 226);
    }
    assert_eq!(served.close().await.unwrap().completed, Some(1));
}

/// Pulls beside the one that spent the only use are no uses.
#[tokio::test]
async fn one_use_is_counted_once() {
    let served = served(&context()).await;
    let mut all = Vec::new();
    for _ in 0..4 {
        let mut raw = Raw::inside(&*served).await;
        let data = dial("127.0.0.1", raw.passive().await).await;
        assert_eq!(raw.ask("RETR x.bin").await, 150);
        all.push((raw, data));
    }
    let mut came = 0;
    for (_, data) in &mut all {
        let mut bytes = Vec::new();
        let _ = data.read_to_end(&mut bytes).await;
        let _ = data.shutdown().await;
        came += usize::from(whole(&bytes));
    }
    drop(all);
    let receipt = served.close().await.unwrap();
    assert!(came > 0 && receipt.completed == Some(1), "{came} {receipt:?}");
}

/// A server that says the password back, though not in its answer to it.
#[tokio::test]
async fn a_password_that_is_said_back_later_is_in_no_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let device = server("127.0.0.1", listener.local_addr().unwrap().port(), "x");
    tokio::spawn(async move {
        let mut stream = BufReader::new(listener.accept().await.unwrap().0);
        let (mut answer, mut told) = ("220 hi".to_owned(), String::new());
        loop {
            stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            answer = match line.split(' ').next() {
                Some("USER") => "331 password?".to_owned(),
                Some("PASS") => {
                    line.trim().clone_into(&mut told);
                    "230 in".to_owned()
                }
                _ => format!("500 not after '{told}'"),
            };
        }
    });
    let e = client("hunter2-canary").push(push(device, 10, "x.bin"), &context()).await.unwrap_err();
    let shown = format!("{e:?} {} {:?}", e.report(), e.record());
    assert!(shown.contains("500 not after 'PASS ***'") && !shown.contains("hunter2"), "{shown}");
}

/// What was said before our reply says nothing of the file.
#[tokio::test]
async fn who_is_killed_behind_a_keepalive_has_no_file() {
    let served = served(&context()).await;
    let mut raw = Raw::inside(&*served).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let port = raw.passive().await;
    let mut data = socket.connect(format!("127.0.0.1:{port}").parse().unwrap()).await.unwrap();
    assert_eq!(raw.ask("RETR x.bin").await, 150);
    raw.say("NOOP\r\n").await;
    // Longer than is waited for its close.
    for _ in 0..40 {
        assert!(data.read(&mut [0; 16 * 1024]).await.unwrap() > 0);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    data.set_zero_linger().unwrap();
    drop(data);
    drop(raw);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(served.close().await.unwrap().completed, Some(0));
}

/// A part of another version that ends like the one there: what was noted of it tells them apart.
#[tokio::test]
async fn a_part_of_another_version_is_begun_again() {
    for noted in ["etag: \"v1\"", "3000000 bytes, changed 1"] {
        let served = served(&context()).await;
        let folder = Folder::new();
        let mut other = PatternStore::pattern(0, 200_000);
        other[..1000].fill(9);
        std::fs::write(folder.file("to"), other).unwrap();
        let sink = FileSink::at(folder.file("to"));
        sink.note_version(noted).await.unwrap();
        let device = server("127.0.0.1", served.port(), served.user().unwrap());
        let client = client(served.password().unwrap().expose());
        let receipt = client.fetch(sink::fetch(device, "x.bin", &sink), &context()).await.unwrap();
        assert_eq!((receipt.bytes, receipt.resumed_from), (BYTES, 0), "{noted}");
        assert!(whole(&std::fs::read(folder.file("to")).unwrap()));
        assert!(sink.version().await.unwrap().unwrap().starts_with("3000000 bytes, changed 1"));
    }
}

/// Who opened the accept is told what the client was told.
#[tokio::test]
async fn an_accept_without_a_file_says_why() {
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("sink"));
    let served = accepted(1000, &sink, &context()).await;
    let mut raw = Raw::inside(&*served).await;
    let mut data = dial("127.0.0.1", raw.passive().await).await;
    assert_eq!(raw.ask("STOR x.bin").await, 150);
    data.write_all(&[1; 2000]).await.unwrap();
    drop(data);
    assert_eq!(raw.code().await, 552);
    let e = served.close().await.unwrap_err();
    assert!(e.to_string().contains("; the last try: ftp: more than the 1000 bytes came"), "{e}");
}

/// The reply comes when all of the file is handed to our machine; what the other one has got is another question.
#[tokio::test]
async fn a_keepalive_behind_the_reply_is_no_proof() {
    let served = offers().offer(Offer { source: None, ..offer(BYTES, "x.bin") }, &context()).await.unwrap();
    let mut raw = Raw::inside(&*served).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let port = raw.passive().await;
    let mut data = socket.connect(format!("127.0.0.1:{port}").parse().unwrap()).await.unwrap();
    assert_eq!(raw.ask("RETR x.bin").await, 150);
    let (mut came, mut buffer) = (0, vec![0; 64 * 1024]);
    let mut reply = Box::pin(raw.code());
    // Slowly, until the reply is there.
    while tokio::time::timeout(Duration::from_millis(100), &mut reply).await.is_err() {
        if let Ok(Ok(n)) = tokio::time::timeout(Duration::from_millis(1), data.read(&mut buffer)).await {
            came += n as u64;
        }
    }
    drop(reply);
    raw.say("NOOP\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    data.set_zero_linger().unwrap();
    drop(data);
    drop(raw);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let receipt = served.close().await.unwrap();
    assert!(came >= BYTES || receipt.completed == Some(0), "{came} bytes came: {receipt:?}");
}
