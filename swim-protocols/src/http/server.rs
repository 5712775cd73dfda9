//! The server of offers and accepts.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::{Arc, PoisonError};
use std::task::Poll;

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
use swim_core::ports::{
    Accept, Accepted, ByteStream, Context, Listener, Network, Offer, Served, Transfer, TransferAbility,
};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use super::body::{Answer, Handover};
use super::config::{CONNECTIONS, HEADER_LIMIT, HttpConfig, IDLE, LINGER};
use super::range::{Wanted, wanted};
use super::sending::{read, send, taken, untold};
use super::taking::Inbox;
use crate::door::attend_all;
use crate::intake::check_accept;
use crate::lobby::Pass;
use crate::pulls::{Pulls, check_offer, random_text};
use crate::served::{Cipher, Goods, HiddenPath};
use crate::stream::Severable;
use crate::tls::{Identity, Secured};

/// Serves images to devices over HTTP, `GET` and `HEAD` of one path that only the device is told, and takes their uploads:
/// `PUT` of one whole file at such a path.
///
/// By HTTP the bytes are not encrypted: who can listen on the way can read the image. The device's own check of the digest
/// protects against a change.
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

    /// Opens the door to what is served.
    async fn open(&self, goods: Goods, cx: &Context) -> Result<HiddenPath> {
        let door = crate::door::open(self.network.as_ref(), &self.config.bind, self.config.ports).await?;
        let end = cx.cancel.child_token();
        let path = format!("{}/{}", random_text::<16>(), goods.name());
        let port = door.local().port;
        let mut served = HiddenPath::new(self.ability.protocol, port, &path, goods.books(), cx, &end);
        served.certificate = self.tls.as_ref().map(Identity::shown);
        let guard = Guard { identity: self.tls.clone(), cipher: Arc::clone(&served.cipher) };
        let desk = Desk { goods, cx: Context { cancel: end.clone(), ..cx.clone() }, path: format!("/{path}") };
        tokio::spawn(serve(door, Arc::new(desk), guard, end));
        Ok(served)
    }
}

fn ability(protocol: Protocol) -> TransferAbility {
    TransferAbility::new(protocol, protocol.secure(), true, &[Direction::Pull, Direction::Upload])
}

/// How connections are secured.
#[derive(Clone)]
struct Guard {
    identity: Option<Identity>,
    /// The cipher of the connection that came last.
    cipher: Cipher,
}

impl Guard {
    /// The plain bytes of a connection; none when its handshake does not end.
    async fn secure(&self, stream: Severable, cx: &Context) -> Option<Box<dyn ByteStream>> {
        let Some(identity) = &self.identity else { return Some(Box::new(stream)) };
        match identity.accept(stream, HEADER_LIMIT, cx).await {
            Ok(Secured { stream, cipher, .. }) => {
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

/// What all connections share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) goods: Goods,
    pub(super) cx: Context,
    /// With the leading slash.
    path: String,
}

#[async_trait]
impl Transfer for HttpOffers {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn offer(&self, request: Offer, cx: &Context) -> Result<Box<dyn Served>> {
        check_offer(&request)?;
        Ok(Box::new(self.open(Goods::pulled(request), cx).await?))
    }

    async fn accept(&self, request: Accept, cx: &Context) -> Result<Box<dyn Served>> {
        check_accept(&request)?;
        Ok(Box::new(self.open(Goods::taken(request), cx).await?))
    }
}

async fn serve(door: Box<dyn Listener>, desk: Arc<Desk>, guard: Guard, end: CancellationToken) {
    let one = |accepted, pass| attend(accepted, Arc::clone(&desk), guard.clone(), pass);
    attend_all(door, desk.goods.visit(), &desk.cx, end, CONNECTIONS, one).await;
}

/// One connection: one request, so that its end tells that the answer was taken.
async fn attend(accepted: Accepted, desk: Arc<Desk>, guard: Guard, pass: Pass) {
    let cut = pass.cut();
    let Accepted { stream, peer, .. } = accepted;
    let cx = Context { cancel: cut.clone(), ..desk.cx.clone() };
    let handover = Arc::new(Handover::default());
    let told = Arc::clone(&handover);
    let stream = Severable::new(stream, cut.clone()).telling(Box::new(move || told.flushed()));
    let Some(stream) = guard.secure(stream, &cx).await else { return };
    let service = service_fn(|request: Request<Incoming>| {
        let (desk, host, handover) = (Arc::clone(&desk), peer.host.clone(), Arc::clone(&handover));
        if request.uri().path() == desk.path && desk.goods.admits(&host) {
            pass.admitted();
        }
        Box::pin(async move { Ok::<_, Infallible>(answer(&desk, &host, request, &handover).await) })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut moved = desk.goods.moved();
    let ended = loop {
        let head = poll_fn(|cx| match connection.poll_without_shutdown(cx) {
            Poll::Pending if handover.ready() => Poll::Ready(Ok(())),
            other => other,
        });
        tokio::select! {
            ended = head => break ended,
            () = cx.clock.sleep(IDLE) => {
                // Nothing moved for so long: cutting makes the connection end with an error.
                if desk.goods.moved() == moved {
                    cut.cancel();
                }
                moved = desk.goods.moved();
            }
        }
    };
    if let Err(e) = ended {
        tracing::debug!(%peer, error = %e, "a connection ended");
        return;
    }
    let mut stream = connection.into_parts().io.into_inner();
    match (&desk.goods, handover.part()) {
        (Goods::Out(offer, pulls), Some(part)) => {
            let pull = async {
                let tells = send(&mut stream, offer, pulls, part, &cx).await?;
                taken(&mut stream, guard.identity.is_some(), &cx).await?;
                if tells { Ok(()) } else { Err(untold()) }
            };
            match pull.await {
                Ok(()) => {
                    pulls.arrived(part.0, part.1);
                }
                Err(e) => tracing::info!(%peer, device = %desk.goods.device(), error = %e.report(), "a pull broke off"),
            }
        }
        _ => tokio::select! {
            () = hang_up(stream) => {}
            () = cx.clock.sleep(LINGER) => {}
        },
    }
}

/// Says that nothing more comes, and reads on: a close with unread bytes resets the connection, and who was refused in
/// the middle of an upload would never read why.
async fn hang_up(mut stream: Box<dyn ByteStream>) {
    if stream.shutdown().await.is_ok() {
        while read(&mut stream).await.is_ok_and(|count| count > 0) {}
    }
}

async fn answer(desk: &Desk, peer: &str, request: Request<Incoming>, handover: &Arc<Handover>) -> Response<Answer> {
    if request.uri().path() != desk.path {
        return text(StatusCode::NOT_FOUND, "not here\n");
    }
    match &desk.goods {
        Goods::Out(offer, pulls) => {
            pulls.spent(&*desk.cx.clock).await;
            image(offer, pulls, peer, &request, handover)
        }
        Goods::In(accept, intake) => {
            let inbox = Inbox { request: accept.clone(), intake: Arc::clone(intake), cx: desk.cx.clone() };
            inbox.answer(peer, request).await
        }
    }
}

fn image(
    offer: &Offer,
    pulls: &Pulls,
    peer: &str,
    request: &Request<Incoming>,
    handover: &Arc<Handover>,
) -> Response<Answer> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        put(refused.headers_mut(), ALLOW, "GET, HEAD");
        return refused;
    }
    if !pulls.admits(peer) {
        return text(StatusCode::GONE, "this offer is used up\n");
    }
    let bytes = offer.bytes;
    let tag = format!("\"{}\"", offer.image);
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
        handover.promise(start, end);
        Answer::Image(end - start, Arc::clone(handover))
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

pub(super) fn text(status: StatusCode, line: &'static str) -> Response<Answer> {
    let mut response = Response::new(Answer::Text(Some(Bytes::from_static(line.as_bytes()))));
    *response.status_mut() = status;
    put(response.headers_mut(), CONTENT_TYPE, "text/plain");
    response
}

pub(super) fn put(headers: &mut HeaderMap, name: hyper::header::HeaderName, value: &str) {
    // All values here are digits, hexadecimal and fixed text.
    if let Ok(value) = value.parse() {
        headers.insert(name, value);
    }
}
