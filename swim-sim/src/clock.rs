//! Device time: what the box believes, at the pace of its timing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A clock that starts at a given time and runs on tokio's clock, so that paused time works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeviceClock {
    origin: Instant,
    start: Timestamp,
    scale: f64,
}

impl DeviceClock {
    /// Scales below this would make sleeps vanish in the timer's granularity and the division overflow.
    const LEAST_SCALE: f64 = 1e-6;

    pub(crate) fn new(start: Timestamp, scale: f64) -> Self {
        Self { origin: Instant::now(), start, scale: scale.max(Self::LEAST_SCALE) }
    }

    /// Seconds of device time since the start.
    pub(crate) fn elapsed(&self) -> f64 {
        self.origin.elapsed().as_secs_f64() / self.scale
    }

    pub(crate) fn now(&self) -> Timestamp {
        let millis = (self.elapsed() * 1000.0) as i64;
        self.start.checked_add(SignedDuration::from_millis(millis)).unwrap_or(self.start)
    }

    /// Waits this many seconds of device time.
    pub(crate) async fn sleep(&self, seconds: f64) {
        let wait = Duration::try_from_secs_f64(seconds * self.scale).unwrap_or(Duration::ZERO);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

/// `Mon Jan  5 08:00:00 UTC 2026`, as `install` prints it.
pub(crate) fn install_date(at: Timestamp) -> String {
    at.strftime("%a %b %d %H:%M:%S UTC %Y").to_string()
}

/// `08:00:00 UTC Mon Jan 5 2026`, as `show version` prints it.
pub(crate) fn long_date(at: Timestamp) -> String {
    at.strftime("%H:%M:%S UTC %a %b %-d %Y").to_string()
}

/// `Jan 5 2026 08:00:00 +00:00`, as `dir` prints it.
pub(crate) fn file_date(at: Timestamp) -> String {
    at.strftime("%b %-d %Y %H:%M:%S +00:00").to_string()
}

/// `3 weeks, 2 days, 1 hour, 2 minutes`.
pub(crate) fn uptime(seconds: u64) -> String {
    let minutes = seconds / 60;
    let parts = [
        (minutes / (365 * 1440), "year"),
        (minutes % (365 * 1440) / (7 * 1440), "week"),
        (minutes % (365 * 1440) % (7 * 1440) / 1440, "day"),
        (minutes % (365 * 1440) % (7 * 1440) % 1440 / 60, "hour"),
        (minutes % (365 * 1440) % (7 * 1440) % 60, "minute"),
    ];
    let shown: Vec<String> = parts
        .iter()
        .enumerate()
        .filter(|(i, (n, _))| *n > 0 || (*i == 4 && minutes < 1))
        .map(|(_, (n, unit))| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    shown.join(", ")
}
