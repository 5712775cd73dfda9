//! A simulated vendor and a client of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use swim::core::catalog::{Decision, Found, Links, Query, Wanted, links, search};
use swim::core::model::Secret;
use swim::core::ports::{Catalog, Clock, Context, Network, Secrets};
use swim::{Error, ErrorKind, Result};
use swim_protocols::catalog::{VendorCatalog, VendorConfig, VendorLogin};
use swim_protocols::clock::TokioClock;
use swim_protocols::net::TcpNetwork;
use swim_protocols::tls::TlsClient;
use swim_sim::vendor::{Call, VendorImage, VendorService};
use swim_stores::{MemoryStore, StaticSecrets};

pub(crate) const PID: &str = "C9300-24T";
pub(crate) const RELEASE: &str = "17.9.5";
pub(crate) const FIRST: &str = "cat9k_iosxe.17.09.05.SPA.bin";
pub(crate) const SECOND: &str = "cat9k_iosxe_npe.17.09.05.SPA.bin";

/// Pauses are over at once and written down; deadlines, which are longer than any of them, are real.
#[derive(Debug)]
struct Noting(TokioClock, Arc<Mutex<Vec<u64>>>);

#[async_trait]
impl Clock for Noting {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        if duration >= Duration::from_secs(60) {
            self.0.sleep(duration).await;
        } else {
            self.1.lock().unwrap().push(duration.as_secs());
        }
    }
}

pub(crate) struct World {
    pub(crate) service: VendorService,
    pub(crate) catalog: Arc<VendorCatalog>,
    pub(crate) store: MemoryStore,
    pub(crate) cx: Context,
    pauses: Arc<Mutex<Vec<u64>>>,
}

pub(crate) fn image(name: &str) -> VendorImage {
    let bytes: Vec<u8> = (0..70_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    VendorImage::new(name, PID, RELEASE, [name.as_bytes(), &bytes].concat())
}

impl World {
    /// A vendor with two images, and an application that it knows.
    pub(crate) async fn new() -> Self {
        Self::with(vec![image(FIRST), image(SECOND)]).await
    }

    pub(crate) async fn with(images: Vec<VendorImage>) -> Self {
        let service = VendorService::start(images).await.unwrap();
        let secrets = [("good", "app-secret"), ("bad", "wrong-canary"), ("user", "user-canary p&w")];
        let secrets: StaticSecrets =
            secrets.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect();
        let (network, secrets): (Arc<dyn Network>, Arc<dyn Secrets>) = (Arc::new(TcpNetwork), Arc::new(secrets));
        let store = MemoryStore::new();
        let config = VendorConfig::at(service.url(), service.token_url());
        let tls = TlsClient::new(Arc::new(store.clone()));
        let login = Some(VendorLogin::new("app", "good"));
        let catalog = Arc::new(VendorCatalog::new(&network, &secrets, tls, config, login).unwrap());
        let pauses = Arc::<Mutex<_>>::default();
        let cx = Context::new(Arc::new(Noting(TokioClock::system(), Arc::clone(&pauses))));
        Self { service, catalog, store, cx, pauses }
    }

    pub(crate) async fn links(&self, images: &[&str], decisions: &[Decision]) -> Result<Links> {
        links(&*self.catalog, &Wanted::new(PID, images), decisions, &self.cx).await
    }

    pub(crate) async fn search(&self, query: &Query) -> Result<Found> {
        search(&*self.catalog, query, &self.cx).await
    }

    /// Pauses of whole seconds that were taken.
    pub(crate) fn pauses(&self) -> Vec<u64> {
        self.pauses.lock().unwrap().clone()
    }

    /// The bodies of all requests of a call.
    pub(crate) fn bodies(&self, call: Call) -> Vec<Value> {
        self.service.seen().into_iter().filter(|seen| seen.call == Some(call)).map(|seen| seen.body).collect()
    }

    /// Forms that were accepted in the eyes of the service.
    pub(crate) fn accepted(&self) -> usize {
        self.bodies(Call::Answer).iter().filter(|body| body["status"] == "Accepted").count()
    }

    pub(crate) fn port(&self) -> Arc<dyn Catalog> {
        Arc::clone(&self.catalog) as _
    }
}

/// The error of the one image that was asked for, whether it is about the image or about the whole request.
pub(crate) fn refused(links: Result<Links>) -> Error {
    match links {
        Err(e) => e,
        Ok(links) => {
            assert!(links.granted.is_empty(), "{:?}", links.granted);
            Error::from(links.refused.into_iter().next().expect("a refusal").error)
        }
    }
}

/// The kind of an error, and that it tells what the service said.
pub(crate) fn surfaced(e: &Error, kind: ErrorKind, code: &str) {
    assert_eq!((e.kind(), e.context("code")), (kind, Some(code)), "{e:?}");
    let words = swim_sim::vendor::CODES.iter().find(|(name, _)| *name == code).map_or(code, |(_, words)| words);
    let said = e.device_words().unwrap_or_default();
    let first = words.lines().next().unwrap().trim();
    assert!(said.contains(code) && said.contains(first), "{code}: {e:?}");
}
