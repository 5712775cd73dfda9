//! A clock that runs faster than the wall's, for clients of devices that do too ([`DeviceSpec::scaled`](crate::DeviceSpec::scaled)).

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use swim_core::ports::Clock;
use tokio::time::Instant;

/// `pace` seconds pass on it in one second.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::time::Duration;
/// use swim_core::ports::Clock;
/// let clock = swim_sim::PacedClock::new(jiff::Timestamp::UNIX_EPOCH, 1000);
/// let before = clock.monotonic();
/// clock.sleep(Duration::from_secs(5)).await; // five milliseconds
/// assert!(clock.monotonic() - before >= Duration::from_secs(5));
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PacedClock {
    start: Timestamp,
    began: Instant,
    pace: u32,
}

impl PacedClock {
    /// A clock that shows `start` now.
    #[must_use]
    pub fn new(start: Timestamp, pace: u32) -> Self {
        Self { start, began: Instant::now(), pace: pace.max(1) }
    }
}

#[async_trait]
impl Clock for PacedClock {
    fn now(&self) -> Timestamp {
        self.start.checked_add(self.monotonic()).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed() * self.pace
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.pace).await;
    }
}
