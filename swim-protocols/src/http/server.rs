//! The server of offers and accepts.

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
use swim_core::ports::{
    Accept, Accepted, ByteStream, Context, Listener, Network, Offer, Served, Transfer, TransferAbility,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::body::{Answer, ImagePart, Sending};
use super::config::{CONNECTIONS, HEADER_LIMIT, HttpConfig, IDLE, LINGER};
use super::range::{Wanted, wanted};
use super::taking::Inbox;
use crate::door::{Visit, attend_all};
use crate::intake::{Intake, check_accept};
use crate::lobby::Pass;
use crate::pulls::{Pulls, check_offer, random_text};
use crate::served::{Books, Cipher, HiddenPath};
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

    /// Opens the door to what is served at the path that it is given.
    async fn open(
        &self,
        name: &str,
        visit: Visit,
        cx: &Context,
        goods: impl FnOnce(String, Context) -> Goods + Send,
    ) -> Result<HiddenPath> {
        let door = crate::door::open(self.network.as_ref(), &self.config.bind, self.config.ports).await?;
        let end = cx.cancel.child_token();
        let path = format!("{}/{name}", random_text::<16>());
        let goods = goods(format!("/{path}"), Context { cancel: end.clone(), ..cx.clone() });
        let port = door.local().port;
        let mut served = HiddenPath::new(self.ability.protocol, port, &path, goods.books(), cx, &end);
        served.certificate = self.tls.as_ref().map(Identity::shown);
        let guard = Guard { identity: self.tls.clone(), cipher: Arc::clone(&served.cipher) };
        tokio::spawn(serve(door, visit, goods, guard, end));
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

/// What is served.
#[derive(Clone)]
enum Goods {
    Out(Arc<Desk>),
    In(Arc<Inbox>),
}

impl Goods {
    fn books(&self) -> Books {
        match self {
            Self::Out(desk) => Books::Out(Arc::clone(&desk.pulls)),
            Self::In(inbox) => Books::In(Arc::clone(&inbox.intake)),
        }
    }

    fn cx(&self) -> &Context {
        match self {
            Self::Out(desk) => &desk.cx,
            Self::In(inbox) => &inbox.cx,
        }
    }

    /// Does this address show the secret, and may it?
    fn admits(&self, path: &str, host: &str) -> bool {
        match self {
            Self::Out(desk) => path == desk.path && desk.pulls.admits(host),
            Self::In(inbox) => path == inbox.path && inbox.intake.admits(host),
        }
    }

    /// Bytes that moved so far.
    fn moved(&self) -> u64 {
        match self {
            Self::Out(desk) => desk.pulls.sent(),
            Self::In(inbox) => inbox.intake.taken(),
        }
    }
}

/// What all connections of an offer share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) request: Offer,
    pub(crate) pulls: Arc<Pulls>,
    pub(crate) cx: Context,
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
        let (name, visit) = (request.name.clone(), Visit::from(&request));
        let pulls = Arc::new(Pulls::new(request.bytes, request.uses));
        let goods = |path, cx| Goods::Out(Arc::new(Desk { request, pulls, cx, path }));
        Ok(Box::new(self.open(&name, visit, cx, goods).await?))
    }

    async fn accept(&self, request: Accept, cx: &Context) -> Result<Box<dyn Served>> {
        check_accept(&request)?;
        let (name, visit) = (request.name.clone(), Visit::from(&request));
        let goods = |path, cx| Goods::In(Arc::new(Inbox { request, intake: Arc::<Intake>::default(), cx, path }));
        Ok(Box::new(self.open(&name, visit, cx, goods).await?))
    }
}

async fn serve(door: Box<dyn Listener>, visit: Visit, goods: Goods, guard: Guard, end: CancellationToken) {
    let one = |accepted, pass| attend(accepted, goods.clone(), guard.clone(), pass);
    attend_all(door, visit, goods.cx(), end, CONNECTIONS, one).await;
}

/// One connection: one request, so that its end tells that the answer was taken.
async fn attend(accepted: Accepted, goods: Goods, guard: Guard, pass: Pass) {
    let cut = pass.cut();
    let Accepted { stream, peer, .. } = accepted;
    let Some(stream) = guard.secure(Severable::new(stream, cut.clone()), goods.cx()).await else { return };
    let sending = Sending::default();
    let service = service_fn(|request: Request<Incoming>| {
        let (goods, host, sending) = (goods.clone(), peer.host.clone(), Arc::clone(&sending));
        if goods.admits(request.uri().path(), &host) {
            pass.admitted();
        }
        Box::pin(async move {
            Ok::<_, Infallible>(match &goods {
                Goods::Out(desk) => answer(desk, &host, &request, &sending),
                Goods::In(inbox) => inbox.answer(&host, request).await,
            })
        })
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .without_shutdown();
    tokio::pin!(connection);
    let clock = &goods.cx().clock;
    let mut moved = goods.moved();
    let ended = loop {
        tokio::select! {
            ended = &mut connection => break ended,
            () = clock.sleep(IDLE) => {
                // Nothing moved for so long: cutting makes the connection end with an error.
                if goods.moved() == moved {
                    cut.cancel();
                }
                moved = goods.moved();
            }
        }
    };
    match ended {
        Ok(parts) => {
            let sent = *sending.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Goods::Out(desk), Some((start, end))) = (&goods, sent) {
                desk.pulls.arrived(start, end);
            }
            tokio::select! {
                () = hang_up(parts.io.into_inner()) => {}
                () = clock.sleep(LINGER) => {}
            }
        }
        Err(e) => tracing::debug!(%peer, error = %e, "a connection ended"),
    }
}

/// Says that nothing more comes, and reads on: a close with unread bytes resets the connection, and who was refused in
/// the middle of an upload would never read why.
async fn hang_up(mut stream: Box<dyn ByteStream>) {
    let mut unread = [0; 4096];
    if stream.shutdown().await.is_ok() {
        while stream.read(&mut unread).await.is_ok_and(|count| count > 0) {}
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
