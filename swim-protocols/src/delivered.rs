//! Have the bytes that were handed to this machine reached the other one? A close of the other side says nothing of that:
//! a program that ends in the middle of what its own machine has not got yet closes its connection like one that has all.

use std::any::Any;
use std::time::Duration;

use swim_core::ports::{ByteStream, Context};
use swim_core::{Error, ErrorKind, Result};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

#[cfg(feature = "http")]
use crate::stream::Severable;

/// Between two looks. The end of a file is acknowledged within a round trip.
const LOOK: Duration = Duration::from_millis(10);

/// The socket below a stream, also below the encryption.
fn carrier(stream: &dyn ByteStream) -> Option<&TcpStream> {
    let any: &dyn Any = stream;
    #[cfg(feature = "http")]
    if let Some(severable) = any.downcast_ref::<Severable>() {
        return carrier(severable.inner());
    }
    if let Some(tls) = any.downcast_ref::<TlsStream<Box<dyn ByteStream>>>() {
        return carrier(&**tls.get_ref().0);
    }
    if let Some(tls) = any.downcast_ref::<TlsStream<BufReader<Box<dyn ByteStream>>>>() {
        return carrier(&**tls.get_ref().0.get_ref());
    }
    any.downcast_ref()
}

/// Waits until the other machine has acknowledged all that was sent on a connection that the other side has closed; where
/// it goes on acknowledging, as long as that takes. Streams that are no sockets have no machine in between.
///
/// `ended`: our side was closed as well, which is acknowledged like a byte.
///
/// # Errors
/// `Interrupted` when the connection breaks, or nothing more is acknowledged within `silence`.
pub(crate) fn delivered<'a>(
    stream: &'a dyn ByteStream,
    ended: bool,
    silence: Duration,
    cx: &'a Context,
) -> impl Future<Output = Result<()>> + Send + 'a {
    let socket = carrier(stream);
    async move {
        match socket {
            Some(socket) => acknowledged(socket, ended, silence, cx).await,
            None => Ok(()),
        }
    }
}

async fn acknowledged(socket: &TcpStream, ended: bool, silence: Duration, cx: &Context) -> Result<()> {
    let broken = |e| Error::new(ErrorKind::Interrupted, "send", "the device closed before it had all").caused_by(e);
    let (mut least, mut since) = (usize::MAX, cx.clock.monotonic());
    loop {
        if let Some(e) = socket.take_error().map_err(broken)? {
            return Err(broken(e));
        }
        let Some(left) = kernel::unacknowledged(socket).map_err(broken)? else { return Ok(()) };
        if left <= usize::from(ended) {
            return Ok(());
        }
        let now = cx.clock.monotonic();
        if left < least {
            (least, since) = (left, now);
        } else if now.saturating_sub(since) > silence {
            let message = format!("the device closed its side while {left} bytes had not reached it");
            return Err(Error::new(ErrorKind::Interrupted, "send", message));
        }
        cx.sleep(LOOK).await?;
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod kernel {
    use std::ffi::c_int;
    use std::io::Result;

    use rustix::ioctl::{Getter, Opcode, ioctl};
    use tokio::net::TcpStream;

    /// `SIOCOUTQ` of `linux/sockios.h`: bytes of a TCP socket that are not acknowledged yet.
    const SIOCOUTQ: Opcode = 0x5411;

    pub(super) fn unacknowledged(socket: &TcpStream) -> Result<Option<usize>> {
        // SAFETY: the call writes one `int`, which is what this getter has room for, and changes nothing.
        #[allow(unsafe_code)]
        let left = unsafe { ioctl(socket, Getter::<SIOCOUTQ, c_int>::new()) }?;
        Ok(Some(usize::try_from(left).unwrap_or_default()))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod kernel {
    use std::io::Result;

    use tokio::net::TcpStream;

    /// Other systems do not tell.
    pub(super) fn unacknowledged(_: &TcpStream) -> Result<Option<usize>> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::clock::TokioClock;

    async fn pair() -> (Box<dyn ByteStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dialled = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Box::new(listener.accept().await.unwrap().0), dialled)
    }

    #[tokio::test]
    async fn what_nobody_reads_is_not_delivered_and_what_is_read_is() {
        let cx = Context::new(Arc::new(TokioClock::system()));
        let short = Duration::from_millis(200);
        let (mut ours, mut theirs) = pair().await;
        // Far more than the buffers of both take.
        let filled = async { while tokio::time::timeout(short, ours.write_all(&[1; 65_536])).await.is_ok() {} };
        filled.await;
        assert_eq!(delivered(&*ours, false, short, &cx).await.unwrap_err().kind(), ErrorKind::Interrupted);
        let reading = tokio::spawn(async move {
            let mut all = vec![0; 1 << 20];
            while theirs.read(&mut all).await.unwrap_or(0) > 0 {}
        });
        delivered(&*ours, false, Duration::from_secs(5), &cx).await.unwrap();
        ours.shutdown().await.unwrap();
        delivered(&*ours, true, Duration::from_secs(5), &cx).await.unwrap();
        reading.await.unwrap();
    }

    #[tokio::test]
    async fn who_is_gone_has_nothing_delivered() {
        let cx = Context::new(Arc::new(TokioClock::system()));
        let (mut ours, theirs) = pair().await;
        while tokio::time::timeout(Duration::from_millis(100), ours.write_all(&[1; 65_536])).await.is_ok() {}
        drop(theirs);
        assert_eq!(
            delivered(&*ours, false, Duration::from_secs(5), &cx).await.unwrap_err().kind(),
            ErrorKind::Interrupted
        );
    }
}
