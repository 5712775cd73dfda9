//! Our SFTP server: what a device that has the password says in its session, in packets or in pieces of them.
#![no_main]

mod wire;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use russh::client::{Config, Handler};
use russh::{ChannelMsg, Preferred, kex};
use swim_core::ports::Transfer;
use swim_protocols::ssh::{OfferConfig, SshOffers};

use wire::{Wire, context, offer, run};

const BYTES: u64 = 5000;

struct Anyone;

impl Handler for Anyone {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &russh::keys::PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// The cheapest key exchange: it is not what is tested.
static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let preferred = Preferred { kex: Cow::Borrowed(&[kex::CURVE25519]), ..Preferred::default() };
    Arc::new(Config { preferred, ..Config::default() })
});

fuzz_target!(|input: &[u8]| {
    // A flag, then pieces: whether the length of a packet is put in front, how long it is, its bytes.
    let Some((flag, mut rest)) = input.split_first() else { return };
    let (greets, mut pieces) = (*flag & 1 == 1, Vec::new());
    while let Some(([framed, length], more)) = rest.split_first_chunk::<2>() {
        let (piece, more) = more.split_at(more.len().min(usize::from(*length)));
        pieces.push((*framed & 1 == 1, piece));
        rest = more;
    }
    run(async {
        let wire = Wire::new();
        let (_, offers) = SshOffers::new(Arc::clone(&wire) as _, OfferConfig::default()).expect("valid settings");
        let served = offers.offer(offer(BYTES), &context()).await.expect("a valid offer");
        let mut session =
            russh::client::connect_stream(Arc::clone(&CONFIG), wire.knock(), Anyone).await.expect("a session");
        let password = served.password().expect("it has one").expose().clone();
        let login = session.authenticate_password(served.user().expect("it has one"), password).await;
        assert!(login.expect("an answer").success());
        let mut channel = session.channel_open_session().await.expect("a channel");
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
        let mut heard = Vec::new();
        while let Ok(Some(message)) = tokio::time::timeout(Duration::from_secs(60), channel.wait()).await {
            if let ChannelMsg::Data { data } = message {
                heard.extend_from_slice(&data);
            }
        }
        check(&heard);
        assert!(served.sent() <= BYTES * 4);
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
