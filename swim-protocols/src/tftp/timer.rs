//! How long to wait before something is repeated.

use std::time::Duration;

use super::config::{FIRST_WAIT, LONGEST_WAIT, SHORTEST_WAIT};

/// Follows the round trip (RFC 6298, with a smaller reserve: a repetition too many is harmless).
#[derive(Debug)]
pub(crate) struct Timer {
    wait: Duration,
    /// The smoothed round trip and its variation.
    trip: Option<(Duration, Duration)>,
    /// The other side told how long to wait.
    fixed: bool,
}

impl Timer {
    pub(crate) fn new(agreed: Option<Duration>) -> Self {
        Self { wait: agreed.unwrap_or(FIRST_WAIT), trip: None, fixed: agreed.is_some() }
    }

    /// The wait that was agreed replaces ours.
    pub(crate) fn agree(&mut self, wait: Option<Duration>) {
        if let Some(wait) = wait {
            (self.wait, self.fixed) = (wait, true);
        }
    }

    pub(crate) const fn wait(&self) -> Duration {
        self.wait
    }

    /// The smoothed round trip.
    pub(crate) fn trip(&self) -> Option<Duration> {
        self.trip.map(|(smooth, _)| smooth)
    }

    /// An answer took so long. Only for what was sent once: else nobody knows what was answered.
    pub(crate) fn measured(&mut self, took: Duration) {
        self.trip = Some(match self.trip {
            // A first guess that is right makes the first loss as short as the later ones.
            None => (took, took / 8),
            Some((smooth, varies)) => ((smooth * 7 + took) / 8, (varies * 3 + smooth.abs_diff(took)) / 4),
        });
        self.progress();
    }

    /// The transfer moved on.
    pub(crate) fn progress(&mut self) {
        if let Some((smooth, varies)) = self.trip.filter(|_| !self.fixed) {
            self.wait = (smooth + (varies * 4).max(smooth / 2)).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        }
    }

    /// Nothing came in time: the next wait is longer.
    pub(crate) fn expired(&mut self) {
        if !self.fixed {
            self.wait = (self.wait * 2).min(LONGEST_WAIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_the_round_trip_and_doubles_in_silence() {
        let trip = Duration::from_millis(50);
        let mut timer = Timer::new(None);
        assert_eq!(timer.wait(), FIRST_WAIT);
        for _ in 0..40 {
            timer.measured(trip);
        }
        assert_eq!(timer.wait(), trip * 3 / 2);
        timer.expired();
        assert_eq!(timer.wait(), trip * 3);
        timer.progress();
        assert_eq!(timer.wait(), trip * 3 / 2);
        for _ in 0..100 {
            timer.expired();
        }
        assert_eq!(timer.wait(), LONGEST_WAIT);
        let mut agreed = Timer::new(Some(Duration::from_secs(3)));
        agreed.measured(trip);
        agreed.expired();
        assert_eq!(agreed.wait(), Duration::from_secs(3));
    }
}
