//! The clock of a process that runs on tokio.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use swim_core::ports::Clock;
use tokio::time::Instant;

/// A [`Clock`] over tokio's time.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use swim_core::ports::Clock;
/// let clock = swim_protocols::clock::TokioClock::system();
/// let before = clock.monotonic();
/// clock.sleep(std::time::Duration::from_millis(1)).await;
/// assert!(clock.monotonic() > before);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    began: Instant,
    /// The wall clock at `began`; `None` means that the wall clock of the machine is asked each time.
    epoch: Option<Timestamp>,
}

impl TokioClock {
    /// Real time: the wall clock of the machine, tokio's clock for the rest.
    #[must_use]
    pub fn system() -> Self {
        Self { began: Instant::now(), epoch: None }
    }

    /// A wall clock that starts at `at` and follows tokio's clock, which may be paused: for tests and rehearsals.
    #[must_use]
    pub fn starting_at(at: Timestamp) -> Self {
        Self { began: Instant::now(), epoch: Some(at) }
    }
}

#[async_trait]
impl Clock for TokioClock {
    // This is the one place where the wall clock of the machine enters.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp {
        match self.epoch {
            // The one place that asks the machine for its time.
            #[allow(clippy::disallowed_methods)]
            None => Timestamp::now(),
            Some(epoch) => {
                let passed = SignedDuration::try_from(self.began.elapsed()).unwrap_or(SignedDuration::MAX);
                epoch.checked_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_wall_clock_of_a_rehearsal_follows_paused_time() {
        let start = Timestamp::UNIX_EPOCH;
        let clock = TokioClock::starting_at(start);
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().as_second(), start.as_second() + 3600);
        assert_eq!(clock.monotonic(), Duration::from_secs(3600));
    }
}
