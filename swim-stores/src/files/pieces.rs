//! Pieces of images that several transfers read at about the same time: each is read once, and all hold the same bytes.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use swim_core::model::Sha256;

/// Bytes of a piece. Its place is a multiple of it.
pub(super) const PIECE: u64 = 1024 * 1024;
/// Shorter reads are not worth a piece: headers, ends, comparisons.
const WORTH: usize = 256 * 1024;
/// Pieces that are kept. Devices that start together stay within a few of them; one that falls behind reads what the
/// kernel has cached, and what all pieces take stays small beside the transfers themselves.
const KEPT: usize = 8;

/// A piece that is there, or is being read by who holds the lock.
type Piece = Arc<Mutex<Option<Bytes>>>;

/// The most recently used pieces, newest last.
#[derive(Debug, Default)]
pub(super) struct Pieces(Mutex<Vec<((Sha256, u64), Piece)>>);

impl Pieces {
    /// The bytes from `offset` up to (not including) `end`, which is inside of the image, when they are worth sharing and
    /// lie in one piece; `None` when not. `read` reads bytes from a place, as many as asked for.
    pub(super) fn get(
        &self,
        image: &Sha256,
        offset: u64,
        end: u64,
        bytes: u64,
        read: impl FnOnce(u64, usize) -> io::Result<Bytes>,
    ) -> io::Result<Option<Bytes>> {
        let number = offset / PIECE;
        let start = number * PIECE;
        let in_one = end <= start.saturating_add(PIECE) && end.saturating_sub(offset) >= WORTH as u64;
        if !in_one {
            return Ok(None);
        }
        let piece = self.piece(image, number);
        let mut held = lock(&piece);
        let whole = match held.as_ref() {
            Some(whole) => whole,
            None => held.insert(read(start, usize::try_from(PIECE.min(bytes - start)).unwrap_or(0))?),
        };
        let place = |at: u64| usize::try_from(at - start).unwrap_or(usize::MAX).min(whole.len());
        Ok(Some(whole.slice(place(offset)..place(end))))
    }

    pub(super) fn forget(&self, image: &Sha256) {
        lock(&self.0).retain(|((id, _), _)| id != image);
    }

    fn piece(&self, image: &Sha256, number: u64) -> Piece {
        let mut kept = lock(&self.0);
        let entry = match kept.iter().position(|(key, _)| *key == (*image, number)) {
            Some(at) => kept.remove(at),
            None => ((*image, number), Piece::default()),
        };
        if kept.len() == KEPT {
            kept.remove(0);
        }
        let piece = Arc::clone(&entry.1);
        kept.push(entry);
        piece
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic elsewhere leaves a piece unread or whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const IMAGE: u64 = 40 * PIECE + 5;

    fn of(at: u64, length: usize) -> Bytes {
        (at..at + length as u64).map(|n| (n / 7) as u8).collect()
    }

    fn read(pieces: &Pieces, offset: u64, length: u64, reads: &Cell<u32>) -> Option<Bytes> {
        let image = Sha256::of(b"an image");
        let done = pieces.get(&image, offset, offset + length, IMAGE, |at, length| {
            reads.set(reads.get() + 1);
            Ok(of(at, length))
        });
        done.unwrap()
    }

    #[test]
    fn who_reads_the_same_holds_the_same_bytes_read_once() {
        let (pieces, reads) = (Pieces::default(), Cell::new(0));
        let first = read(&pieces, 3 * PIECE, PIECE, &reads).unwrap();
        let half = read(&pieces, 3 * PIECE + PIECE / 2, PIECE / 2, &reads).unwrap();
        assert_eq!(reads.get(), 1);
        assert_eq!(half, of(3 * PIECE + PIECE / 2, (PIECE / 2) as usize));
        assert_eq!(half.as_ptr(), first[(PIECE / 2) as usize..].as_ptr());
    }

    #[test]
    fn short_reads_and_those_over_a_border_are_not_shared() {
        let (pieces, reads) = (Pieces::default(), Cell::new(0));
        assert!(read(&pieces, 0, 1000, &reads).is_none());
        assert!(read(&pieces, 1, PIECE, &reads).is_none());
        assert!(read(&pieces, 40 * PIECE, 5, &reads).is_none(), "the end is short");
        assert!(read(&pieces, u64::MAX, 0, &reads).is_none(), "far behind the end");
        assert_eq!(reads.get(), 0);
    }

    #[test]
    fn only_a_few_pieces_are_kept() {
        let (pieces, reads) = (Pieces::default(), Cell::new(0));
        for number in 0..40 {
            read(&pieces, number * PIECE, PIECE, &reads).unwrap();
        }
        assert_eq!((reads.get(), lock(&pieces.0).len()), (40, KEPT));
        read(&pieces, 39 * PIECE, PIECE, &reads).unwrap();
        assert_eq!(reads.get(), 40);
        pieces.forget(&Sha256::of(b"an image"));
        assert!(lock(&pieces.0).is_empty());
    }

    #[test]
    fn a_read_that_fails_is_tried_again() {
        let (pieces, image) = (Pieces::default(), Sha256::of(b"an image"));
        let failed = pieces.get(&image, 0, PIECE, IMAGE, |_, _| Err(io::ErrorKind::TimedOut.into()));
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(read(&pieces, 0, PIECE, &Cell::new(0)).is_some());
    }
}
