//! A logged-in SSH connection to a device.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::keys::{PublicKey, PublicKeyOrCertificate};
use russh::{Channel, Disconnect, client};
use swim_core::model::{Device, Secret};
use swim_core::ports::{Context, Network, Records, Secrets};
use swim_core::{Error, ErrorKind, Result};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::config::{CHANNEL_LIMIT, SshConfig, Striping, window};
use super::greeting::Greeting;
use super::hostkeys::HostKeyCheck;
use super::pipe::{Pipe, goodbye};
use super::{auth, failure};
use crate::stream::Severable;

/// Software whose servers were seen to take one file over several channels, and requests before the answers to earlier ones.
const WELL_KNOWN: &str = "OpenSSH";

/// Dials devices, checks their host keys and logs in. The command line, SFTP and SCP work on what it returns.
#[derive(Clone, Debug)]
pub struct SshClient {
    network: Arc<dyn Network>,
    secrets: Arc<dyn Secrets>,
    records: Arc<dyn Records>,
    config: SshConfig,
}

impl SshClient {
    /// A client that dials through `network`, asks `secrets` for passwords and keys at the moment of use, and remembers
    /// host keys in the table `host_keys` of `records`.
    #[must_use]
    pub fn new(
        network: Arc<dyn Network>,
        secrets: Arc<dyn Secrets>,
        records: Arc<dyn Records>,
        config: SshConfig,
    ) -> Self {
        Self { network, secrets, records, config }
    }

    /// Its settings.
    #[must_use]
    pub const fn config(&self) -> &SshConfig {
        &self.config
    }

    /// Where it dials.
    #[cfg(feature = "telnet")]
    pub(crate) fn network(&self) -> &Arc<dyn Network> {
        &self.network
    }

    /// The secrets that it asks.
    pub(crate) fn secrets(&self) -> &Arc<dyn Secrets> {
        &self.secrets
    }

    /// Dials, exchanges keys, checks the host key and logs in.
    ///
    /// # Errors
    /// `Unsupported` for a device that is marked with `telnet`, `Unreachable` when it cannot be dialled, `Auth` when it refuses the login or shows another host key (the
    /// error then names both fingerprints), `Unsupported` when there is no common algorithm, `Timeout`, `Cancelled`.
    pub async fn connect(&self, device: &Device, cx: &Context) -> Result<SshLink> {
        if device.telnet {
            let message = "the device is marked with `telnet`: there is no SSH at its port";
            return Err(Error::new(ErrorKind::Unsupported, "connect", message).with("device", &device.id));
        }
        let check = HostKeyCheck::new(device, Arc::clone(&self.records), cx.clock.now());
        let known = check.known_algorithms().await?;
        let limit = self.config.connect_limit();
        let began = cx.clock.monotonic();
        let dialed = cx.within(limit, "connect", self.network.dial(&device.at)).await?;
        // A dial is one round trip, and the last chance: the window is the same for all channels of a connection.
        let round_trip = cx.clock.monotonic().saturating_sub(began);
        let window = window(round_trip);
        let config = Arc::new(self.config.client(device.legacy_ssh, &known, window)?);
        // Cancelling ends the connection even while the device does not read what we write.
        let cut = CancellationToken::new();
        let guard = cut.clone().drop_guard();
        let cipher = Arc::new(OnceLock::new());
        let handler = Guard { check, cipher: Arc::clone(&cipher) };
        let greeting = Greeting::default();
        let ear = greeting.clone();
        let stream = Severable::new(dialed.stream, cut).heard_by(Box::new(move |bytes| ear.hear(bytes)));
        let handshake = async { client::connect_stream(config, stream, handler).await.map_err(GuardError::into_error) };
        let handle = cx.within(limit, "connect", handshake).await.map_err(|e| match greeting.instead() {
            Some(said) if e.kind() == ErrorKind::Timeout => {
                let message = format!("what answers at {} does not speak SSH", device.at);
                Error::new(ErrorKind::UnexpectedReply, "connect", message).said(said).caused_by(e)
            }
            _ => e,
        });
        let mut handle = handle.map_err(|e| e.with("device", &device.id))?;
        let credentials = auth::Credentials { device, secrets: self.secrets.as_ref() };
        let told = auth::login(&mut handle, credentials, greeting.names(WELL_KNOWN), self.config.auth_limit(), cx)
            .await
            .map_err(|e| e.with("device", &device.id))?;
        let striping = self.config.striping;
        let local = dialed.local;
        Ok(SshLink { handle, told, cipher, local, greeting, striping, window, round_trip, _cut: guard })
    }
}

/// A connection that is logged in; dropping it ends it.
pub struct SshLink {
    handle: client::Handle<Guard>,
    /// The password that the server was told.
    told: Option<Secret<String>>,
    cipher: Arc<OnceLock<String>>,
    local: Option<String>,
    greeting: Greeting,
    striping: Striping,
    window: u32,
    round_trip: Duration,
    _cut: DropGuard,
}

impl SshLink {
    /// Our own address of this connection.
    #[must_use]
    pub fn local_address(&self) -> Option<&str> {
        self.local.as_deref()
    }

    /// An error without the password that the server was told and may have said back.
    pub(crate) fn discreet(&self, error: Error) -> Error {
        match &self.told {
            Some(secret) => error.masking(secret),
            None => error,
        }
    }

    /// The cipher of the first key exchange.
    #[must_use]
    pub fn cipher(&self) -> Option<&str> {
        self.cipher.get().map(String::as_str)
    }

    /// May a file be spread over several channels?
    pub(crate) fn takes_stripes(&self) -> bool {
        self.striping != Striping::Never && self.may_leave_holes()
    }

    /// May a file that an earlier transfer left there have holes?
    pub(crate) fn may_leave_holes(&self) -> bool {
        self.striping == Striping::Always || self.is_well_known()
    }

    /// Is it a server that answers in order, and takes requests before the answers to earlier ones?
    pub(crate) fn is_well_known(&self) -> bool {
        self.greeting.names(WELL_KNOWN)
    }

    /// The round trip of the path, as the dial measured it.
    pub(crate) const fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// Bytes that each channel lets the device send unasked.
    pub(crate) const fn window(&self) -> u32 {
        self.window
    }

    /// Opens a session channel.
    pub(crate) async fn channel(&self, operation: &str, cx: &Context) -> Result<Channel<client::Msg>> {
        let open = async { self.handle.channel_open_session().await.map_err(|e| failure::ssh(operation, e)) };
        cx.within(CHANNEL_LIMIT, operation, open).await
    }

    /// Opens a session channel that is written to in bulk.
    pub(crate) async fn pipe(&self, operation: &'static str, cx: &Context) -> Result<Pipe<client::Msg>> {
        let pipe = Pipe::new(self.channel(operation, cx).await?, operation);
        Ok(if self.is_well_known() { pipe.keeping_up(self.round_trip) } else { pipe })
    }

    /// Says good-bye. The connection ends when the link is dropped, at the latest.
    pub(crate) async fn close(&self) {
        // A device that is gone cannot be told; that is no failure of what was done before.
        goodbye(self.handle.disconnect(Disconnect::ByApplication, "", "")).await;
    }
}

impl fmt::Debug for SshLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshLink").field("cipher", &self.cipher()).field("local", &self.local).finish_non_exhaustive()
    }
}

/// Our side of the key exchange.
#[derive(Debug)]
pub(crate) struct Guard {
    check: HostKeyCheck,
    cipher: Arc<OnceLock<String>>,
}

/// What can end the key exchange: the SSH layer, or our judgement of the host key.
#[derive(Debug)]
pub(crate) enum GuardError {
    Ssh(russh::Error),
    Refused(Error),
}

impl GuardError {
    fn into_error(self) -> Error {
        match self {
            Self::Ssh(e) => failure::ssh("connect", e),
            Self::Refused(e) => e,
        }
    }
}

impl From<russh::Error> for GuardError {
    fn from(e: russh::Error) -> Self {
        Self::Ssh(e)
    }
}

impl client::Handler for Guard {
    type Error = GuardError;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, GuardError> {
        self.check.check(&key.public_key()).await.map_err(GuardError::Refused)?;
        Ok(true)
    }

    async fn kex_done(
        &mut self,
        _: Option<&[u8]>,
        names: &russh::Names,
        _: &mut client::Session,
    ) -> Result<(), GuardError> {
        // The names of later exchanges are the same in practice; the receipt tells the first.
        let _ = self.cipher.set(names.cipher.as_ref().to_owned());
        Ok(())
    }

    /// OpenSSH tells its keys behind the login and holds back what follows until its TCP hears that they came, which ours
    /// says after 40 ms or with the next bytes: these.
    async fn openssh_ext_host_keys_announced(
        &mut self,
        _: Vec<PublicKey>,
        session: &mut client::Session,
    ) -> Result<(), GuardError> {
        session.send_keepalive(true)?;
        Ok(())
    }
}
