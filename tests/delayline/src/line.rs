//! One direction of the path: when a packet arrives at the other end, or that it does not.

use std::time::{Duration, Instant};

/// Parts of a million.
const MILLION: u64 = 1_000_000;

/// What the path does to packets.
#[derive(Clone, Copy, Debug)]
pub struct Nature {
    /// From one end to the other.
    pub delay: Duration,
    /// Packets of a million that get lost.
    pub loss: u32,
    /// Bytes a second; `None` = as fast as it goes.
    pub rate: Option<u64>,
    /// Bytes that may be on the way or wait for their turn. More is dropped, as a router does.
    pub queue: u64,
}

/// Why a packet does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// By chance.
    Lost,
    /// The queue was full.
    Full,
}

/// One direction. It has no clock of its own: callers say what time it is.
#[derive(Debug)]
pub struct Line {
    nature: Nature,
    chance: u64,
    /// When the last byte that was taken has left.
    free: Option<Instant>,
}

impl Line {
    /// A line whose losses follow from `seed`: a run can be repeated.
    pub fn new(nature: Nature, seed: u64) -> Self {
        Self { nature, chance: seed, free: None }
    }

    /// A packet of `bytes` comes at `now`, while `waiting` bytes are on the way: when it arrives.
    pub fn take(&mut self, now: Instant, bytes: u64, waiting: u64) -> Result<Instant, Dropped> {
        if self.draw() % MILLION < u64::from(self.nature.loss) {
            return Err(Dropped::Lost);
        }
        if waiting + bytes > self.nature.queue {
            return Err(Dropped::Full);
        }
        let Some(rate) = self.nature.rate else { return Ok(now + self.nature.delay) };
        let starts = self.free.map_or(now, |free| free.max(now));
        let left = starts + Duration::from_secs_f64(bytes as f64 / rate as f64);
        self.free = Some(left);
        Ok(left + self.nature.delay)
    }

    /// SplitMix64: even enough for losses, and the same on every machine.
    fn draw(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Nature = Nature { delay: Duration::from_millis(25), loss: 0, rate: None, queue: 10_000 };

    #[test]
    fn every_packet_takes_the_delay() {
        let now = Instant::now();
        assert_eq!(Line::new(PLAIN, 1).take(now, 1500, 0), Ok(now + PLAIN.delay));
    }

    #[test]
    fn packets_leave_one_after_the_other_at_the_rate() {
        let mut line = Line::new(Nature { rate: Some(1_000_000), ..PLAIN }, 1);
        let now = Instant::now();
        for n in 1..=3 {
            assert_eq!(line.take(now, 1000, 0), Ok(now + Duration::from_millis(n) + PLAIN.delay));
        }
        let later = now + Duration::from_secs(1);
        let fresh = later + Duration::from_millis(1) + PLAIN.delay;
        assert_eq!(line.take(later, 1000, 0), Ok(fresh), "an idle line saves nothing up");
    }

    #[test]
    fn what_does_not_fit_is_dropped() {
        let mut line = Line::new(PLAIN, 1);
        assert!(line.take(Instant::now(), 1500, 8500).is_ok());
        assert_eq!(line.take(Instant::now(), 1500, 8501), Err(Dropped::Full));
    }

    #[test]
    fn as_many_are_lost_as_was_asked_for() {
        for (loss, least, most) in
            [(0, 0, 0), (1000, 800, 1200), (10_000, 9_400, 10_600), (1_000_000, 1_000_000, 1_000_000)]
        {
            let mut line = Line::new(Nature { loss, ..PLAIN }, 7);
            let now = Instant::now();
            let lost = (0..1_000_000).filter(|_| line.take(now, 1, 0) == Err(Dropped::Lost)).count();
            assert!((least..=most).contains(&lost), "{loss}: {lost}");
        }
    }
}
