//! The parts of a stream that identification looks at, kept while it passes.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Kept of the beginning: headers, the first archive members, the version strings of compressed images.
const START: usize = 1024 * 1024;

/// Kept of the end: trailers and signatures.
const END: usize = 64 * 1024;

/// The beginning and the end of a file. What lies between is not there and is never made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The first bytes, at most 1 MiB.
    pub start: Bytes,
    /// The last bytes, at most 64 KiB; they overlap `start` in a short file.
    pub end: Bytes,
    /// The size of the whole file.
    pub bytes: u64,
}

impl Head {
    /// The bytes from `offset`, if all `length` of them were kept in one piece.
    #[must_use]
    pub fn get(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let within = |kept: u64, part: &'_ Bytes| {
            let from = usize::try_from(offset.checked_sub(kept)?).ok()?;
            let to = from.checked_add(length)?;
            (to <= part.len()).then_some((from, to))
        };
        if let Some((from, to)) = within(0, &self.start) {
            return self.start.get(from..to);
        }
        let (from, to) = within(self.bytes - self.end.len() as u64, &self.end)?;
        self.end.get(from..to)
    }
}

/// Collects a [`Head`].
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

    pub(super) fn finish(self) -> Head {
        let mut end: BytesMut = self.last.iter().flatten().copied().collect();
        let end = end.split_off(end.len().saturating_sub(END));
        Head { start: self.start.freeze(), end: end.freeze(), bytes: self.bytes }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(whole: &Bytes, mut cuts: Vec<usize>) -> Head {
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
            let head = head(&whole, cuts);
            prop_assert_eq!(head.bytes, length as u64);
            prop_assert!(head.start == whole.slice(..length.min(START)));
            prop_assert!(head.end == whole.slice(length.saturating_sub(END)..));
            let kept = offset + 10 <= length.min(START) || (offset >= length.saturating_sub(END) && offset + 10 <= length);
            let want = kept.then(|| whole.slice(offset..offset + 10));
            prop_assert_eq!(head.get(offset as u64, 10).map(<[u8]>::to_vec), want.map(|w| w.to_vec()));
        }
    }
}
