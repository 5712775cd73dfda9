//! Bytes of images, addressed by their SHA-256.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;
use crate::model::Sha256;

/// An image that is held open, as whatever the store opened: an `Arc` of an open file (`std::fs::File`) where the bytes lie in
/// one. An adapter that knows the type can let the kernel send it; nobody else looks into it.
pub type Opened = Arc<dyn Any + Send + Sync>;

/// Keeps the bytes of images. An image is visible whole or not at all.
#[async_trait]
pub trait ImageStore: Send + Sync + fmt::Debug {
    /// Starts writing. Nothing is visible before [`ImageWriter::finish`]; what a killed writer left is removed by `sweep`.
    async fn create(&self) -> Result<Box<dyn ImageWriter>>;
    /// The size of an image; `None` when it is not there.
    async fn size(&self, image: &Sha256) -> Result<Option<u64>>;
    /// Up to `length` bytes from `offset`; shorter only at the end of the image. `NotFound` when it is not there.
    async fn read(&self, image: &Sha256, offset: u64, length: usize) -> Result<Bytes>;
    /// The image held open, where the store keeps it as it is in one file and what is read there needs no further check.
    /// It stays readable, and the same, when the image is removed meanwhile. `None`: it must be [read](Self::read).
    async fn opened(&self, _: &Sha256) -> Result<Option<Opened>> {
        Ok(None)
    }
    /// Removes an image; removing what is not there is fine.
    async fn remove(&self, image: &Sha256) -> Result<()>;
    /// All images.
    async fn list(&self) -> Result<Vec<Sha256>>;
    /// Is an image that was [finished](ImageWriter::finish) still the business of who wrote it, in this process or another? No
    /// sweep takes it for a leftover then.
    async fn pending(&self, _: &Sha256) -> Result<bool> {
        Ok(false)
    }
    /// A finished image has its record, or will never have one: it is [pending](Self::pending) no more.
    fn settle(&self, _: &Sha256) {}
    /// Removes what killed writers left behind; returns how many leftovers there were.
    async fn sweep(&self) -> Result<u64>;
}

/// One image being written.
#[async_trait]
pub trait ImageWriter: Send + fmt::Debug {
    /// Appends.
    async fn write(&mut self, bytes: Bytes) -> Result<()>;
    /// Makes it durable and visible under its address, in the place of what was there: the same bytes, unless those were
    /// damaged. Who holds the old ones open still reads them.
    async fn finish(self: Box<Self>, address: &Sha256) -> Result<()>;
    /// Throws it away.
    async fn abort(self: Box<Self>) -> Result<()>;
}
