//! Takes a file over a session: what an accept and a fetch share.

use std::time::Duration;

use bytes::BytesMut;
use swim_core::ports::{Note, Sink};
use swim_core::{Error, ErrorKind, Result};

use super::options::Terms;
use super::packet::Packet;
use super::receive::{Receiver, Take};
use super::session::Session;

/// Bytes that are written to the sink at once.
const PIECE: usize = 256 * 1024;
/// A pause in the middle of a window means that its rest was lost, when it is longer than half of the round trip and this:
/// senders put a window on the wire in one go.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
/// The same, in pauses between what came before: slow lines and capped senders space their blocks.
const PAUSES: u32 = 8;

/// Where the bytes go.
pub(crate) struct Target<'a> {
    pub(crate) sink: &'a dyn Sink,
    /// A larger file is refused.
    pub(crate) most: u64,
    /// The size that it must have, where that is known.
    pub(crate) expected: Option<u64>,
    /// Counts what came.
    pub(crate) count: &'a (dyn Fn(usize) + Sync),
}

impl Target<'_> {
    /// Refuses a file by its size, told or come.
    pub(crate) fn check(&self, bytes: u64) -> Result<()> {
        if bytes > self.most {
            let message = format!("the file has more than the {} bytes that are taken", self.most);
            return Err(Error::new(ErrorKind::NoSpace, "tftp", message));
        }
        Ok(())
    }

    /// Refuses a file that is known to have another size.
    pub(crate) fn check_whole(&self, bytes: u64) -> Result<()> {
        self.check(bytes)?;
        match self.expected {
            Some(expected) if expected != bytes => {
                let message = format!("the file has {bytes} bytes, not {expected}");
                Err(Error::new(ErrorKind::Integrity, "tftp", message))
            }
            _ => Ok(()),
        }
    }
}

/// How a file begins.
pub(crate) enum Start {
    /// This is said until the first block comes.
    Greet(Vec<u8>),
    /// The first block was heard already.
    Heard,
}

/// Takes all of it. How many bytes came, and the number of the last block, which is not acknowledged yet: who hears that may
/// look for the file at once, so it must have its name first.
pub(crate) async fn take_file(
    session: &mut Session,
    terms: &Terms,
    start: Start,
    target: &Target<'_>,
) -> Result<(u64, u16)> {
    let block = usize::try_from(terms.block).unwrap_or(usize::MAX);
    let mut receiver = Receiver::new(block, terms.window);
    let mut writer = Writer { target, written: 0, buffer: BytesMut::with_capacity(PIECE + block) };
    let mut rhythm = Rhythm::default();
    let (mut heard, greeting) = match start {
        Start::Greet(greeting) => (false, greeting),
        Start::Heard => (true, Packet::Ack(0).bytes()),
    };
    if !heard {
        session.send(&greeting, greeting.len()).await?;
    }
    // When an acknowledgement was sent that nothing has answered yet.
    let mut asked = Some(session.cx.clock.monotonic());
    loop {
        let wait = rhythm.wait(session, receiver.is_inside_window());
        if !std::mem::take(&mut heard) && !session.hear(wait).await? {
            if receiver.is_inside_window() && rhythm.pause() {
                // The rest of the window is lost; the sender hears so before it would notice.
            } else {
                session.expired();
            }
            asked = None;
            receiver.timed_out();
            if receiver.came() == 0 {
                session.send(&greeting, greeting.len()).await?;
            } else {
                session.say(&Packet::Ack(receiver.acknowledgement())).await?;
            }
            continue;
        }
        let now = session.cx.clock.monotonic();
        let (batch, each) = session.heard();
        let (mut tell, mut greet, mut came) = (false, false, 0);
        for datagram in batch.chunks(each) {
            match Packet::read(datagram) {
                Ok(Packet::Data(number, data)) => match receiver.data(number, data.len()) {
                    Take::Keep { acknowledge } => {
                        writer.buffer.extend_from_slice(data);
                        came += data.len();
                        tell |= acknowledge;
                    }
                    Take::Drop { acknowledge } => tell |= acknowledge,
                },
                Ok(Packet::Error(code, words)) => return Err(session.ended_by_peer(code, &words)),
                // Our acknowledgement of the options was lost.
                Ok(Packet::Options(_)) if receiver.came() == 0 => greet = true,
                _ => {}
            }
        }
        session.reuse(batch);
        if greet {
            session.send(&greeting, greeting.len()).await?;
        }
        if came > 0 || receiver.is_done() {
            session.moved_on(asked.take().map(|asked| now.saturating_sub(asked)));
            rhythm.came(now);
            (target.count)(came);
            session.cx.pace.take(came, &session.cx).await?;
            target.check(writer.bytes())?;
        }
        if receiver.is_done() {
            let bytes = writer.bytes();
            target.check_whole(bytes)?;
            writer.flush().await?;
            session.cx.notes.note(Note::Flushing);
            return Ok((bytes, receiver.acknowledgement()));
        }
        if tell {
            session.say(&Packet::Ack(receiver.acknowledgement())).await?;
            asked = Some(session.cx.clock.monotonic());
            session.asked();
            rhythm.asked();
        }
        if writer.buffer.len() >= PIECE {
            writer.flush().await?;
            session.cx.notes.note(Note::Bytes { done: writer.written, total: target.expected.or(terms.size) });
        }
    }
}

/// Gathers blocks into pieces.
struct Writer<'a, 'b> {
    target: &'a Target<'b>,
    written: u64,
    buffer: BytesMut,
}

impl Writer<'_, '_> {
    fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    async fn flush(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            let piece = self.buffer.split().freeze();
            let length = piece.len() as u64;
            self.target.sink.write(self.written, piece).await?;
            self.written += length;
        }
        Ok(())
    }
}

/// How far apart the parts of a window come.
#[derive(Default)]
struct Rhythm {
    last: Option<Duration>,
    pause: Duration,
    /// A pause was answered, and nothing came since: the next wait is an ordinary one.
    answered: bool,
}

impl Rhythm {
    fn came(&mut self, now: Duration) {
        if let Some(last) = self.last {
            self.pause = (self.pause * 3 + now.saturating_sub(last)) / 4;
        }
        (self.last, self.answered) = (Some(now), false);
    }

    /// The next block comes after a round trip.
    fn asked(&mut self) {
        self.last = None;
    }

    fn wait(&self, session: &Session, inside_window: bool) -> Duration {
        let usual = session.wait();
        match session.trip() {
            Some(trip) if inside_window && !self.answered => {
                (trip / 2).max(self.pause * PAUSES).max(SHORTEST_PAUSE).min(usual)
            }
            _ => usual,
        }
    }

    /// A pause came; is it the first one?
    fn pause(&mut self) -> bool {
        self.last = None;
        !std::mem::replace(&mut self.answered, true)
    }
}
