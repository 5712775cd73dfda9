//! Taking a file: from where the last attempt ended, when it is the same file still.

use std::sync::atomic::AtomicU64;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderValue, IF_RANGE, RANGE};
use hyper::{Method, Response, StatusCode, Uri};
use swim_core::model::{Device, Secret};
use swim_core::ports::{Context, Fetch, Note};
use swim_core::{Error, ErrorKind, Result, Retry};

use super::HttpClient;
use super::request::{Connection, Login, broken, heard, plain, refused};
use super::version::Version;
use crate::listed::{LONGEST, too_long};

/// Bytes at the end of what is there that are fetched again and compared: so much of a file is not alike by chance.
const COMPARED: u64 = 64 * 1024;
/// The coding of a file that is sent as it is.
const IDENTITY: &str = "identity";

/// What a fetch brought.
pub(super) struct Taken {
    pub(super) bytes: u64,
    pub(super) from: u64,
    pub(super) cipher: Option<String>,
}

impl HttpClient {
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

    /// A page that lists a folder.
    pub(super) async fn page(
        &self,
        device: &Device,
        folder: &str,
        login: Option<&Login>,
        cx: &Context,
    ) -> Result<Vec<u8>> {
        let mut get = plain(Method::GET, folder)?;
        get.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(IDENTITY));
        let (response, _held) = self.ask(device, login, get, &AtomicU64::new(0), cx).await?;
        if response.status() != StatusCode::OK {
            return Err(refused(&device.at, &response));
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
        Ok(page)
    }

    /// The whole fetch.
    pub(super) async fn take(&self, request: &Fetch, login: Option<&Login>, cx: &Context) -> Result<Taken> {
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
            return Err(refused(&request.device.at, &response));
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
