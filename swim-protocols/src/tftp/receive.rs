//! The side that takes a file, without IO: which block is wanted, and when to say so.

/// What to do after a data packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// It is the wanted block: keep it, and acknowledge it if told so.
    Keep {
        /// Send [`Receiver::acknowledgement`] now.
        acknowledge: bool,
    },
    /// It is another one: throw it away, and ask for the wanted one by [`Receiver::acknowledgement`] if told so.
    Drop {
        /// Send it now.
        acknowledge: bool,
    },
}

/// Takes blocks in order.
#[derive(Debug)]
pub struct Receiver {
    block: usize,
    window: u64,
    /// Blocks that came in order.
    came: u64,
    since_acknowledged: u64,
    /// A gap is told once; the sender repeats all of the window.
    gap_told: bool,
    done: bool,
}

impl Receiver {
    /// Takes blocks of this size.
    #[must_use]
    pub fn new(block: usize, window: u64) -> Self {
        Self { block, window: window.max(1), came: 0, since_acknowledged: 0, gap_told: false, done: false }
    }

    /// A data packet came.
    pub fn data(&mut self, block: u16, length: usize) -> Take {
        if self.done || block != (self.came + 1) as u16 || length > self.block {
            // The last acknowledgement of a finished file, or of a window, was lost.
            let behind = (self.came as u16).wrapping_sub(block) < u16::try_from(self.window).unwrap_or(u16::MAX);
            let tell = self.done || (!self.gap_told && (self.window > 1 || behind));
            self.gap_told = self.window > 1;
            return Take::Drop { acknowledge: tell };
        }
        self.came += 1;
        self.gap_told = false;
        self.since_acknowledged += 1;
        self.done = length < self.block;
        let acknowledge = self.done || self.since_acknowledged >= self.window;
        if acknowledge {
            self.since_acknowledged = 0;
        }
        Take::Keep { acknowledge }
    }

    /// Nothing came for too long: the acknowledgement goes again.
    pub fn timed_out(&mut self) {
        self.since_acknowledged = 0;
        self.gap_told = false;
    }

    /// The number to acknowledge: that of the last block in order.
    pub fn acknowledgement(&mut self) -> u16 {
        self.since_acknowledged = 0;
        self.came as u16
    }

    /// Did a part of a window come, and not all of it?
    #[must_use]
    pub const fn is_inside_window(&self) -> bool {
        self.since_acknowledged > 0
    }

    /// Blocks that came in order.
    #[must_use]
    pub const fn came(&self) -> u64 {
        self.came
    }

    /// Is the file whole?
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }
}
