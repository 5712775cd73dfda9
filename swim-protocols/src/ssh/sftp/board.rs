//! What the channels of one transfer share: who does which part of the file next, what is done, and how much may be on
//! its way.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::depth::Depth;
use crate::spread::SPREAD;

/// What a channel shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// This part: where it begins and how long it is.
    Part(u64, u64),
    /// Nothing now.
    Wait,
    /// All of the file is done.
    Finished,
}

#[derive(Debug)]
struct State {
    /// Where the parts that nobody has taken begin.
    next: u64,
    /// Parts that a channel took and gave back.
    returned: Vec<(u64, u64)>,
    /// Everything before this is done.
    whole: u64,
    /// Parts behind it that are done: where they begin and end.
    ahead: BTreeMap<u64, u64>,
    done: u64,
    in_flight: u64,
    lanes: u64,
    /// More channels are wanted.
    wanted: bool,
    depth: Depth,
}

/// The shared state. Nobody holds its lock while waiting.
#[derive(Debug)]
pub(super) struct Board {
    bytes: u64,
    /// The last part waits until all others are done: a far file of the full size is then whole.
    last_waits: bool,
    state: Mutex<State>,
    changed: Notify,
}

impl Board {
    /// A transfer of the bytes from `from` up to `bytes`.
    pub(super) fn new(from: u64, bytes: u64, last_waits: bool, depth: Depth) -> Self {
        let state = State {
            next: from,
            returned: Vec::new(),
            whole: from,
            ahead: BTreeMap::new(),
            done: from,
            in_flight: 0,
            lanes: 1,
            wanted: false,
            depth,
        };
        Self { bytes, last_waits, state: Mutex::new(state), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves plain numbers behind: they are still true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next part of at most `most` bytes for a channel that has `open` bytes on their way.
    pub(super) fn take(&self, most: u64, open: u64) -> Take {
        let mut state = self.lock();
        if state.whole >= self.bytes {
            return Take::Finished;
        }
        let limit = state.depth.limit();
        // One part is always allowed, so that no channel starves.
        let share = (limit / state.lanes).max(most);
        if open > 0 && (open + most > share || state.in_flight + most > limit) {
            return Take::Wait;
        }
        let (start, length) = match state.returned.pop() {
            Some((start, length)) if length > most => {
                state.returned.push((start + most, length - most));
                (start, most)
            }
            Some(part) => part,
            None => {
                let start = state.next;
                let length = most.min(self.bytes - start);
                let last = start + length == self.bytes && state.whole < start && self.last_waits;
                if length == 0 || last || start + length > state.whole + SPREAD {
                    return Take::Wait;
                }
                state.next += length;
                (start, length)
            }
        };
        state.in_flight += length;
        Take::Part(start, length)
    }

    /// A part is done. Returns all that is done so far.
    pub(super) fn finish(&self, start: u64, length: u64, now: Duration) -> u64 {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(length);
        state.done += length;
        state.depth.moved(length, now);
        state.ahead.insert(start, start + length);
        while let Some((&start, &end)) = state.ahead.first_key_value()
            && start <= state.whole
        {
            state.whole = state.whole.max(end);
            state.ahead.pop_first();
        }
        let done = state.done;
        drop(state);
        self.changed.notify_waiters();
        done
    }

    /// A channel could not do these parts; others shall.
    pub(super) fn give_back(&self, parts: impl IntoIterator<Item = (u64, u64)>) {
        let mut state = self.lock();
        for (start, length) in parts {
            state.in_flight = state.in_flight.saturating_sub(length);
            state.returned.push((start, length));
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Nothing behind this was taken by any channel yet.
    pub(super) fn reach(&self) -> u64 {
        self.lock().next
    }

    /// The far window is the limit: more channels would help.
    pub(super) fn want_lanes(&self) {
        if !std::mem::replace(&mut self.lock().wanted, true) {
            self.changed.notify_waiters();
        }
    }

    /// A channel joined or left.
    pub(super) fn joined(&self, is_there: bool) {
        let mut state = self.lock();
        state.lanes = if is_there { state.lanes + 1 } else { state.lanes.saturating_sub(1).max(1) };
    }

    /// What may be on its way in all, and the share of each channel in it.
    pub(super) fn limit(&self) -> (u64, u64) {
        let state = self.lock();
        let limit = state.depth.limit();
        (limit, limit / state.lanes)
    }

    /// Waits until more channels are wanted; `false` when the file is done before.
    pub(super) async fn lanes_wanted(&self) -> bool {
        self.until(|state, bytes| match state {
            State { whole, .. } if *whole >= bytes => Some(false),
            State { wanted: true, .. } => Some(true),
            _ => None,
        })
        .await
    }

    /// Waits until a channel with nothing on its way may find something to do.
    pub(super) async fn moved(&self) {
        let before = self.lock().done;
        self.until(|state, _| (state.done != before || !state.returned.is_empty()).then_some(())).await;
    }

    async fn until<T>(&self, mut ready: impl FnMut(&State, u64) -> Option<T> + Send) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(value) = ready(&self.lock(), self.bytes) {
                return value;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn board(from: u64, bytes: u64) -> Board {
        Board::new(from, bytes, true, Depth::new(None))
    }

    #[test]
    fn the_last_part_waits_for_all_others() {
        let board = board(0, 250);
        assert_eq!(board.take(100, 0), Take::Part(0, 100));
        assert_eq!(board.take(100, 0), Take::Part(100, 100));
        assert_eq!(board.take(100, 0), Take::Wait);
        board.finish(100, 100, Duration::ZERO);
        assert_eq!(board.take(100, 0), Take::Wait);
        board.finish(0, 100, Duration::ZERO);
        assert_eq!(board.take(100, 0), Take::Part(200, 50));
        assert_eq!(board.take(100, 0), Take::Wait);
        assert_eq!(board.finish(200, 50, Duration::ZERO), 250);
        assert_eq!(board.take(100, 0), Take::Finished);
    }

    #[test]
    fn what_is_given_back_is_done_by_another() {
        let board = board(0, 300);
        assert_eq!(board.take(200, 0), Take::Part(0, 200));
        board.give_back([(0, 200)]);
        assert_eq!(board.take(150, 0), Take::Part(0, 150));
        assert_eq!(board.take(150, 0), Take::Part(150, 50));
    }

    proptest! {
        /// Channels take, finish and fail in any order: every byte is done once, and a hole is never farther from the
        /// end of what was taken than the spread, nor in a file of the full size.
        #[test]
        fn holes_are_near_the_end(from in 0u64..50, size in 1u64..90, choices in prop::collection::vec((0u8..8, 0usize..9), 0..400)) {
            const MIB: u64 = 1024 * 1024;
            let (from, bytes) = (from.min(size) * MIB, size * MIB + 7);
            let board = board(from, bytes);
            let mut open: Vec<(u64, u64)> = Vec::new();
            let mut written = vec![false; bytes as usize / 1024 / 1024 + 1];
            let mut size_there = from;
            written[..(from / MIB) as usize].fill(true);
            let mut play = |board: &Board, kind: u8, which: usize| match kind {
                0..=3 => {
                    if let Take::Part(start, length) = board.take(MIB, 0) {
                        size_there = size_there.max(start + length);
                        let hole = written.iter().position(|w| !w).unwrap_or(0) as u64 * MIB;
                        assert!(size_there <= hole + SPREAD, "{size_there} {hole}");
                        assert!(size_there < bytes || hole == start, "the last part is alone");
                        open.push((start, length));
                    }
                    false
                }
                4..=6 if !open.is_empty() => {
                    let (start, length) = open.remove(which % open.len());
                    written[(start / MIB) as usize] = true;
                    board.finish(start, length, Duration::ZERO);
                    true
                }
                7 if !open.is_empty() => {
                    let at = which % open.len();
                    board.give_back([open.remove(at)]);
                    false
                }
                _ => false,
            };
            for (kind, which) in choices {
                play(&board, kind, which);
            }
            let mut rounds = 0;
            while board.take(0, 0) != Take::Finished {
                play(&board, 0, 0);
                play(&board, 4, 0);
                rounds += 1;
                prop_assert!(rounds < 1000);
            }
            prop_assert!(written.iter().all(|w| *w));
        }
    }
}
