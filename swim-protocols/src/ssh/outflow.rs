//! How much of what we serve has not left yet: the SSH layer takes as much as it is given, and a slow device would make it
//! hold that in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::Notify;

/// Bytes of a connection that may be on their way through the SSH layer. The socket holds some megabytes behind it, so
/// that a fast device never waits; two hundred slow ones take 40 MiB.
const ON_THEIR_WAY: usize = 192 * 1024;
/// Bytes that are handed over at once.
pub(crate) const PORTION: usize = 64 * 1024;

/// The bytes of one connection that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Outflow {
    /// Handed over and not yet encrypted.
    queued: AtomicUsize,
    /// Encrypted and not yet written to the socket.
    sealed: AtomicUsize,
    moved: Notify,
}

/// Bytes that tell when the SSH layer is done with them.
struct Counted {
    bytes: Bytes,
    outflow: Arc<Outflow>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        // In this order: the sum never seems smaller than it is.
        self.outflow.sealed.fetch_add(self.bytes.len(), Ordering::AcqRel);
        self.outflow.queued.fetch_sub(self.bytes.len(), Ordering::AcqRel);
    }
}

impl Outflow {
    /// Waits until there is room for these bytes, and counts them.
    pub(crate) async fn admit(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        loop {
            let moved = self.moved.notified();
            if self.on_their_way() + bytes.len() <= ON_THEIR_WAY {
                break;
            }
            moved.await;
        }
        self.queued.fetch_add(bytes.len(), Ordering::AcqRel);
        Bytes::from_owner(Counted { bytes, outflow: Arc::clone(self) })
    }

    /// All that was encrypted is written to the socket.
    pub(crate) fn flushed(&self) {
        self.sealed.store(0, Ordering::Release);
        self.moved.notify_waiters();
    }

    fn on_their_way(&self) -> usize {
        self.queued.load(Ordering::Acquire) + self.sealed.load(Ordering::Acquire)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_is_taken_only_when_what_was_taken_has_left() {
        let outflow = Arc::new(Outflow::default());
        let portion = Bytes::from(vec![7; PORTION]);
        let mut taken = Vec::new();
        for _ in 0..ON_THEIR_WAY / PORTION {
            taken.push(outflow.admit(portion.clone()).await);
        }
        let next = tokio::spawn({
            let (outflow, portion) = (Arc::clone(&outflow), portion.clone());
            async move { outflow.admit(portion).await }
        });
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        assert!(!next.is_finished());
        let part = taken[0].slice(1..);
        taken.clear();
        outflow.flushed();
        assert_eq!(outflow.on_their_way(), PORTION, "a slice holds the whole");
        assert_eq!(next.await.unwrap(), portion);
        drop(part);
        assert_eq!(outflow.on_their_way(), 2 * PORTION, "encrypted, and not yet written");
        outflow.flushed();
        assert_eq!(outflow.on_their_way(), 0);
    }
}
