//! Where the bytes of an import come from.

use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;

/// A stream of bytes, read once from its beginning.
#[async_trait]
pub trait Source: Send {
    /// The next bytes; `None` at the end. About 1 MiB at a time is best.
    async fn next(&mut self) -> Result<Option<Bytes>>;
    /// How many bytes there will be, where that is known before. An import that gets another number fails.
    fn size_hint(&self) -> Option<u64> {
        None
    }
}

/// Bytes in memory, as a source.
#[async_trait]
impl Source for Bytes {
    async fn next(&mut self) -> Result<Option<Self>> {
        Ok((!self.is_empty()).then(|| std::mem::take(self)))
    }
}

/// A source that its owner wants back.
#[async_trait]
impl<S: Source + ?Sized> Source for &mut S {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        (**self).next().await
    }

    fn size_hint(&self) -> Option<u64> {
        (**self).size_hint()
    }
}
