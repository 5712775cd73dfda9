//! The parts of a stream that identification looks at, kept while it passes.

use std::collections::VecDeque;
use std::io;

use bytes::{Bytes, BytesMut};

use crate::image::ReadAt;

/// Kept of the beginning: as much as identification reads (see [`crate::image::identify`]).
const START: usize = 2 * 1024 * 1024;

/// Kept of the end: trailers and signatures.
const END: usize = 64 * 1024;

/// The beginning and the end of a file. What lies between is not there and is never made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// The first bytes, at most 2 MiB.
    pub(super) start: Bytes,
    /// The last bytes, at most 64 KiB; they overlap `start` in a short file.
    pub(super) end: Bytes,
    /// The size of the whole file.
    pub(super) bytes: u64,
}

impl ReadAt for Ends {
    fn size(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = |kept: u64, part: &'_ Bytes| {
            let start = usize::try_from(offset.checked_sub(kept)?).ok()?;
            (start < part.len()).then_some(start)
        };
        let rest = match (from(0, &self.start), from(self.bytes - self.end.len() as u64, &self.end)) {
            (Some(start), _) => self.start.get(start..),
            (None, Some(start)) => self.end.get(start..),
            (None, None) => None,
        };
        rest.unwrap_or_default().read_at(0, buffer)
    }
}

/// Collects a [`Ends`].
#[derive(Debug, Default)]
pub(super) struct Window {
    start: BytesMut,
    /// Pieces that together hold at least the last `END` bytes.
    last: VecDeque<Bytes>,
    /// Bytes in `last`.
    held: usize,
    bytes: u64,
}

impl Window {
    pub(super) fn take(&mut self, bytes: &Bytes) {
        self.bytes += bytes.len() as u64;
        let room = START - self.start.len();
        self.start.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        // Copied, so that a short end does not keep a long block alive.
        let end = bytes.len().saturating_sub(END);
        let piece = Bytes::copy_from_slice(bytes.get(end..).unwrap_or_default());
        self.held += piece.len();
        self.last.push_back(piece);
        while let Some(first) = self.last.front()
            && self.held - first.len() >= END
        {
            self.held -= first.len();
            self.last.pop_front();
        }
    }

    /// How many bytes there were so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn finish(self) -> Ends {
        let mut end: BytesMut = self.last.iter().flatten().copied().collect();
        let end = end.split_off(end.len().saturating_sub(END));
        Ends { start: self.start.freeze(), end: end.freeze(), bytes: self.bytes }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ends(whole: &Bytes, mut cuts: Vec<usize>) -> Ends {
        let mut window = Window::default();
        cuts.extend([0, whole.len()]);
        cuts.retain(|cut| *cut <= whole.len());
        cuts.sort_unstable();
        for pair in cuts.windows(2) {
            window.take(&whole.slice(pair[0]..pair[1]));
        }
        window.finish()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn however_the_stream_is_cut(
            length in prop_oneof![0..200_000_usize, START - 5..START + 5, START + END - 5..START + END + 200_000],
            cuts in proptest::collection::vec(0..START + END, 0..20),
            offset in 0..START + END,
        ) {
            let whole: Bytes = (0..length).map(|i| (i * 7 + i / 251) as u8).collect();
            let ends = ends(&whole, cuts);
            prop_assert_eq!(ends.bytes, length as u64);
            prop_assert!(ends.start == whole.slice(..length.min(START)));
            prop_assert!(ends.end == whole.slice(length.saturating_sub(END)..));
            let mut buffer = [0; 10];
            let count = ends.read_at(offset as u64, &mut buffer).unwrap();
            // What is at hand at the offset: to the end of the part that holds it, never anything made up.
            let at_hand = if offset < length.min(START) {
                length.min(START) - offset
            } else if offset >= length.saturating_sub(END) {
                length.saturating_sub(offset)
            } else {
                0
            };
            prop_assert_eq!(count, at_hand.min(10));
            prop_assert!(buffer[..count] == whole[offset.min(length)..(offset + count).min(length)]);
        }
    }
}
