//! Random access to a file that is identified, without reading all of it.

use std::io;

/// Bytes that can be read from any place.
pub trait ReadAt {
    /// The size of the whole file, bytes.
    fn size(&self) -> u64;

    /// Reads from an offset; returns how many bytes were read, 0 when there are none (or none at hand) at this offset.
    ///
    /// # Errors
    /// Those of the medium.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|start| self.get(start..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.as_slice().read_at(offset, buffer)
    }
}

/// The beginning of a file, of which the rest is not at hand.
#[derive(Clone, Debug)]
pub struct Head {
    /// The first bytes.
    pub bytes: Vec<u8>,
    /// The size of the whole file, bytes.
    pub size: u64,
}

impl ReadAt for Head {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.as_slice().read_at(offset, buffer)
    }
}

/// Reads up to `count` bytes; fewer when the file ends or the rest is not at hand.
pub(super) fn read(bytes: &dyn ReadAt, offset: u64, count: usize) -> io::Result<Vec<u8>> {
    // No more room than there are bytes: most reads of small files ask for far more.
    let rest = usize::try_from(bytes.size().saturating_sub(offset)).unwrap_or(usize::MAX);
    let count = count.min(rest);
    let mut buffer = vec![0; count];
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        match bytes.read_at(offset.saturating_add(filled as u64), free)? {
            0 => break,
            n => filled += n.min(count - filled),
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

/// Makes a trait object of bytes whose size is not known at compile time.
pub(super) struct Borrowed<'a, B: ?Sized>(pub(super) &'a B);

impl<B: ReadAt + ?Sized> ReadAt for Borrowed<'_, B> {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }
}

/// The rest of a file from an offset on.
pub(super) struct Tail<'a> {
    /// The whole file.
    pub(super) whole: &'a dyn ReadAt,
    /// Where the rest begins.
    pub(super) offset: u64,
}

impl ReadAt for Tail<'_> {
    fn size(&self) -> u64 {
        self.whole.size().saturating_sub(self.offset)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.whole.read_at(self.offset.saturating_add(offset), buffer)
    }
}

/// A file from an offset on, as a stream.
pub(super) struct Stretch<'a> {
    /// The file.
    pub(super) whole: &'a dyn ReadAt,
    /// What is read next.
    pub(super) at: u64,
}

impl io::Read for Stretch<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.whole.read_at(self.at, buffer)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

/// Stretches of a file, one behind the other, as a stream.
pub(super) struct Stretches<'a> {
    whole: &'a dyn ReadAt,
    left: &'a [(u64, u64)],
    /// Bytes of the first of them that were read.
    done: u64,
}

impl<'a> Stretches<'a> {
    /// A stream of these stretches: offsets and lengths.
    pub(super) fn new(whole: &'a dyn ReadAt, stretches: &'a [(u64, u64)]) -> Self {
        Self { whole, left: stretches, done: 0 }
    }
}

impl io::Read for Stretches<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(((at, length), rest)) = self.left.split_first() {
            let count = usize::try_from(length - self.done).unwrap_or(usize::MAX).min(buffer.len());
            if self.done < *length {
                let count =
                    self.whole.read_at(at.saturating_add(self.done), buffer.get_mut(..count).unwrap_or_default())?;
                self.done += count as u64;
                return Ok(count);
            }
            (self.left, self.done) = (rest, 0);
        }
        Ok(0)
    }
}

/// A big-endian word of 32 bits.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A big-endian half word of 16 bits.
pub(super) fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}
