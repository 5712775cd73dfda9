//! One upload: `PUT` of one whole file into a sink.

use std::sync::Arc;

use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, TRANSFER_ENCODING};
use hyper::{Method, Request, Response, StatusCode};
use swim_core::ports::{Accept, Context, Note};
use swim_core::{Error, ErrorKind};

use super::body::Answer;
use super::server::{put, text};
use crate::intake::{Intake, Turn};

/// Bytes that are written to the sink at once.
const PIECE: usize = 1024 * 1024;

/// Where the file of one request goes.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) request: Accept,
    pub(super) intake: Arc<Intake>,
    pub(super) cx: Context,
}

/// Why a file is not taken.
type Refusal = (StatusCode, &'static str);

const USED_UP: Refusal = (StatusCode::GONE, "the file is here already\n");
const TOO_LARGE: Refusal = (StatusCode::PAYLOAD_TOO_LARGE, "the file is larger than what is taken here\n");
const OVERTAKEN: Refusal = (StatusCode::CONFLICT, "the same file is being sent anew\n");
const BROKEN: Refusal = (StatusCode::BAD_REQUEST, "the file did not come whole\n");
const FULL: Refusal = (StatusCode::INSUFFICIENT_STORAGE, "the disk is full\n");
const FAILED: Refusal = (StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be kept\n");

impl Inbox {
    /// Takes the file of a request, if it is the one that is expected.
    pub(super) async fn answer(self, peer: &str, request: Request<Incoming>) -> Response<Answer> {
        if request.method() != Method::PUT {
            let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "only PUT\n");
            put(refused.headers_mut(), ALLOW, "PUT");
            return refused;
        }
        let refused =
            if self.intake.admits(peer) { refusal(request.headers(), self.request.most) } else { Some(USED_UP) };
        if let Some((status, words)) = refused {
            self.intake.failed(words.trim_end());
            return text(status, words);
        }
        // A task of its own: when the connection ends in the middle of a write, that write must be over before the next
        // upload begins.
        let intake = Arc::clone(&self.intake);
        let taken = tokio::spawn(async move { self.take(request.into_body()).await }).await.unwrap_or(Err(FAILED));
        match taken {
            Ok(()) => text(StatusCode::CREATED, "the file is here\n"),
            Err((status, words)) => {
                intake.failed(words.trim_end());
                text(status, words)
            }
        }
    }

    async fn take(&self, body: Incoming) -> Result<(), Refusal> {
        let Some(turn) = self.intake.turn().await else { return Err(USED_UP) };
        let sink = &self.request.sink;
        sink.clear().await.map_err(|e| self.failed(&e))?;
        let bytes = match self.write(body, &turn).await {
            Ok(bytes) => bytes,
            Err(refusal) => {
                // Nobody goes on behind a part of a `PUT`: it need not fill the disk.
                sink.clear().await.map_err(|e| self.failed(&e))?;
                return Err(refusal);
            }
        };
        self.cx.notes.note(Note::Flushing);
        sink.finish(bytes).await.map_err(|e| self.failed(&e))?;
        self.intake.finish(bytes);
        Ok(())
    }

    /// Writes what comes; how much that was.
    async fn write(&self, mut body: Incoming, turn: &Turn) -> Result<u64, Refusal> {
        let total = hyper::body::Body::size_hint(&body).exact();
        let (mut written, mut gathered) = (0, BytesMut::new());
        loop {
            let frame = tokio::select! {
                biased;
                () = turn.cut.cancelled() => return Err(OVERTAKEN),
                frame = body.frame() => frame,
            };
            let data = match frame {
                None => break,
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(e)) => {
                    tracing::info!(device = %self.request.device.id, error = %e, "an upload broke off");
                    return Err(BROKEN);
                }
            };
            self.intake.took(data.len());
            if written + (gathered.len() + data.len()) as u64 > self.request.most {
                return Err(TOO_LARGE);
            }
            self.cx.pace.take(data.len(), &self.cx).await.map_err(|e| self.failed(&e))?;
            gathered.extend_from_slice(&data);
            if gathered.len() >= PIECE {
                written = self.flush(written, &mut gathered).await?;
                self.cx.notes.note(Note::Bytes { done: written, total });
            }
        }
        self.flush(written, &mut gathered).await
    }

    async fn flush(&self, at: u64, gathered: &mut BytesMut) -> Result<u64, Refusal> {
        if gathered.is_empty() {
            return Ok(at);
        }
        let piece = gathered.split().freeze();
        let end = at + piece.len() as u64;
        self.request.sink.write(at, piece).await.map_err(|e| self.failed(&e))?;
        Ok(end)
    }

    fn failed(&self, e: &Error) -> Refusal {
        tracing::warn!(device = %self.request.device.id, error = %e, "an upload cannot be kept");
        if e.kind() == ErrorKind::NoSpace { FULL } else { FAILED }
    }
}

/// What the head of a request tells against it, before a byte of the file is read.
fn refusal(headers: &HeaderMap, most: u64) -> Option<Refusal> {
    if headers.contains_key(CONTENT_RANGE) {
        return Some((StatusCode::BAD_REQUEST, "a part of a file is not taken: send all of it\n"));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Some((StatusCode::UNSUPPORTED_MEDIA_TYPE, "the file must come as it is\n"));
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), headers.get(CONTENT_LENGTH)) {
        // A length beside it does not count (RFC 9112, 6.3); no second request follows that could be cut another way.
        (Some(coding), _) if codings.next().is_none() && coding.as_bytes().eq_ignore_ascii_case(b"chunked") => None,
        (Some(_), _) => Some((StatusCode::NOT_IMPLEMENTED, "the only transfer coding is chunked\n")),
        // Without both, a body has no bytes: an upload that was cut off before it began would be an empty file.
        (None, None) => Some((StatusCode::LENGTH_REQUIRED, "how long is the file?\n")),
        (None, Some(length)) => match length.to_str().ok().and_then(|length| length.trim().parse::<u64>().ok()) {
            Some(bytes) if bytes <= most => None,
            Some(_) => Some(TOO_LARGE),
            None => Some((StatusCode::BAD_REQUEST, "this is no length\n")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_judged_before_the_body() {
        let judge = |head: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in head {
                let name: hyper::header::HeaderName = name.parse().unwrap();
                headers.append(name, value.parse().unwrap());
            }
            refusal(&headers, 100).map(|(status, _)| status.as_u16())
        };
        assert_eq!(judge(&[("content-length", "100")]), None);
        assert_eq!(judge(&[("content-length", "101")]), Some(413));
        assert_eq!(judge(&[("content-length", "99999999999999999999999")]), Some(400));
        assert_eq!(judge(&[("transfer-encoding", "Chunked")]), None);
        assert_eq!(judge(&[("transfer-encoding", "gzip, chunked")]), Some(501));
        assert_eq!(judge(&[("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")]), Some(501));
        assert_eq!(judge(&[]), Some(411));
        assert_eq!(judge(&[("content-length", "3"), ("content-range", "bytes 0-2/9")]), Some(400));
        assert_eq!(judge(&[("content-length", "3"), ("content-encoding", "gzip")]), Some(415));
        assert_eq!(judge(&[("content-length", "3"), ("content-encoding", "identity")]), None);
    }
}
