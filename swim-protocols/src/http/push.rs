//! Sending a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use swim_core::ports::{Context, Note, Push};
use swim_core::{Error, ErrorKind};

use super::request::Body;

/// Bytes that are read from the store at once.
const PIECE: usize = 512 * 1024;

/// The image as the body of a request.
pub(super) fn outgoing(request: &Push, sent: &Arc<AtomicU64>, cx: &Context) -> Body {
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
