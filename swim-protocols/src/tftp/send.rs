//! The side that sends a file, without IO: which blocks are on their way.

/// A window is sent in at most eight bursts, each half of the one before: more pauses would cost more than a lost window on
/// a line that loses packets by chance, and an eighth of the window that a receiver asked for fits into its buffer.
const MOST_LOSSES: u32 = 3;
/// Whole windows that must arrive before larger bursts are tried again. What was lost by chance is soon forgotten.
const LEAST_PATIENCE: u32 = 2;
/// The same where larger bursts were lost again each time: a receiver's small buffer does not grow.
const MOST_PATIENCE: u32 = 256;

/// Sends blocks in windows (RFC 7440; a window of 1 is plain TFTP). Blocks are counted from 1 and never wrap here; on the
/// wire their lower 16 bits are told, so a file may be larger than 65,535 blocks.
#[derive(Debug)]
pub struct Sender {
    total: u64,
    window: u64,
    /// Losses of late, up to a few: the receiver's buffer may be small.
    losses: u32,
    /// Whole windows that arrived since the last one.
    calm: u32,
    /// Whole windows that are waited for.
    patience: u32,
    /// Larger bursts are on trial.
    trial: bool,
    acked: u64,
    next: u64,
    /// Blocks up to here were sent before the last repetition began.
    recover: u64,
    /// Nothing was heard, so often in a row.
    silences: u32,
    /// One block asks what the other side has.
    ask: bool,
}

impl Sender {
    /// A file of so many bytes in blocks of `block`. It always ends with a block that is not full, an empty one if need be.
    #[must_use]
    pub fn new(bytes: u64, block: u64, window: u64) -> Self {
        Self {
            total: bytes / block.max(1) + 1,
            window: window.max(1),
            losses: 0,
            calm: 0,
            patience: LEAST_PATIENCE,
            trial: false,
            acked: 0,
            next: 0,
            recover: 0,
            silences: 0,
            ask: false,
        }
    }

    /// The blocks to send now, first and last, or none: a burst, behind which a pause is due where the window has room for
    /// [more](Self::has_more).
    pub fn send(&mut self) -> Option<(u64, u64)> {
        if !self.has_more() {
            return None;
        }
        let first = self.next + 1;
        let most = if std::mem::take(&mut self.ask) { 1 } else { self.burst() };
        self.next = self.end().min(self.next + most);
        Some((first, self.next))
    }

    /// The blocks that go next if all that is on its way arrives.
    #[must_use]
    pub fn afterwards(&self) -> Option<(u64, u64)> {
        (self.next < self.total).then(|| (self.next + 1, self.total.min(self.next + self.burst())))
    }

    /// Is a part of the window not sent yet?
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.next < self.end()
    }

    fn end(&self) -> u64 {
        (self.acked + self.window).min(self.total)
    }

    /// An acknowledgement came. Returns whether it was one for what is on its way; others are late, or lie.
    ///
    /// One that stops in the middle says that the next block is lost, but only where nothing behind it was sent twice: to
    /// a block that it has, a receiver says the same. If that were answered by another repetition, it would go on so until
    /// the end of the file. Where it was a loss after all, a silence tells.
    pub fn acknowledged(&mut self, block: u16) -> bool {
        let ahead = u64::from(block.wrapping_sub(self.acked as u16));
        if ahead > self.next.max(self.recover) - self.acked {
            return false;
        }
        self.acked += ahead;
        self.next = self.next.max(self.acked);
        let clear = self.recover == 0 || self.acked > self.recover;
        if ahead == 0 {
            // With a window of 1 it is a duplicate.
            if self.window > 1 && self.next > self.acked && clear {
                self.lost();
            }
            return false;
        }
        if self.silences > 0 && self.acked < self.recover {
            // This is what was lost in silence, and it is on its way again.
            self.shrink();
        } else if clear && self.acked < self.next {
            self.lost();
        } else if clear {
            self.arrived_whole();
        }
        (self.silences, self.ask) = (0, false);
        true
    }

    fn arrived_whole(&mut self) {
        self.calm = self.calm.saturating_add(1);
        if self.calm < self.patience {
            return;
        }
        self.trial = self.losses > 0;
        if self.trial {
            (self.losses, self.calm) = (self.losses - 1, 0);
        } else {
            self.patience = LEAST_PATIENCE;
        }
    }

    /// Nothing was heard for too long: all that is not acknowledged goes again. Its first block goes alone: who has it says
    /// at once how far it is.
    pub fn timed_out(&mut self) {
        self.silences += 1;
        // One silence is an acknowledgement that got lost, or somebody who had other things to do.
        if self.silences > 1 {
            self.lost()
        } else {
            self.again()
        }
        self.ask = true;
    }

    fn again(&mut self) {
        self.recover = self.recover.max(self.next);
        self.next = self.acked;
    }

    fn lost(&mut self) {
        self.again();
        self.shrink();
    }

    fn shrink(&mut self) {
        let by_chance = self.losses == 0 && self.calm >= LEAST_PATIENCE;
        self.calm = 0;
        if by_chance {
            return;
        }
        if std::mem::take(&mut self.trial) {
            self.patience = (self.patience * 4).min(MOST_PATIENCE);
        }
        self.losses = (self.losses + 1).min(MOST_LOSSES);
    }

    /// Blocks that should go out without a pause: all of a window, less after each loss. The window itself stays: receivers
    /// say nothing before it is full.
    const fn burst(&self) -> u64 {
        let burst = self.window >> self.losses;
        if burst == 0 { 1 } else { burst }
    }

    /// Was everything that is on its way sent once?
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.acked >= self.recover
    }

    /// Has everything arrived that was sent?
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.acked == self.next
    }

    /// Is this the last block of the file?
    #[must_use]
    pub const fn is_last(&self, block: u64) -> bool {
        block == self.total
    }

    /// Is every block acknowledged?
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.acked == self.total
    }

    /// Blocks that have arrived.
    #[must_use]
    pub const fn arrived(&self) -> u64 {
        self.acked
    }
}
