//! The bytes behind a link.

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderName, HeaderValue, LOCATION, RANGE,
};
use hyper::{Method, Response, StatusCode};
use swim_core::catalog::{Link, Opening};
use swim_core::ports::Context;
use swim_core::repo::Source;
use swim_core::{Error, ErrorKind, Result, Retry};

use super::address::Address;
use super::requests::{Asking, Requests, Streaming, retry_after};
use crate::http::{broken, heard};

const DOWNLOAD: &str = "download";
/// Redirections that are followed.
const REDIRECTIONS: u32 = 5;

/// Opens a link at an offset.
pub(super) async fn open(requests: &Requests, link: &Link, offset: u64, cx: &Context) -> Result<Opening> {
    let discreet = |e: Error| {
        let told = std::iter::once(&link.url).chain(&link.token);
        told.fold(e, Error::masking).with("url", link.shown())
    };
    opened(requests, link, offset, cx).await.map_err(discreet)
}

async fn opened(requests: &Requests, link: &Link, offset: u64, cx: &Context) -> Result<Opening> {
    let mut at = Address::parse("link", link.url.expose())?;
    if let Some(token) = &link.token {
        at.private("link")?;
        at = at.with_parameter("token", token.expose());
    }
    for _ in 0..REDIRECTIONS {
        let Streaming { response, connection } = requests.open(&at, asking(offset)?, cx).await?;
        if response.status().is_redirection()
            && let Some(location) = response.headers().get(LOCATION).and_then(|v| v.to_str().ok())
        {
            // The token stays with the host that it was given for, unless that host hands it on itself.
            at = at.redirected(location)?;
            continue;
        }
        let (skip, total) = placed(&response, offset)?;
        let body = Piece { body: response.into_body(), skip, cx: cx.clone(), _connection: connection };
        return Ok(Opening { total, body: Box::new(body) });
    }
    Err(Error::new(ErrorKind::UnexpectedReply, DOWNLOAD, format!("more than {REDIRECTIONS} redirections")))
}

fn asking(offset: u64) -> Result<Asking> {
    let mut headers: Vec<(HeaderName, HeaderValue)> = vec![(ACCEPT_ENCODING, HeaderValue::from_static("identity"))];
    if offset > 0 {
        let range = HeaderValue::try_from(format!("bytes={offset}-"))
            .map_err(|e| Error::internal(DOWNLOAD, "a number cannot stand in a header").caused_by(e))?;
        headers.push((RANGE, range));
    }
    Ok(Asking { method: Method::GET, headers, body: Bytes::new() })
}

/// How many bytes at the beginning are not wanted, and the size of the whole file.
fn placed(response: &Response<Incoming>, offset: u64) -> Result<(u64, Option<u64>)> {
    let text = |name: HeaderName| response.headers().get(name).and_then(|v| v.to_str().ok());
    let odd = |why: &str| Error::new(ErrorKind::UnexpectedReply, DOWNLOAD, why);
    if text(CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(odd("the server packs the file, which was not asked for"));
    }
    match response.status() {
        StatusCode::OK => Ok((offset, text(CONTENT_LENGTH).and_then(|v| v.parse().ok()))),
        StatusCode::PARTIAL_CONTENT => {
            let range = text(CONTENT_RANGE).and_then(|v| v.strip_prefix("bytes ")?.split_once('/'));
            let (range, total) = range.ok_or_else(|| odd("the server does not say which part it sends"))?;
            let first: Option<u64> = range.split_once('-').and_then(|(first, _)| first.parse().ok());
            if first != Some(offset) {
                return Err(odd("the server sends another part than it was asked for"));
            }
            Ok((0, total.parse().ok()))
        }
        status => Err(refused(status, retry_after(response))),
    }
}

fn refused(status: StatusCode, after: Option<std::time::Duration>) -> Error {
    let (kind, message, retry) = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            (ErrorKind::Auth, "the link is not good any more: ask for the download again", Retry::Never)
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            (ErrorKind::NotFound, "there is nothing behind the link", Retry::Never)
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            (ErrorKind::Integrity, "the file is shorter than what came of it", Retry::Never)
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let after = after.map_or(Retry::Now, Retry::After);
            (ErrorKind::Busy, "the server is busy", after)
        }
        _ => (ErrorKind::DeviceRejected, "the server refused", Retry::Never),
    };
    Error::new(kind, DOWNLOAD, message).said(status.to_string()).retry_when(retry)
}

/// A body as a source.
struct Piece {
    body: Incoming,
    /// Bytes that are there already, of a server that knows no ranges.
    skip: u64,
    cx: Context,
    /// It ends with this.
    _connection: Box<dyn std::any::Any + Send + Sync>,
}

#[async_trait]
impl Source for Piece {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        while let Some(frame) = heard(self.body.frame(), &self.cx).await? {
            let Ok(mut data) = frame.map_err(broken)?.into_data() else { continue };
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(data.len());
            self.skip -= skipped as u64;
            let data = data.split_off(skipped);
            if data.is_empty() {
                continue;
            }
            self.cx.pace.take(data.len(), &self.cx).await?;
            return Ok(Some(data));
        }
        Ok(None)
    }
}
