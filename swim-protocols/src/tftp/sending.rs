//! Sends a file over a session: what an offer and a push share.

use bytes::Bytes;
use std::time::Duration;
use swim_core::model::Sha256;
use swim_core::ports::{ImageStore, Note};
use swim_core::{Error, ErrorKind, Result};

use super::options::Terms;
use super::packet::Packet;
use super::send::Sender;
use super::session::{Session, refusal};

/// Bytes that are read from the store at once.
const PIECE: usize = 1024 * 1024;
/// Pause between the parts of a window after a loss: a slow receiver empties its buffer meanwhile.
const PAUSE: Duration = Duration::from_millis(1);
/// Bytes that are handed to the network at once.
const BATCH: usize = 60_000;

/// Where the bytes are.
pub(crate) struct Source<'a> {
    pub(crate) store: &'a dyn ImageStore,
    pub(crate) image: Sha256,
    pub(crate) bytes: u64,
    /// Counts what is handed out, and may refuse it.
    pub(crate) count: &'a (dyn Fn(usize) -> Result<()> + Sync),
}

/// Tells the options that are agreed to, until the other side acknowledges them as block 0.
pub(crate) async fn greet(session: &mut Session, options: Vec<(String, String)>) -> Result<()> {
    if options.is_empty() {
        return Ok(());
    }
    let packet = Packet::Options(options).bytes();
    let mut repeated = false;
    loop {
        session.send(&packet, packet.len()).await?;
        let asked = session.cx.clock.monotonic();
        if acknowledgements(session, session.timer.wait()).await?.contains(&0) {
            let took = session.cx.clock.monotonic().saturating_sub(asked);
            if repeated {
                session.timer.progress()
            } else {
                session.timer.measured(took)
            }
            return Ok(());
        }
        repeated = true;
        session.expired()?;
    }
}

/// The acknowledgements of the next datagrams; none after `wait`.
async fn acknowledgements(session: &mut Session, wait: Duration) -> Result<Vec<u16>> {
    let mut acks = Vec::new();
    while acks.is_empty() && session.hear(wait).await? {
        let (batch, each) = session.heard();
        for datagram in batch.chunks(each) {
            match Packet::read(datagram) {
                Ok(Packet::Ack(block)) => acks.push(block),
                Ok(Packet::Error(code, words)) => return Err(refusal(code, &words)),
                _ => {}
            }
        }
        session.reuse(batch);
    }
    Ok(acks)
}

/// Sends all of it. When it returns, the other side has acknowledged the last block.
pub(crate) async fn send_file(session: &mut Session, terms: &Terms, source: Source<'_>) -> Result<()> {
    let mut sender = Sender::new(source.bytes, terms.block, terms.window);
    let mut reader = Reader { source, block: terms.block, piece: (0, Bytes::new()) };
    // Was everything on the way sent once?
    let mut once = true;
    while !sender.is_done() {
        if let Some((first, last)) = sender.send() {
            reader.put(session, &sender, first, last).await?;
            if sender.is_last(last) {
                session.cx.notes.note(Note::Flushing);
            }
        }
        let asked = session.cx.clock.monotonic();
        let acks = acknowledgements(session, session.timer.wait()).await?;
        if acks.is_empty() {
            session.expired()?;
            sender.timed_out();
            once = false;
            continue;
        }
        let mut moved = false;
        for ack in acks {
            moved |= sender.acknowledged(ack);
        }
        if sender.is_repeating() {
            once = false;
        } else if moved && std::mem::replace(&mut once, true) {
            session.timer.measured(session.cx.clock.monotonic().saturating_sub(asked));
        }
        if moved {
            session.timer.progress();
            let total = reader.source.bytes;
            let done = sender.arrived().saturating_mul(terms.block).min(total);
            session.cx.notes.note(Note::Bytes { done, total: Some(total) });
        }
    }
    Ok(())
}

/// Cuts the image into blocks.
struct Reader<'a> {
    source: Source<'a>,
    block: u64,
    /// The last piece that was read from the store, and where it begins.
    piece: (u64, Bytes),
}

impl Reader<'_> {
    /// Sends blocks.
    async fn put(&mut self, session: &mut Session, sender: &Sender, first: u64, last: u64) -> Result<()> {
        let mut of_file = 0;
        let each = usize::try_from(self.block).unwrap_or(usize::MAX) + 4;
        let mut batch = Vec::with_capacity(BATCH.max(each));
        for number in first..=last {
            Packet::data_head(number as u16, &mut batch);
            let from = (number - 1) * self.block;
            let until = (from + self.block).min(self.source.bytes);
            self.copy(from, until, &mut batch).await?;
            of_file += usize::try_from(until - from).unwrap_or(usize::MAX);
            let rest = (number - first + 1).is_multiple_of(sender.burst()) && number < last;
            if batch.len() + each > BATCH || number == last || rest {
                (self.source.count)(of_file)?;
                session.cx.pace.take(of_file, &session.cx).await?;
                of_file = 0;
                session.send(&batch, each).await?;
                batch.clear();
            }
            if rest {
                session.cx.sleep(PAUSE).await?;
            }
        }
        Ok(())
    }

    /// Appends bytes of the image.
    async fn copy(&mut self, mut from: u64, until: u64, batch: &mut Vec<u8>) -> Result<()> {
        while from < until {
            let (at, piece) = &self.piece;
            let skip = from.checked_sub(*at).and_then(|skip| usize::try_from(skip).ok());
            let Some(skip) = skip.filter(|skip| *skip < piece.len()) else {
                let piece = self.source.store.read(&self.source.image, from, PIECE).await?;
                if piece.is_empty() {
                    return Err(Error::new(ErrorKind::Integrity, "tftp", "the image is shorter than its size"));
                }
                self.piece = (from, piece);
                continue;
            };
            let length = usize::try_from(until - from).unwrap_or(usize::MAX).min(piece.len() - skip);
            batch.extend_from_slice(&piece[skip..skip + length]);
            from += length as u64;
        }
        Ok(())
    }
}
