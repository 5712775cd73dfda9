//! We are dialled: the certificate that we show.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use swim_core::model::{Fingerprint, Secret, ServerCertificate};
use swim_core::ports::{ByteStream, Clock, Context};
use swim_core::{Error, ErrorKind, Result, Retry};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::Ticketer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::ServerSessionMemoryCache;
use tokio_rustls::rustls::{DEFAULT_VERSIONS, HandshakeKind, ServerConfig};

use super::{Secured, Time, certificates, name, provider, unusable};

/// Days before now from which a certificate of ours is valid: clocks of devices that just started are late.
const EARLY: i32 = 2;
/// Days for which it is valid: longer than a process runs. It is new in the next one.
const VALID: i32 = 825;
/// The name in a certificate of ours.
const SUBJECT: &str = "swim image server";

/// Keys for later connections that a client is handed in advance: some use each of them once, as RFC 8446 asks, and of most
/// libraries none keeps more.
#[cfg(feature = "ftp")]
const KEYS_IN_ADVANCE: usize = 8;

/// Characters of a line of a PEM text.
const LINE: usize = 64;

/// A certificate as PEM text.
fn text(certificate: &[u8]) -> String {
    let mut body = STANDARD.encode(certificate);
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    while !body.is_empty() {
        let rest = body.split_off(body.len().min(LINE));
        text.push_str(&body);
        text.push('\n');
        body = rest;
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

/// The certificate and the key that our servers show.
#[derive(Clone)]
pub struct Identity {
    acceptor: TlsAcceptor,
    shown: Arc<ServerCertificate>,
}

impl Identity {
    /// A new key, and a certificate that it signs itself. `names` are the names and addresses under which devices dial us.
    ///
    /// # Errors
    /// `InvalidInput` for a name that cannot stand in a certificate.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use swim_protocols::clock::TokioClock;
    /// use swim_protocols::tls::Identity;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> swim_core::Result<()> {
    /// let ours = Identity::self_signed(&["192.0.2.1".into(), "images.example.net".into()], Arc::new(TokioClock::system()))?;
    /// assert!(ours.pem().starts_with("-----BEGIN CERTIFICATE-----"));
    /// println!("{}", ours.fingerprint());
    /// # Ok(()) }
    /// ```
    pub fn self_signed(names: &[String], clock: Arc<dyn Clock>) -> Result<Self> {
        let failed = |e| Error::internal("tls", "no certificate could be made").caused_by(e);
        let wrong = |e: rcgen::Error| {
            Error::invalid("names", format!("{names:?}"), "one of them cannot stand in a certificate").caused_by(e)
        };
        let mut parameters = CertificateParams::new(names.to_vec()).map_err(wrong)?;
        parameters.distinguished_name.push(DnType::CommonName, SUBJECT);
        let now = clock.now();
        let ((year, month, day), end) = (date(now, -EARLY)?, date(now, VALID)?);
        parameters.not_before = date_time_ymd(year, month, day);
        parameters.not_after = date_time_ymd(end.0, end.1, end.2);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = parameters.self_signed(&key).map_err(failed)?;
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Self::new(vec![certificate.der().clone()], secret, clock)
    }

    /// A certificate of the user with its chain, our own first, and its key (PEM: PKCS #8, PKCS #1 or SEC1).
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be read or does not fit together. The key is in no error.
    pub fn from_pem(chain: &str, key: &Secret<String>, clock: Arc<dyn Clock>) -> Result<Self> {
        let wrong = |why| Error::invalid("key", "(not shown)", why);
        // The cause could repeat a part of the text.
        let secret = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
            .map_err(|_| wrong("it is no private key in PEM form"))?;
        let read = certificates("certificate", chain)?;
        Self::new(read, secret, clock)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>, clock: Arc<dyn Clock>) -> Result<Self> {
        let leaf = chain.first().ok_or_else(|| Error::internal("tls", "there is no certificate"))?;
        let fingerprint = Fingerprint::of(leaf);
        // Written anew: a text of the user may hold more than certificates.
        let pem = chain.iter().map(|certificate| text(certificate)).collect();
        let config = ServerConfig::builder_with_details(provider(), Arc::new(Time(clock)))
            .with_protocol_versions(DEFAULT_VERSIONS)
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|e| {
                Error::invalid("certificate", fingerprint, "it and the key cannot be used together").caused_by(e)
            })?;
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            shown: Arc::new(ServerCertificate { pem, fingerprint }),
        })
    }

    /// The SHA-256 fingerprint of our certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.shown.fingerprint
    }

    /// Our certificate with its chain, for those who must trust it. The key is not in it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.shown.pem
    }

    /// Both of them.
    pub(crate) fn shown(&self) -> Arc<ServerCertificate> {
        Arc::clone(&self.shown)
    }

    /// The same for one client and the connections that belong to its first one: the keys for later connections that it is
    /// handed are of no use to others, and those of others are of none to it.
    ///
    /// # Errors
    /// `Internal` when the machine has no randomness.
    #[cfg(feature = "ftp")]
    pub(crate) fn for_one_client(&self) -> Result<Self> {
        let mut config = ServerConfig::clone(self.acceptor.config());
        config.session_storage = ServerSessionMemoryCache::new(KEYS_IN_ADVANCE);
        config.ticketer = Ticketer::new().map_err(unusable)?;
        config.send_tls13_tickets = KEYS_IN_ADVANCE;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown: Arc::clone(&self.shown) })
    }

    /// The same for connections that go on with such keys. A client that reads is handed another one for the next; one that
    /// only sends is not: it would leave it unread, and its machine would then reset the connection together with what is
    /// still on its way to us.
    #[cfg(feature = "ftp")]
    pub(crate) fn continued(&self, client_reads: bool) -> Self {
        let mut config = ServerConfig::clone(self.acceptor.config());
        config.send_tls13_tickets = usize::from(client_reads);
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown: Arc::clone(&self.shown) }
    }

    /// Does the handshake with somebody who dialled us; it must be over within `limit`.
    pub(crate) async fn accept(
        &self,
        stream: impl ByteStream + 'static,
        limit: Duration,
        cx: &Context,
    ) -> Result<Secured> {
        let handshake = async {
            self.acceptor.accept(stream).await.map_err(|e| {
                let message = "a client did not end the TLS handshake";
                Error::new(ErrorKind::Interrupted, "tls", message).retry_when(Retry::Now).caused_by(e)
            })
        };
        let stream = cx.within(limit, "tls", handshake).await?;
        let connection = stream.get_ref().1;
        let cipher = name(connection.negotiated_cipher_suite());
        let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        Ok(Secured { stream: Box::new(stream), cipher, resumed })
    }
}

/// Year, month and day so many days from now.
fn date(now: Timestamp, days: i32) -> Result<(i32, u8, u8)> {
    let moved = now.to_zoned(TimeZone::UTC).checked_add(days.days());
    let date = moved.map_err(|e| Error::internal("tls", "the clock is beyond the calendar").caused_by(e))?.date();
    let number = |n: i8| u8::try_from(n).unwrap_or(1);
    Ok((i32::from(date.year()), number(date.month()), number(date.day())))
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint().to_string()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::TokioClock;

    fn clock() -> Arc<dyn Clock> {
        Arc::new(TokioClock::starting_at("2026-02-28T12:00:00Z".parse().unwrap()))
    }

    #[tokio::test]
    async fn what_the_user_gives_is_checked_and_the_key_is_in_no_error() {
        let (one, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let certificate = CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&one).unwrap();
        let secret = |key: &KeyPair| Secret::new(key.serialize_pem());
        let ours = Identity::from_pem(&certificate.pem(), &secret(&one), clock()).unwrap();
        assert_eq!(ours.fingerprint(), Fingerprint::of(certificate.der()));
        assert!(!format!("{ours:?}").contains("PRIVATE"));
        assert_eq!(ours.pem().replace('\r', ""), certificate.pem().replace('\r', ""));
        let combined = format!("{}{}", one.serialize_pem(), certificate.pem());
        let shown = Identity::from_pem(&combined, &secret(&one), clock()).unwrap();
        assert_eq!(shown.pem(), ours.pem(), "what is shown is the certificate alone");
        let field = |chain: &str, key: Secret<String>| {
            let e = Identity::from_pem(chain, &key, clock()).unwrap_err();
            assert!(e.kind() == ErrorKind::InvalidInput && !format!("{e:?}").contains("MIG"), "{e:?}");
            e.context("field").unwrap().to_owned()
        };
        assert_eq!(field(&certificate.pem(), secret(&other)), "certificate");
        assert_eq!(field(&certificate.pem(), Secret::new("MIGcanary".into())), "key");
        assert_eq!(field("", secret(&one)), "certificate");
        assert_eq!(field(&one.serialize_pem(), secret(&one)), "certificate");
        assert_eq!(
            Identity::self_signed(&["ü\u{1f600}".to_owned()], clock()).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
    }

    #[tokio::test]
    async fn two_processes_have_two_certificates() {
        let one = Identity::self_signed(&["127.0.0.1".to_owned()], clock()).unwrap();
        assert_ne!(one.fingerprint(), Identity::self_signed(&["127.0.0.1".to_owned()], clock()).unwrap().fingerprint());
    }
}
