//! A stream that the device can cut or silence at any moment, as a reload does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Wraps the device's end of a connection.
pub(crate) struct CutStream<S> {
    inner: S,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    mute: CancellationToken,
}

impl<S> CutStream<S> {
    /// `cut` ends the stream; with `mute` it stays open, and nothing goes through any more.
    pub(crate) fn new(inner: S, cut: CancellationToken, mute: CancellationToken) -> Self {
        Self { inner, cut: Box::pin(cut.cancelled_owned()), mute }
    }

    fn is_cut(&mut self, cx: &mut Context<'_>) -> bool {
        self.cut.as_mut().poll(cx).is_ready()
    }
}

fn gone() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

impl<S: AsyncRead + Unpin> AsyncRead for CutStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if !self.mute.is_cancelled() {
            if self.is_cut(cx) {
                return Poll::Ready(Err(gone()));
            }
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        // Silent: what comes is thrown away; only the end of the other side ends it.
        loop {
            match Pin::new(&mut self.inner).poll_read(cx, buf) {
                Poll::Ready(Ok(())) if buf.filled().len() > before => buf.set_filled(before),
                other => return other,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CutStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.mute.is_cancelled() {
            return Poll::Ready(Ok(bytes.len()));
        }
        if self.is_cut(cx) {
            return Poll::Ready(Err(gone()));
        }
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.mute.is_cancelled() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
