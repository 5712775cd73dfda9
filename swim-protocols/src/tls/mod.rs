//! TLS of HTTPS and FTPS: versions 1.2 and 1.3, with `ring`.
//!
//! As a client, [`TlsClient`] judges the certificate of the other side by the [`swim_core::model::TlsTrust`] of the device
//! or door. As a server, we show an [`Identity`]: a certificate of the user, or one that is made for this process.

mod client;
mod failure;
mod identity;
mod judge;
mod witness;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use swim_core::ports::{ByteStream, Clock};
use swim_core::{Error, Result};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::time_provider::TimeProvider;
use tokio_rustls::rustls::{self, SupportedCipherSuite};

#[cfg(feature = "ftp")]
pub(crate) use client::Peer;
pub use client::TlsClient;
pub use identity::Identity;

/// A stream whose bytes are encrypted.
pub(crate) struct Secured {
    /// The plain bytes.
    pub(crate) stream: Box<dyn ByteStream>,
    /// The cipher suite, as IANA names it.
    pub(crate) cipher: Option<String>,
    /// Did the other side go on with the keys of an earlier connection?
    pub(crate) resumed: bool,
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The name of a cipher suite as IANA writes it. The TLS library marks those of version 1.3.
fn name(suite: Option<SupportedCipherSuite>) -> Option<String> {
    let name = suite?.suite().as_str()?;
    Some(name.strip_prefix("TLS13_").map_or_else(|| name.to_owned(), |rest| format!("TLS_{rest}")))
}

/// The time that certificates are judged by is that of our clock.
#[derive(Debug)]
struct Time(Arc<dyn Clock>);

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// The settings of the TLS library do not fit together.
fn unusable(e: rustls::Error) -> Error {
    Error::internal("tls", "TLS cannot be set up").caused_by(e)
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").field("cipher", &self.cipher).finish_non_exhaustive()
    }
}

/// The certificates in a PEM text.
fn certificates(field: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let wrong = |why| Error::invalid(field, "(not shown)", why);
    let found = read.map_err(|e| wrong("it is no PEM text").caused_by(e))?;
    if found.is_empty() {
        return Err(wrong("no certificate in PEM form is in it"));
    }
    Ok(found)
}
