//! Replies of an FTP server, in any pieces, and what is read in their text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swim_protocols::ftp::reply::{Replies, Reply, extended_port, passive_port, size_fact};

/// The most that a reply may hold: its limit and one line.
const LARGEST: usize = 70 * 1024;

/// The same comes again until there are so many bytes of it, for one input of many: it takes long.
const MOST: usize = 4 * LARGEST;
const SELDOM: u16 = 0xff00;
/// Shorter ones take too many rounds.
const SHORTEST: usize = 64;

fuzz_target!(|input: (&[u8], u8, u16)| {
    let (bytes, piece, seldom) = input;
    let one = read(bytes, usize::MAX);
    let other = read(bytes, usize::from(piece) + 1);
    // A line that is too long is seen before the replies in front of it, when all came at once.
    assert!(one.1 || one.0 == other.0);
    assert_eq!(one.1, other.1);
    for reply in &one.0 {
        let _ = (extended_port(&reply.text), passive_port(&reply.text), size_fact(&reply.text));
        assert!((100..600).contains(&reply.code) && reply.text.len() <= 3 * LARGEST);
    }
    let text = String::from_utf8_lossy(bytes);
    assert_ne!(extended_port(&text), Some(0));
    assert_ne!(passive_port(&text), Some(0));
    let _ = size_fact(&text);
    // The same again and again: what does not end must be refused at some time.
    let (mut replies, mut held) = (Replies::default(), 0);
    if seldom < SELDOM || bytes.len() < SHORTEST {
        return;
    }
    for _ in 0..MOST / bytes.len() {
        if replies.feed(bytes).is_err() {
            return;
        }
        loop {
            match replies.next_reply() {
                Ok(Some(_)) => held = 0,
                Ok(None) => break,
                Err(_) => return,
            }
        }
        held += bytes.len();
        assert!(held <= 3 * LARGEST + bytes.len(), "a reply without an end is kept");
    }
});

/// The replies up to the first that is none, and whether there was such a one.
fn read(bytes: &[u8], piece: usize) -> (Vec<Reply>, bool) {
    let (mut replies, mut out) = (Replies::default(), Vec::new());
    for piece in bytes.chunks(piece.min(bytes.len().max(1))) {
        if replies.feed(piece).is_err() {
            return (out, true);
        }
        loop {
            match replies.next_reply() {
                Ok(Some(reply)) => out.push(reply),
                Ok(None) => break,
                Err(_) => return (out, true),
            }
        }
    }
    (out, false)
}
