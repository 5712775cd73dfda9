//! Who has the secret of an offer and means harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use russh::client::{Config, Handle, Handler, Msg};
use russh::{Channel, ChannelMsg};
use swim_core::ports::{Served, Transfer};
use swim_protocols::net::TcpNetwork;
use swim_protocols::ssh::{OfferConfig, SshOffers};

use support::{context, offer};

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

async fn served() -> Box<dyn Served> {
    let config = OfferConfig { bind: "127.0.0.1".into(), ..OfferConfig::default() };
    let (_, sftp) = SshOffers::new(Arc::new(TcpNetwork), config).unwrap();
    sftp.offer(offer(BYTES, "x.bin"), &context()).await.unwrap()
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
