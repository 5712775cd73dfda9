//! The server of an offer.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, RANGE,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use swim_core::Result;
use swim_core::model::{Direction, Protocol};
use swim_core::ports::{Accepted, ByteStream, Context, Listener, Network, Offer, Served, Transfer, TransferAbility};
use tokio_util::sync::CancellationToken;

use super::body::{Answer, ImagePart, Sending};
use super::config::{CONNECTIONS, HEADER_LIMIT, HttpConfig, IDLE};
use super::range::{Wanted, wanted};
use crate::door::attend_all;
use crate::pulls::Pulls;
use crate::served::{Books, Cipher, HiddenPath};
use crate::stream::Severable;
use crate::tls::{Identity, Secured};

/// Serves images to devices over HTTP: `GET` and `HEAD` of one path that only the device is told.
///
/// By HTTP the bytes are not encrypted: who can listen on the way can read the image. The device's own check of the
/// digest protects against a change.
#[derive(Clone, Debug)]
pub struct HttpOffers {
    network: Arc<dyn Network>,
    config: HttpConfig,
    tls: Option<Identity>,
    ability: TransferAbility,
}

impl HttpOffers {
    /// An adapter of HTTP that listens through `network`.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, config: HttpConfig) -> Self {
        Self { network, config, tls: None, ability: ability(Protocol::Http) }
    }

    /// The same of HTTPS, where devices are shown this certificate.
    #[must_use]
    pub fn tls(network: Arc<dyn Network>, config: HttpConfig, identity: Identity) -> Self {
        Self { network, config, tls: Some(identity), ability: ability(Protocol::Https) }
    }
}

fn ability(protocol: Protocol) -> TransferAbility {
    TransferAbility::new(protocol, protocol.secure(), true, &[Direction::Pull])
}

/// What all connections of an offer share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) request: Offer,
    pub(crate) pulls: Arc<Pulls>,
    pub(crate) cx: Context,
    /// With the leading slash.
    path: String,
    tls: Option<Identity>,
    /// The cipher of the pull that came last.
    cipher: Cipher,
}

#[async_trait]
impl Transfer for HttpOffers {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn offer(&self, request: Offer, cx: &Context) -> Result<Box<dyn Served>> {
        crate::pulls::check_offer(&request)?;
        let door = crate::door::open(self.network.as_ref(), &self.config.bind, self.config.ports).await?;
        let port = door.local().port;
        let end = cx.cancel.child_token();
        let path = format!("/{}/{}", crate::pulls::random_text::<16>(), request.name);
        let pulls = Arc::new(Pulls::new(request.bytes, request.uses));
        let books = Books::Out(Arc::clone(&pulls));
        let mut served = HiddenPath::new(self.ability.protocol, port, path.trim_start_matches('/'), books, cx, &end);
        served.certificate = self.tls.as_ref().map(Identity::shown);
        let cipher = Arc::clone(&served.cipher);
        let desk = Arc::new(Desk { request, pulls, cx: cx.clone(), path, tls: self.tls.clone(), cipher });
        tokio::spawn(serve(door, desk, end));
        Ok(Box::new(served))
    }
}

async fn serve(door: Box<dyn Listener>, desk: Arc<Desk>, end: CancellationToken) {
    let one = |accepted, cut| attend(accepted, Arc::clone(&desk), cut);
    attend_all(door, &desk.request, &desk.cx, end, CONNECTIONS, one).await;
}

impl Desk {
    /// The plain bytes of a connection; none when its handshake does not end.
    async fn secure(&self, stream: Severable) -> Option<Box<dyn ByteStream>> {
        let Some(identity) = &self.tls else { return Some(Box::new(stream)) };
        match identity.accept(stream, HEADER_LIMIT, &self.cx).await {
            Ok(Secured { stream, cipher }) => {
                *self.cipher.lock().unwrap_or_else(PoisonError::into_inner) = cipher;
                Some(stream)
            }
            Err(e) => {
                tracing::debug!(error = %e.report(), "a connection to an offer is not secured");
                None
            }
        }
    }
}

/// One connection: one request, so that its end tells that the answer was taken.
async fn attend(accepted: Accepted, desk: Arc<Desk>, cut: CancellationToken) {
    let _cut_at_the_end = cut.clone().drop_guard();
    let Some(stream) = desk.secure(Severable::new(accepted.stream, cut.clone())).await else { return };
    let sending = Sending::default();
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer(&desk, &accepted.peer.host, &request, &sending);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut moved = desk.pulls.sent();
    let ended = loop {
        tokio::select! {
            ended = &mut connection => break ended,
            () = desk.cx.clock.sleep(IDLE) => {
                // Nothing was handed out for so long: cutting makes the connection end with an error.
                if desk.pulls.sent() == moved {
                    cut.cancel();
                }
                moved = desk.pulls.sent();
            }
        }
    };
    match ended {
        Ok(()) => {
            let sent = *sending.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((start, end)) = sent {
                desk.pulls.arrived(start, end);
            }
        }
        Err(e) => tracing::debug!(peer = %accepted.peer, error = %e, "a connection to an offer ended"),
    }
}

fn answer(desk: &Arc<Desk>, peer: &str, request: &Request<Incoming>, sending: &Sending) -> Response<Answer> {
    if request.uri().path() != desk.path {
        return text(StatusCode::NOT_FOUND, "not here\n");
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        put(refused.headers_mut(), ALLOW, "GET, HEAD");
        return refused;
    }
    if !desk.pulls.admits(peer) {
        return text(StatusCode::GONE, "this offer is used up\n");
    }
    let bytes = desk.request.bytes;
    let tag = format!("\"{}\"", desk.request.image);
    let header = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
    // A part of another file must not be sewn to ours.
    let range = header(RANGE).filter(|_| header(IF_RANGE).is_none_or(|t| t == tag));
    let (status, start, end) = match wanted(range, bytes) {
        Wanted::Whole => (StatusCode::OK, 0, bytes),
        Wanted::Part(start, end) => (StatusCode::PARTIAL_CONTENT, start, end),
        Wanted::Outside => {
            let mut refused = text(StatusCode::RANGE_NOT_SATISFIABLE, "no such part\n");
            put(refused.headers_mut(), CONTENT_RANGE, &format!("bytes */{bytes}"));
            return refused;
        }
    };
    let body = if request.method() == Method::HEAD {
        Answer::Text(None)
    } else {
        Answer::Image(ImagePart::new(Arc::clone(desk), start, end, Arc::clone(sending)))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    put(headers, CONTENT_TYPE, "application/octet-stream");
    put(headers, ACCEPT_RANGES, "bytes");
    put(headers, ETAG, &tag);
    put(headers, CONTENT_LENGTH, &(end - start).to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        put(headers, CONTENT_RANGE, &format!("bytes {start}-{}/{bytes}", end - 1));
    }
    response
}

fn text(status: StatusCode, line: &'static str) -> Response<Answer> {
    let mut response = Response::new(Answer::Text(Some(Bytes::from_static(line.as_bytes()))));
    *response.status_mut() = status;
    put(response.headers_mut(), CONTENT_TYPE, "text/plain");
    response
}

fn put(headers: &mut HeaderMap, name: hyper::header::HeaderName, value: &str) {
    // All values here are digits, hexadecimal and fixed text.
    if let Ok(value) = value.parse() {
        headers.insert(name, value);
    }
}
