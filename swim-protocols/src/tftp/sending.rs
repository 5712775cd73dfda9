//! Sends a file over a session: what an offer and a push share.

use std::time::Duration;

use swim_core::Result;
use swim_core::ports::Note;

use super::cutting::{Cutter, Source};
use super::options::Terms;
use super::packet::Packet;
use super::send::Sender;
use super::session::Session;

/// Pause between the parts of a window after a loss: a slow receiver empties its buffer meanwhile.
const PAUSE: Duration = Duration::from_millis(1);

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
        while session.hear(session.wait()).await? {
            if acknowledgements(session)?.contains(&0) {
                let took = session.cx.clock.monotonic().saturating_sub(asked);
                session.moved_on((!repeated).then_some(took));
                return Ok(());
            }
        }
        repeated = true;
        session.expired();
    }
}

/// The acknowledgements among what was heard.
fn acknowledgements(session: &mut Session) -> Result<Vec<u16>> {
    let (batch, each) = session.heard();
    let mut acks = Vec::new();
    for datagram in batch.chunks(each) {
        match Packet::read(datagram) {
            Ok(Packet::Ack(block)) => acks.push(block),
            Ok(Packet::Error(code, words)) => return Err(session.ended_by_peer(code, &words)),
            _ => {}
        }
    }
    session.reuse(batch);
    Ok(acks)
}

/// Sends all of it. When it returns, the other side has acknowledged the last block.
pub(crate) async fn send_file(session: &mut Session, terms: &Terms, source: Source<'_>) -> Result<()> {
    let mut sender = Sender::new(source.bytes, terms.block, terms.window);
    let mut cutter = Cutter::new(source, terms.block);
    // When the last block was sent.
    let mut sent = session.cx.clock.monotonic();
    while !sender.is_done() {
        if let Some((first, last)) = sender.send() {
            cutter.put(session, first, last).await?;
            sent = session.cx.clock.monotonic();
            session.asked();
            if sender.is_last(last) {
                session.cx.notes.note(Note::Flushing);
            }
        }
        let pausing = sender.has_more();
        if !pausing && let Some((first, last)) = sender.afterwards() {
            cutter.prepare(first, last).await?;
        }
        let wait = if pausing { PAUSE } else { session.wait() };
        if !session.hear(wait).await? {
            if !pausing {
                session.expired();
                sender.timed_out();
            }
            continue;
        }
        let now = session.cx.clock.monotonic();
        let (fresh, before) = (sender.is_fresh(), sender.arrived());
        for ack in acknowledgements(session)? {
            sender.acknowledged(ack);
        }
        if sender.arrived() > before {
            let once = fresh && sender.is_idle() && sender.is_fresh();
            session.moved_on(once.then(|| now.saturating_sub(sent)));
            let total = cutter.source.bytes;
            let done = sender.arrived().saturating_mul(terms.block).min(total);
            session.cx.notes.note(Note::Bytes { done, total: Some(total) });
        }
    }
    Ok(())
}
