//! The body of an answer. A line of text goes out with its head; the bytes of an image are sent by us, behind the head.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The part of the image that is the answer on one connection, and how far its head is.
#[derive(Debug, Default)]
pub(super) struct Handover {
    part: Mutex<Option<(u64, u64)>>,
    /// The head is made.
    made: AtomicBool,
    /// The head has left.
    left: AtomicBool,
}

impl Handover {
    /// Bytes from `start` up to (not including) `end` are the answer.
    pub(super) fn promise(&self, start: u64, end: u64) {
        *self.part.lock().unwrap_or_else(PoisonError::into_inner) = Some((start, end));
    }

    /// What was promised.
    pub(super) fn part(&self) -> Option<(u64, u64)> {
        *self.part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that was written so far has left.
    pub(super) fn flushed(&self) {
        if self.made.load(Ordering::Acquire) {
            self.left.store(true, Ordering::Release);
        }
    }

    /// Is the head gone, so that the bytes may follow?
    pub(super) fn ready(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }
}

/// The body of an answer.
pub(super) enum Answer {
    /// A line, possibly none.
    Text(Option<Bytes>),
    /// So many bytes of the image: this body has a length and no bytes.
    Image(u64, Arc<Handover>),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Text(text) => Poll::Ready(text.take().map(|t| Ok(Frame::data(t)))),
            Self::Image(_, handover) => {
                // Bodies are asked for when their head is made.
                handover.made.store(true, Ordering::Release);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Text(text) => text.is_none(),
            Self::Image(bytes, _) => *bytes == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Text(text) => text.as_ref().map_or(0, |t| t.len() as u64),
            Self::Image(bytes, _) => *bytes,
        })
    }
}
