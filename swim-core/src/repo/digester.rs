//! The digests of a stream, taken while it passes.

use bytes::Bytes;
use sha2::Digest;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::task::{JoinHandle, spawn_blocking};

use super::Source;
use crate::model::{Digests, Sha256};
use crate::{Error, Result};

/// Blocks that wait for one lane. They are shared by all four, and with about 1 MiB each this bounds the memory of a stream;
/// a lane that the system left out for a time slice finds enough to catch up with.
const WAITING: usize = 4;

/// Streams whose lanes have threads. Four threads each: far below what a runtime lends for blocking work, whose readers
/// and writers of files must never wait for lanes that wait for them.
const THREADED: usize = 16;

/// A stream that finds no room here is digested where it is read.
static THREADS: Semaphore = Semaphore::const_new(THREADED);

/// The digests of a stream that is not kept.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// use swim_core::{model::Sha256, repo};
/// let digests = runtime.block_on(repo::digests(bytes::Bytes::from_static(b"abc")))?;
/// assert_eq!(digests.sha256, Sha256::of(b"abc"));
/// assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
/// # Ok::<(), swim_core::Error>(())
/// ```
///
/// # Errors
/// Those of the source.
pub async fn digests(mut source: impl Source) -> Result<Digests> {
    let mut digester = Digester::new();
    while let Some(bytes) = source.next().await? {
        digester.take(&bytes).await?;
    }
    digester.finish().await
}

/// SHA-256, SHA-512, SHA-1 and MD5 in one pass, each on a thread of its own where there is one.
#[derive(Debug)]
pub(super) struct Digester {
    sha256: Lane<sha2::Sha256>,
    sha512: Lane<sha2::Sha512>,
    sha1: Lane<sha1::Sha1>,
    md5: Lane<md5::Md5>,
    _threads: Option<SemaphorePermit<'static>>,
}

impl Digester {
    pub(super) fn new() -> Self {
        Self::with(THREADS.try_acquire().ok())
    }

    fn with(threads: Option<SemaphorePermit<'static>>) -> Self {
        let apart = threads.is_some();
        Self {
            sha256: Lane::new(apart),
            sha512: Lane::new(apart),
            sha1: Lane::new(apart),
            md5: Lane::new(apart),
            _threads: threads,
        }
    }

    pub(super) async fn take(&mut self, bytes: &Bytes) -> Result<()> {
        // The slow ones first: the others catch up while this waits for them.
        self.md5.take(bytes).await?;
        self.sha512.take(bytes).await?;
        self.sha256.take(bytes).await?;
        self.sha1.take(bytes).await
    }

    pub(super) async fn finish(self) -> Result<Digests> {
        Ok(Digests {
            sha256: Sha256::new(self.sha256.finish().await?.finalize().into()),
            sha512: hex::encode(self.sha512.finish().await?.finalize()),
            sha1: Some(hex::encode(self.sha1.finish().await?.finalize())),
            md5: hex::encode(self.md5.finish().await?.finalize()),
        })
    }
}

/// One digest of the stream. Lanes know nothing of each other and share the bytes.
#[derive(Debug)]
enum Lane<D> {
    Here(D),
    /// It ends by itself when the stream does, or is dropped.
    Thread {
        blocks: mpsc::Sender<Bytes>,
        digest: JoinHandle<D>,
    },
}

impl<D: Digest + Send + 'static> Lane<D> {
    fn new(apart: bool) -> Self {
        if !apart {
            return Self::Here(D::new());
        }
        let (blocks, mut stream) = mpsc::channel::<Bytes>(WAITING);
        let digest = spawn_blocking(move || {
            let mut digest = D::new();
            while let Some(bytes) = stream.blocking_recv() {
                digest.update(&bytes);
            }
            digest
        });
        Self::Thread { blocks, digest }
    }

    async fn take(&mut self, bytes: &Bytes) -> Result<()> {
        match self {
            Self::Here(digest) => {
                digest.update(bytes);
                Ok(())
            }
            Self::Thread { blocks, .. } => blocks.send(bytes.clone()).await.map_err(gone),
        }
    }

    async fn finish(self) -> Result<D> {
        match self {
            Self::Here(digest) => Ok(digest),
            Self::Thread { blocks, digest } => {
                drop(blocks);
                digest.await.map_err(gone)
            }
        }
    }
}

/// The runtime ends, and took the thread away.
fn gone(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("digest", "the thread of a digest ended early").caused_by(cause)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn digests_of(mut digester: Digester, pieces: &[&'static [u8]]) -> Digests {
        for piece in pieces {
            digester.take(&Bytes::from_static(piece)).await.unwrap();
        }
        digester.finish().await.unwrap()
    }

    #[tokio::test]
    async fn the_published_values_of_abc() {
        // RFC 1321, appendix A.5; RFC 3174, section 7.3; FIPS 180-2, appendices B.1 and C.1.
        for threads in [None, THREADS.try_acquire().ok()] {
            let digests = digests_of(Digester::with(threads), &[b"a", b"bc"]).await;
            assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
            assert_eq!(digests.sha1.unwrap(), "a9993e364706816aba3e25717850c26c9cd0d89d");
            assert_eq!(digests.sha256.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
            assert_eq!(
                digests.sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            );
        }
    }

    #[tokio::test]
    async fn more_streams_than_threads() {
        const BLOCK: &[u8] = &[7; 100_000];
        let alone = digests_of(Digester::with(None), &[BLOCK; 10]).await;
        let many = (0..3 * THREADED).map(|_| tokio::spawn(digests_of(Digester::new(), &[BLOCK; 10])));
        for stream in futures_util::future::join_all(many).await {
            assert_eq!(stream.unwrap(), alone);
        }
    }
}
