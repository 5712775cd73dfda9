//! An open offer or accept whose path is its credential.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use swim_core::model::{DeviceId, Direction, Protocol, Secret, ServerCertificate};
use swim_core::ports::{Accept, Clock, Context, Offer, Receipt, Served};
use swim_core::{Effect, Error, ErrorKind, Result};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::door::Visit;
use crate::intake::Intake;
#[cfg(any(feature = "ssh", feature = "ftp"))]
use crate::login::OneLogin;
use crate::pulls::Pulls;

/// So long may the end of an upload take when its accept is closed: a slow disk writes down gigabytes in that time.
const SAFE_WITHIN: Duration = Duration::from_secs(300);

/// What is written down about it.
#[derive(Clone, Debug)]
pub(crate) enum Books {
    /// A device pulls.
    Out(Arc<Pulls>),
    /// A device uploads.
    In(Arc<Intake>),
}

impl Books {
    /// Bytes that were handed out or taken so far.
    fn moved(&self) -> u64 {
        match self {
            Self::Out(pulls) => pulls.sent(),
            Self::In(intake) => intake.taken(),
        }
    }
}

/// What is served.
#[derive(Debug)]
pub(crate) enum Goods {
    Out(Offer, Arc<Pulls>),
    In(Accept, Arc<Intake>),
}

impl Goods {
    /// One image, to be pulled.
    pub(crate) fn pulled(offer: Offer) -> Self {
        let pulls = Arc::new(Pulls::new(offer.bytes, offer.uses));
        Self::Out(offer, pulls)
    }

    /// A place for one file.
    pub(crate) fn taken(accept: Accept) -> Self {
        Self::In(accept, Arc::default())
    }

    pub(crate) fn books(&self) -> Books {
        match self {
            Self::Out(_, pulls) => Books::Out(Arc::clone(pulls)),
            Self::In(_, intake) => Books::In(Arc::clone(intake)),
        }
    }

    /// Logs why a transfer ended, and notes it for who withdraws an accept that has no file.
    #[cfg(any(feature = "ssh", feature = "tftp", feature = "ftp"))]
    pub(crate) fn ended_early(&self, e: &Error) {
        tracing::info!(device = %self.device(), error = %e.report(), "a transfer ended early");
        if let Self::In(_, intake) = self
            && e.kind() != ErrorKind::Cancelled
        {
            intake.failed(e.report().to_string());
        }
    }

    /// May this address, which showed the secret, come in?
    pub(crate) fn admits(&self, host: &str) -> bool {
        match self {
            Self::Out(_, pulls) => pulls.admits(host),
            Self::In(_, intake) => intake.admits(host),
        }
    }

    #[cfg(feature = "ssh")]
    pub(crate) const fn direction(&self) -> Direction {
        match self {
            Self::Out(..) => Direction::Pull,
            Self::In(..) => Direction::Upload,
        }
    }

    /// The name of the file.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Out(offer, _) => &offer.name,
            Self::In(accept, _) => &accept.name,
        }
    }

    /// Bytes that moved so far.
    #[cfg(feature = "http")]
    pub(crate) fn moved(&self) -> u64 {
        self.books().moved()
    }

    pub(crate) fn device(&self) -> &DeviceId {
        match self {
            Self::Out(offer, _) => &offer.device.id,
            Self::In(accept, _) => &accept.device.id,
        }
    }

    pub(crate) fn visit(&self) -> Visit {
        match self {
            Self::Out(offer, _) => offer.into(),
            Self::In(accept, _) => accept.into(),
        }
    }
}

/// The cipher of the connection, where there is one.
pub(crate) type Cipher = Arc<Mutex<Option<String>>>;

/// What is left in the hands of the one who opened it; dropping it closes it.
pub(crate) struct HiddenPath {
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
    pub(crate) path: String,
    pub(crate) books: Books,
    pub(crate) certificate: Option<Arc<ServerCertificate>>,
    pub(crate) cipher: Cipher,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) began: Duration,
    pub(crate) end: DropGuard,
}

impl HiddenPath {
    /// It begins now, and cancels `end` when it is closed.
    pub(crate) fn new(
        protocol: Protocol,
        port: u16,
        path: &str,
        books: Books,
        cx: &Context,
        end: &CancellationToken,
    ) -> Self {
        let (clock, began) = (Arc::clone(&cx.clock), cx.clock.monotonic());
        Self {
            protocol,
            port,
            path: path.to_owned(),
            books,
            certificate: None,
            cipher: Cipher::default(),
            clock,
            began,
            end: end.clone().drop_guard(),
        }
    }
}

#[async_trait]
impl Served for HiddenPath {
    fn path(&self) -> &str {
        &self.path
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn user(&self) -> Option<&str> {
        None
    }

    fn password(&self) -> Option<&Secret<String>> {
        None
    }

    fn certificate(&self) -> Option<&ServerCertificate> {
        self.certificate.as_deref()
    }

    fn sent(&self) -> u64 {
        self.books.moved()
    }

    async fn close(self: Box<Self>) -> Result<Receipt> {
        let took = self.clock.monotonic().saturating_sub(self.began);
        if let Books::Out(pulls) = &self.books {
            pulls.settled(&*self.clock).await;
        }
        drop(self.end);
        let direction = match &self.books {
            Books::Out(_) => Direction::Pull,
            Books::In(intake) => {
                tokio::select! {
                    () = intake.close() => {}
                    () = self.clock.sleep(SAFE_WITHIN) => {
                        let seconds = SAFE_WITHIN.as_secs();
                        let message = format!("the upload was still being made safe after {seconds} s");
                        return Err(Error::new(ErrorKind::Timeout, "accept", message).effected(Effect::Unknown));
                    }
                }
                if intake.whole().is_none() {
                    let reason = intake.reason().map(|reason| format!("; the last try: {reason}")).unwrap_or_default();
                    let message = format!("the upload is not whole: {} bytes came{reason}", intake.taken());
                    return Err(Error::new(ErrorKind::Interrupted, "accept", message));
                }
                Direction::Upload
            }
        };
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let sent = self.books.moved();
        let cipher = self.cipher.lock().unwrap_or_else(PoisonError::into_inner).take();
        let receipt = Receipt::new(self.protocol, direction, sent, 0, millis).over(cipher.as_deref());
        Ok(match &self.books {
            Books::Out(pulls) => receipt.pulled(pulls.completed()),
            Books::In(_) => receipt,
        })
    }
}

impl fmt::Debug for HiddenPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HiddenPath").field("protocol", &self.protocol).field("port", &self.port).finish_non_exhaustive()
    }
}

/// An open offer or accept whose path is plain and whose login is its credential.
#[cfg(any(feature = "ssh", feature = "ftp"))]
#[derive(Debug)]
pub(crate) struct BehindLogin {
    pub(crate) inner: HiddenPath,
    pub(crate) login: OneLogin,
}

#[cfg(any(feature = "ssh", feature = "ftp"))]
#[async_trait]
impl Served for BehindLogin {
    fn path(&self) -> &str {
        self.inner.path()
    }

    fn port(&self) -> u16 {
        self.inner.port()
    }

    fn user(&self) -> Option<&str> {
        Some(&self.login.user)
    }

    fn password(&self) -> Option<&Secret<String>> {
        Some(&self.login.password)
    }

    fn certificate(&self) -> Option<&ServerCertificate> {
        self.inner.certificate()
    }

    fn sent(&self) -> u64 {
        self.inner.sent()
    }

    async fn close(self: Box<Self>) -> Result<Receipt> {
        Box::new(self.inner).close().await
    }
}
