//! TFTP servers that mean harm to our client.
#![cfg(feature = "tftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/raw_tftp.rs"]
mod raw_tftp;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use raw_tftp::{hear, patient};
use sink::{FileSink, fetch};
use support::memory::PatternStore;
use support::{Folder, assert_pattern, context, offer};
use swim_core::ErrorKind;
use swim_core::model::{Device, Endpoint};
use swim_core::ports::{Context, Fetch, Transfer};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tftp::{TftpClient, TftpClientConfig};
use tokio::net::UdpSocket;

/// A server by hand, and our client.
async fn fetched(
    serve: impl AsyncFnOnce(&UdpSocket, SocketAddr, Vec<u8>),
    (most, bytes): (u64, Option<u64>),
    to: &Folder,
    cx: &Context,
) -> (swim_core::Result<u64>, Arc<FileSink>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = Endpoint { host: "127.0.0.1".into(), port: socket.local_addr().unwrap().port() };
    let sink = FileSink::at(to.file("to"));
    let device = Device { at, ..offer(1, "x").device };
    let client = TftpClient::new(Arc::new(TcpNetwork), TftpClientConfig::default());
    let fetching = client.fetch(Fetch { most, bytes, ..fetch(device, "x", &sink) }, cx);
    let serving = async {
        let (asked, from) = hear(&socket).await;
        serve(&socket, from, asked).await;
        // It stays where it is: what is sent to it is not refused by the machine.
        std::future::pending::<()>().await;
    };
    let taken = patient(async {
        tokio::select! {
            taken = fetching => taken,
            () = serving => unreachable!(),
        }
    });
    (taken.await.map(|receipt| receipt.bytes), sink)
}

#[tokio::test]
async fn servers_that_send_more_than_they_may_are_refused() {
    let to = Folder::new();
    let cx = context();
    let block = |number: u16, bytes: usize| [&[0, 3], &number.to_be_bytes()[..], &vec![7; bytes]].concat();
    // A file that is told to be small, and does not end.
    let endless = async |socket: &UdpSocket, from, _| {
        socket.send_to(b"\0\x06tsize\x00100\0", from).await.unwrap();
        for number in 0_u16..200 {
            let _ = hear(socket).await;
            if socket.send_to(&block(number + 1, 512), from).await.is_err() {
                return;
            }
        }
    };
    let (taken, sink) = fetched(endless, (10_000, None), &to, &cx).await;
    let kind = taken.unwrap_err().kind();
    assert!(matches!(kind, ErrorKind::NoSpace | ErrorKind::Integrity), "{kind}");
    assert!(!sink.is_finished());
    // One that is told to be too large.
    let large = async |socket: &UdpSocket, from, _| {
        socket.send_to(b"\0\x06tsize\x00999999999999\0", from).await.unwrap();
    };
    let (taken, _) = fetched(large, (10_000, None), &to, &cx).await;
    assert_eq!(taken.unwrap_err().kind(), ErrorKind::NoSpace);
    // Options as long as a datagram, and an error with as many words.
    let options = async |socket: &UdpSocket, from, _| {
        socket.send_to(&[&[0, 6][..], &b"tsize\x0010\0".repeat(6000)].concat(), from).await.unwrap();
        socket.send_to(&[&[0, 5, 0, 2][..], &[b'n'; 60_000], &[0]].concat(), from).await.unwrap();
    };
    let (taken, _) = fetched(options, (10_000, None), &to, &cx).await;
    let e = taken.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Privilege, "{e:?}");
    assert!(e.device_words().unwrap_or_default().len() < 2000);
}

#[tokio::test]
async fn blocks_of_hostile_numbers_do_not_reach_the_file() {
    let to = Folder::new();
    let cx = context();
    let serve = async |socket: &UdpSocket, from, _| {
        let block = |number: u16, data: &[u8]| [&[0, 3], &number.to_be_bytes()[..], data].concat();
        let file = PatternStore::pattern(0, 1034);
        socket.send_to(b"\0\x06blksize\x00512\0", from).await.unwrap();
        let _ = hear(socket).await;
        for (number, data) in (1_u16..).zip(file.chunks(512)) {
            for wrong in [0, number.wrapping_sub(1), number + 1, number + 2, 0x7fff, 0x8000, 0xffff] {
                socket.send_to(&block(wrong, &[9; 512]), from).await.unwrap();
            }
            // Longer than a block may be.
            socket.send_to(&block(number, &[9; 513]), from).await.unwrap();
            socket.send_to(&block(number, data), from).await.unwrap();
            loop {
                if hear(socket).await.0 == [[0, 4], number.to_be_bytes()].concat() {
                    break;
                }
            }
        }
    };
    let (taken, sink) = fetched(serve, (10_000, None), &to, &cx).await;
    assert_eq!((taken.unwrap(), sink.is_finished()), (1034, true));
    assert_pattern(&to.file("to"), 1034);
}

#[tokio::test]
async fn a_size_that_is_told_holds() {
    let to = Folder::new();
    let cx = context();
    let tells = |told: &'static str, comes: usize| {
        async move |socket: &UdpSocket, from, _| {
            let options = format!("\0\x06tsize\0{told}\0");
            socket.send_to(options.as_bytes(), from).await.unwrap();
            let (answer, _) = hear(socket).await;
            if answer[..2] == [0, 4] {
                socket.send_to(&[&[0, 3, 0, 1], &vec![7; comes][..]].concat(), from).await.unwrap();
            }
        }
    };
    // The caller knows better: not a byte is taken.
    let (taken, sink) = fetched(tells("100", 100), (10_000, Some(99)), &to, &cx).await;
    assert_eq!((taken.unwrap_err().kind(), sink.written.load(Relaxed)), (ErrorKind::Integrity, 0));
    // It ends before, or comes to more.
    for (told, comes) in [("513", 100), ("99", 100)] {
        let (taken, sink) = fetched(tells(told, comes), (10_000, None), &to, &cx).await;
        assert_eq!((taken.unwrap_err().kind(), sink.is_finished()), (ErrorKind::Integrity, false), "{told}");
    }
    // Who tells nothing says our zero back.
    let (taken, sink) = fetched(tells("0", 100), (10_000, Some(100)), &to, &cx).await;
    assert_eq!((taken.unwrap(), sink.is_finished()), (100, true));
}

/// Names of options that would command a terminal.
#[tokio::test]
async fn options_that_were_not_asked_for_are_shown_harmless() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = Endpoint { host: "127.0.0.1".into(), port: socket.local_addr().unwrap().port() };
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let device = Device { at, ..offer(1, "x").device };
    tokio::spawn(async move {
        let (_, from) = socket.recv_from(&mut [0; 2000]).await.unwrap();
        socket.send_to(b"\0\x06\x1b]0;owned\x07\r\nforged\0\x1b[31m1\0", from).await.unwrap();
    });
    let client = TftpClient::new(Arc::new(TcpNetwork), TftpClientConfig::default());
    let e = client.fetch(fetch(device, "x", &sink), &context()).await.unwrap_err();
    let shown = e.report().to_string();
    assert!(shown.contains("owned") && !shown.chars().any(char::is_control), "{shown:?}");
}
