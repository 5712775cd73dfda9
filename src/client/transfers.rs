//! Single transfers: a file is brought to a device or an image server, or fetched from it.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use swim_core::image::Image;
use swim_core::model::{Device, DeviceId, Direction, Protocol, Sha256};
use swim_core::ports::{Context, Fetch, Push, Receipt, Sink, Transfer, TransferAbility};
use swim_core::transfer::{self, Attempts};
use swim_core::{Error, ErrorKind, Result};
use swim_stores::FileSink;

use super::Client;

/// What is tried when the caller names no protocol: what devices that take files have, the faster one first.
const ORDER: &[Protocol] = &[Protocol::Sftp, Protocol::Scp];

/// A file of a device is not larger: the largest images are some gigabytes, and a device must not fill our disk.
const LARGEST: u64 = 16 << 30;

/// File systems know no larger files.
const LARGEST_POSSIBLE: u64 = i64::MAX as u64;

/// How to bring an image to a device. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Pushing {
    /// What to try, in this order: the next one after a failure of the network, also in the middle of a transfer, or of
    /// the login. A login that SFTP was refused is not shown again by SCP at the same port. Default: SFTP, SCP.
    pub protocols: Vec<Protocol>,
    /// The port, where it is not that of the device (SSH) or of the protocol.
    pub port: Option<u16>,
    /// Send it whole, whatever is there.
    pub afresh: bool,
}

/// How to fetch a file. Every field may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Fetching {
    /// As in [`Pushing`].
    pub protocols: Vec<Protocol>,
    /// As in [`Pushing`].
    pub port: Option<u16>,
    /// The size that it must have.
    pub bytes: Option<u64>,
    /// The SHA-256 that it must have; a file with another one is not kept.
    pub sha256: Option<Sha256>,
    /// The largest file to take, in bytes. Default: 16 GiB.
    pub most: Option<u64>,
}

/// A transfer that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Moved {
    /// What it did.
    pub receipt: Receipt,
    /// Which protocols were tried before, and why they did not do.
    pub fallbacks: Vec<String>,
}

impl Client {
    /// Brings an image to a path of a device or of an image server. What is there already counts as the image only when
    /// every byte of it was read back; behind a part of it the transfer goes on, and the receipt then tells no digest.
    ///
    /// # Errors
    /// `NotFound` for an unknown device; when no protocol worked, with each one's reason, the kind of all these failures
    /// (such as `Auth` for a refused login), or `Unreachable` where they differ; those of the transfer: a full disk, a name
    /// or a missing privilege is no reason to try another protocol.
    pub async fn push(&self, image: &Image, to: &DeviceId, path: &str, how: &Pushing) -> Result<Moved> {
        let image = &self.as_known(image).await?;
        image.cleared("push")?;
        self.usable(&image.id).await?;
        let request = |device, _: &TransferAbility| {
            Request::Push(Push {
                device,
                store: Arc::clone(self.images_store()),
                image: image.id,
                bytes: image.bytes,
                path: path.to_owned(),
                resume: !how.afresh,
            })
        };
        let order = Order { to, direction: Direction::Push, protocols: &how.protocols, port: how.port };
        self.in_order(order, &request).await
    }

    /// Fetches a file of a device or of an image server into a file that is not there yet. What an earlier try left in
    /// `FILE.part` is not fetched again, where the protocol can go on. The receipt tells its SHA-256.
    ///
    /// # Errors
    /// `Conflict` when the file is there; `Integrity` when it is not what was expected; as [`Client::push`].
    pub async fn fetch(&self, from: &DeviceId, path: &str, file: impl Into<PathBuf>, how: &Fetching) -> Result<Moved> {
        let most = most(how.most)?;
        let sink = FileSink::expecting(file.into(), how.sha256).await?;
        let request = |device, ability: &TransferAbility| {
            sink.keep_parts(ability.resumes);
            Request::Fetch(Fetch {
                device,
                path: path.to_owned(),
                query: None,
                sink: Arc::clone(&sink) as Arc<dyn Sink>,
                bytes: how.bytes,
                most,
            })
        };
        let order = Order { to: from, direction: Direction::Fetch, protocols: &how.protocols, port: how.port };
        let mut moved = self.in_order(order, &request).await?;
        moved.receipt.digest = digest(&sink).await;
        Ok(moved)
    }

    pub(super) fn adapter(&self, protocol: Protocol, direction: Direction) -> Result<&Arc<dyn Transfer>> {
        self.adapters().services.find(protocol, direction).ok_or_else(|| {
            let served = matches!(direction, Direction::Pull | Direction::Upload);
            let encrypted = matches!(protocol, Protocol::Https | Protocol::Ftps);
            let hint = if served && encrypted { ": it is served where offers.https is set" } else { "" };
            let message = format!("this client has no {direction} by {protocol}{hint}");
            Error::new(ErrorKind::Unsupported, "transfer", message).with("protocol", protocol)
        })
    }

    /// The other side of a transfer: a known device, or the door of an image server.
    pub(super) async fn target(&self, id: &DeviceId, protocol: Protocol, port: Option<u16>) -> Result<Device> {
        let mut device = match self.adapters().services.servers.all().iter().find(|s| s.name == *id) {
            None => {
                let mut device = self.device(id).await?;
                if !protocol.over_ssh() {
                    device.at.port = protocol.port();
                }
                device
            }
            Some(server) => {
                let door = server.door(protocol).ok_or_else(|| {
                    let message = format!("the image server {id} does not speak {protocol}");
                    Error::new(ErrorKind::Unsupported, "transfer", message).with("server", id)
                })?;
                server.as_device(door)
            }
        };
        match port {
            Some(0) => return Err(Error::invalid("port", 0, "a number from 1 to 65535")),
            Some(port) => device.at.port = port,
            None => {}
        }
        Ok(device)
    }

    pub(super) fn transfer_context(&self, device: &Device) -> Context {
        let services = &self.adapters().services;
        let cx = Context::new(Arc::clone(&self.adapters().clock));
        match services.servers.all().iter().find(|s| s.name == device.id) {
            Some(server) => services.servers.context(server, &cx),
            None => Context { pace: services.caps.pace(device), ..cx },
        }
    }

    /// Tries one protocol after the other, see [`swim_core::transfer::moves_on`].
    pub(super) async fn in_order(
        &self,
        order: Order<'_>,
        request: &(dyn Fn(Device, &TransferAbility) -> Request + Sync),
    ) -> Result<Moved> {
        let mut attempts = Attempts::new();
        let protocols = if order.protocols.is_empty() { ORDER } else { order.protocols };
        for protocol in protocols {
            let device = match self.target(order.to, *protocol, order.port).await {
                Ok(device) => device,
                Err(e) => {
                    attempts.failed_there(protocol.to_string(), e)?;
                    continue;
                }
            };
            let tried = async {
                let adapter = self.adapter(*protocol, order.direction)?;
                attempts.check(*protocol, &device)?;
                let cx = self.transfer_context(&device);
                match request(device.clone(), adapter.ability()) {
                    Request::Push(push) => {
                        let back = self.adapters().services.find(*protocol, Direction::Fetch);
                        transfer::push_whole(adapter, back, push, &cx).await
                    }
                    Request::Fetch(fetch) => adapter.fetch(fetch, &cx).await,
                }
            };
            match tried.await {
                Ok(receipt) => return Ok(Moved { receipt, fallbacks: attempts.reasons() }),
                Err(e) => attempts.failed(protocol.to_string(), *protocol, &device, e)?,
            }
        }
        let none = || Error::internal("transfer", "there is no protocol to try");
        let error = attempts.none_worked().unwrap_or_else(none);
        Err(if error.context("device").is_some() { error } else { error.with("device", order.to) })
    }
}

/// What an adapter is asked for.
pub(super) enum Request {
    Push(Push),
    Fetch(Fetch),
}

/// What to try, and with whom.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) to: &'a DeviceId,
    pub(super) direction: Direction,
    pub(super) protocols: &'a [Protocol],
    pub(super) port: Option<u16>,
}

/// The largest file to take.
pub(super) fn most(most: Option<u64>) -> Result<u64> {
    let most = most.unwrap_or(LARGEST);
    if !(1..=LARGEST_POSSIBLE).contains(&most) {
        return Err(Error::invalid("most", most, &format!("a whole number from 1 to {LARGEST_POSSIBLE}")));
    }
    Ok(most)
}

/// Of a file that has its name. When it cannot be read, it has its name all the same.
pub(super) async fn digest(sink: &FileSink) -> Option<Sha256> {
    match sink.digest().await {
        Ok(digest) => Some(digest),
        Err(e) => {
            tracing::warn!(error = %e.report(), "a file that was received cannot be read");
            None
        }
    }
}
