//! The bytes between the interesting ones.

use std::io::{self, Read};

/// A block of this size repeats, each time with another counter in front.
const BLOCK: usize = 64 * 1024;

/// A stream of bytes that depends on a seed alone. Cheap: a gigabyte takes well under a second.
#[derive(Clone)]
pub(crate) struct Fill {
    block: Vec<u8>,
    at: u64,
    length: u64,
}

impl Fill {
    pub(crate) fn new(seed: u64, length: u64) -> Self {
        // xorshift64*: the state must not be zero.
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut block = Vec::with_capacity(BLOCK);
        while block.len() < BLOCK {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            block.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
        }
        Self { block, at: 0, length }
    }
}

impl Read for Fill {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let within = (self.at % BLOCK as u64) as usize;
        if within == 0
            && let Some(counter) = self.block.get_mut(..8)
        {
            counter.copy_from_slice(&(self.at / BLOCK as u64).to_le_bytes());
        }
        let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX);
        let count = buffer.len().min(left).min(BLOCK - within);
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), self.block.get(within..within + count)) {
            to.copy_from_slice(from);
        }
        self.at += count as u64;
        Ok(count)
    }
}
