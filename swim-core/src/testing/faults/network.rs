//! A network whose dials, listens and writes are points.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::KillSwitch;
use crate::Result;
use crate::model::Endpoint;
use crate::ports::{Accepted, ByteStream, Datagrams, Dialed, Listener, Network};

/// Wraps a network. Points: `dial`, `listen`, and `write` for each write of bytes to a stream (dialled or accepted), each
/// passed before it happens; the moment after one is the next point, whichever port that is at.
#[derive(Clone, Debug)]
pub struct FaultyNetwork {
    inner: Arc<dyn Network>,
    switch: KillSwitch,
}

impl FaultyNetwork {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Network>, switch: KillSwitch) -> Self {
        Self { inner, switch }
    }
}

#[async_trait]
impl Network for FaultyNetwork {
    async fn dial(&self, to: &Endpoint) -> Result<Dialed> {
        self.switch.point("dial").await;
        let Dialed { stream, local, peer } = self.inner.dial(to).await?;
        self.switch.alive().await;
        Ok(Dialed { stream: Box::new(FaultyStream::new(stream, self.switch.clone())), local, peer })
    }

    async fn listen(&self, at: &Endpoint) -> Result<Box<dyn Listener>> {
        self.switch.point("listen").await;
        let inner = self.inner.listen(at).await?;
        Ok(Box::new(FaultyListener { inner, switch: self.switch.clone() }))
    }

    /// Datagrams may be lost anyway: sending one is no point.
    async fn datagrams(&self, at: &Endpoint) -> Result<Box<dyn Datagrams>> {
        self.switch.point("listen").await;
        self.inner.datagrams(at).await
    }
}

#[derive(Debug)]
struct FaultyListener {
    inner: Box<dyn Listener>,
    switch: KillSwitch,
}

#[async_trait]
impl Listener for FaultyListener {
    fn local(&self) -> Endpoint {
        self.inner.local()
    }

    async fn accept(&self) -> Result<Accepted> {
        let accepted = self.inner.accept().await?;
        self.switch.alive().await;
        let stream = Box::new(FaultyStream::new(accepted.stream, self.switch.clone()));
        Ok(Accepted { stream, peer: accepted.peer, local: accepted.local })
    }
}

struct FaultyStream {
    inner: Box<dyn ByteStream>,
    switch: KillSwitch,
    /// A write that passed its point and that the inner stream has not taken yet.
    under_way: bool,
}

impl FaultyStream {
    fn new(inner: Box<dyn ByteStream>, switch: KillSwitch) -> Self {
        Self { inner, switch, under_way: false }
    }
}

impl fmt::Debug for FaultyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyStream").field("switch", &self.switch).finish_non_exhaustive()
    }
}

impl AsyncRead for FaultyStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.switch.is_fired() {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for FaultyStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if !self.under_way && !buf.is_empty() {
            if !self.switch.pass("write") {
                return Poll::Pending;
            }
            self.under_way = true;
        } else if self.switch.is_fired() {
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        if polled.is_ready() {
            self.under_way = false;
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.switch.is_fired() {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.switch.is_fired() {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    /// Hands out one end of a pipe at each dial and keeps the other.
    #[derive(Debug, Default)]
    struct Pipes(Mutex<Vec<DuplexStream>>);

    #[async_trait]
    impl Network for Pipes {
        async fn dial(&self, _: &Endpoint) -> Result<Dialed> {
            let (ours, theirs) = tokio::io::duplex(4);
            self.0.lock().unwrap().push(theirs);
            Ok(Dialed { stream: Box::new(ours), local: None, peer: None })
        }
        async fn listen(&self, _: &Endpoint) -> Result<Box<dyn Listener>> {
            panic!("not used")
        }
    }

    #[tokio::test]
    async fn a_dial_and_each_write_are_points_and_the_hit_write_sends_nothing() {
        let pipes = Arc::new(Pipes::default());
        let switch = KillSwitch::new(Some(3));
        let network = FaultyNetwork::new(Arc::<Pipes>::clone(&pipes), switch.clone());
        let to = Endpoint { host: "a".into(), port: 1 };
        let mut stream = network.dial(&to).await.unwrap().stream;
        let mut peer = pipes.0.lock().unwrap().pop().unwrap();
        let mut got = [0; 8];
        // Eight bytes through a pipe of four: two writes, however often they are polled.
        let (sent, received) = tokio::join!(stream.write_all(b"abcdefgh"), peer.read_exact(&mut got));
        sent.unwrap();
        received.unwrap();
        assert_eq!(switch.count(), 3);
        assert!(stream.write_all(b"i").now_or_never().is_none());
        assert_eq!(switch.label().as_deref(), Some("write"));
        assert!(peer.read(&mut got).now_or_never().is_none(), "nothing came out");
        assert!(network.dial(&to).now_or_never().is_none(), "dead is dead");
        drop(stream);
        assert_eq!(peer.read(&mut got).await.unwrap(), 0, "the drop is what the peer sees");
    }
}
