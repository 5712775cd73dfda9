//! Bandwidth caps: per server, per site and in all, shared fairly.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::Result;
use crate::ports::Context;

/// What may go out at once after a pause. Small against a second, so that a cap is a cap; large against a packet, so that
/// timers do not slow what is below it.
const BURST: Duration = Duration::from_millis(50);

/// Bytes a second that several transfers share. Who asks first is served first, and nobody asks for more than a piece
/// at a time: so all go at the same rate.
#[derive(Debug)]
pub struct Bucket {
    bytes_per_second: u64,
    /// When the next piece may start.
    free: Mutex<Duration>,
}

impl Bucket {
    /// A cap; 0 stops everything and is taken as 1.
    #[must_use]
    pub fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), free: Mutex::new(Duration::ZERO) }
    }

    /// Takes room for so many bytes and says when they may go.
    fn reserve(&self, bytes: u64, now: Duration) -> Duration {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let start = (*free).max(now.saturating_sub(BURST));
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second);
        *free = start.saturating_add(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)));
        start
    }
}

/// The caps that hold for a transfer; none by default.
#[derive(Clone, Default)]
pub struct Pace(Vec<Arc<Bucket>>);

impl Pace {
    /// One more cap.
    #[must_use]
    pub fn within(&self, bucket: Arc<Bucket>) -> Self {
        let mut caps = self.0.clone();
        caps.push(bucket);
        Self(caps)
    }

    /// Waits until so many bytes may go. Adapters ask before each piece that they send or take.
    ///
    /// # Errors
    /// `Cancelled`.
    pub async fn take(&self, bytes: usize, cx: &Context) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let now = cx.clock.monotonic();
        let start = self.0.iter().map(|cap| cap.reserve(bytes as u64, now)).max().unwrap_or(now);
        if start > now { cx.sleep(start - now).await } else { Ok(()) }
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|cap| cap.bytes_per_second)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_rate_is_kept_and_everybody_gets_the_same() {
        let cap = Bucket::new(1000);
        let starts: Vec<Duration> = (0..20).map(|_| cap.reserve(100, SECOND)).collect();
        // The burst of 50 ms is half a piece; from then on a piece every 100 ms, in the order of asking.
        assert!(starts.windows(2).all(|w| w[1] - w[0] == Duration::from_millis(100)), "{starts:?}");
        assert!(starts[19] >= SECOND + Duration::from_millis(1800));
    }

    #[test]
    fn a_pause_is_not_saved_up() {
        let cap = Bucket::new(1000);
        cap.reserve(100, SECOND);
        let later = 100 * SECOND;
        assert_eq!(cap.reserve(100, later), later - BURST);
        assert_eq!(cap.reserve(100, later), later + Duration::from_millis(50));
    }

    #[test]
    fn nothing_overflows() {
        let cap = Bucket::new(0);
        cap.reserve(u64::MAX, SECOND);
        assert!(cap.reserve(u64::MAX, SECOND) > SECOND);
    }
}
