//! Bandwidth caps: per server, per site and in all, shared fairly.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::Result;
use crate::ports::Context;

/// What may go out at once after a pause. Small against a second, so that a cap is a cap; large against a packet, so that
/// timers do not slow what is below it.
const BURST: Duration = Duration::from_millis(50);

/// Bytes a second that several transfers share. Who asks first is served first, and everybody asks for the same quantum
/// at a time: so all go at the same rate, however large their pieces are.
#[derive(Debug)]
pub struct Bucket {
    bytes_per_second: u64,
    /// When the next piece may start.
    free: Mutex<Duration>,
}

impl Bucket {
    /// A cap. Configurations refuse 0, which would stop everything; here it is taken as 1.
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

/// A quantum is at least a block of the smallest protocol, or timers would do more than the network.
const LEAST_QUANTUM: u64 = 512;
/// A quantum is at most a buffer of the larger protocols: what others wait for.
const MOST_QUANTUM: u64 = 64 * 1024;

/// The caps that hold for a transfer; none by default. Clones are of the same transfer.
#[derive(Clone, Default)]
pub struct Pace {
    caps: Vec<Arc<Bucket>>,
    /// Bytes of the last quantum that were not needed yet. Locked while waiting: several connections of one transfer take
    /// turns, and have no larger share than one.
    left: Arc<tokio::sync::Mutex<u64>>,
}

impl Pace {
    /// One more cap.
    #[must_use]
    pub fn within(&self, bucket: Arc<Bucket>) -> Self {
        let mut caps = self.caps.clone();
        caps.push(bucket);
        Self { caps, left: Arc::default() }
    }

    /// Waits until so many bytes may go. Adapters ask before each piece that they send or take.
    ///
    /// # Errors
    /// `Cancelled`.
    pub async fn take(&self, bytes: usize, cx: &Context) -> Result<()> {
        let Some(slowest) = self.caps.iter().map(|cap| cap.bytes_per_second).min() else { return Ok(()) };
        let in_a_burst = u128::from(slowest) * BURST.as_millis() / 1000;
        let quantum = u64::try_from(in_a_burst).unwrap_or(MOST_QUANTUM).clamp(LEAST_QUANTUM, MOST_QUANTUM);
        let mut left = self.left.lock().await;
        while *left < bytes as u64 {
            let now = cx.clock.monotonic();
            let start = self.caps.iter().map(|cap| cap.reserve(quantum, now)).max().unwrap_or(now);
            if start > now {
                cx.sleep(start - now).await?;
            }
            *left += quantum;
        }
        *left -= bytes as u64;
        Ok(())
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.caps.iter().map(|cap| cap.bytes_per_second)).finish()
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

    /// Time of the test's runtime, which is virtual.
    #[derive(Debug)]
    struct Virtual(tokio::time::Instant);

    #[async_trait::async_trait]
    impl crate::ports::Clock for Virtual {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }
        fn monotonic(&self) -> Duration {
            self.0.elapsed()
        }
        async fn sleep(&self, duration: Duration) {
            tokio::time::sleep(duration).await;
        }
    }

    /// What transfers with these pieces (and connections) get in a minute, in bytes.
    async fn shares(rate: u64, transfers: &[(usize, usize)]) -> Vec<u64> {
        use std::sync::atomic::{AtomicU64, Ordering};
        let cx = Context::new(Arc::new(Virtual(tokio::time::Instant::now())));
        let cap = Arc::new(Bucket::new(rate));
        let mut counts = Vec::new();
        for (piece, connections) in transfers.iter().copied() {
            let (pace, count) = (Pace::default().within(Arc::clone(&cap)), Arc::new(AtomicU64::new(0)));
            for _ in 0..connections {
                let (pace, cx, count) = (pace.clone(), cx.clone(), Arc::clone(&count));
                tokio::spawn(async move {
                    while pace.take(piece, &cx).await.is_ok() {
                        count.fetch_add(piece as u64, Ordering::Relaxed);
                    }
                });
            }
            counts.push(count);
        }
        tokio::time::sleep(60 * SECOND).await;
        cx.cancel.cancel();
        counts.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn five_devices_get_a_fifth_each_whatever_their_pieces() {
        // TFTP blocks, a packet, a buffer of HTTP, an SFTP read, a large buffer; the fourth has three connections.
        let transfers = [(512, 1), (1460, 1), (8192, 1), (32_768, 3), (262_144, 1)];
        for rate in [200_000, 1_000_000, 20_000_000] {
            let got = shares(rate, &transfers).await;
            let (fifth, whole): (u64, u64) = (rate * 60 / 5, got.iter().sum());
            assert!(got.iter().all(|bytes| bytes.abs_diff(fifth) * 10 <= fifth), "{rate}: {got:?}, not {fifth} each");
            assert!(whole <= rate * 61, "{rate}: {whole} in all");
        }
    }
}
