//! How many bytes of a transfer may be on their way: by measured bandwidth and delay.

use std::time::Duration;

use crate::ssh::config::window;

/// The rate is measured over at least this long: shorter ones tell the size of the buffers on the way.
const INTERVAL: Duration = Duration::from_millis(20);
/// How much of the product of bandwidth and delay is allowed. Twice lets the rate double every round trip until the path
/// is full; far more only fills queues, which costs sshd several times the CPU.
const GAIN: f64 = 2.0;
/// More is never on its way: ten channels with the window that OpenSSH grants.
const CEILING: u64 = 20 * 1024 * 1024;
/// A rate is believed for some intervals and then fades, so that one burst is forgotten.
const FADING: f64 = 0.95;

/// The depth of one transfer.
#[derive(Debug)]
pub(super) struct Depth {
    /// Always allowed. What a path of this length needs is not measured while too little is on its way.
    floor: u64,
    /// The shortest time from a request to its answer; `None` where it is not known.
    round_trip: Option<Duration>,
    since: Option<Duration>,
    bytes: u64,
    best: f64,
}

impl Depth {
    pub(super) fn new(round_trip: Option<Duration>) -> Self {
        let floor = u64::from(window(round_trip.unwrap_or_default()));
        Self { floor, round_trip, since: None, bytes: 0, best: 0.0 }
    }

    /// So many bytes were confirmed at this time.
    pub(super) fn moved(&mut self, bytes: u64, now: Duration) {
        let since = *self.since.get_or_insert(now);
        self.bytes += bytes;
        let took = now.saturating_sub(since);
        if took >= INTERVAL.max(self.round_trip.unwrap_or_default()) {
            self.best = (self.best * FADING).max(self.bytes as f64 / took.as_secs_f64());
            self.since = Some(now);
            self.bytes = 0;
        }
    }

    /// Bytes that may be on their way.
    pub(super) fn limit(&self) -> u64 {
        let product = self.best * self.round_trip.unwrap_or_default().as_secs_f64();
        ((product * GAIN) as u64).clamp(self.floor, CEILING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_depth_follows_the_path() {
        let mut lan = Depth::new(Some(Duration::from_micros(200)));
        let mut wan = Depth::new(Some(Duration::from_millis(50)));
        for step in 0..100 {
            let now = Duration::from_millis(50 * step);
            lan.moved(30_000_000, now);
            wan.moved(6_000_000, now);
        }
        assert_eq!(lan.limit(), 4 * 1024 * 1024);
        assert!((11_000_000..13_000_000).contains(&wan.limit()), "{}", wan.limit());
        assert_eq!(Depth::new(Some(Duration::from_millis(50))).limit(), 8_000_000);
        let mut endless = Depth::new(Some(Duration::from_secs(2)));
        (0..9).for_each(|s| endless.moved(1 << 30, Duration::from_secs(3 * s)));
        assert_eq!(endless.limit(), CEILING);
    }
}
