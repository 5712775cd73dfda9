//! Cuts an image into blocks: the next ones lie ready before they are asked for.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use swim_core::model::Sha256;
use swim_core::ports::ImageStore;
use swim_core::{Error, ErrorKind, Result};

use super::packet::Packet;
use super::session::Session;

/// Bytes that are read from the store at once: a few of the usual windows. The next piece is read meanwhile.
const PIECE: usize = 256 * 1024;
/// Bytes that are handed to the network at once.
const BATCH: usize = 60_000;
/// Blocks of the first batch of a window. They lie ready when the acknowledgement comes, and while the rest is cut the other
/// side begins with them.
const HEAD: u64 = 8;

/// Of so many bytes that are repeated one is counted. On a line that loses one block of a hundred, a window of 512 blocks is
/// sent five times; a limit for those who break off again and again must not end that.
const REPEATED: usize = 16;

/// Where the bytes are.
pub(crate) struct Source<'a> {
    pub(crate) store: &'a dyn ImageStore,
    pub(crate) image: Sha256,
    pub(crate) bytes: u64,
    /// Counts what is handed out, and may refuse it.
    pub(crate) count: &'a (dyn Fn(usize) -> Result<()> + Sync),
}

/// A read that is under way.
type Reading<'a> = Pin<Box<dyn Future<Output = Result<Bytes>> + Send + 'a>>;

/// Cuts the image into blocks.
pub(super) struct Cutter<'a> {
    pub(super) source: Source<'a>,
    block: u64,
    /// The piece that is cut, and where it begins.
    piece: (u64, Bytes),
    /// The one behind it.
    ahead: Option<(u64, Reading<'a>)>,
    /// Blocks that lie ready, first and last, with their heads.
    ready: (u64, u64),
    batch: Vec<u8>,
    /// The last block that was sent so far.
    newest: u64,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(source: Source<'a>, block: u64) -> Self {
        Self { source, block, piece: (0, Bytes::new()), ahead: None, ready: (1, 0), batch: Vec::new(), newest: 0 }
    }

    /// Bytes of a whole packet.
    fn each(&self) -> usize {
        usize::try_from(self.block).unwrap_or(usize::MAX) + 4
    }

    /// Sends these blocks.
    pub(super) async fn put(&mut self, session: &mut Session, first: u64, last: u64) -> Result<()> {
        let mut next = first;
        while next <= last {
            if self.ready.0 != next || self.ready.1 < next || self.ready.1 > last {
                let most = if next == first { HEAD } else { last };
                self.cut(next, last.min(next.saturating_add(most - 1))).await?;
            }
            let blocks = self.ready.1 - self.ready.0 + 1;
            let of_file = self.batch.len() - usize::try_from(blocks).unwrap_or_default() * 4;
            let repeated = self.ready.1 <= self.newest;
            (self.source.count)(if repeated { of_file / REPEATED } else { of_file })?;
            self.newest = self.newest.max(self.ready.1);
            session.cx.pace.take(of_file, &session.cx).await?;
            session.send(&self.batch, self.each()).await?;
            next = self.ready.1 + 1;
        }
        Ok(())
    }

    /// Lays the first of these blocks ready.
    pub(super) async fn prepare(&mut self, first: u64, last: u64) -> Result<()> {
        if self.ready.0 == first && self.ready.1 >= first {
            return Ok(());
        }
        self.cut(first, last.min(first + HEAD - 1)).await
    }

    /// Lays blocks ready, as many of these as fit into one batch.
    async fn cut(&mut self, first: u64, last: u64) -> Result<()> {
        let fits = (BATCH / self.each()).max(1) as u64;
        let last = last.min(first + fits - 1);
        self.batch.clear();
        self.ready = (1, 0);
        for number in first..=last {
            Packet::data_head(number as u16, &mut self.batch);
            let from = (number - 1) * self.block;
            self.copy(from, (from + self.block).min(self.source.bytes)).await?;
        }
        self.ready = (first, last);
        Ok(())
    }

    /// Appends bytes of the image to the batch.
    async fn copy(&mut self, mut from: u64, until: u64) -> Result<()> {
        while from < until {
            let (at, piece) = &self.piece;
            let skip = from.checked_sub(*at).and_then(|skip| usize::try_from(skip).ok());
            let Some(skip) = skip.filter(|skip| *skip < piece.len()) else {
                self.turn_to(from).await?;
                continue;
            };
            let length = usize::try_from(until - from).unwrap_or(usize::MAX).min(piece.len() - skip);
            self.batch.extend_from_slice(&piece[skip..skip + length]);
            from += length as u64;
        }
        Ok(())
    }

    /// Takes the piece that begins there, and begins to read the one behind it.
    async fn turn_to(&mut self, from: u64) -> Result<()> {
        let piece = match self.ahead.take().filter(|(at, _)| *at == from) {
            Some((_, reading)) => reading.await?,
            None => self.read(from).await?,
        };
        if piece.is_empty() {
            return Err(Error::new(ErrorKind::Integrity, "tftp", "the image is shorter than its size"));
        }
        let behind = from + piece.len() as u64;
        self.piece = (from, piece);
        if behind < self.source.bytes {
            let mut reading = self.read(behind);
            // The first poll begins it. When it is done already, it is asked no more.
            let begun = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
            self.ahead = Some(match begun {
                Poll::Pending => (behind, reading),
                Poll::Ready(piece) => (behind, Box::pin(std::future::ready(piece))),
            });
        }
        Ok(())
    }

    fn read(&self, from: u64) -> Reading<'a> {
        let (store, image) = (self.source.store, self.source.image);
        Box::pin(async move { store.read(&image, from, PIECE).await })
    }
}
