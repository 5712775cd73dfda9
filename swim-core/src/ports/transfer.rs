//! Moving an image to or from a device: four verbs over every protocol.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Context, ImageStore, Sink};
use crate::model::{Device, Direction, Protocol, Secret, ServerCertificate, Sha256};
use crate::{Error, ErrorKind, Result};

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

/// We dial and write.
#[derive(Clone, Debug)]
pub struct Push {
    /// To which device, or image server ([`crate::model::ImageServer::as_device`]).
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

/// We dial and read.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// From which device, or image server.
    pub device: Device,
    /// Path there.
    pub path: String,
    /// What a URL has behind the question mark, as it is written there: only HTTP has such a thing.
    pub query: Option<Secret<String>>,
    /// Where the bytes go. What it [has](Sink::have) is not fetched again, where the adapter resumes.
    pub sink: Arc<dyn Sink>,
    /// The size that it must have, where it is known; another one is `Integrity`.
    pub bytes: Option<u64>,
    /// A file that is larger is refused, whatever the other side says: `NoSpace`.
    pub most: u64,
}

/// We serve a place for one file, and one device uploads it.
#[derive(Clone, Debug)]
pub struct Accept {
    /// Who shall upload.
    pub device: Device,
    /// The file name to expect (no directory). Others are refused.
    pub name: String,
    /// Where the bytes go.
    pub sink: Arc<dyn Sink>,
    /// A file that is larger is refused.
    pub most: u64,
    /// Only this source address may come (as text); `None` = any that shows the secret.
    pub source: Option<String>,
    /// It closes after this long, whatever happens.
    pub lifetime: Duration,
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
    /// The certificate that it shows, where the protocol has one.
    fn certificate(&self) -> Option<&ServerCertificate> {
        None
    }
    /// Bytes that were handed out (of an offer) or taken (of an accept) so far.
    fn sent(&self) -> u64;
    /// Ends it and says what was served. An upload that is not whole is `Interrupted`.
    async fn close(self: Box<Self>) -> Result<Receipt>;
}

/// How a TFTP file was cut: what was asked for, and what the server granted. A server that knows no options grants blocks
/// of 512 bytes, one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    /// Bytes of a block.
    pub size: u64,
    /// Bytes of a block that were asked for (RFC 2348).
    pub asked_size: u64,
    /// Blocks on the way at a time.
    pub window: u64,
    /// Blocks on the way that were asked for (RFC 7440).
    pub asked_window: u64,
}

/// What of a file that was there before was compared with the one that it must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Comparison {
    /// Nothing: none of it was used.
    #[default]
    None,
    /// Its end, or its beginning and its end: the transfer went on behind it. The middle may be another one.
    Tail,
    /// Every byte.
    Whole,
}

/// What a transfer did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The protocol.
    pub protocol: Protocol,
    /// Who dialled.
    pub direction: Direction,
    /// Bytes that crossed the wire (of the file). Of an offer: those that were handed out, to broken pulls as well.
    pub bytes: u64,
    /// Where it started.
    pub resumed_from: u64,
    /// What of the bytes before that was compared.
    #[serde(default)]
    pub compared: Comparison,
    /// Milliseconds it took.
    pub millis: u64,
    /// The cipher, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// How the file was cut, by TFTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Blocks>,
    /// How often an offer was pulled whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<u32>,
    /// SHA-256 of the whole file, where this transfer knows it: all of it was sent from its first byte on, every byte that
    /// was there before was compared, or it came in and was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
}

impl Receipt {
    /// A receipt. Who goes on has compared the end of what was there.
    #[must_use]
    pub const fn new(protocol: Protocol, direction: Direction, bytes: u64, resumed_from: u64, millis: u64) -> Self {
        let compared = if resumed_from > 0 { Comparison::Tail } else { Comparison::None };
        let (cipher, blocks, completed, digest) = (None, None, None, None);
        Self { protocol, direction, bytes, resumed_from, compared, millis, cipher, blocks, completed, digest }
    }

    /// The same of this image, when it is known that all of it is there now: not when only the end of an older part was
    /// compared, and not of an offer that nobody pulled whole.
    ///
    /// ```
    /// use swim_core::model::{Direction, Protocol, Sha256};
    /// use swim_core::ports::Receipt;
    /// let image = Sha256::of(b"image");
    /// let receipt = |from| Receipt::new(Protocol::Sftp, Direction::Push, 5 - from, from, 1);
    /// assert_eq!(receipt(0).of(image).digest, Some(image));
    /// assert_eq!(receipt(3).of(image).digest, None);
    /// assert_eq!(receipt(5).wholly_compared().of(image).digest, Some(image));
    /// ```
    #[must_use]
    pub fn of(self, image: Sha256) -> Self {
        let known = self.compared != Comparison::Tail && self.completed != Some(0);
        Self { digest: known.then_some(image), ..self }
    }

    /// The same, when every byte that was there was compared.
    #[must_use]
    pub const fn wholly_compared(mut self) -> Self {
        self.compared = Comparison::Whole;
        self
    }

    /// The same of an offer that was pulled so often.
    #[must_use]
    pub const fn pulled(mut self, completed: u32) -> Self {
        self.completed = Some(completed);
        self
    }

    /// The same, cut like this.
    #[must_use]
    pub const fn cut(mut self, blocks: Blocks) -> Self {
        self.blocks = Some(blocks);
        self
    }

    /// The same, over this cipher.
    #[must_use]
    pub fn over(self, cipher: Option<&str>) -> Self {
        Self { cipher: cipher.map(str::to_owned), ..self }
    }
}

/// One protocol, in one or more directions. What an adapter has not is `Unsupported`; its ability says so before.
#[async_trait]
pub trait Transfer: Send + Sync + fmt::Debug {
    /// What it can do.
    fn ability(&self) -> &TransferAbility;
    /// We dial, the other side receives.
    async fn push(&self, _: Push, _: &Context) -> Result<Receipt> {
        Err(lacking(self.ability(), Direction::Push))
    }
    /// We dial, the other side sends.
    async fn fetch(&self, _: Fetch, _: &Context) -> Result<Receipt> {
        Err(lacking(self.ability(), Direction::Fetch))
    }
    /// The names in a folder, without their folder; the other side tells which are files, or does not. `NotFound` when the
    /// folder is not there; `Unsupported` by protocols that list nothing.
    async fn list(&self, _: &Device, _: &str, _: &Context) -> Result<Vec<String>> {
        let message = format!("{} lists no folders", self.ability().protocol);
        Err(Error::new(ErrorKind::Unsupported, "list", message))
    }
    /// Removes a file that was pushed, e.g. one that was made for a test. `NotFound` when it is not there; `Unsupported` by
    /// protocols that remove nothing.
    async fn remove(&self, _: &Device, _: &str, _: &Context) -> Result<()> {
        let message = format!("{} removes no files", self.ability().protocol);
        Err(Error::new(ErrorKind::Unsupported, "remove", message))
    }
    /// We serve, the device pulls.
    async fn offer(&self, _: Offer, _: &Context) -> Result<Box<dyn Served>> {
        Err(lacking(self.ability(), Direction::Pull))
    }
    /// We serve, the device uploads.
    async fn accept(&self, _: Accept, _: &Context) -> Result<Box<dyn Served>> {
        Err(lacking(self.ability(), Direction::Upload))
    }
}

fn lacking(ability: &TransferAbility, direction: Direction) -> Error {
    let message = format!("this adapter of {} does not {direction}", ability.protocol);
    Error::new(ErrorKind::Unsupported, "transfer", message)
}
