//! One request on a connection of its own: how it is asked, and what an answer means that is not the wanted one.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use swim_core::model::{Device, Endpoint, Secret};
use swim_core::ports::Context;
use swim_core::transfer::Elsewhere;
use swim_core::{Error, ErrorKind, Result, Retry, percent};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::HttpClient;
use crate::stream::Severable;
use crate::tls::Secured;

/// Longest wait for the connection.
const CONNECT: Duration = Duration::from_secs(60);
/// Silence that ends a transfer: a server that writes to slow flash answers after minutes.
const SILENCE: Duration = Duration::from_secs(120);

pub(crate) type Body = UnsyncBoxBody<Bytes, Error>;

/// A connection of one request; it ends when this is dropped.
pub(crate) struct Connection {
    pub(super) cipher: Option<String>,
    _cut: DropGuard,
}

/// The login as a request carries it.
pub(crate) struct Login {
    value: HeaderValue,
    /// Servers say back what they were told, as it came or read.
    told: [Secret<String>; 2],
}

/// An error without the login.
pub(super) fn discreet(login: Option<&Login>, error: Error) -> Error {
    login.into_iter().flat_map(|login| &login.told).fold(error, Error::masking)
}

impl HttpClient {
    pub(super) async fn login(&self, device: &Device) -> Result<Option<Login>> {
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
}

/// A request without a body.
pub(super) fn plain(method: Method, path: &str) -> Result<Request<Body>> {
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

/// What an answer of this server means that is not the wanted one.
pub(super) fn refused(from: &Endpoint, response: &Response<Incoming>) -> Error {
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
    let error = Error::new(kind, "http", format!("{from} answered {status}")).said(status.to_string());
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
