//! We dial an HTTP or HTTPS server: `GET` with ranges, `PUT` and `DELETE`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::{Method, StatusCode};
use swim_core::model::{Device, Direction, Protocol};
use swim_core::ports::{Context, Fetch, Network, Push, Receipt, Secrets, Transfer, TransferAbility};
use swim_core::{Effect, Error, ErrorKind, Result};

use super::listing;
use super::push::outgoing;
use super::request::{discreet, plain, refused};
use crate::listed::sorted;
use crate::tls::TlsClient;

/// HTTP or HTTPS with us as the client. HTTP is not encrypted: who can listen on the way reads the login and the image.
#[derive(Clone, Debug)]
pub struct HttpClient {
    pub(super) network: Arc<dyn Network>,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) tls: Option<TlsClient>,
    ability: TransferAbility,
}

impl HttpClient {
    /// An adapter of HTTP that dials through `network` and asks `secrets` for passwords.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, secrets: Arc<dyn Secrets>) -> Self {
        Self { network, secrets, tls: None, ability: ability(Protocol::Http) }
    }

    /// The same of HTTPS: servers are judged by the [`swim_core::model::TlsTrust`] of the device or door.
    #[must_use]
    pub fn tls(network: Arc<dyn Network>, secrets: Arc<dyn Secrets>, tls: TlsClient) -> Self {
        Self { network, secrets, tls: Some(tls), ability: ability(Protocol::Https) }
    }

    fn receipt(&self, direction: Direction, bytes: u64, from: u64, began: Duration, cx: &Context) -> Receipt {
        let took = cx.clock.monotonic().saturating_sub(began);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Receipt::new(self.ability.protocol, direction, bytes, from, millis)
    }
}

#[async_trait]
impl Transfer for HttpClient {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, cx: &Context) -> Result<Receipt> {
        let mut put = plain(Method::PUT, &request.path)?;
        let began = cx.clock.monotonic();
        let named = |e: Error| e.with("device", &request.device.id).of_file(&request.path);
        let login = self.login(&request.device).await.map_err(named)?;
        let login = login.as_ref();
        let named = |e: Error| named(discreet(login, e));
        let sent = Arc::new(AtomicU64::new(0));
        *put.body_mut() = outgoing(&request, &sent, cx);
        put.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(request.bytes));
        let (response, connection) = self.ask(&request.device, login, put, &sent, cx).await.map_err(|e| {
            let effect = if sent.load(Ordering::Relaxed) > 0 { Effect::Unknown } else { e.effect() };
            named(e.effected(effect))
        })?;
        if !matches!(response.status(), StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT) {
            return Err(named(refused(&request.device.at, &response)));
        }
        if sent.load(Ordering::Relaxed) < request.bytes {
            let e = Error::new(ErrorKind::UnexpectedReply, "http", "the server has the file before it was sent");
            return Err(named(e.effected(Effect::Unknown)));
        }
        let receipt = self.receipt(Direction::Push, request.bytes, 0, began, cx);
        Ok(receipt.over(connection.cipher.as_deref()).of(request.image))
    }

    async fn fetch(&self, request: Fetch, cx: &Context) -> Result<Receipt> {
        crate::path::check(&request.path)?;
        let began = cx.clock.monotonic();
        let named = |e: Error| e.with("device", &request.device.id).of_file(&request.path);
        let login = self.login(&request.device).await.map_err(named)?;
        let taken = self.take(&request, login.as_ref(), cx).await;
        let taken = taken.map_err(|e| {
            let e = discreet(login.as_ref(), e);
            named(request.query.iter().fold(e, Error::masking))
        })?;
        let receipt = self.receipt(Direction::Fetch, taken.bytes, taken.from, began, cx);
        Ok(receipt.over(taken.cipher.as_deref()))
    }

    async fn list(&self, device: &Device, path: &str, cx: &Context) -> Result<Vec<String>> {
        let named = |e: Error| e.with("device", &device.id).of_file(path);
        // Without the slash servers only say that it belongs there.
        let folder = format!("{}/", path.trim_end_matches('/'));
        let login = self.login(device).await.map_err(named)?;
        let page = self.page(device, &folder, login.as_ref(), cx).await;
        page.and_then(|page| sorted(listing::names(&page, &folder))).map_err(|e| named(discreet(login.as_ref(), e)))
    }

    async fn remove(&self, device: &Device, path: &str, cx: &Context) -> Result<()> {
        let named = |e: Error| e.with("device", &device.id).of_file(path);
        let delete = plain(Method::DELETE, path)?;
        let login = self.login(device).await.map_err(named)?;
        let login = login.as_ref();
        let named = |e: Error| named(discreet(login, e));
        let (response, _connection) = self.ask(device, login, delete, &AtomicU64::new(0), cx).await.map_err(named)?;
        // Accepted is no promise that it is gone.
        if matches!(response.status(), StatusCode::OK | StatusCode::NO_CONTENT) {
            return Ok(());
        }
        Err(named(refused(&device.at, &response)))
    }
}

fn ability(protocol: Protocol) -> TransferAbility {
    TransferAbility::new(protocol, protocol.secure(), true, &[Direction::Push, Direction::Fetch])
}
