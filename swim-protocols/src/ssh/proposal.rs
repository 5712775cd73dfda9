//! The ciphers that a client proposes. The SSH library tells servers nothing of what was agreed on, so the first packet of
//! the client, which is sent in the clear, is read off the wire: the agreed one is the first that is ours too (RFC 4253,
//! 7.1).

use std::sync::{Arc, Mutex, PoisonError};

use swim_core::model::Direction;

/// The longest packet that everybody must take (RFC 4253, 6.1), behind an identification line (4.2).
const MOST: usize = 35_000 + 255;
/// The first packet of a key exchange.
const KEXINIT: u8 = 20;
/// Random bytes in it, before its lists.
const COOKIE: usize = 16;
/// Its lists of key exchanges and of host keys, which stand before those of ciphers.
const BEFORE_CIPHERS: usize = 2;

#[derive(Debug)]
enum State {
    Hearing(Vec<u8>),
    /// What the client encrypts with, and what it wants us to.
    Heard([String; 2]),
    Strange,
}

/// Hears the first bytes of a client.
#[derive(Clone, Debug)]
pub(crate) struct Proposal(Arc<Mutex<State>>);

impl Default for Proposal {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State::Hearing(Vec::new()))))
    }
}

impl Proposal {
    /// Takes bytes as they come. Returns whether more of them are wanted.
    pub(crate) fn hear(&self, bytes: &[u8]) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Hearing(heard) = &mut *state else { return false };
        let room = MOST - heard.len();
        heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let next = match packet(heard) {
            Some(packet) => lists(packet).map_or(State::Strange, State::Heard),
            None if heard.len() < MOST => return true,
            None => State::Strange,
        };
        *state = next;
        false
    }

    /// The cipher of the bytes of the file, when these are ours.
    pub(crate) fn cipher<'a>(
        &self,
        ours: impl IntoIterator<Item = &'a str> + Clone,
        direction: Direction,
    ) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Heard([inward, outward]) = &*state else { return None };
        let theirs = if direction == Direction::Upload { inward } else { outward };
        theirs.split(',').find(|name| ours.clone().into_iter().any(|our| our == *name)).map(str::to_owned)
    }
}

/// The whole packet behind the identification line, without its length.
fn packet(heard: &[u8]) -> Option<&[u8]> {
    let line = heard.iter().position(|b| *b == b'\n')?;
    let rest = &heard[line + 1..];
    let length = usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok()?;
    rest[4..].get(..length)
}

/// The two lists of ciphers.
fn lists(packet: &[u8]) -> Option<[String; 2]> {
    let (padding, packet) = packet.split_first()?;
    let payload = packet.get(..packet.len().checked_sub(usize::from(*padding))?)?;
    let mut rest = payload.strip_prefix(&[KEXINIT])?.get(COOKIE..)?;
    let mut next = || {
        let (length, behind) = rest.split_first_chunk()?;
        let (list, behind) = behind.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        rest = behind;
        std::str::from_utf8(list).ok()
    };
    for _ in 0..BEFORE_CIPHERS {
        next()?;
    }
    Some([next()?.to_owned(), next()?.to_owned()])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn greeting(lists: &[&str]) -> Vec<u8> {
        let mut payload = vec![KEXINIT];
        payload.extend([7; COOKIE]);
        for list in lists {
            payload.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
            payload.extend(list.as_bytes());
        }
        let mut all = b"SSH-2.0-device\r\n".to_vec();
        all.extend(u32::try_from(payload.len() + 5).unwrap().to_be_bytes());
        all.push(4);
        all.extend(payload);
        all.extend([0; 4]);
        all
    }

    #[test]
    fn the_first_one_that_is_ours_is_told_for_each_direction() {
        let bytes = greeting(&["kex", "key", "3des-cbc,aes256-ctr,aes128-ctr", "aes128-ctr", "hmac"]);
        let proposal = Proposal::default();
        for byte in &bytes[..bytes.len() - 1] {
            assert!(proposal.hear(&[*byte]));
        }
        let ours = ["aes128-ctr", "aes256-ctr"];
        assert_eq!(proposal.cipher(ours, Direction::Upload), None);
        assert!(!proposal.hear(&bytes[bytes.len() - 1..]) && !proposal.hear(b"encrypted"));
        assert_eq!(proposal.cipher(ours, Direction::Upload).as_deref(), Some("aes256-ctr"));
        assert_eq!(proposal.cipher(ours, Direction::Pull).as_deref(), Some("aes128-ctr"));
        assert_eq!(proposal.cipher(["aes256-gcm@openssh.com"], Direction::Pull), None);
    }

    #[test]
    fn what_never_becomes_a_packet_is_not_kept() {
        for (bytes, times) in [(vec![b'x'; 1000], 36), (b"SSH-2.0-x\n\xff\xff\xff\xff".repeat(100), 26)] {
            let proposal = Proposal::default();
            let wanted = (0..times).filter(|_| proposal.hear(&bytes)).count();
            assert!(wanted < times, "{wanted} of {times}");
            assert_eq!(proposal.cipher(["x"], Direction::Pull), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in any::<usize>()) {
            let whole = [b"SSH-2.0-x\n".as_slice(), &bytes].concat();
            let proposal = Proposal::default();
            let (one, two) = whole.split_at(cut % whole.len());
            let _ = proposal.hear(one) && proposal.hear(two);
            let _ = proposal.cipher(["x"], Direction::Upload);
            let torn = greeting(&["a", "b", "c", "d"]);
            let _ = Proposal::default().hear(&torn[..cut % torn.len()]);
        }
    }
}
