//! Bytes of an image that the kernel takes from the file of the store to the socket by itself, where both are what they seem:
//! a plain TCP connection, and a store that holds the image open as one file.

use std::any::Any;
use std::fs::File;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use swim_core::model::Sha256;
use swim_core::ports::{ByteStream, Context, ImageStore};
use swim_core::{Error, ErrorKind, Result, Retry};
use tokio::net::TcpStream;

use crate::net::is_loopback;
#[cfg(feature = "http")]
use crate::stream::Severable;

/// Bytes that are counted, paced and sent at once: a part of a piece that the file store shares, so that what is not in
/// memory yet is read once for all who pull it.
pub(crate) const PORTION: usize = 256 * 1024;

/// The file of an image.
#[derive(Debug)]
pub(crate) struct ImageFile {
    file: Arc<File>,
    /// Its file system has no disk behind it.
    in_memory: bool,
}

impl ImageFile {
    /// The image as a file that the kernel can send; `None` where the store does not keep it so, or the kernel does not.
    ///
    /// # Errors
    /// `NotFound` when the image is not in the store.
    pub(crate) async fn of(store: &dyn ImageStore, image: &Sha256) -> Result<Option<Self>> {
        if !cfg!(any(target_os = "linux", target_os = "android")) {
            return Ok(None);
        }
        let held = store.opened(image).await?;
        let file: Option<Arc<File>> = held.and_then(|held| held.downcast().ok());
        Ok(file.map(|file| Self { in_memory: kernel::in_memory(&file), file }))
    }

    /// Sends bytes of this image, which is also in the store under its address; each step may take as long as `silence`.
    pub(crate) async fn pass(
        &self,
        socket: &TcpStream,
        (store, image): (&dyn ImageStore, &Sha256),
        mut at: u64,
        mut length: usize,
        silence: Duration,
        cx: &Context,
    ) -> Result<()> {
        if !self.is_cached(at, length) {
            // Threads that may wait for the disk bring them into memory.
            store.read(image, at, length).await?;
        }
        while length > 0 {
            let step = async {
                self.send(socket, at, length).await.map_err(|e| {
                    Error::new(ErrorKind::Interrupted, "send", "the connection broke")
                        .retry_when(Retry::Now)
                        .caused_by(e)
                })
            };
            match cx.within(silence, "send", step).await? {
                0 => return Err(Error::new(ErrorKind::Integrity, "send", "the image is shorter than its size")),
                count => {
                    at += count as u64;
                    length -= count;
                }
            }
        }
        Ok(())
    }
}

/// The socket that a stream is, when its bytes cross the network as they are.
pub(crate) fn socket(stream: &dyn ByteStream) -> Option<&TcpStream> {
    let stream: &dyn Any = stream;
    #[cfg(feature = "http")]
    if let Some(severable) = stream.downcast_ref::<Severable>() {
        let inner: &dyn Any = severable.inner();
        return inner.downcast_ref();
    }
    stream.downcast_ref()
}

/// Is the other side on this machine? Then sendfile takes work from us and gives it to the one who receives: the bytes lie in
/// the page cache, no processor holds them, and he is the first to touch them (measured: 0.40 s of CPU for 512 MiB instead of
/// 0.24 s, and he is the slower of the two). A copy shares the work between both.
pub(crate) fn is_near(socket: &TcpStream) -> bool {
    matches!((socket.local_addr(), socket.peer_addr()), (Ok(here), Ok(there)) if same_machine(here.ip(), there.ip()))
}

fn same_machine(here: IpAddr, there: IpAddr) -> bool {
    is_loopback(there) || here.to_canonical() == there.to_canonical()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod kernel {
    use std::io::{IoSliceMut, Result};

    use rustix::fs::{fstatfs, sendfile};
    use rustix::io::{Errno, ReadWriteFlags, preadv2};
    use tokio::io::Interest;
    use tokio::net::TcpStream;

    use super::{File, ImageFile};

    /// What `statfs` says of file systems that live in memory, from the kernel's `linux/magic.h`: tmpfs and ramfs. They do
    /// not know reads that must not wait.
    const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

    /// Does the file live in memory only?
    pub(super) fn in_memory(file: &File) -> bool {
        // The width of the field differs between machines, and its sign.
        fstatfs(file).is_ok_and(|told| IN_MEMORY.contains(&(told.f_type as u64 & 0xffff_ffff)))
    }

    impl ImageFile {
        /// Hands over up to `length` bytes from `offset`, as soon as there is room for some; how many. None: the file ends.
        pub(crate) async fn send(&self, socket: &TcpStream, offset: u64, length: usize) -> Result<usize> {
            let step = || {
                let mut from = offset;
                loop {
                    match sendfile(socket, &*self.file, Some(&mut from), length) {
                        Err(Errno::INTR) => {}
                        done => return Ok(done?),
                    }
                }
            };
            socket.async_io(Interest::WRITABLE, step).await
        }

        /// Are these bytes in memory, as far as their ends tell? Sending others would make everybody wait for the disk. Where
        /// the file system cannot say it, they are not.
        pub(crate) fn is_cached(&self, offset: u64, length: usize) -> bool {
            let there = |at: u64| {
                let mut byte = [0];
                preadv2(&*self.file, &mut [IoSliceMut::new(&mut byte)], at, ReadWriteFlags::NOWAIT).is_ok()
            };
            self.in_memory || there(offset) && there(offset + (length as u64).saturating_sub(1))
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod kernel {
    use std::io::{ErrorKind, Result};

    use tokio::net::TcpStream;

    use super::{File, ImageFile};

    pub(super) const fn in_memory(_: &File) -> bool {
        false
    }

    impl ImageFile {
        pub(crate) async fn send(&self, _: &TcpStream, _: u64, _: usize) -> Result<usize> {
            Err(ErrorKind::Unsupported.into())
        }

        pub(crate) fn is_cached(&self, _: u64, _: usize) -> bool {
            false
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn who_has_our_address_is_on_this_machine() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (here, there) in [("127.0.0.1", "127.0.0.2"), ("::1", "::1"), ("10.0.0.5", "::ffff:10.0.0.5")] {
            assert!(same_machine(ip(here), ip(there)), "{here} {there}");
        }
        for (here, there) in [("10.0.0.5", "10.0.0.6"), ("fe80::1", "fe80::2")] {
            assert!(!same_machine(ip(here), ip(there)), "{here} {there}");
        }
    }
}
