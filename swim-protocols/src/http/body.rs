//! The body of an answer: pieces of the image, read when the connection has room for them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::body::{Body, Frame, SizeHint};
use swim_core::ports::Note;
use swim_core::{Error, ErrorKind};

use super::server::Desk;

/// Bytes that are read from the store at once. With more, hundreds of connections at once hold hundreds of megabytes: hyper
/// keeps two pieces of each.
const PIECE: u64 = 192 * 1024;

/// What a connection has handed out and what the other side has not confirmed yet by taking all of it.
pub(crate) type Sending = Arc<Mutex<Option<(u64, u64)>>>;

/// A part of the image, or a line of text.
pub(crate) enum Answer {
    /// A line, possibly none.
    Text(Option<Bytes>),
    /// Bytes of the image.
    Image(ImagePart),
}

/// Bytes `at..end` of the image of a desk.
pub(crate) struct ImagePart {
    desk: Arc<Desk>,
    start: u64,
    at: u64,
    end: u64,
    reading: Option<BoxFuture<'static, Result<Bytes, Error>>>,
    sending: Sending,
}

impl ImagePart {
    pub(crate) fn new(desk: Arc<Desk>, start: u64, end: u64, sending: Sending) -> Self {
        Self { desk, start, at: start, end, reading: None, sending }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.at >= self.end {
            return Poll::Ready(None);
        }
        let length = usize::try_from((self.end - self.at).min(PIECE)).unwrap_or(usize::MAX);
        let (desk, at) = (&self.desk, self.at);
        let reading = self.reading.get_or_insert_with(|| {
            let (store, image, cx) = (Arc::clone(&desk.request.store), desk.request.image, desk.cx.clone());
            Box::pin(async move {
                let piece = store.read(&image, at, length).await?;
                cx.pace.take(piece.len(), &cx).await?;
                Ok(piece)
            })
        });
        let read = match reading.as_mut().poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(read) => read,
        };
        self.reading = None;
        Poll::Ready(Some(match read {
            Ok(piece) if piece.is_empty() => {
                Err(Error::new(ErrorKind::Integrity, "http", "the image is shorter than its size"))
            }
            Ok(piece) => {
                if let Err(e) = self.desk.pulls.hand_out(piece.len()) {
                    return Poll::Ready(Some(Err(e)));
                }
                self.at += piece.len() as u64;
                let total = Some(self.desk.request.bytes);
                self.desk.cx.notes.note(Note::Bytes { done: self.at, total });
                // It counts when the connection ended well: then it was written out.
                *self.sending.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.start, self.at));
                Ok(Frame::data(piece))
            }
            Err(e) => Err(e),
        }))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.get_mut() {
            Self::Text(text) => Poll::Ready(text.take().map(|t| Ok(Frame::data(t)))),
            Self::Image(part) => part.poll_piece(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Text(text) => text.is_none(),
            Self::Image(part) => part.at >= part.end,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Text(text) => text.as_ref().map_or(0, |t| t.len() as u64),
            Self::Image(part) => part.end - part.at,
        })
    }
}
