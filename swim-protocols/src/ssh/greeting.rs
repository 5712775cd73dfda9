//! The identification line of the other side. The SSH library keeps it to itself, so it is read off the wire.

use std::sync::{Arc, Mutex, PoisonError};

/// Bytes until the line must have come: servers may send some lines of text before it.
const MOST: usize = 8 * 1024;
/// Characters of what another kind of server says: enough to know it by.
const WORDS: usize = 100;
/// What the line begins with.
const SIGN: &[u8] = b"SSH-";

#[derive(Debug, Default)]
enum State {
    #[default]
    Nothing,
    Some(Vec<u8>),
    Line(String),
}

/// Hears the first bytes of a connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Greeting(Arc<Mutex<State>>);

impl Greeting {
    /// Takes bytes as they come. Returns whether more of them are wanted.
    pub(crate) fn hear(&self, bytes: &[u8]) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut heard = match std::mem::take(&mut *state) {
            State::Nothing => Vec::new(),
            State::Some(heard) => heard,
            line @ State::Line(_) => {
                *state = line;
                return false;
            }
        };
        let room = MOST.saturating_sub(heard.len());
        heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let mut lines = heard.split_inclusive(|b| *b == b'\n');
        let line = lines.find(|l| l.starts_with(SIGN) && l.ends_with(b"\n"));
        *state = match line {
            Some(line) => State::Line(String::from_utf8_lossy(line).trim_end().to_owned()),
            None if heard.len() >= MOST => State::Line(String::new()),
            None => State::Some(heard),
        };
        !matches!(*state, State::Line(_))
    }

    /// What was said instead of the line: its first words, where there were some.
    pub(crate) fn instead(&self) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Some(heard) = &*state else { return None };
        let first = heard.split(|b| *b == b'\n').next().unwrap_or_default();
        let words: String = String::from_utf8_lossy(first).chars().filter(|c| !c.is_control()).take(WORDS).collect();
        (!words.is_empty()).then_some(words)
    }

    /// Is it this software?
    pub(crate) fn names(&self, software: &str) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(&*state, State::Line(line) if line.contains(software))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found_in_pieces_and_behind_text() {
        let greeting = Greeting::default();
        for byte in b"Welcome to OpenSSH-land\r\nSSH-2.0-Cisco-1.25" {
            assert!(greeting.hear(&[*byte]));
        }
        assert!(!greeting.names("Cisco"));
        assert_eq!(greeting.instead().as_deref(), Some("Welcome to OpenSSH-land"));
        assert!(!greeting.hear(b"\r\nOpenSSH"));
        assert!(greeting.names("Cisco") && !greeting.names("OpenSSH"));
        assert_eq!(greeting.instead(), None);
    }

    #[test]
    fn endless_text_is_not_kept() {
        let greeting = Greeting::default();
        assert!(greeting.hear(&[b'x'; MOST - 1]));
        assert!(!greeting.hear(&[b'x'; MOST]));
        assert!(!greeting.names("x"));
    }
}
