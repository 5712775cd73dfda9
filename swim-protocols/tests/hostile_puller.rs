//! Who has the secret of an offer and means harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/sink.rs"]
mod sink;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use russh::client::{Config, Handle, Handler, Msg};
use russh::{Channel, ChannelMsg};
use swim_core::model::Sha256;
use swim_core::ports::{Accept, ImageStore, ImageWriter, Offer, Served, Sink, Transfer};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{OfferConfig, SshOffers};

use sink::FileSink;
use support::memory::PatternStore;
use support::{Folder, context, offer};

const BYTES: u64 = 1_000_000;

struct Anyone;

impl Handler for Anyone {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &russh::keys::PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

async fn sftp(served: &dyn Served, config: Config) -> (Handle<Anyone>, Channel<Msg>) {
    let mut session =
        russh::client::connect(Arc::new(config), ("127.0.0.1", served.port()), Anyone).await.expect("connection");
    let password = served.password().unwrap().expose().clone();
    assert!(session.authenticate_password(served.user().unwrap(), password).await.unwrap().success());
    let channel = session.channel_open_session().await.expect("channel");
    channel.request_subsystem(true, "sftp").await.expect("sftp");
    (session, channel)
}

fn adapter() -> SshOffers {
    let config = OfferConfig { bind: "127.0.0.1".into(), ..OfferConfig::default() };
    SshOffers::new(Arc::new(TcpNetwork), config).unwrap().1
}

async fn served() -> Box<dyn Served> {
    adapter().offer(offer(BYTES, "x.bin"), &context()).await.unwrap()
}

fn packet(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut packet = (body.len() as u32 + 1).to_be_bytes().to_vec();
    packet.push(kind);
    packet.extend(body);
    packet
}

fn string(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes()[..], text].concat()
}

/// The next packets that the server sends, until it closes or is silent.
async fn answers(channel: &mut Channel<Msg>, silence: Duration) -> Vec<u8> {
    let mut heard = Vec::new();
    while let Ok(Some(message)) = tokio::time::timeout(silence, channel.wait()).await {
        if let ChannelMsg::Data { data } = message {
            heard.extend_from_slice(&data);
        }
    }
    heard
}

/// Requests without end from a client that takes no answer: they waited in our memory.
#[tokio::test]
async fn requests_of_a_client_that_takes_no_answer_are_not_kept() {
    let served = served().await;
    let (_session, mut channel) = sftp(&*served, Config { window_size: 0, ..Config::default() }).await;
    let flood = packet(17, &[&7_u32.to_be_bytes(), &string(b"/x.bin")]).repeat(1500);
    let mut sent = 0_usize;
    let closed = tokio::time::timeout(Duration::from_secs(60), async {
        while channel.data(&flood[..]).await.is_ok() {
            sent += flood.len();
            assert!(sent < 64 << 20, "{sent} bytes were taken without an answer");
            while let Ok(message) = tokio::time::timeout(Duration::from_millis(1), channel.wait()).await {
                if matches!(message, None | Some(ChannelMsg::Close)) {
                    return;
                }
            }
        }
    });
    closed.await.expect("the server goes on listening");
}

/// Offsets and lengths at their limits, reads of nothing, handles that are none: answered, and the file is still good.
#[tokio::test]
async fn numbers_at_their_limits_are_answered() {
    let served = served().await;
    let (_session, mut channel) = sftp(&*served, Config::default()).await;
    let id = |n: u32| n.to_be_bytes();
    let open = packet(3, &[&id(1), &string(b"x.bin"), &1_u32.to_be_bytes(), &0_u32.to_be_bytes()]);
    let handle = string(&1_u32.to_be_bytes());
    let read = |n: u32, handle: &[u8], offset: u64, length: u32| {
        packet(5, &[&id(n), handle, &offset.to_be_bytes(), &length.to_be_bytes()])
    };
    let mut says = packet(1, &[&3_u32.to_be_bytes()]);
    says.extend(open);
    says.extend(read(2, &handle, u64::MAX, u32::MAX));
    says.extend(read(3, &handle, BYTES, 1));
    says.extend(read(4, &handle, BYTES - 1, u32::MAX));
    says.extend(read(5, &string(b"\xff\xff\xff\xff"), 0, 1));
    says.extend(read(6, &string(&[0; 200]), 0, 1));
    for n in 0..5000 {
        says.extend(read(1000 + n, &handle, u64::from(n) * 2, 0));
    }
    channel.data(&says[..]).await.unwrap();
    let heard = answers(&mut channel, Duration::from_secs(2)).await;
    let mut kinds = Vec::new();
    let mut rest = &heard[..];
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let (packet, more) = more.split_at(u32::from_be_bytes(*length) as usize);
        kinds.push(packet[0]);
        rest = more;
    }
    // VERSION, HANDLE, EOF twice, one byte, two refusals, and empty data.
    assert_eq!(kinds[..7], [2, 102, 101, 101, 103, 101, 101]);
    assert_eq!(kinds.len(), 7 + 5000);
    let (_session, mut again) = sftp(&*served, Config::default()).await;
    again.data(&packet(1, &[&3_u32.to_be_bytes()])[..]).await.unwrap();
    assert_eq!(answers(&mut again, Duration::from_secs(1)).await.get(4), Some(&2));
}

/// Counts the bytes that are read from it.
#[derive(Debug)]
struct Counting(PatternStore, AtomicU64);

#[async_trait]
impl ImageStore for Counting {
    async fn create(&self) -> swim_core::Result<Box<dyn ImageWriter>> {
        self.0.create().await
    }
    async fn size(&self, image: &Sha256) -> swim_core::Result<Option<u64>> {
        self.0.size(image).await
    }
    async fn read(&self, image: &Sha256, offset: u64, length: usize) -> swim_core::Result<Bytes> {
        let bytes = self.0.read(image, offset, length).await?;
        self.1.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }
    async fn remove(&self, image: &Sha256) -> swim_core::Result<()> {
        self.0.remove(image).await
    }
    async fn list(&self) -> swim_core::Result<Vec<Sha256>> {
        self.0.list().await
    }
    async fn sweep(&self) -> swim_core::Result<u64> {
        self.0.sweep().await
    }
}

/// Reads of nothing cost nothing, and who reads a byte here and a byte there is sent away.
#[tokio::test]
async fn little_reads_do_not_make_the_store_work_for_ever() {
    // Four pulls may be begun, and each byte that may be sent may cost eight that are read.
    for (length, most) in [(0_u32, 0), (1, 33 * BYTES)] {
        let store = Arc::new(Counting(PatternStore { bytes: BYTES }, AtomicU64::new(0)));
        let shared: Arc<dyn ImageStore> = Arc::<Counting>::clone(&store);
        let served = adapter().offer(Offer { store: shared, ..offer(BYTES, "x.bin") }, &context()).await.unwrap();
        let (_session, mut channel) = sftp(&*served, Config::default()).await;
        let mut says = packet(1, &[&3_u32.to_be_bytes()]);
        says.extend(packet(3, &[&1_u32.to_be_bytes(), &string(b"x.bin"), &1_u32.to_be_bytes(), &[0; 4]]));
        for n in 0..3000_u64 {
            let (place, handle) = (n * 300_000 % BYTES, string(&1_u32.to_be_bytes()));
            let asked = [&2_u32.to_be_bytes()[..], &handle, &place.to_be_bytes(), &length.to_be_bytes()];
            says.extend(packet(5, &asked));
        }
        let _ = channel.data(&says[..]).await;
        answers(&mut channel, Duration::from_secs(2)).await;
        let read = store.1.load(Ordering::Relaxed);
        assert!(read <= most, "{length}: {read}");
    }
}

/// A small file is read as often as it may be: what is read ahead is no more than there is of it.
#[tokio::test]
async fn a_small_file_may_be_begun_again() {
    let served = adapter().offer(offer(100, "x.bin"), &context()).await.unwrap();
    let mut says = packet(1, &[&3_u32.to_be_bytes()]);
    says.extend(packet(3, &[&1_u32.to_be_bytes(), &string(b"x.bin"), &1_u32.to_be_bytes(), &[0; 4]]));
    says.extend(packet(5, &[&2_u32.to_be_bytes(), &string(&1_u32.to_be_bytes()), &[0; 8], &100_u32.to_be_bytes()]));
    for _ in 0..4 {
        let (_session, mut channel) = sftp(&*served, Config::default()).await;
        channel.data(&says[..]).await.unwrap();
        let heard = answers(&mut channel, Duration::from_millis(500)).await;
        assert!(heard.ends_with(&PatternStore::pattern(0, 100)), "{heard:?}");
    }
}

/// A channel that is closed lives on until its client has taken what is on its way: there are few of those, too.
#[tokio::test]
async fn channels_that_are_closed_and_not_drained_are_few() {
    let served = served().await;
    let (session, first) = sftp(&*served, Config { window_size: 0, ..Config::default() }).await;
    first.close().await.unwrap();
    let mut held = vec![first];
    while let Ok(Ok(channel)) = tokio::time::timeout(Duration::from_secs(5), session.channel_open_session()).await {
        let _ = channel.request_subsystem(false, "sftp").await;
        let _ = channel.data(&packet(1, &[&3_u32.to_be_bytes()])[..]).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let _ = channel.close().await;
        held.push(channel);
        assert!(held.len() <= 64, "there is no end");
    }
    assert!(held.len() > 2, "{}", held.len());
}

/// What an earlier try left counts for the size that is taken.
#[tokio::test]
async fn a_part_that_is_too_large_is_no_part_of_a_file() {
    let folder = Folder::new();
    std::fs::write(folder.file("to"), [7; 5000]).unwrap();
    let sink = FileSink::at(folder.file("to"));
    let Offer { device, name, lifetime, .. } = offer(1, "x.bin");
    let shared: Arc<dyn Sink> = Arc::<FileSink>::clone(&sink);
    let request = Accept { device, name, sink: shared, most: 1000, source: None, lifetime };
    let served = adapter().accept(request, &context()).await.unwrap();
    let (_session, mut channel) = sftp(&*served, Config::default()).await;
    let mut says = packet(1, &[&3_u32.to_be_bytes()]);
    says.extend(packet(3, &[&1_u32.to_be_bytes(), &string(b"x.bin"), &10_u32.to_be_bytes(), &[0; 4]]));
    let handle = string(&1_u32.to_be_bytes());
    says.extend(packet(6, &[&2_u32.to_be_bytes(), &handle, &[0; 8], &string(b"a")]));
    says.extend(packet(4, &[&3_u32.to_be_bytes(), &handle]));
    channel.data(&says[..]).await.unwrap();
    answers(&mut channel, Duration::from_secs(2)).await;
    assert_eq!(served.close().await.unwrap().bytes, 1);
    assert_eq!(std::fs::read(folder.file("to")).unwrap(), b"a");
}
