//! We begin: the other side shows a certificate.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use swim_core::model::{Device, Endpoint, Fingerprint, TlsTrust};
use swim_core::ports::{ByteStream, Context, Records};
use swim_core::transfer::START_TLS;
use swim_core::{Error, ErrorKind, Result};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{IpAddr as TlsAddress, ServerName};
use tokio_rustls::rustls::{ClientConfig, DEFAULT_VERSIONS, HandshakeKind, RootCertStore};

use super::judge::{Judge, OPERATION, refused};
use super::witness::Witness;
use super::{Secured, Time, certificates, failure, name, provider, unusable};

/// Silence that ends a handshake. Small devices need seconds for the arithmetic of one.
const HANDSHAKE: Duration = Duration::from_secs(60);

/// What clients of HTTPS and FTPS have in common: it remembers certificates of the first use in the table
/// `certificates` of the records, and reads the authorities that the machine trusts once, when they are first needed.
#[derive(Clone)]
pub struct TlsClient {
    records: Arc<dyn Records>,
    roots: Arc<OnceCell<Arc<RootCertStore>>>,
}

impl TlsClient {
    /// A client with these records.
    #[must_use]
    pub fn new(records: Arc<dyn Records>) -> Self {
        Self { records, roots: Arc::default() }
    }

    /// The settings for all connections of one session with a device: a later one goes on with the keys of the first.
    pub(crate) async fn peer(&self, device: &Device, cx: &Context) -> Result<Peer> {
        let provider = provider();
        let roots = match &device.tls {
            TlsTrust::MachineRoots => Some(self.machine_roots().await?),
            TlsTrust::Ca(pem) => Some(authorities(pem)?),
            _ => None,
        };
        let chain = roots.map(|roots| verifier(roots, &provider)).transpose()?;
        let witness = Arc::new(Witness::new(chain, Arc::clone(&provider)));
        let config = ClientConfig::builder_with_details(provider, Arc::new(Time(Arc::clone(&cx.clock))))
            .with_protocol_versions(DEFAULT_VERSIONS)
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&witness) as _)
            .with_no_client_auth();
        Ok(Peer {
            connector: TlsConnector::from(Arc::new(config)),
            name: server_name(&device.at)?,
            at: device.at.clone(),
            judge: Judge::new(device, Arc::clone(&self.records), cx.clock.now()),
            witness,
        })
    }

    async fn machine_roots(&self) -> Result<Arc<RootCertStore>> {
        self.roots.get_or_try_init(read_machine_roots).await.cloned()
    }
}

async fn read_machine_roots() -> Result<Arc<RootCertStore>> {
    let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let read = read.map_err(|e| Error::internal(OPERATION, "the machine's authorities were not read").caused_by(e))?;
    let mut store = RootCertStore::empty();
    // A few old ones of every system cannot be read; all others are good.
    store.add_parsable_certificates(read.certs);
    if store.is_empty() {
        let nothing = refused("this machine has no list of authorities that it trusts: give a CA or a pin".to_owned());
        return Err(match read.errors.into_iter().next() {
            Some(e) => nothing.caused_by(e),
            None => nothing,
        });
    }
    Ok(Arc::new(store))
}

fn authorities(pem: &str) -> Result<Arc<RootCertStore>> {
    let mut store = RootCertStore::empty();
    for certificate in certificates("tls.ca", pem)? {
        let unusable = |e| Error::invalid("tls.ca", "(not shown)", "a certificate in it cannot be used").caused_by(e);
        store.add(certificate).map_err(unusable)?;
    }
    Ok(Arc::new(store))
}

fn verifier(roots: Arc<RootCertStore>, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|e| Error::internal(OPERATION, "the authorities cannot be used").caused_by(e))
}

/// The name that a certificate must have. The zone of a link-local address is ours and stands in none.
fn server_name(at: &Endpoint) -> Result<ServerName<'static>> {
    let address = at.host.split('%').next().unwrap_or_default();
    if let Ok(address) = address.parse::<IpAddr>() {
        return Ok(ServerName::IpAddress(TlsAddress::from(address)));
    }
    ServerName::try_from(at.host.clone())
        .map_err(|e| Error::invalid("host", format!("{:?}", at.host), "no certificate can name it").caused_by(e))
}

/// The other side of one session.
#[derive(Clone)]
pub(crate) struct Peer {
    connector: TlsConnector,
    name: ServerName<'static>,
    at: Endpoint,
    judge: Judge,
    witness: Arc<Witness>,
}

impl Peer {
    /// Does the handshake over a connection and judges the certificate. Nothing is sent before it is believed.
    ///
    /// # Errors
    /// `Auth` for a certificate that is not believed, with both fingerprints where one was expected; `Unsupported` without
    /// a common version or cipher; `Timeout`, `Cancelled`, `Interrupted`.
    pub(crate) async fn secure(&self, stream: impl ByteStream + 'static, cx: &Context) -> Result<Secured> {
        let handshake = async {
            let done = self.connector.connect(self.name.clone(), stream).await;
            done.map_err(|e| failure::handshake(e, &self.at, self.witness.shown()))
        };
        let stream = cx.within(HANDSHAKE, START_TLS, handshake).await.map_err(|e| e.with("endpoint", &self.at))?;
        let (_, connection) = stream.get_ref();
        let leaf = connection.peer_certificates().and_then(|shown| shown.first()).map(|leaf| Fingerprint::of(leaf));
        let cipher = name(connection.negotiated_cipher_suite());
        let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let nothing =
            || Error::new(ErrorKind::UnexpectedReply, OPERATION, format!("{} showed no certificate", self.at));
        self.judge.check(leaf.ok_or_else(nothing)?).await?;
        Ok(Secured { stream: Box::new(stream), cipher, resumed })
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").field("records", &self.records).finish_non_exhaustive()
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("at", &self.at).field("judge", &self.judge).finish_non_exhaustive()
    }
}
