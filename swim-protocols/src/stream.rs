//! A byte stream that can be cut from outside.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use swim_core::ports::ByteStream;
use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Bytes read from a socket at once. SSH reads a packet in two small reads; a buffer of this size made downloads a
/// quarter faster.
pub(crate) const READ_BUFFER: usize = 256 * 1024;

/// A stream with a read buffer that fails as soon as its token is cancelled, even while the peer does not move.
pub(crate) struct Severable {
    inner: BufReader<Box<dyn ByteStream>>,
    token: CancellationToken,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    listener: Option<Listener>,
}

/// Hears what is read, for as long as it says that it wants more.
pub(crate) type Listener = Box<dyn FnMut(&[u8]) -> bool + Send>;

impl Severable {
    pub(crate) fn new(stream: Box<dyn ByteStream>, cut: CancellationToken) -> Self {
        let inner = BufReader::with_capacity(READ_BUFFER, stream);
        Self { inner, token: cut.clone(), cut: Box::pin(cut.cancelled_owned()), listener: None }
    }

    /// The same, heard by somebody.
    #[cfg(feature = "ssh")]
    pub(crate) fn heard_by(self, listener: Listener) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// Runs one poll of the inner stream unless the token is cancelled; wakes up when it is.
    fn guarded<T>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut BufReader<Box<dyn ByteStream>>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.token.is_cancelled() {
            return Poll::Ready(Err(severed()));
        }
        match poll(Pin::new(&mut self.inner), cx) {
            Poll::Pending if self.cut.as_mut().poll(cx).is_ready() => Poll::Ready(Err(severed())),
            other => other,
        }
    }
}

fn severed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was ended on our side")
}

impl AsyncRead for Severable {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.as_mut().guarded(cx, |inner, cx| inner.poll_read(cx, buffer));
        if let Some(listener) = &mut self.listener
            && !listener(&buffer.filled()[before..])
        {
            self.listener = None;
        }
        read
    }
}

impl AsyncWrite for Severable {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.guarded(cx, |inner, cx| inner.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.guarded(cx, |inner, cx| inner.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.guarded(cx, |inner, cx| inner.poll_shutdown(cx))
    }
}
