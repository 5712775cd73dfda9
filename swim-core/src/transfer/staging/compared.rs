//! Is the file there the image? Every byte of it, or its size and its ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use crate::model::{Device, Sha256};
use crate::ports::{Context, Fetch, ImageStore, Receipt, Sink, Transfer};
use crate::{Error, ErrorKind, Result};

/// Takes bytes and compares them with an image, without keeping them.
#[derive(Debug)]
pub struct Compared {
    store: Arc<dyn ImageStore>,
    image: Sha256,
    bytes: u64,
    seen: AtomicU64,
}

impl Compared {
    /// Compares with an image of the store, of this size.
    #[must_use]
    pub fn with(store: Arc<dyn ImageStore>, image: Sha256, bytes: u64) -> Self {
        Self { store, image, bytes, seen: AtomicU64::new(0) }
    }

    /// Reads the file at `path` of a device or server through an adapter.
    ///
    /// # Errors
    /// `Integrity` when it is not this image; those of the transfer.
    pub async fn fetch(self, from: &Arc<dyn Transfer>, device: Device, path: String, cx: &Context) -> Result<Receipt> {
        let compared = Arc::new(self);
        let (sink, bytes) = (Arc::clone(&compared) as Arc<dyn Sink>, compared.bytes);
        let receipt =
            from.fetch(Fetch { device, path, query: None, sink, bytes: Some(bytes), most: bytes }, cx).await?;
        if compared.seen.load(Ordering::Relaxed) == bytes {
            return Ok(receipt);
        }
        Err(Error::new(ErrorKind::Integrity, "compare", "fewer bytes came back than the image has"))
    }
}

#[async_trait]
impl Sink for Compared {
    async fn have(&self) -> Result<u64> {
        Ok(0)
    }

    async fn read(&self, _: u64, _: usize) -> Result<Bytes> {
        Ok(Bytes::new())
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        let mut at = 0;
        while at < bytes.len() {
            let ours = self.store.read(&self.image, offset + at as u64, bytes.len() - at).await?;
            if ours.is_empty() || ours[..] != bytes[at..at + ours.len()] {
                let message = format!("what came back differs from the image behind byte {offset}");
                return Err(Error::new(ErrorKind::Integrity, "compare", message));
            }
            at += ours.len();
        }
        self.seen.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    async fn finish(&self, _: u64) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        self.seen.store(0, Ordering::Relaxed);
        Ok(())
    }
}

/// A sink that has the whole image: an adapter that resumes compares the size and the ends of the file there with it, as
/// before it goes on, and finds nothing to fetch.
#[derive(Debug)]
pub(super) struct Ends {
    store: Arc<dyn ImageStore>,
    image: Sha256,
    bytes: u64,
}

impl Ends {
    /// Looks whether the file at `path` has the size of this image, and its ends where the adapter can compare them
    /// without fetching all of it; otherwise every byte.
    ///
    /// # Errors
    /// `Integrity` when it is another file; those of the transfer.
    pub(super) async fn look(
        (store, image, bytes): (Arc<dyn ImageStore>, Sha256, u64),
        through: &Arc<dyn Transfer>,
        (device, path): (Device, String),
        cx: &Context,
    ) -> Result<()> {
        if bytes == 0 || !through.ability().resumes {
            return Compared::with(store, image, bytes).fetch(through, device, path, cx).await.map(|_| ());
        }
        let sink = Arc::new(Self { store, image, bytes });
        through.fetch(Fetch { device, path, query: None, sink, bytes: Some(bytes), most: bytes }, cx).await.map(|_| ())
    }
}

fn another() -> Error {
    Error::new(ErrorKind::Integrity, "compare", "the file there is not this image")
}

#[async_trait]
impl Sink for Ends {
    async fn have(&self) -> Result<u64> {
        Ok(self.bytes)
    }

    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        let mut all = BytesMut::with_capacity(length);
        while all.len() < length {
            let some = self.store.read(&self.image, offset + all.len() as u64, length - all.len()).await?;
            if some.is_empty() {
                break;
            }
            all.extend_from_slice(&some);
        }
        Ok(all.freeze())
    }

    async fn write(&self, _: u64, bytes: Bytes) -> Result<()> {
        if bytes.is_empty() { Ok(()) } else { Err(another()) }
    }

    async fn finish(&self, _: u64) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        Err(another())
    }
}
