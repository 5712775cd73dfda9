//! Requests with small bodies, over the same connections as all HTTP and HTTPS of this library.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_LENGTH, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode};
use swim_core::catalog::LARGEST_REPLY;
use swim_core::model::{Device, DeviceId, HostKeyPolicy, Login, PlatformId, TlsTrust};
use swim_core::ports::{Context, Network, Secrets};
use swim_core::{Error, ErrorKind, Result, Retry};

use super::address::Address;
use crate::http::{Body, HttpClient, broken, heard};
use crate::tls::TlsClient;

/// A service that is busy and does not say for how long.
const UNSAID: Duration = Duration::from_secs(10);
/// Longest wait for the whole of a small reply, however slowly it drips.
const WHOLE: Duration = Duration::from_secs(300);

/// Speaks to the hosts of the vendor.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    plain: HttpClient,
    tls: HttpClient,
    trust: TlsTrust,
}

/// One request.
pub(super) struct Asking {
    pub(super) method: Method,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

/// Its reply, whole.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// A reply whose body comes piece by piece; the connection ends when this is dropped.
pub(super) struct Streaming {
    pub(super) response: Response<Incoming>,
    pub(super) connection: Box<dyn std::any::Any + Send + Sync>,
}

impl Requests {
    pub(super) fn new(network: &Arc<dyn Network>, secrets: &Arc<dyn Secrets>, tls: TlsClient, trust: TlsTrust) -> Self {
        Self {
            plain: HttpClient::new(Arc::clone(network), Arc::clone(secrets)),
            tls: HttpClient::tls(Arc::clone(network), Arc::clone(secrets), tls),
            trust,
        }
    }

    /// Sends a request and waits for the beginning of the reply.
    pub(super) async fn open(&self, to: &Address, asking: Asking, cx: &Context) -> Result<Streaming> {
        let length = asking.body.len();
        let body: Body = Full::new(asking.body).map_err(|never| match never {}).boxed_unsync();
        let mut request = Request::new(body);
        *request.method_mut() = asking.method;
        *request.uri_mut() =
            to.target.parse().map_err(|_| Error::invalid("url", "(not shown)", "it cannot stand in a request"))?;
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("swim"));
        if length > 0 {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        request.headers_mut().extend(asking.headers);
        let http = if to.secure { &self.tls } else { &self.plain };
        let host = self.host(to)?;
        let (response, connection) = http.ask(&host, None, request, &AtomicU64::new(0), cx).await?;
        Ok(Streaming { response, connection: Box::new(connection) })
    }

    /// Sends a request and takes all of its reply.
    pub(super) async fn ask(&self, to: &Address, mut asking: Asking, cx: &Context) -> Result<Reply> {
        asking.headers.push((ACCEPT, HeaderValue::from_static("application/json")));
        let Streaming { response, connection: _held } = self.open(to, asking, cx).await?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let body = cx.within(WHOLE, "read reply", whole(response.into_body(), cx)).await?;
        Ok(Reply { status, retry_after, body })
    }

    /// The vendor's host as something that can be dialled.
    fn host(&self, to: &Address) -> Result<Device> {
        let id = DeviceId::new("vendor-service")?;
        let login = Login { user: String::new(), password: None, key: None, key_passphrase: None, enable: None };
        let device = Device::new(id, to.at.clone(), PlatformId("none".into()), login, HostKeyPolicy::default());
        Ok(Device { tls: self.trust.clone(), ..device })
    }
}

/// What a busy service asks for: seconds. Dates are not read; nobody sends them here.
pub(super) fn retry_after(response: &Response<Incoming>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The service has no time now.
pub(super) fn busy(operation: &str, reply: &Reply) -> Error {
    Error::new(ErrorKind::Busy, operation, "the service is busy")
        .said(reply.status.to_string())
        .retry_when(Retry::After(reply.retry_after.unwrap_or(UNSAID)))
}

async fn whole(mut body: Incoming, cx: &Context) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(frame) = heard(body.frame(), cx).await? {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if all.len() + data.len() > LARGEST_REPLY {
            let message = format!("the reply is larger than the {LARGEST_REPLY} bytes that are read");
            return Err(Error::new(ErrorKind::UnexpectedReply, "read reply", message));
        }
        all.extend_from_slice(&data);
    }
    Ok(all)
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}
