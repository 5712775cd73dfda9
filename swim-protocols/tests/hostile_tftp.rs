//! Who means harm to our TFTP server, and who only talks.
#![cfg(feature = "tftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/hurried.rs"]
mod hurried;
#[path = "support/raw_tftp.rs"]
mod raw_tftp;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hurried::hurried;
use raw_tftp::{LONG, hear, patient};
use sink::{FileSink, fetch};
use support::memory::PatternStore;
use support::{Folder, context, offer};
use swim_core::model::{Device, Endpoint};
use swim_core::ports::{Accept, Offer, Push, Served, Sink, Transfer};
use swim_core::{Error, ErrorKind};
use swim_protocols::net::TcpNetwork;
use swim_protocols::tftp::{TftpClient, TftpClientConfig, TftpConfig, TftpOffers};
use tokio::net::UdpSocket;

const BYTES: u64 = 512 * 20 + 7;

fn offers() -> TftpOffers {
    TftpOffers::new(Arc::new(TcpNetwork), TftpConfig { bind: "127.0.0.1".into(), port: 0 })
}

async fn open() -> Box<dyn Served> {
    offers().offer(Offer { uses: 3, ..offer(BYTES, "x.bin") }, &context()).await.unwrap()
}

/// A socket that says one packet to the door.
async fn say(served: &dyn Served, packet: &[u8]) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(packet, ("127.0.0.1", served.port())).await.unwrap();
    socket
}

fn request(write: bool, path: &str, options: &str) -> Vec<u8> {
    [&[0, 1 + u8::from(write)], path.as_bytes(), b"\0octet\0", options.as_bytes()].concat()
}

/// A plain pull with blocks of 512 bytes, from the first packet that is heard on.
async fn pull(socket: &UdpSocket, disturb: impl AsyncFn(&UdpSocket, u16, SocketAddr)) -> Vec<u8> {
    let (mut file, mut number) = (Vec::new(), 0_u16);
    loop {
        let (packet, from) = hear(socket).await;
        assert_eq!(packet[..2], [0, 3], "{:?}", &packet[..packet.len().min(40)]);
        if packet[2..4] == (number + 1).to_be_bytes() {
            number += 1;
            file.extend_from_slice(&packet[4..]);
            disturb(socket, number, from).await;
        }
        let ack = [[0, 4], number.to_be_bytes()].concat();
        socket.send_to(&ack, from).await.unwrap();
        if packet.len() < 516 && packet[2..4] == number.to_be_bytes() {
            return file;
        }
    }
}

async fn is_served(served: &dyn Served) {
    let socket = say(served, &request(false, served.path(), "")).await;
    assert_eq!(pull(&socket, async |_, _, _| {}).await, PatternStore::pattern(0, BYTES as usize));
}

#[tokio::test]
async fn packets_that_are_too_long_or_senseless_are_passed_over() {
    let served = open().await;
    let path = served.path().to_owned();
    let long = "x".repeat(60_000);
    for nonsense in [
        Vec::new(),
        vec![0],
        vec![0, 1],
        vec![0xff; 60_000],
        vec![0; 60_000],
        request(false, &long, ""),
        request(false, &path, &format!("blksize\0{long}\0")),
        request(false, &path, &"tsize\0\x30\0".repeat(5000)),
        request(false, &path, "blksize\0"),
        request(false, &path, "blksize"),
        request(false, "../../etc/passwd", ""),
        request(false, "/etc/passwd", ""),
        request(true, &path, ""),
        [&[0, 1], path.as_bytes(), b"\0netascii\0"].concat(),
        [&[0, 1], path.as_bytes(), b"\0mail\0"].concat(),
        vec![0, 3, 0, 1, 7],
        vec![0, 4, 0, 1],
        vec![0, 5, 0, 1, b'x', 0],
        vec![0, 6, b'x', 0],
    ] {
        let socket = say(&*served, &nonsense).await;
        let mut heard = [0; 2000];
        // An error at most; never a part of the file.
        if let Ok(heard_of) = tokio::time::timeout(Duration::from_millis(100), socket.recv(&mut heard)).await {
            let count = heard_of.unwrap();
            assert_eq!(heard[..2], [0, 5], "{:?}", &nonsense[..nonsense.len().min(40)]);
            assert!(count < 100, "an answer is no longer than what was asked");
        }
    }
    is_served(&*served).await;
}

#[tokio::test]
async fn options_out_of_all_measure_are_bounded_or_left_out() {
    for (options, answer) in [
        ("blksize\x0099999999\0windowsize\x0099999999\0", &b"\0\x06blksize\x0065464\0windowsize\x00512\0"[..]),
        ("blksize\x0018446744073709551616\0windowsize\x00-1\0tsize\x000\0", b"\0\x06tsize\x0010247\0"),
        ("timeout\x00256\0tsize\x000\0", b"\0\x06tsize\x0010247\0"),
        ("BLKSIZE\x008\0blksize\x0065464\0", b"\0\x06blksize\x008\0"),
        ("multicast\0\0tsize\x000\0", b"\0\x06tsize\x0010247\0"),
    ] {
        let served = open().await;
        let socket = say(&*served, &request(false, served.path(), options)).await;
        let (packet, from) = hear(&socket).await;
        assert_eq!(packet, answer, "{options:?}");
        socket.send_to(b"\0\x05\0\x08no\0", from).await.unwrap();
        is_served(&*served).await;
    }
}

#[tokio::test]
async fn numbers_that_were_never_sent_and_strangers_do_not_move_a_pull() {
    let served = open().await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let socket = say(&*served, &request(false, served.path(), "")).await;
    let file = pull(&socket, async |socket, number, from| {
        for wrong in [0, number.wrapping_add(1), number.wrapping_add(500), number.wrapping_sub(2), 0x8000, 0xffff] {
            if wrong != number {
                socket.send_to(&[[0, 4], wrong.to_be_bytes()].concat(), from).await.unwrap();
            }
        }
        // Data, nonsense and requests at the port of a transfer, and a stranger who ends it.
        for packet in [&[0, 3, 0, 1, 9][..], &[], &[9; 2000], &request(false, "x", ""), &[0, 6, 0]] {
            socket.send_to(packet, from).await.unwrap();
        }
        stranger.send_to(b"\0\x05\0\0end\0", from).await.unwrap();
        stranger.send_to(&[[0, 4], number.to_be_bytes()].concat(), from).await.unwrap();
    })
    .await;
    assert_eq!(file, PatternStore::pattern(0, BYTES as usize));
}

#[tokio::test]
async fn a_flood_of_requests_is_a_handful_of_transfers() {
    let served = open().await;
    let ask = request(false, served.path(), "");
    let mut all = Vec::new();
    for _ in 0..300 {
        let socket = say(&*served, &ask).await;
        // The same again from the same port is one.
        socket.send_to(&ask, ("127.0.0.1", served.port())).await.unwrap();
        all.push(socket);
    }
    let mut answered = Vec::new();
    for socket in all {
        let mut heard = [0; 2000];
        if let Ok(count) = tokio::time::timeout(Duration::from_millis(20), socket.recv_from(&mut heard)).await {
            answered.push((socket, count.unwrap().1));
        }
    }
    assert!((1..=4).contains(&answered.len()), "{} transfers at once", answered.len());
    assert!(served.sent() <= 4 * 512 * 64, "{} bytes for nothing", served.sent());
    for (socket, from) in &answered {
        socket.send_to(b"\0\x05\0\0end\0", from).await.unwrap();
    }
    // The places are free again in a moment.
    for _ in 0..200 {
        let socket = say(&*served, &ask).await;
        let mut heard = [0; 2000];
        if tokio::time::timeout(Duration::from_millis(100), socket.peek_from(&mut heard)).await.is_ok() {
            assert_eq!(pull(&socket, async |_, _, _| {}).await, PatternStore::pattern(0, BYTES as usize));
            return;
        }
    }
    panic!("the offer is dead after a flood");
}

#[tokio::test]
async fn an_upload_with_wrong_numbers_and_too_many_blocks_is_never_whole() {
    let folder = Folder::new();
    let sink = FileSink::at(folder.file("to"));
    let place = async |most| {
        let sink: Arc<dyn Sink> = Arc::<FileSink>::clone(&sink);
        let device = offer(1, "x").device;
        let accept = Accept { device, name: "up.bin".into(), sink, most, source: None, lifetime: LONG };
        offers().accept(accept, &context()).await.unwrap()
    };
    // Its size is told, and too large.
    let served = place(2000).await;
    let socket = say(&*served, &request(true, served.path(), "tsize\x002001\0")).await;
    assert_eq!(hear(&socket).await.0[..4], [0, 5, 0, 3]);
    // It is not told, or told too small.
    for options in ["", "tsize\x00600\0"] {
        let served = place(2000).await;
        let socket = say(&*served, &request(true, served.path(), options)).await;
        let (_, from) = hear(&socket).await;
        let block = |number: u16, bytes: usize| [&[0, 3], &number.to_be_bytes()[..], &vec![7; bytes]].concat();
        for number in [2, 0, 0xffff, 0x8001] {
            socket.send_to(&block(number, 512), from).await.unwrap();
        }
        socket.send_to(&block(1, 2000), from).await.unwrap();
        let ended = async {
            for number in 1..=9 {
                socket.send_to(&block(number, if number == 9 { 10 } else { 512 }), from).await.unwrap();
                loop {
                    let (answer, _) = hear(&socket).await;
                    if answer[..2] == [0, 5] {
                        return answer[3];
                    }
                    if answer == [[0, 4], number.to_be_bytes()].concat() {
                        break;
                    }
                }
            }
            panic!("all of it was taken");
        };
        assert!(matches!(patient(ended).await, 0 | 3), "{options:?}");
        assert!(!sink.is_finished());
        assert_eq!(served.close().await.unwrap_err().kind(), ErrorKind::Interrupted);
    }
}

/// Says all of it again and again, until an error comes; its words.
async fn nag(socket: &UdpSocket, packets: &[&[u8]]) -> String {
    let (_, from) = hear(socket).await;
    let mut answer = [0; 2000];
    loop {
        for packet in packets {
            socket.send_to(packet, from).await.unwrap();
        }
        let next = tokio::time::timeout(Duration::from_millis(20), socket.recv(&mut answer));
        if let Ok(Ok(count)) = next.await
            && answer[..2] == [0, 5]
        {
            return String::from_utf8_lossy(&answer[4..count - 1]).into_owned();
        }
    }
}

/// What moves nothing on keeps nothing alive: neither old blocks nor acknowledgements, nor options, nor nonsense.
#[tokio::test]
async fn who_only_talks_is_silent() {
    let (to, cx) = (Folder::new(), hurried());
    let lifetime = Duration::from_secs(24 * 3600);
    let block = [&[0, 3, 0, 1], &[7; 512][..]].concat();
    let offered = async {
        let served = offers().offer(Offer { lifetime, ..offer(BYTES, "x.bin") }, &cx).await.unwrap();
        let socket = say(&*served, &request(false, served.path(), "")).await;
        nag(&socket, &[b"\0\x04\0\0", b"\0\x04\x80\0", b"\0\x06blksize\x00512\0", b"?"]).await
    };
    let greeted = async {
        let served = offers().offer(Offer { lifetime, ..offer(BYTES, "x.bin") }, &cx).await.unwrap();
        let socket = say(&*served, &request(false, served.path(), "blksize\x00512\0")).await;
        nag(&socket, &[b"\0\x04\0\x07", b"?"]).await
    };
    let taken = async {
        let sink: Arc<dyn Sink> = FileSink::at(to.file("taken"));
        let device = offer(1, "x").device;
        let accept = Accept { device, name: "up.bin".into(), sink, most: 10_000, source: None, lifetime };
        let served = offers().accept(accept, &cx).await.unwrap();
        let socket = say(&*served, &request(true, served.path(), "")).await;
        nag(&socket, &[&block, b"\0\x04\0\0", b"?"]).await
    };
    let client = TftpClient::new(Arc::new(TcpNetwork), TftpClientConfig::default());
    let server = async || {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let at = Endpoint { host: "127.0.0.1".into(), port: socket.local_addr().unwrap().port() };
        (Device { at, ..offer(1, "x").device }, socket)
    };
    let fetched = async {
        let (device, socket) = server().await;
        let sink = FileSink::at(to.file("fetched"));
        let fetching = client.fetch(fetch(device, "x", &sink), &cx);
        let packets = [&block[..], b"\0\x06blksize\x00512\0", b"?"];
        tokio::join!(fetching, nag(&socket, &packets))
    };
    let pushed = async {
        let (device, socket) = server().await;
        let Offer { store, image, bytes, .. } = offer(BYTES, "x");
        let push = Push { device, store, image, bytes, path: "x".into(), resume: false };
        let nagging = nag(&socket, &[b"\0\x04\0\0", b"\0\x04\x80\0", b"\0\x06\0", b"?"]);
        tokio::join!(client.push(push, &cx), nagging)
    };
    let (offered, greeted, taken, fetched, pushed) =
        patient(async { tokio::join!(offered, greeted, taken, fetched, pushed) }).await;
    assert_eq!(fetched.0.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(pushed.0.unwrap_err().kind(), ErrorKind::Timeout);
    for words in [offered, greeted, taken, fetched.1, pushed.1] {
        assert!(words.starts_with("nothing came for 1"), "{words}");
    }
}

/// It cannot be written, and its errors name a place of ours.
#[derive(Debug)]
struct Unwritable;

#[async_trait]
impl Sink for Unwritable {
    async fn have(&self) -> swim_core::Result<u64> {
        Ok(0)
    }

    async fn read(&self, _: u64, _: usize) -> swim_core::Result<Bytes> {
        Ok(Bytes::new())
    }

    async fn write(&self, _: u64, _: Bytes) -> swim_core::Result<()> {
        Err(Error::new(ErrorKind::Store, "write file", "/srv/private/up.bin: it is read-only"))
    }

    async fn clear(&self) -> swim_core::Result<()> {
        Ok(())
    }

    async fn finish(&self, _: u64) -> swim_core::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn who_uploads_does_not_learn_where_to() {
    let device = offer(1, "x").device;
    let sink = Arc::new(Unwritable);
    let accept = Accept { device, name: "up.bin".into(), sink, most: 2000, source: None, lifetime: LONG };
    let served = offers().accept(accept, &context()).await.unwrap();
    let socket = say(&*served, &request(true, served.path(), "")).await;
    let (_, from) = hear(&socket).await;
    socket.send_to(b"\0\x03\0\x01last", from).await.unwrap();
    assert_eq!(hear(&socket).await.0, b"\0\x05\0\0the transfer cannot go on\0");
    assert_eq!(served.close().await.unwrap_err().kind(), ErrorKind::Interrupted);
}

/// A boot loader asks for the size, gives up with an error, and asks anew from the same port.
#[tokio::test]
async fn an_error_is_not_answered_with_an_error() {
    let served = open().await;
    let asked = request(false, served.path(), "tsize\0\x30\0blksize\0\x31468\0");
    let socket = say(&*served, &asked).await;
    for _ in 0..5 {
        let (options, from) = hear(&socket).await;
        assert_eq!(options[1], 6, "{options:?}");
        socket.send_to(b"\0\x05\0\0size only\0", from).await.unwrap();
        // An error of ours would come before the answer to this.
        tokio::time::sleep(Duration::from_millis(50)).await;
        socket.send_to(&asked, ("127.0.0.1", served.port())).await.unwrap();
    }
    assert_eq!(hear(&socket).await.0[1], 6);
}
