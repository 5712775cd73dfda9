//! Images in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use swim_core::model::Sha256;
use swim_core::ports::{ImageStore, ImageWriter};
use swim_core::{Error, ErrorKind, Result};

use super::MemoryStore;

pub(super) type Images = BTreeMap<Sha256, Bytes>;

#[async_trait]
impl ImageStore for MemoryStore {
    async fn create(&self) -> Result<Box<dyn ImageWriter>> {
        Ok(Box::new(MemoryWriter { store: self.clone(), bytes: BytesMut::new() }))
    }

    async fn size(&self, image: &Sha256) -> Result<Option<u64>> {
        Ok(self.locked(|state| state.images.get(image).map(|bytes| bytes.len() as u64)))
    }

    async fn read(&self, image: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
        let bytes = self.locked(|state| state.images.get(image).cloned()).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "read image", format!("image {image} is not in the store"))
        })?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        Ok(bytes.slice(start..start.saturating_add(length).min(bytes.len())))
    }

    async fn remove(&self, image: &Sha256) -> Result<()> {
        self.locked(|state| state.images.remove(image));
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Sha256>> {
        Ok(self.locked(|state| state.images.keys().copied().collect()))
    }

    /// There is never anything: a writer's bytes go with the writer.
    async fn sweep(&self) -> Result<u64> {
        Ok(0)
    }
}

#[derive(Debug)]
struct MemoryWriter {
    store: MemoryStore,
    bytes: BytesMut,
}

#[async_trait]
impl ImageWriter for MemoryWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>, address: &Sha256) -> Result<()> {
        let Self { store, bytes } = *self;
        store.locked(|state| {
            state.images.insert(*address, bytes.freeze());
        });
        Ok(())
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
