//! What a transfer is doing, from the bytes that it tells: rate, time left, stalls. Pure: whoever asks brings the time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::ports::Note;

/// The rate is that of the last seconds: long enough for a device that writes to flash in bursts, short enough to show
/// that something changed.
const WINDOW: Duration = Duration::from_secs(10);
/// A rate over less time says nothing.
const LEAST_SPAN: Duration = Duration::from_millis(500);
/// Progress is told so often at most: adapters tell every piece, which no watcher can read.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// Nothing moved for so long: flash that erases between blocks pauses for less.
const STALLED_AFTER: Duration = Duration::from_secs(30);
/// Reads of a device may come out of order by this much; what goes back further began anew.
const OUT_OF_ORDER: u64 = 16 * 1024 * 1024;

/// Follows one transfer at a time.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// When how many bytes were done, within the window; the first one is the last before it.
    moved: VecDeque<(Duration, u64)>,
    told: Option<Duration>,
    stalls: u64,
    flushing: bool,
}

impl Meter {
    /// How long to wait at most between two calls of [`Meter::tick`].
    pub const TICK: Duration = Duration::from_secs(15);

    /// Takes a note and gives back what to tell instead of it.
    #[must_use]
    pub fn see(&mut self, note: Note, now: Duration) -> Vec<Note> {
        match note {
            Note::Bytes { done, total } => self.bytes(done, total, now),
            Note::Flushing if self.flushing => Vec::new(),
            Note::Flushing => {
                self.flushing = true;
                vec![Note::Flushing]
            }
            // A device that copies prints little; while bytes move nothing is stalled, and this meter says when they do not.
            Note::Stalled { .. } if !self.moved.is_empty() => Vec::new(),
            other => vec![other],
        }
    }

    fn bytes(&mut self, done: u64, total: Option<u64>, now: Duration) -> Vec<Note> {
        let before = self.moved.back().map(|(_, bytes)| *bytes);
        match before {
            Some(before) if done.saturating_add(OUT_OF_ORDER) < before => *self = Self::default(),
            Some(before) if done <= before => return Vec::new(),
            _ => {}
        }
        self.stalls = 0;
        self.moved.push_back((now, done));
        while self.moved.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW) {
            self.moved.pop_front();
        }
        let complete = total == Some(done);
        if !complete && self.told.is_some_and(|told| now.saturating_sub(told) < TELL_EVERY) {
            return Vec::new();
        }
        self.told = Some(now);
        let mut out = vec![Note::Bytes { done, total }];
        out.extend(self.rate(now).map(|bytes_per_second| {
            let left = total.map(|total| total.saturating_sub(done));
            Note::Rate { bytes_per_second, seconds_left: left.map(|left| left.div_ceil(bytes_per_second.max(1))) }
        }));
        // Who sends knows it before the last bytes are confirmed, and has told it then.
        if complete && !self.flushing {
            self.flushing = true;
            out.push(Note::Flushing);
        }
        out
    }

    /// Bytes a second over the window.
    fn rate(&self, now: Duration) -> Option<u64> {
        let ((from, first), (_, last)) = (self.moved.front()?, self.moved.back()?);
        let span = now.saturating_sub(*from);
        if span < LEAST_SPAN {
            return None;
        }
        let rate = u128::from(last.saturating_sub(*first)) * 1000 / span.as_millis().max(1);
        Some(u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// To be called now and then: says when nothing moves, once for each further time of that length. Silence after the
    /// last byte is flushing, not a stall; before the first one there is no transfer yet.
    #[must_use]
    pub fn tick(&mut self, now: Duration) -> Option<Note> {
        let (at, _) = self.moved.back().filter(|_| !self.flushing)?;
        let silent = now.saturating_sub(*at);
        let stalls = silent.as_secs() / STALLED_AFTER.as_secs();
        (stalls > self.stalls).then(|| {
            self.stalls = stalls;
            Note::Stalled { seconds: silent.as_secs() }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn bytes(done: u64, total: u64) -> Note {
        Note::Bytes { done, total: Some(total) }
    }

    #[test]
    fn a_steady_transfer_tells_its_rate_and_the_time_left() {
        let mut meter = Meter::default();
        let mut last = Vec::new();
        for n in 0..=100 {
            last = meter.see(bytes(n * 1000, 1_000_000), ms(n * 1000));
        }
        assert_eq!(last[1], Note::Rate { bytes_per_second: 1000, seconds_left: Some(900) });
        // Ten seconds at twice the rate: the old one is forgotten.
        for n in 1..=10 {
            last = meter.see(bytes(100_000 + n * 2000, 1_000_000), ms((100 + n) * 1000));
        }
        assert_eq!(last[1], Note::Rate { bytes_per_second: 2000, seconds_left: Some(440) });
    }

    #[test]
    fn silence_is_a_stall_until_all_was_sent() {
        let mut meter = Meter::default();
        assert_eq!(meter.tick(ms(1_000_000)), None);
        assert_eq!(meter.see(bytes(1, 3), ms(0)).len(), 1);
        assert_eq!(meter.tick(ms(29_999)), None);
        assert_eq!(meter.tick(ms(31_000)), Some(Note::Stalled { seconds: 31 }));
        assert_eq!(meter.tick(ms(59_000)), None);
        assert_eq!(meter.tick(ms(60_000)), Some(Note::Stalled { seconds: 60 }));
        // The device's silence is no news beside this.
        assert_eq!(meter.see(Note::Stalled { seconds: 60 }, ms(60_000)), []);
        assert!(!meter.see(bytes(2, 3), ms(61_000)).is_empty());
        assert_eq!(meter.tick(ms(80_000)), None);
        assert_eq!(meter.see(bytes(3, 3), ms(81_000)).last(), Some(&Note::Flushing));
        assert_eq!(meter.see(Note::Flushing, ms(82_000)), []);
        assert_eq!(meter.tick(ms(900_000)), None);
    }

    #[test]
    fn another_protocol_begins_anew() {
        let mut meter = Meter::default();
        let total = 100 * OUT_OF_ORDER;
        let _ = meter.see(bytes(50 * OUT_OF_ORDER, total), ms(0));
        assert_eq!(meter.see(bytes(50 * OUT_OF_ORDER - 1, total), ms(10)), []);
        assert_eq!(meter.see(bytes(512, total), ms(20)), [bytes(512, total)]);
    }

    proptest! {
        /// However bytes come: progress only rises within an attempt, is told rarely, and the last byte is always told.
        #[test]
        fn never_too_much_and_never_too_little(
            steps in prop::collection::vec((0_u64..2_000, 1_u64..100_000), 1..300),
        ) {
            let total: u64 = steps.iter().map(|(_, more)| more).sum();
            let (mut meter, mut now, mut done) = (Meter::default(), 0, 0);
            let (mut told, mut flushes) = (Vec::new(), 0);
            for (pause, more) in steps {
                now += pause;
                done += more;
                for note in meter.see(bytes(done, total), ms(now)) {
                    match note {
                        Note::Bytes { done, .. } => told.push((now, done)),
                        Note::Rate { bytes_per_second, seconds_left } => {
                            prop_assert!(bytes_per_second <= 300 * 100_000 * 2);
                            prop_assert_eq!(seconds_left, Some((total - done).div_ceil(bytes_per_second.max(1))));
                        }
                        Note::Flushing => flushes += 1,
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
                prop_assert_eq!(meter.tick(ms(now)), None);
            }
            prop_assert_eq!(told.last().map(|(_, done)| *done), Some(total));
            prop_assert_eq!(flushes, 1);
            prop_assert!(told.windows(2).all(|w| w[0].1 < w[1].1));
            // All but the last one keep their distance.
            let spaced = &told[..told.len() - 1];
            prop_assert!(spaced.windows(2).all(|w| w[1].0 - w[0].0 >= 500));
        }

        #[test]
        fn absurd_numbers_do_not_overflow(notes in prop::collection::vec((any::<u64>(), any::<Option<u64>>(), any::<u64>()), 0..50)) {
            let mut meter = Meter::default();
            for (done, total, at) in notes {
                let _ = meter.see(Note::Bytes { done, total }, Duration::from_millis(at));
                let _ = meter.tick(Duration::from_millis(at));
            }
        }
    }
}
