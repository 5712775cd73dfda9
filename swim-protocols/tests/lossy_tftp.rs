//! What the loss of one packet costs a TFTP transfer, in exact time: at most two round trips, in every verb.
#![cfg(feature = "tftp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/line.rs"]
mod line;
#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use line::Line;
use sink::{FileSink, fetch};
use support::memory::PatternStore;
use support::{Folder, assert_pattern, context, offer, push};
use swim_core::model::{Device, Endpoint};
use swim_core::ports::{Accept, Datagrams, Fetch, Network, Offer, Sink, Transfer};
use swim_core::{ErrorKind, Result};
use swim_protocols::tftp::{TftpClient, TftpClientConfig, TftpConfig, TftpOffers};
use tokio::sync::Notify;
use tokio::time::Instant;

const TRIP: Duration = Duration::from_millis(50);
/// Timers tell milliseconds, and some of them follow one another.
const GRAIN: Duration = Duration::from_millis(6);
const BLOCK: usize = 1468;
const WINDOW: u16 = 16;
/// Twenty windows and a bit.
const BYTES: u64 = (BLOCK * (20 * WINDOW as usize + 5) + 7) as u64;
const DATA: u8 = 3;
const ACK: u8 = 4;

/// Loses the first packet of a kind with this number.
fn once(kind: u8, number: u16) -> impl FnMut(&[u8]) -> bool + Send + 'static {
    let mut lost = false;
    move |packet| {
        let hit = !lost && packet[..2] == [0, kind] && packet[2..4] == number.to_be_bytes();
        lost |= hit;
        hit
    }
}

/// A block in the middle of a window, the last and the first one of a window, early and late; acknowledgements; and the
/// last block of the file.
fn losses() -> Vec<(u8, u16)> {
    let last = 20 * WINDOW + 6;
    let data =
        [2 * WINDOW + 5, 12 * WINDOW + 5, 2 * WINDOW, 12 * WINDOW, 12 * WINDOW + 1, 12 * WINDOW - 1, last - 1, last];
    let acks = [WINDOW, 2 * WINDOW, 12 * WINDOW, 20 * WINDOW];
    data.map(|number| (DATA, number)).into_iter().chain(acks.map(|number| (ACK, number))).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Push,
    Fetch,
}

fn device(port: u16) -> Device {
    Device { at: Endpoint { host: "127.0.0.1".into(), port }, ..offer(1, "x").device }
}

/// Our client and our server over such a line: how long the transfer took.
async fn ours(verb: Verb, loses: impl FnMut(&[u8]) -> bool + Send + 'static) -> Duration {
    let (network, folder) = (Arc::new(Line::new(TRIP, loses)), Folder::new());
    let offers = TftpOffers::new(Arc::<Line>::clone(&network), TftpConfig { bind: "127.0.0.1".into(), port: 0 });
    let config = TftpClientConfig { block: Some(BLOCK as u64), window: Some(u64::from(WINDOW)), timeout: None };
    let (client, sink) = (TftpClient::new(network, config), FileSink::at(folder.file("to")));
    let began;
    if verb == Verb::Push {
        let writes: Arc<dyn Sink> = Arc::<FileSink>::clone(&sink);
        let lifetime = Duration::from_secs(600);
        let accept = Accept { device: device(1), name: "up".into(), sink: writes, most: BYTES, source: None, lifetime };
        let served = offers.accept(accept, &context()).await.unwrap();
        began = Instant::now();
        client.push(push(device(served.port()), BYTES, served.path()), &context()).await.unwrap();
    } else {
        let served = offers.offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
        began = Instant::now();
        let request = Fetch { bytes: Some(BYTES), ..fetch(device(served.port()), served.path(), &sink) };
        client.fetch(request, &context()).await.unwrap();
    }
    let took = began.elapsed();
    assert!(sink.is_finished());
    assert_pattern(&folder.file("to"), BYTES);
    took
}

#[tokio::test(start_paused = true)]
async fn a_lost_packet_costs_two_round_trips_at_most_between_our_ends() {
    for verb in [Verb::Push, Verb::Fetch] {
        let whole = ours(verb, |_| false).await;
        // A window a round trip, the request, and the end.
        assert!(whole <= TRIP * 23 + GRAIN, "{verb:?} {whole:?}");
        for (kind, number) in losses() {
            let took = ours(verb, once(kind, number)).await;
            let more = took.saturating_sub(whole);
            assert!(more <= TRIP * 2 + GRAIN, "{verb:?}: packet {number} of kind {kind} cost {more:?}");
        }
    }
}

/// A client of the letter of RFC 7440: it acknowledges a whole window, and what comes out of order; of silence it says
/// nothing for five seconds.
async fn taciturn(door: &dyn Datagrams, to: Endpoint, path: &str) -> Vec<u8> {
    let options = format!("blksize\0{BLOCK}\0windowsize\0{WINDOW}\0");
    let request = [&[0, 1][..], path.as_bytes(), b"\0octet\0", options.as_bytes()].concat();
    door.send(&request, request.len(), &to).await.unwrap();
    let (mut file, mut came, mut since, mut told, mut batch) = (Vec::new(), 0_u16, 0, None, Vec::new());
    let acknowledge = async |number: u16, to: &Endpoint| {
        let ack = [[0, ACK], number.to_be_bytes()].concat();
        door.send(&ack, ack.len(), to).await.unwrap();
    };
    loop {
        let waited = tokio::time::timeout(Duration::from_secs(5), door.receive(&mut batch)).await;
        let Ok((_, from)) = waited.map(Result::unwrap) else { panic!("our sender is as silent as the client") };
        if batch[1] == 6 {
            acknowledge(0, &from).await;
        } else if batch[2..4] == (came + 1).to_be_bytes() {
            (came, since, told) = (came + 1, since + 1, None);
            file.extend_from_slice(&batch[4..]);
            let last = batch.len() < BLOCK + 4;
            if since == WINDOW || last {
                since = 0;
                acknowledge(came, &from).await;
            }
            if last {
                return file;
            }
        } else if told != Some(came) {
            (since, told) = (0, Some(came));
            acknowledge(came, &from).await;
        }
    }
}

async fn offered(loses: impl FnMut(&[u8]) -> bool + Send + 'static) -> Duration {
    let network = Arc::new(Line::new(TRIP, loses));
    let offers = TftpOffers::new(Arc::<Line>::clone(&network), TftpConfig { bind: "127.0.0.1".into(), port: 0 });
    let served = offers.offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
    let door = network.datagrams(&Endpoint { host: "127.0.0.1".into(), port: 0 }).await.unwrap();
    let began = Instant::now();
    let to = Endpoint { host: "127.0.0.1".into(), port: served.port() };
    assert_eq!(taciturn(&*door, to, served.path()).await, PatternStore::pattern(0, BYTES as usize));
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_of_a_loss_is_not_waited_for() {
    let whole = offered(|_| false).await;
    for (kind, number) in losses() {
        let more = offered(once(kind, number)).await.saturating_sub(whole);
        assert!(more <= TRIP * 2 + GRAIN, "packet {number} of kind {kind} cost {more:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_repetition_too_many_does_not_go_on_to_the_end_of_the_file() {
    // A receiver that was busy for a while: its acknowledgements are late, and everything is sent twice meanwhile.
    let (mut packets, mut sent) = (0_u64, std::collections::HashMap::<u16, u32>::new());
    let (told, repeated) = std::sync::mpsc::channel();
    let took = ours(Verb::Fetch, move |packet| {
        if packet[1] == DATA {
            let times = sent.entry(u16::from_be_bytes([packet[2], packet[3]])).or_default();
            *times += 1;
            packets += u64::from(*times > 1);
            let _ = told.send(packets);
        }
        packet[1] == ACK && packet[2..4] == (4 * WINDOW).to_be_bytes() && packets == 0
    })
    .await;
    let repeated = repeated.try_iter().last().unwrap();
    assert!(repeated > 0 && repeated <= u64::from(WINDOW) * 3, "{repeated} blocks were sent twice in {took:?}");
}

/// Requests of several devices at one port.
#[tokio::test(start_paused = true)]
async fn offers_share_a_port_and_it_closes_with_the_last() {
    let network = Arc::new(Line::new(TRIP, |_| false));
    let offers = TftpOffers::new(Arc::<Line>::clone(&network), TftpConfig { bind: "127.0.0.1".into(), port: 69 });
    let client = TftpClient::new(Arc::<Line>::clone(&network), TftpClientConfig::default());
    for _ in 0..3 {
        let mut open = Vec::new();
        for n in 0..5 {
            let request = Offer { source: Some("127.0.0.1".into()), ..offer(BYTES + n, "x.bin") };
            open.push(offers.clone().offer(request, &context()).await.unwrap());
        }
        let folder = Folder::new();
        for (n, served) in (0..).zip(open) {
            assert_eq!(served.port(), 69);
            let sink = FileSink::at(folder.file("to"));
            client.fetch(fetch(device(69), served.path(), &sink), &context()).await.unwrap();
            assert_pattern(&folder.file("to"), BYTES + n);
            served.close().await.unwrap();
        }
        // The next ones come at once, or when the port was free for a while.
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(TRIP).await;
    network.datagrams(&Endpoint { host: "127.0.0.1".into(), port: 69 }).await.expect("the port is free again");
}

/// A sink on slow flash: the end of a file takes its time, and says when it begins.
#[derive(Debug)]
struct Slow {
    file: Arc<FileSink>,
    ending: Arc<Notify>,
}

#[async_trait]
impl Sink for Slow {
    async fn have(&self) -> Result<u64> {
        self.file.have().await
    }

    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.file.read(offset, length).await
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        self.file.write(offset, bytes).await
    }

    async fn finish(&self, bytes: u64) -> Result<()> {
        self.ending.notify_one();
        tokio::time::sleep(Duration::from_secs(20)).await;
        self.file.finish(bytes).await
    }

    async fn clear(&self) -> Result<()> {
        self.file.clear().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_upload_is_one_thing() {
    for at_the_end in [true, false] {
        let (folder, ending, middle) = (Folder::new(), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let file = FileSink::at(folder.file("to"));
        let sink = Arc::new(Slow { file: Arc::clone(&file), ending: Arc::clone(&ending) });
        let told = Arc::clone(&middle);
        let network = Arc::new(Line::new(TRIP, move |packet| {
            if packet[..4] == [0, DATA, 0, 40] {
                told.notify_one();
            }
            false
        }));
        let offers = TftpOffers::new(Arc::<Line>::clone(&network), TftpConfig { bind: "127.0.0.1".into(), port: 0 });
        let lifetime = Duration::from_secs(600);
        let accept = Accept { device: device(1), name: "up".into(), sink, most: BYTES, source: None, lifetime };
        let served = offers.accept(accept, &context()).await.unwrap();
        let (at, path) = (device(served.port()), served.path().to_owned());
        let config = TftpClientConfig { block: Some(BLOCK as u64), ..TftpClientConfig::default() };
        let pushing =
            tokio::spawn(
                async move { TftpClient::new(network, config).push(push(at, BYTES, &path), &context()).await },
            );
        if at_the_end {
            ending.notified().await;
            let receipt = served.close().await.expect("what gets its name is told");
            assert_eq!((receipt.bytes, file.is_finished()), (BYTES, true));
            assert_pattern(&folder.file("to"), BYTES);
            assert_eq!(pushing.await.unwrap().unwrap().bytes, BYTES);
        } else {
            middle.notified().await;
            assert_eq!(served.close().await.unwrap_err().kind(), ErrorKind::Interrupted);
            assert!(pushing.await.unwrap().is_err());
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert!(!file.is_finished(), "it was published after it was given up");
        }
    }
}

/// One datagram of so many is lost, by chance.
fn chance(one_of: u64) -> impl FnMut(&[u8]) -> bool + Send + 'static {
    let mut state = 88_172_645_463_325_252 + one_of;
    move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.is_multiple_of(one_of)
    }
}

/// A wide window is sent several times on such a line: that is no device that breaks off again and again.
#[tokio::test(start_paused = true)]
async fn a_line_that_loses_much_does_not_end_an_honest_pull() {
    const BYTES: u64 = 20_000_000;
    for (trip, one_of, window) in [
        (2, 1000, None),
        (2, 100, None),
        (50, 100, None),
        (2, 100, Some(512)),
        (50, 100, Some(512)),
        (2, 33, Some(512)),
    ] {
        let (network, folder) = (Arc::new(Line::new(Duration::from_millis(trip), chance(one_of))), Folder::new());
        let offers = TftpOffers::new(Arc::<Line>::clone(&network), TftpConfig { bind: "127.0.0.1".into(), port: 0 });
        let client = TftpClient::new(network, TftpClientConfig { window, ..TftpClientConfig::default() });
        let sink = FileSink::at(folder.file("to"));
        let served = offers.offer(offer(BYTES, "x.bin"), &context()).await.unwrap();
        let request = Fetch { bytes: Some(BYTES), ..fetch(device(served.port()), served.path(), &sink) };
        let done = client.fetch(request, &context()).await;
        assert!(done.is_ok(), "{trip} ms, 1 of {one_of}, {window:?}: {done:?}");
        assert_pattern(&folder.file("to"), BYTES);
    }
}
