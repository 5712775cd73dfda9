//! How much of what was sent on a channel its program on the far side has not taken yet.
//!
//! sshd takes as much as its window allows (2 MiB) however slow the program behind it is, and keeps it in a buffer that is
//! made anew with every packet that does not fit. With a short backlog it needs a third less of its processor for the same
//! bytes, and they stay in its cache.

use std::time::Duration;

/// Always allowed: some times what fits into the pipe to the program, and more than the three packets of 32 KiB that sshd
/// lets come before it grants anew.
const LEAST: usize = 256 * 1024;
/// Bytes for each microsecond of the round trip: the product of delay and 600 MB/s, the most that one core decrypts.
const PER_MICROSECOND: u128 = 600;
/// A server that grants nothing for so long does it in larger steps, or its program stands still. Longer than a busy
/// machine lets a process wait.
pub(super) const PATIENCE: Duration = Duration::from_millis(100);

/// The backlog of one channel.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The longest one; `None` without a bound.
    most: Option<usize>,
    /// The largest window so far: what the server grants when its program has taken everything.
    whole: u32,
    bytes: usize,
}

impl Backlog {
    /// At most as much as a path with this round trip needs.
    pub(super) fn bounded(round_trip: Duration) -> Self {
        let needed = round_trip.as_micros().saturating_mul(PER_MICROSECOND);
        let most = usize::try_from(needed).unwrap_or(usize::MAX).max(LEAST);
        Self { most: Some(most), ..Self::default() }
    }

    /// Bytes that may be sent now.
    pub(super) fn room(&self) -> usize {
        self.most.map_or(usize::MAX, |most| most.saturating_sub(self.bytes))
    }

    /// Bytes that the far side has not taken.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// So many bytes were sent.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// The far side granted: this is the window now.
    pub(super) fn granted(&mut self, window: u32) {
        self.whole = self.whole.max(window);
        self.bytes = usize::try_from(self.whole - window).unwrap_or(usize::MAX);
    }

    /// It granted nothing for long: from now on it may be twice as much.
    pub(super) fn lengthen(&mut self) {
        self.most = self.most.map(|most| most.saturating_mul(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u32 = 2 * 1024 * 1024;

    #[test]
    fn a_short_path_has_a_short_backlog() {
        let mut backlog = Backlog::bounded(Duration::from_micros(100));
        backlog.granted(WINDOW);
        assert_eq!(backlog.room(), LEAST);
        backlog.sent(LEAST - 1000);
        assert_eq!(backlog.room(), 1000);
        backlog.sent(1000);
        assert_eq!(backlog.room(), 0);
        backlog.granted(WINDOW - 200_000);
        assert_eq!(backlog.room(), LEAST - 200_000);
        backlog.sent(LEAST);
        assert_eq!(backlog.room(), 0);
        backlog.lengthen();
        assert!(backlog.room() > 0);
        backlog.granted(WINDOW);
        assert_eq!(backlog.room(), 2 * LEAST);
    }

    #[test]
    fn a_long_path_needs_more() {
        assert_eq!(Backlog::bounded(Duration::from_millis(50)).room(), 30_000_000);
        assert_eq!(Backlog::default().room(), usize::MAX);
    }
}
