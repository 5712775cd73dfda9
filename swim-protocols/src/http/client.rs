//! We dial an HTTP or HTTPS server: `GET` with ranges, `PUT` and `DELETE`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HOST, HeaderValue, IF_RANGE,
    LOCATION, RANGE,
};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use swim_core::model::{Device, Direction, Protocol, Secret};
use swim_core::ports::{Context, Fetch, Network, Note, Push, Receipt, Secrets, Transfer, TransferAbility};
use swim_core::transfer::Elsewhere;
use swim_core::{Effect, Error, ErrorKind, Result, Retry, percent};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::listing;
use super::version::Version;
use crate::listed::{LONGEST, sorted, too_long};
use crate::stream::Severable;
use crate::tls::{Secured, TlsClient};

/// Longest wait for the connection.
const CONNECT: Duration = Duration::from_secs(60);
/// Silence that ends a transfer: a server that writes to slow flash answers after minutes.
const SILENCE: Duration = Duration::from_secs(120);
/// Bytes at the end of what is there that are fetched again and compared: so much of a file is not alike by chance.
const COMPARED: u64 = 64 * 1024;
/// The coding of a file that is sent as it is.
const IDENTITY: &str = "identity";
/// Bytes that are read from the store at once.
const PIECE: usize = 512 * 1024;

pub(crate) type Body = UnsyncBoxBody<Bytes, Error>;

/// HTTP or HTTPS with us as the client. HTTP is not encrypted: who can listen on the way reads the login and the image.
#[derive(Clone, Debug)]
pub struct HttpClient {
    network: Arc<dyn Network>,
    secrets: Arc<dyn Secrets>,
    tls: Option<TlsClient>,
    ability: TransferAbility,
}

/// A connection of one request; it ends when this is dropped.
pub(crate) struct Connection {
    cipher: Option<String>,
    _cut: DropGuard,
}

/// The login as a request carries it.
pub(crate) struct Login {
    value: HeaderValue,
    /// Servers say back what they were told, as it came or read.
    told: [Secret<String>; 2],
}

/// An error without the login.
fn discreet(login: Option<&Login>, error: Error) -> Error {
    login.into_iter().flat_map(|login| &login.told).fold(error, Error::masking)
}

/// What a fetch brought.
struct Taken {
    bytes: u64,
    from: u64,
    cipher: Option<String>,
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

    async fn login(&self, device: &Device) -> Result<Option<Login>> {
        let Some(password) = &device.login.password else { return Ok(None) };
        let password = self.secrets.resolve(password).await?;
        let pair = Secret::new(format!("{}:{}", device.login.user, password.expose()));
        let both = Secret::new(STANDARD.encode(pair.expose()));
        let Ok(mut value) = HeaderValue::try_from(format!("Basic {}", both.expose())) else { return Ok(None) };
        value.set_sensitive(true);
        Ok(Some(Login { value, told: [both, password] }))
    }

    /// Sends one request on a connection of its own.
    pub(crate) async fn ask(
        &self,
        device: &Device,
        login: Option<&Login>,
        mut request: Request<Body>,
        sent: &AtomicU64,
        cx: &Context,
    ) -> Result<(Response<Incoming>, Connection)> {
        let host = HeaderValue::try_from(device.at.to_string())
            .map_err(|e| Error::invalid("host", &device.at, "it cannot stand in a request").caused_by(e))?;
        request.headers_mut().insert(HOST, host);
        if let Some(login) = login {
            request.headers_mut().insert(AUTHORIZATION, login.value.clone());
        }
        let dialed = cx.within(CONNECT, "connect", self.network.dial(&device.at)).await?;
        let cut = CancellationToken::new();
        let guard = cut.clone().drop_guard();
        let stream = Severable::new(dialed.stream, cut);
        let Secured { stream, cipher, .. } = match &self.tls {
            Some(tls) => tls.peer(device, cx).await?.secure(stream, cx).await?,
            None => Secured { stream: Box::new(stream), cipher: None, resumed: false },
        };
        let (stream, held) = (TokioIo::new(stream), Connection { cipher, _cut: guard });
        let (mut sender, connection) =
            cx.within(CONNECT, "connect", async { http1::handshake(stream).await.map_err(broken) }).await?;
        tokio::spawn(async move {
            // What goes wrong is told to the one who waits for the answer.
            let _ = connection.await;
        });
        let asked = sender.send_request(request);
        tokio::pin!(asked);
        let mut before = sent.load(Ordering::Relaxed);
        loop {
            tokio::select! {
                biased;
                response = &mut asked => return Ok((response.map_err(broken)?, held)),
                () = cx.cancel.cancelled() => return Err(Error::new(ErrorKind::Cancelled, "http", "stopped on request")),
                () = cx.clock.sleep(SILENCE) => {
                    let now = sent.load(Ordering::Relaxed);
                    if now == before {
                        return Err(silent());
                    }
                    before = now;
                }
            }
        }
    }

    /// The file from an offset, where it is of that version still; otherwise all of it.
    async fn get(
        &self,
        request: &Fetch,
        login: Option<&Login>,
        from: u64,
        version: Option<&Version>,
        cx: &Context,
    ) -> Result<(Response<Incoming>, Connection)> {
        let mut get = plain(Method::GET, &request.path)?;
        if let Some(query) = &request.query {
            let whole = Secret::new(format!("{}?{}", get.uri().path(), query.expose()));
            // The error of the parser is not kept: it might repeat what is secret.
            *get.uri_mut() = Uri::try_from(whole.expose().as_str())
                .map_err(|_| Error::invalid("query", "(not shown)", "it cannot stand in a URL"))?;
        }
        get.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(IDENTITY));
        if from > 0
            && let Ok(range) = HeaderValue::try_from(format!("bytes={from}-"))
        {
            get.headers_mut().insert(RANGE, range);
            if let Some(version) = version {
                get.headers_mut().insert(IF_RANGE, version.value.clone());
            }
        }
        self.ask(&request.device, login, get, &AtomicU64::new(0), cx).await
    }

    /// The whole fetch.
    async fn take(&self, request: &Fetch, login: Option<&Login>, cx: &Context) -> Result<Taken> {
        let sink = &*request.sink;
        let have = sink.have().await?;
        let from = have.saturating_sub(COMPARED);
        let noted = sink.version().await?;
        let version = noted.as_deref().and_then(Version::noted);
        // What another protocol noted cannot be compared with anything here.
        if have > 0 && version.is_some() == noted.is_some() {
            let (response, connection) = self.get(request, login, from, version.as_ref(), cx).await?;
            if response.status() == StatusCode::PARTIAL_CONTENT
                && version.is_none_or(|version| !version.changed(response.headers()))
                && let Some(total) = partial(&response, from)
                && total >= have
            {
                check_coding(&response)?;
                check_size(request, total)?;
                let tail = sink.read(from, usize::try_from(have - from).unwrap_or(usize::MAX)).await?;
                if let Some(bytes) = body(request, response, &tail, have, total, cx).await? {
                    sink.finish(total).await?;
                    return Ok(Taken { bytes, from: have, cipher: connection.cipher });
                }
            }
            // Another file, or a server that knows no ranges: all of it, from its beginning.
        }
        let (response, connection) = self.get(request, login, 0, None, cx).await?;
        if response.status() != StatusCode::OK {
            return Err(refused(&response));
        }
        check_coding(&response)?;
        let header = response.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let total: u64 = header.ok_or_else(|| {
            Error::new(ErrorKind::UnexpectedReply, "http", "the server does not tell the size of the file")
        })?;
        check_size(request, total)?;
        // Not before it is granted, and the file can be the wanted one: an answer that is of no use must not cost what is
        // there.
        sink.clear().await?;
        if let Some(version) = Version::of(response.headers()) {
            sink.note_version(&version.note()).await?;
        }
        let bytes = body(request, response, &[], 0, total, cx).await?.unwrap_or(0);
        sink.finish(total).await?;
        Ok(Taken { bytes, from: 0, cipher: connection.cipher })
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
            return Err(named(refused(&response)));
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
        let mut get = plain(Method::GET, &folder)?;
        get.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(IDENTITY));
        let login = self.login(device).await.map_err(named)?;
        let asked = async {
            let (response, _held) = self.ask(device, login.as_ref(), get, &AtomicU64::new(0), cx).await?;
            if response.status() != StatusCode::OK {
                return Err(refused(&response));
            }
            check_coding(&response)?;
            let (mut page, mut incoming) = (Vec::new(), response.into_body());
            while let Some(frame) = heard(incoming.frame(), cx).await? {
                let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
                page.extend_from_slice(&data);
                if page.len() > LONGEST {
                    return Err(too_long("http"));
                }
            }
            sorted(listing::names(&page, &folder))
        };
        let asked = asked.await;
        asked.map_err(|e| named(discreet(login.as_ref(), e)))
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
        Err(named(refused(&response)))
    }
}

impl HttpClient {
    fn receipt(&self, direction: Direction, bytes: u64, from: u64, began: Duration, cx: &Context) -> Receipt {
        let took = cx.clock.monotonic().saturating_sub(began);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Receipt::new(self.ability.protocol, direction, bytes, from, millis)
    }
}

fn ability(protocol: Protocol) -> TransferAbility {
    TransferAbility::new(protocol, protocol.secure(), true, &[Direction::Push, Direction::Fetch])
}

/// A request without a body.
fn plain(method: Method, path: &str) -> Result<Request<Body>> {
    crate::path::check(path)?;
    let mut request = Request::new(Empty::new().map_err(|never: Infallible| match never {}).boxed_unsync());
    *request.method_mut() = method;
    *request.uri_mut() = encoded(path)
        .parse()
        .map_err(|e| Error::invalid("path", format!("{path:?}"), "it cannot stand in a URL").caused_by(e))?;
    Ok(request)
}

/// The path as a URL writes it: every byte that could mean something else as `%XX`.
fn encoded(path: &str) -> String {
    format!("/{}", percent::encoded(path.trim_start_matches('/'), "/"))
}

/// The image as the body of a request.
fn outgoing(request: &Push, sent: &Arc<AtomicU64>, cx: &Context) -> Body {
    let (store, image, bytes) = (Arc::clone(&request.store), request.image, request.bytes);
    let (sent, cx) = (Arc::clone(sent), cx.clone());
    let pieces = stream::try_unfold(0_u64, move |at| {
        let (store, sent, cx) = (Arc::clone(&store), Arc::clone(&sent), cx.clone());
        async move {
            if at >= bytes {
                return Ok(None);
            }
            let piece = store.read(&image, at, usize::try_from(bytes - at).unwrap_or(usize::MAX).min(PIECE)).await?;
            if piece.is_empty() {
                return Err(Error::new(ErrorKind::Integrity, "http", "the image is shorter than its size"));
            }
            cx.pace.take(piece.len(), &cx).await?;
            let done = at + piece.len() as u64;
            sent.store(done, Ordering::Relaxed);
            cx.notes.note(Note::Bytes { done, total: Some(bytes) });
            if done == bytes {
                cx.notes.note(Note::Flushing);
            }
            Ok(Some((Frame::data(piece), done)))
        }
    });
    BodyExt::boxed_unsync(StreamBody::new(pieces))
}

/// The size of the whole file, from `Content-Range: bytes FROM-LAST/TOTAL`, when it begins where it was asked to.
fn partial(response: &Response<Incoming>, from: u64) -> Option<u64> {
    let text = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    (first.parse() == Ok(from)).then(|| total.parse().ok())?
}

/// Is it a file that is taken?
fn check_size(request: &Fetch, total: u64) -> Result<()> {
    if let Some(expected) = request.bytes.filter(|expected| *expected != total) {
        let message = format!("the file has {total} bytes, not {expected}");
        return Err(Error::new(ErrorKind::Integrity, "http", message));
    }
    if total > request.most {
        let message = format!("the file has {total} bytes; at most {} are taken", request.most);
        return Err(Error::new(ErrorKind::NoSpace, "http", message));
    }
    Ok(())
}

/// We ask for the file as it is. What is packed all the same would be stored packed, under the name of the image.
fn check_coding(response: &Response<Incoming>) -> Result<()> {
    let packed = |value: &&HeaderValue| !value.as_bytes().eq_ignore_ascii_case(IDENTITY.as_bytes());
    match response.headers().get_all(CONTENT_ENCODING).iter().find(packed) {
        None => Ok(()),
        Some(coding) => {
            let message = "the server packs the file, which was not asked for";
            let coding = String::from_utf8_lossy(coding.as_bytes());
            Err(Error::new(ErrorKind::UnexpectedReply, "http", message).said(format!("Content-Encoding: {coding}")))
        }
    }
}

/// Takes the body of a file of `total` bytes. `known` is what must come first, for it is there already up to `have`.
/// `None` when it is something else.
async fn body(
    request: &Fetch,
    response: Response<Incoming>,
    known: &[u8],
    have: u64,
    total: u64,
    cx: &Context,
) -> Result<Option<u64>> {
    let mut incoming = response.into_body();
    let (mut done, mut known) = (have, known);
    while let Some(frame) = heard(incoming.frame(), cx).await? {
        let Ok(mut data) = frame.map_err(broken)?.into_data() else { continue };
        let repeated = data.len().min(known.len());
        if data[..repeated] != known[..repeated] {
            return Ok(None);
        }
        known = &known[repeated..];
        let data = data.split_off(repeated);
        if data.is_empty() {
            continue;
        }
        let after = done + data.len() as u64;
        if after > total {
            return Err(Error::new(ErrorKind::UnexpectedReply, "http", "more bytes came than the file has"));
        }
        cx.pace.take(data.len(), cx).await?;
        request.sink.write(done, data).await?;
        done = after;
        cx.notes.note(Note::Bytes { done, total: Some(total) });
    }
    // What was there must have come again and be the same, even when nothing else is missing.
    if done < total || !known.is_empty() {
        let message = format!("the connection ended at byte {done} of {total}");
        return Err(Error::new(ErrorKind::Interrupted, "http", message).retry_when(Retry::Now));
    }
    Ok(Some(done - have))
}

/// Waits for something of the other side, as long as it is not silent for too long.
pub(crate) async fn heard<T>(waiting: impl Future<Output = T> + Send, cx: &Context) -> Result<T> {
    tokio::select! {
        biased;
        heard = waiting => Ok(heard),
        () = cx.cancel.cancelled() => Err(Error::new(ErrorKind::Cancelled, "http", "stopped on request")),
        () = cx.clock.sleep(SILENCE) => Err(silent()),
    }
}

fn silent() -> Error {
    Error::new(ErrorKind::Timeout, "http", format!("nothing moved for {} s", SILENCE.as_secs()))
}

pub(crate) fn broken(e: hyper::Error) -> Error {
    if e.is_parse() {
        return Error::new(ErrorKind::UnexpectedReply, "http", "what answers is no HTTP").caused_by(e);
    }
    Error::new(ErrorKind::Interrupted, "http", "the connection broke").retry_when(Retry::Now).caused_by(e)
}

/// What an answer that is not the wanted one means.
fn refused(response: &Response<Incoming>) -> Error {
    let status = response.status();
    let kind = match status {
        StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => ErrorKind::Auth,
        StatusCode::FORBIDDEN => ErrorKind::Privilege,
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::CONFLICT => ErrorKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => ErrorKind::Unsupported,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::INSUFFICIENT_STORAGE => ErrorKind::NoSpace,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => ErrorKind::Busy,
        _ => ErrorKind::DeviceRejected,
    };
    let error = Error::new(kind, "http", "the server refused").said(status.to_string());
    match response.headers().get(LOCATION).and_then(|to| to.to_str().ok()) {
        Some(to) if status.is_redirection() => error.caused_by(Elsewhere::new(to)),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded() {
        assert_eq!(encoded("a b/ü?.bin"), "/a%20b/%C3%BC%3F.bin");
        assert_eq!(encoded("/x/../y"), "/x/../y");
        assert_eq!(encoded(""), "/");
        assert!(plain(Method::GET, "a b\u{fc}").unwrap().uri().path().contains("%20"));
        assert!(plain(Method::GET, "a\r\nHost: b").is_err());
    }
}
