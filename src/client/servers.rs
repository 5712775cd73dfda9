//! The self-test of what serves images: our own offers and every image server, end to end, with a file made for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use swim_core::analysis::Finding;
use swim_core::model::{
    Device, DeviceId, Direction, Endpoint, HostKeyPolicy, Login, PlatformId, Protocol, Sha256, TlsTrust,
};
use swim_core::platform::PullServices;
use swim_core::ports::{Context, Offer, Receipt, Silent, Transfer};
use swim_core::transfer::{self, Caps, Compared, Staging, fault, ignored_options};
use swim_core::{Effect, Error, ErrorKind, ErrorRecord, Result, repo};
use swim_stores::{MemoryStore, StaticSecrets};

use super::Client;
use crate::wiring;

/// The name of the file of the self-test on image servers. Always the same: servers that make no new files have it
/// prepared, and where it cannot be removed the next test writes over it.
const CANARY: &str = "swim-selftest.bin";

/// Its size: several blocks of every protocol, and no multiple of one.
const CANARY_BYTES: usize = 100_003;

/// An offer of the self-test is pulled at once.
const LIFETIME: Duration = Duration::from_secs(300);

/// Does it work?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Works {
    /// The file went through, and every byte was compared.
    Yes,
    /// It did not; the error says why.
    No,
    /// It was not tried; the error says why.
    Unknown,
}

/// What the self-test found about one protocol of one server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Checked {
    /// Which image server; absent: our own offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<DeviceId>,
    /// By which protocol.
    pub protocol: Protocol,
    /// Does it work?
    pub works: Works,
    /// What was tried, and from where.
    pub tried: String,
    /// What is wrong, each with a stable code (`server.login`, `server.data_port`, ...). A server that works may have
    /// warnings.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Why it does not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
    /// The file of the test stays on the server: which one and why. TFTP cannot remove it, others may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_behind: Option<String>,
}

impl Checked {
    fn new(server: Option<DeviceId>, protocol: Protocol, tried: String, ended: Result<Vec<Receipt>>) -> Self {
        let works = match &ended {
            Ok(_) => Works::Yes,
            Err(e) if transfer::untried(e) => Works::Unknown,
            Err(_) => Works::No,
        };
        let mut findings: Vec<Finding> = match &ended {
            Ok(receipts) => receipts.iter().flat_map(ignored_options).collect(),
            Err(e) => vec![fault(protocol, e)],
        };
        // Writing and reading back say the same.
        findings.sort_by(|a, b| a.code.cmp(&b.code));
        findings.dedup_by(|a, b| a.code == b.code);
        Self { server, protocol, works, tried, findings, error: ended.err().map(|e| e.record()), left_behind: None }
    }
}

/// Was the file, or a part of it, written before this went wrong?
fn may_be_there(error: &Error) -> bool {
    if error.kind() == ErrorKind::UnexpectedReply {
        return false;
    }
    error.context("while") == Some(Direction::Fetch.name()) || error.effect() != Effect::None
}

/// The file of one self-test.
struct Canary {
    store: Arc<MemoryStore>,
    id: Sha256,
    bytes: u64,
}

impl Client {
    /// Sends a file made for it through every offer of ours and through every door of every image server, reads it back
    /// and compares each byte. Says of each what is wrong, in words and with a code: a closed port, the login, the folder,
    /// the permission, other bytes, a firewall on the data port of FTP, options that a TFTP server ignores.
    ///
    /// Our own offers are tried from this machine: a firewall between us and the devices is not seen. From image servers
    /// the file, `swim-selftest.bin` in the folder of the images, is removed afterwards; where that cannot be,
    /// [`Checked::left_behind`] says why.
    ///
    /// # Errors
    /// Only when the test itself cannot be made; what does not work is in the answer.
    pub async fn check_servers(&self) -> Result<Vec<Checked>> {
        let adapters = self.adapters();
        let cx = Context::new(Arc::clone(&adapters.clock));
        let store = MemoryStore::new();
        let content = Bytes::from((0..CANARY_BYTES).map(|n| ((n * 31) >> 3) as u8).collect::<Vec<_>>());
        let options = repo::ImportOptions::new(CANARY);
        let image = repo::import(content, &store, &store, &*adapters.clock, options, &Silent).await?;
        let canary = Canary { store: Arc::new(store), id: image.id, bytes: image.bytes };
        let mut out = Vec::new();
        for transfer in &adapters.services.transfers {
            if transfer.ability().directions.contains(&Direction::Pull) {
                let protocol = transfer.ability().protocol;
                let tried = format!("an offer at {}, pulled from this machine", adapters.listen);
                out.push(Checked::new(None, protocol, tried, self.check_offer(&**transfer, &canary, &cx).await));
            }
        }
        let servers = &adapters.services.servers;
        let services =
            PullServices { store: Arc::clone(&canary.store) as _, caps: Caps::default(), ..adapters.services.clone() };
        for server in servers.all() {
            for door in &server.doors {
                let what = Staging { image: &canary.id, bytes: canary.bytes, name: CANARY };
                let tried = format!("{} written to {} and read back", door.path(CANARY), server.host);
                let ended =
                    servers.try_door(what, server, door, &services, &cx).await.map(|(sent, back)| vec![sent, back]);
                let removed = if ended.as_ref().map_or_else(may_be_there, |_| true) {
                    servers.remove(CANARY, server, door, &services, &cx).await
                } else {
                    Ok(())
                };
                let mut checked = Checked::new(Some(server.name.clone()), door.protocol, tried, ended);
                checked.left_behind = removed
                    .err()
                    .filter(|e| e.kind() != ErrorKind::NotFound)
                    .map(|e| format!("{}: {}", door.path(CANARY), e.report()));
                out.push(checked);
            }
        }
        Ok(out)
    }

    /// Opens an offer and pulls from it.
    async fn check_offer(&self, transfer: &dyn Transfer, canary: &Canary, cx: &Context) -> Result<Vec<Receipt>> {
        let adapters = self.adapters();
        let protocol = transfer.ability().protocol;
        let host = match adapters.listen.as_str() {
            "0.0.0.0" => "127.0.0.1",
            "::" => "::1",
            given => given,
        };
        let at = |port| Endpoint { host: host.to_owned(), port };
        // The keys of an offer are our own and new in every process: it is nobody else who answers at this port.
        let device = |port, login| {
            let id = DeviceId::new("self-test")?;
            let platform = PlatformId("image_server".to_owned());
            let device = Device::new(id, at(port), platform, login, HostKeyPolicy::FirstUse);
            Ok::<_, Error>(Device { tls: TlsTrust::FirstUse, ..device })
        };
        let offer = Offer {
            device: device(0, Login::password("", ""))?,
            store: Arc::clone(&canary.store) as _,
            image: canary.id,
            bytes: canary.bytes,
            name: CANARY.to_owned(),
            source: None,
            uses: 1,
            lifetime: LIFETIME,
        };
        let served = transfer.offer(offer, cx).await?;
        let mut login = Login::password(served.user().unwrap_or_default(), "offer");
        let mut secrets = StaticSecrets::new();
        match served.password() {
            Some(secret) => secrets = secrets.with("offer", secret.clone()),
            None => login.password = None,
        }
        let device = device(served.port(), login)?;
        // Keys of the test are remembered nowhere.
        let dialers = wiring::dialers(&adapters.network, Arc::new(secrets), Arc::new(MemoryStore::new()));
        let ours = |t: &&Arc<dyn Transfer>| {
            let ability = t.ability();
            ability.protocol == protocol && ability.directions.contains(&Direction::Fetch)
        };
        let fetch = dialers.iter().find(ours).ok_or_else(|| {
            let message =
                format!("it is open at port {}; this client cannot pull by {protocol} to try it", served.port());
            Error::new(ErrorKind::Unsupported, "self-test", message)
        })?;
        let path = served.path().to_owned();
        let compared = Compared::with(Arc::clone(&canary.store) as _, canary.id, canary.bytes);
        Ok(vec![compared.fetch(fetch, device, path, cx).await?])
    }
}
