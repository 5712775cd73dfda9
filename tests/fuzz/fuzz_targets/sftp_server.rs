//! Our SFTP server: what a device that has the password says in its session, in packets or in pieces of them.
#![no_main]

mod wire;

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use russh::client::{Config, Handle, Handler};
use russh::{ChannelMsg, Preferred, kex};
use swim_core::ports::{Offer, Served, Transfer};
use swim_protocols::ssh::{OfferConfig, SshOffers};
use tokio::runtime::Runtime;

use wire::{Wire, context, offer, runtime};

const BYTES: u64 = 5000;

struct Anyone;

impl Handler for Anyone {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &russh::keys::PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// A device that has logged in. It is kept from input to input: each gets a session of its own on this connection, for the
/// key exchange takes a hundred times longer than what is tested.
struct Device {
    runtime: Runtime,
    served: Box<dyn Served>,
    connection: Handle<Anyone>,
}

impl Device {
    fn new() -> Self {
        let runtime = runtime();
        let (served, connection) = runtime.block_on(async {
            let wire = Wire::new();
            let (_, offers) = SshOffers::new(Arc::clone(&wire) as _, OfferConfig::default()).expect("valid settings");
            let request = Offer { uses: u32::MAX, lifetime: Duration::from_secs(u64::from(u32::MAX)), ..offer(BYTES) };
            let served = offers.offer(request, &context()).await.expect("a valid offer");
            let preferred = Preferred { kex: Cow::Borrowed(&[kex::CURVE25519]), ..Preferred::default() };
            let config = Arc::new(Config { preferred, ..Config::default() });
            let mut connection =
                russh::client::connect_stream(config, wire.knock(), Anyone).await.expect("a connection");
            let password = served.password().expect("it has one").expose().clone();
            let login = connection.authenticate_password(served.user().expect("it has one"), password).await;
            assert!(login.expect("an answer").success());
            (served, connection)
        });
        Self { runtime, served, connection }
    }
}

thread_local! {
    static DEVICE: RefCell<Option<Device>> = const { RefCell::new(None) };
}

fuzz_target!(|input: &[u8]| {
    // A flag, then pieces: whether the length of a packet is put in front, how long it is, its bytes.
    let Some((flag, mut rest)) = input.split_first() else { return };
    let (greets, mut pieces) = (*flag & 1 == 1, Vec::new());
    while let Some(([framed, length], more)) = rest.split_first_chunk::<2>() {
        let (piece, more) = more.split_at(more.len().min(usize::from(*length)));
        pieces.push((*framed & 1 == 1, piece));
        rest = more;
    }
    DEVICE.with_borrow_mut(|kept| {
        let device = kept.take().filter(|d| !d.connection.is_closed()).unwrap_or_else(Device::new);
        let Device { runtime, served, connection } = &device;
        let before = served.sent();
        runtime.block_on(async {
            let mut channel = connection.channel_open_session().await.expect("a channel");
            channel.request_subsystem(false, "sftp").await.expect("it is asked for");
            if greets {
                let _ = channel.data(&[0, 0, 0, 5, 1, 0, 0, 0, 3][..]).await;
            }
            for (framed, piece) in &pieces {
                let mut said = if *framed { (piece.len() as u32).to_be_bytes().to_vec() } else { Vec::new() };
                said.extend_from_slice(piece);
                if !said.is_empty() && channel.data(&said[..]).await.is_err() {
                    break;
                }
            }
            let _ = channel.eof().await;
            let (mut heard, mut closed) = (Vec::new(), false);
            while let Ok(message) = tokio::time::timeout(Duration::from_secs(200), channel.wait()).await {
                match message {
                    Some(ChannelMsg::Data { data }) => heard.extend_from_slice(&data),
                    Some(ChannelMsg::Close) | None => {
                        closed = true;
                        break;
                    }
                    Some(_) => {}
                }
            }
            assert!(closed, "the session goes on without a device");
            check(&heard);
        });
        assert!(served.sent() - before <= BYTES * pieces.len() as u64, "more than was asked for");
        *kept = Some(device);
    });
});

/// Answers are whole packets of the kinds that a server sends.
fn check(heard: &[u8]) {
    let mut rest = heard;
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        assert!(length >= 5 && length <= more.len(), "{length} of {}", more.len());
        assert!(matches!(more[0], 2 | 101..=105), "{}", more[0]);
        rest = &more[length..];
    }
    assert!(rest.is_empty());
}
