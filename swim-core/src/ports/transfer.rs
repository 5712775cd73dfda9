//! Moving an image to or from a device.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Context, ImageStore};
use crate::Result;
use crate::model::{Device, Direction, Protocol, Secret, Sha256};

/// What a transfer adapter can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TransferAbility {
    /// The protocol.
    pub protocol: Protocol,
    /// Encrypted and authenticated?
    pub secure: bool,
    /// Can it go on where it stopped?
    pub resumes: bool,
    /// Largest file in bytes, where the protocol has a limit.
    pub largest: Option<u64>,
    /// Which directions are there.
    pub directions: Vec<Direction>,
}

impl TransferAbility {
    /// A record of abilities.
    #[must_use]
    pub fn new(protocol: Protocol, secure: bool, resumes: bool, directions: &[Direction]) -> Self {
        Self { protocol, secure, resumes, largest: None, directions: directions.to_vec() }
    }
}

/// We dial the device and write.
#[derive(Clone, Debug)]
pub struct Push {
    /// To which device.
    pub device: Device,
    /// Where the bytes are.
    pub store: Arc<dyn ImageStore>,
    /// Which image.
    pub image: Sha256,
    /// Its size.
    pub bytes: u64,
    /// Path on the device, e.g. `flash:x.bin` or `/tmp/x.bin`.
    pub path: String,
    /// Go on behind what is there, when that is the beginning of this image: only where the adapter resumes; it looks.
    pub resume: bool,
}

/// We serve one image to one device.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Who shall pull.
    pub device: Device,
    /// Where the bytes are.
    pub store: Arc<dyn ImageStore>,
    /// Which image.
    pub image: Sha256,
    /// Its size.
    pub bytes: u64,
    /// The file name to appear under (no directory).
    pub name: String,
    /// Only this source address may come (as text); `None` = any.
    pub source: Option<String>,
    /// How many times it may be pulled (1 = single use).
    pub uses: u32,
    /// It closes after this long, whatever happens.
    pub lifetime: Duration,
}

/// An open offer; dropping it closes it.
#[async_trait]
pub trait Served: Send + Sync + fmt::Debug {
    /// The path part to name on the device: `x.bin`, or a single-use random path for HTTP.
    fn path(&self) -> &str;
    /// The port that it listens at.
    fn port(&self) -> u16;
    /// The user name to log in with, where the protocol has one.
    fn user(&self) -> Option<&str>;
    /// The single-use password, where the protocol has one.
    fn password(&self) -> Option<&Secret<String>>;
    /// Bytes that were handed out so far.
    fn sent(&self) -> u64;
    /// Ends it and says what was served.
    async fn close(self: Box<Self>) -> Result<Receipt>;
}

/// What a transfer did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The protocol.
    pub protocol: Protocol,
    /// Who dialled.
    pub direction: Direction,
    /// Bytes that crossed the wire (of the file).
    pub bytes: u64,
    /// Where it started.
    pub resumed_from: u64,
    /// Milliseconds it took.
    pub millis: u64,
    /// The cipher, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
}

impl Receipt {
    /// A receipt.
    #[must_use]
    pub const fn new(protocol: Protocol, direction: Direction, bytes: u64, resumed_from: u64, millis: u64) -> Self {
        Self { protocol, direction, bytes, resumed_from, millis, cipher: None }
    }
}

/// One protocol.
#[async_trait]
pub trait Transfer: Send + Sync + fmt::Debug {
    /// What it can do.
    fn ability(&self) -> &TransferAbility;
    /// We dial, the device receives. `Unsupported` where the ability has no push.
    async fn push(&self, request: Push, cx: &Context) -> Result<Receipt>;
    /// We serve, the device pulls. `Unsupported` where the ability has no pull.
    async fn offer(&self, request: Offer, cx: &Context) -> Result<Box<dyn Served>>;
}
