//! A byte stream that can be cut from outside.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use swim_core::ports::ByteStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Bytes read from a socket at once when much comes. SSH reads a packet in two small reads; a buffer of this size made
/// downloads a quarter faster.
const LARGEST_BUFFER: usize = 256 * 1024;
/// And at first: a session that only waits at a prompt never needs more.
const FIRST_BUFFER: usize = 4 * 1024;
/// A buffer that was filled in one read grows by this factor.
const GROWTH: usize = 4;

/// A stream with a read buffer that fails as soon as its token is cancelled, even while the peer does not move.
pub(crate) struct Severable {
    inner: ReadAhead,
    token: CancellationToken,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    listener: Option<Listener>,
    flushed: Option<Flushed>,
}

/// Hears what is read, for as long as it says that it wants more.
pub(crate) type Listener = Box<dyn FnMut(&[u8]) -> bool + Send>;
/// Hears that all that was written has left.
pub(crate) type Flushed = Box<dyn Fn() + Send>;

impl Severable {
    pub(crate) fn new(stream: Box<dyn ByteStream>, cut: CancellationToken) -> Self {
        let inner = ReadAhead { stream, buffer: Vec::new(), at: 0, end: 0 };
        Self { inner, token: cut.clone(), cut: Box::pin(cut.cancelled_owned()), listener: None, flushed: None }
    }

    /// The same, heard by somebody.
    #[cfg(feature = "ssh")]
    pub(crate) fn heard_by(self, listener: Listener) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// The same, with somebody who wants to know when all has left.
    pub(crate) fn telling(self, flushed: Flushed) -> Self {
        Self { flushed: Some(flushed), ..self }
    }

    /// What it reads from and writes to.
    #[cfg(feature = "http")]
    pub(crate) fn inner(&self) -> &dyn ByteStream {
        &*self.inner.stream
    }

    /// Runs one poll of the inner stream unless the token is cancelled; wakes up when it is.
    fn guarded<T>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut ReadAhead, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.token.is_cancelled() {
            return Poll::Ready(Err(severed()));
        }
        match poll(&mut self.inner, cx) {
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
        self.guarded(cx, |inner, cx| Pin::new(&mut inner.stream).poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().guarded(cx, |inner, cx| Pin::new(&mut inner.stream).poll_flush(cx)))?;
        if let Some(flushed) = &self.flushed {
            flushed();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.guarded(cx, |inner, cx| Pin::new(&mut inner.stream).poll_shutdown(cx))
    }
}

/// Reads more than is asked for, in a buffer that is as large as what comes.
struct ReadAhead {
    stream: Box<dyn ByteStream>,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
}

impl ReadAhead {
    fn poll_read(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.at == self.end {
            let size = self.buffer.len();
            if self.end == size && size < LARGEST_BUFFER {
                self.buffer = vec![0; (size * GROWTH).clamp(FIRST_BUFFER, LARGEST_BUFFER)];
            }
            (self.at, self.end) = (0, 0);
            if out.remaining() >= self.buffer.len() {
                return Pin::new(&mut self.stream).poll_read(cx, out);
            }
            let mut into = ReadBuf::new(&mut self.buffer);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut into))?;
            self.end = into.filled().len();
        }
        let length = out.remaining().min(self.end - self.at);
        out.put_slice(&self.buffer[self.at..self.at + length]);
        self.at += length;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn pair() -> (Severable, tokio::io::DuplexStream, CancellationToken) {
        let (near, far) = tokio::io::duplex(4 * LARGEST_BUFFER);
        let cut = CancellationToken::new();
        (Severable::new(Box::new(near), cut.clone()), far, cut)
    }

    #[tokio::test]
    async fn the_buffer_is_as_large_as_what_comes() {
        let (mut near, mut far, _cut) = pair();
        let mut few = [0; 5];
        far.write_all(b"hello").await.unwrap();
        near.read_exact(&mut few).await.unwrap();
        assert_eq!((&few, near.inner.buffer.len()), (b"hello", FIRST_BUFFER));
        let much: Vec<u8> = (0..3 * LARGEST_BUFFER).map(|n| (n / 3) as u8).collect();
        far.write_all(&much).await.unwrap();
        let mut came = vec![0; much.len()];
        for part in came.chunks_mut(1000) {
            near.read_exact(part).await.unwrap();
        }
        assert!(came == much);
        assert_eq!(near.inner.buffer.len(), LARGEST_BUFFER);
        drop(far);
        assert_eq!(near.read(&mut few).await.unwrap(), 0);
        assert_eq!(near.read(&mut few).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_cut_wakes_who_waits_for_bytes() {
        let (mut near, _far, cut) = pair();
        let waiting = tokio::spawn(async move { near.read_u8().await });
        tokio::task::yield_now().await;
        cut.cancel();
        assert_eq!(waiting.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    }
}
