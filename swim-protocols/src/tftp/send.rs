//! The side that sends a file, without IO: which blocks are on their way.

/// Losses that are told apart: the largest window in bursts of one block.
const MOST_LOSSES: u32 = 9;
/// Whole windows that must arrive before larger bursts are tried: a receiver's small buffer does not grow.
const CALM: u32 = 64;

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
    acked: u64,
    next: u64,
    /// The acknowledgement that was answered with a repetition: a second one says the same loss.
    repeated: Option<u64>,
    /// What goes next was sent before.
    repeating: bool,
}

impl Sender {
    /// A file of so many bytes in blocks of `block`. It always ends with a block that is not full, an empty one if need be.
    #[must_use]
    pub fn new(bytes: u64, block: u64, window: u64) -> Self {
        let total = bytes / block.max(1) + 1;
        Self { total, window: window.max(1), losses: 0, calm: 0, acked: 0, next: 0, repeated: None, repeating: false }
    }

    /// The blocks to send now, first and last, or none.
    pub fn send(&mut self) -> Option<(u64, u64)> {
        let end = (self.acked + self.window).min(self.total);
        if self.next >= end {
            return None;
        }
        let first = self.next + 1;
        self.next = end;
        self.repeating = false;
        Some((first, end))
    }

    /// An acknowledgement came. Returns whether it was one for what is on its way; others are late, or lie.
    pub fn acknowledged(&mut self, block: u16) -> bool {
        let ahead = u64::from(block.wrapping_sub(self.acked as u16));
        if ahead > self.next - self.acked {
            return false;
        }
        if ahead == 0 {
            // The receiver misses the block behind it. With a window of 1 it is a duplicate, which must not be answered: each
            // answer would make another one.
            if self.window > 1 && self.next > self.acked && self.repeated != Some(self.acked) {
                self.repeated = Some(self.acked);
                self.lost();
            }
            return false;
        }
        self.acked += ahead;
        if self.acked < self.next {
            self.repeated = Some(self.acked);
            self.lost();
        } else {
            self.calm += 1;
            if self.calm >= CALM {
                (self.losses, self.calm) = (self.losses.saturating_sub(1), 0);
            }
        }
        true
    }

    /// Nothing was heard for too long: all that is not acknowledged goes again.
    pub fn timed_out(&mut self) {
        self.repeated = None;
        self.lost();
    }

    fn lost(&mut self) {
        self.repeating = self.next > self.acked;
        self.next = self.acked;
        (self.losses, self.calm) = ((self.losses + 1).min(MOST_LOSSES), 0);
    }

    /// Blocks that should go out without a pause: all of a window, less after each loss. The window itself stays: receivers
    /// say nothing before it is full.
    #[must_use]
    pub const fn burst(&self) -> u64 {
        let burst = self.window >> self.losses;
        if burst == 0 { 1 } else { burst }
    }

    /// Was something lost, and is not sent again yet?
    #[must_use]
    pub const fn is_repeating(&self) -> bool {
        self.repeating
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
