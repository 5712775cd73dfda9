//! Our SSH server: it serves one image to one device, or takes one file from it, by SCP and by SFTP, for as long as an offer
//! or an accept lives.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use russh::keys::key::safe_rng;
use russh::keys::{Algorithm, PrivateKey, decode_secret_key};
use russh::server;
use serde::Deserialize;
use swim_core::model::{Direction, Protocol, Secret};
use swim_core::ports::{Accept, Accepted, Context, Listener, Network, Offer, Served, Transfer, TransferAbility};
use swim_core::{Error, ErrorKind, Result};
use tokio_util::sync::CancellationToken;

use super::config::{REKEY_MIB, algorithms, ident, limits};
use super::outflow::Outflow;
use super::proposal::Proposal;
use super::session::{Desk, Visitor, Waiting, methods};
use crate::door::{self, attend_all};
use crate::intake::check_accept;
use crate::lobby::Pass;
use crate::login::OneLogin;
use crate::pulls::check_offer;
use crate::served::{BehindLogin, Goods, HiddenPath};
use crate::stream::Severable;

/// Connections of one offer at the same time: a device uses one; a second one is its retry after a loss.
const CONNECTIONS: usize = 4;
/// Wrong passwords that a connection may offer.
const ATTEMPTS: usize = 3;
/// From the connection to the login: slow routers compute for ten seconds and more at the key exchange.
const LOGIN_GRACE: Duration = Duration::from_secs(90);
/// Every refusal takes this long, so that its time tells nothing and guessing is slow.
const REFUSAL_TIME: Duration = Duration::from_secs(1);
/// Packets that wait for the one who serves a channel: half a megabyte. Behind them the connection waits.
const CHANNEL_QUEUE: usize = 16;
/// Silence that ends a connection: flash that is being erased was seen to stop a pull for minutes.
const IDLE: Duration = Duration::from_secs(300);

/// Where and how offers are served. Every field has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfferConfig {
    /// The address to listen at.
    pub bind: String,
    /// First and last port to use; any free one when absent.
    pub ports: Option<(u16, u16)>,
    /// The host key in OpenSSH or PEM form; a fresh Ed25519 key for this process when absent.
    pub host_key: Option<Secret<String>>,
    /// Also offer algorithms that are only safe enough for devices that know nothing better.
    pub legacy: bool,
    /// MiB one way after which we ask for new keys, 1 to 1024; the other side may ask at any time.
    pub rekey_mib: u64,
}

impl Default for OfferConfig {
    fn default() -> Self {
        Self { bind: "0.0.0.0".to_owned(), ports: None, host_key: None, legacy: false, rekey_mib: REKEY_MIB }
    }
}

/// Serves images to devices over SSH, and takes their uploads. One value a protocol; both share the host key.
#[derive(Clone, Debug)]
pub struct SshOffers {
    network: Arc<dyn Network>,
    config: Arc<OfferConfig>,
    ssh: Arc<server::Config>,
    fingerprint: String,
    ability: TransferAbility,
}

impl SshOffers {
    /// The adapters for SCP and SFTP, in this order.
    ///
    /// # Errors
    /// `InvalidInput` when the host key cannot be read, or a setting is out of its range.
    pub fn new(network: Arc<dyn Network>, config: OfferConfig) -> Result<(Self, Self)> {
        let key = match &config.host_key {
            Some(text) => decode_secret_key(text.expose(), None).map_err(|e| {
                Error::new(ErrorKind::InvalidInput, "read host key", "the host key of our offers cannot be read")
                    .caused_by(e)
            })?,
            None => PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519)
                .map_err(|e| Error::internal("make host key", "no key could be made").caused_by(e))?,
        };
        let fingerprint = super::hostkeys::fingerprint(key.public_key());
        let ssh = Arc::new(server::Config {
            server_id: ident(),
            limits: limits(config.rekey_mib)?,
            methods: methods(),
            auth_rejection_time: REFUSAL_TIME,
            auth_rejection_time_initial: Some(Duration::ZERO),
            keys: vec![key],
            preferred: algorithms(config.legacy),
            // The first question for the methods counts as one.
            max_auth_attempts: ATTEMPTS + 1,
            inactivity_timeout: Some(IDLE),
            nodelay: true,
            channel_buffer_size: CHANNEL_QUEUE,
            ..server::Config::default()
        });
        let shared = Arc::new(config);
        let offers = |protocol, resumes| Self {
            network: Arc::clone(&network),
            config: Arc::clone(&shared),
            ssh: Arc::clone(&ssh),
            fingerprint: fingerprint.clone(),
            ability: TransferAbility::new(protocol, true, resumes, &[Direction::Pull, Direction::Upload]),
        };
        Ok((offers(Protocol::Scp, false), offers(Protocol::Sftp, true)))
    }

    /// Opens the door.
    async fn open(&self, goods: Goods, cx: &Context) -> Result<Box<dyn Served>> {
        let listener = door::open(self.network.as_ref(), &self.config.bind, self.config.ports).await?;
        let end = cx.cancel.child_token();
        let (port, protocol) = (listener.local().port, self.ability.protocol);
        let open = HiddenPath::new(protocol, port, goods.name(), goods.books(), cx, &end);
        let login = OneLogin::random();
        let desk = Desk { goods, login: login.clone(), cipher: Arc::clone(&open.cipher), cx: cx.clone() };
        tokio::spawn(serve(listener, Arc::clone(&self.ssh), Arc::new(desk), end));
        Ok(Box::new(BehindLogin { inner: open, login }))
    }

    /// The fingerprint of the host key that devices see.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

#[async_trait]
impl Transfer for SshOffers {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn offer(&self, request: Offer, cx: &Context) -> Result<Box<dyn Served>> {
        check_offer(&request)?;
        self.open(Goods::pulled(request), cx).await
    }

    async fn accept(&self, request: Accept, cx: &Context) -> Result<Box<dyn Served>> {
        check_accept(&request)?;
        self.open(Goods::taken(request), cx).await
    }
}

async fn serve(door: Box<dyn Listener>, ssh: Arc<server::Config>, desk: Arc<Desk>, end: CancellationToken) {
    let one = |accepted, pass| attend(accepted, Arc::clone(&ssh), Arc::clone(&desk), pass);
    attend_all(door, desk.goods.visit(), &desk.cx, end, CONNECTIONS, one).await;
}

/// One connection, from the key exchange to its end.
async fn attend(accepted: Accepted, ssh: Arc<server::Config>, desk: Arc<Desk>, pass: Pass) {
    let cut = pass.cut();
    let inside = CancellationToken::new();
    let clock = Arc::clone(&desk.cx.clock);
    let outflow = Arc::new(Outflow::default());
    let (host, channels) = (accepted.peer.host.clone(), Waiting::default());
    let proposal = Proposal::default();
    let visitor = Visitor {
        desk,
        peer: host,
        proposal: proposal.clone(),
        channels: Arc::clone(&channels),
        opened: 0,
        in_all: 0,
        outflow: Arc::clone(&outflow),
        cut: cut.clone(),
        inside: inside.clone(),
    };
    let stream = Severable::new(accepted.stream, cut.clone())
        .heard_by(Box::new(move |bytes| proposal.hear(bytes)))
        .telling(Box::new(move || outflow.flushed()));
    let session = async {
        match server::run_stream(ssh, stream, visitor).await {
            Ok(running) => running.await,
            Err(e) => Err(e),
        }
    };
    tokio::pin!(session);
    let ended = tokio::select! {
        ended = &mut session => Some(ended),
        () = inside.cancelled() => {
            pass.admitted();
            None
        }
        () = clock.sleep(LOGIN_GRACE) => {
            cut.cancel();
            None
        }
    };
    let ended = match ended {
        Some(ended) => ended,
        None => tokio::select! {
            ended = &mut session => ended,
            () = cut.cancelled() => {
                channels.lock().unwrap_or_else(PoisonError::into_inner).clear();
                session.await
            }
        },
    };
    if let Err(e) = ended {
        tracing::debug!(peer = %accepted.peer, error = %e, "a connection to an offer ended");
    }
}
