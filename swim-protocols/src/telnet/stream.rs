//! The byte stream of Telnet: what is text, what is a command, and how text is written.

use swim_core::{Error, ErrorKind, Result};

use super::negotiation::{BINARY, Options, TERMINAL_TYPE, Verb, WINDOW_SIZE};
use crate::command_line::{COLUMNS, ROWS};

/// "Interpret as command".
const IAC: u8 = 255;
const SB: u8 = 250;
/// Commands have numbers from here on: end of a subnegotiation.
const SE: u8 = 240;
/// "No operation".
const NOP: u8 = 241;
/// In a question for the terminal type, and in its answer.
const IS: u8 = 0;
const SEND: u8 = 1;

/// The type that we answer with: every device has it.
const TYPE: &[u8] = b"VT100";

/// What is kept of a subnegotiation; those that we understand have two bytes.
const KEPT: usize = 64;
/// A subnegotiation that is longer than this never ends: the longest honest ones, environments, have some kilobytes.
pub const LONGEST_SUBNEGOTIATION: usize = 64 * 1024;

/// What the next byte is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After a carriage return.
    Return,
    /// After `IAC`.
    Command,
    /// The option of this verb.
    Option(Verb),
    Subnegotiation,
    /// After `IAC` in a subnegotiation.
    SubnegotiationCommand,
}

/// Reads and writes the stream of one connection, of which we are the user's side.
///
/// ```
/// use swim_protocols::telnet::stream::Telnet;
/// let mut telnet = Telnet::default();
/// assert_eq!(telnet.received(b"a\xff")?, b"a");
/// assert_eq!(telnet.received(b"\xffb\r\0")?, b"\xffb\r");
/// assert_eq!(telnet.written(b"show \xff\n"), b"show \xff\xff\r\n");
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Telnet {
    options: Options,
    state: State,
    subnegotiation: Vec<u8>,
    /// Its bytes, with those that were not kept.
    length: usize,
    answers: Vec<u8>,
}

impl Telnet {
    /// The options that are on.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Takes bytes from the other side, in pieces of any size; what of it is text.
    ///
    /// # Errors
    /// `UnexpectedReply` for a subnegotiation or a negotiation without end.
    pub fn received(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut text = Vec::with_capacity(bytes.len());
        for byte in bytes {
            self.take(*byte, &mut text)?;
        }
        Ok(text)
    }

    /// What must be sent to the other side because of what was received. May be asked for once.
    #[must_use]
    pub fn answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    /// A command without a meaning, for a side that has shown that it speaks Telnet; for another one nothing.
    #[must_use]
    pub const fn keepalive(&self) -> &'static [u8] {
        if self.options.were_negotiated() { &[IAC, NOP] } else { &[] }
    }

    /// Text as it is sent. `\n` is the end of a line.
    #[must_use]
    pub fn written(&self, text: &[u8]) -> Vec<u8> {
        let binary = self.options.ours(BINARY);
        let mut bytes = Vec::with_capacity(text.len() + 2);
        for byte in text {
            match byte {
                // Nothing is translated then: the key alone.
                b'\n' if binary => bytes.push(b'\r'),
                b'\n' => bytes.extend(b"\r\n"),
                b'\r' if !binary => bytes.extend(b"\r\0"),
                &IAC => bytes.extend([IAC, IAC]),
                byte => bytes.push(*byte),
            }
        }
        bytes
    }

    fn take(&mut self, byte: u8, text: &mut Vec<u8>) -> Result<()> {
        let after_return = std::mem::take(&mut self.state);
        match (after_return, byte) {
            (State::Text | State::Return, IAC) => self.state = State::Command,
            // The other half of a carriage return that is no end of a line.
            (State::Return, 0) => {}
            (State::Text | State::Return, byte) => self.text(byte, text),
            (State::Command, IAC) => text.push(IAC),
            (State::Command, SB) => self.begin(),
            (State::Command, byte) => match Verb::of(byte) {
                Some(verb) => self.state = State::Option(verb),
                // No command: the data mark behind `IAC` went out of band. Other commands mean nothing to a terminal.
                None if byte < SE => self.text(byte, text),
                None => {}
            },
            (State::Option(verb), option) => self.negotiate(verb, option)?,
            (State::Subnegotiation, IAC) => self.state = State::SubnegotiationCommand,
            (State::SubnegotiationCommand, SE) => self.end(),
            (State::Subnegotiation, byte) | (State::SubnegotiationCommand, byte @ IAC) => self.keep(byte)?,
            // A command in its middle: the end was lost.
            (State::SubnegotiationCommand, byte) => {
                self.state = State::Command;
                self.take(byte, text)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, byte: u8, text: &mut Vec<u8>) {
        text.push(byte);
        if byte == b'\r' && !self.options.theirs(BINARY) {
            self.state = State::Return;
        }
    }

    fn negotiate(&mut self, verb: Verb, option: u8) -> Result<()> {
        let had = self.options.ours(WINDOW_SIZE);
        for (verb, option) in self.options.heard(verb, option)? {
            self.answers.extend([IAC, verb as u8, option]);
        }
        if !had && self.options.ours(WINDOW_SIZE) {
            let [columns, rows] = [COLUMNS, ROWS].map(u16::to_be_bytes);
            self.tell(&[&[WINDOW_SIZE], &columns[..], &rows[..]].concat());
        }
        Ok(())
    }

    /// Sends a subnegotiation.
    fn tell(&mut self, what: &[u8]) {
        self.answers.extend([IAC, SB]);
        for byte in what {
            self.answers.extend(std::iter::repeat_n(*byte, if *byte == IAC { 2 } else { 1 }));
        }
        self.answers.extend([IAC, SE]);
    }

    fn begin(&mut self) {
        self.state = State::Subnegotiation;
        self.subnegotiation.clear();
        self.length = 0;
    }

    fn keep(&mut self, byte: u8) -> Result<()> {
        self.length += 1;
        if self.length > LONGEST_SUBNEGOTIATION {
            let message = format!("a subnegotiation does not end within {LONGEST_SUBNEGOTIATION} bytes");
            return Err(Error::new(ErrorKind::UnexpectedReply, "telnet", message));
        }
        if self.subnegotiation.len() < KEPT {
            self.subnegotiation.push(byte);
        }
        self.state = State::Subnegotiation;
        Ok(())
    }

    fn end(&mut self) {
        if self.subnegotiation == [TERMINAL_TYPE, SEND] && self.options.ours(TERMINAL_TYPE) {
            self.tell(&[&[TERMINAL_TYPE, IS], TYPE].concat());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WILL: u8 = Verb::Will as u8;
    const DO: u8 = Verb::Do as u8;

    /// Bytes in which commands are as frequent as text.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![any::<u8>(), 240_u8..=255, Just(IAC), Just(b'\r'), 0_u8..32];
        prop::collection::vec(byte, 0..300)
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(bytes in bytes(), cuts in prop::collection::vec(1_usize..20, 1..40)) {
            let mut whole = Telnet::default();
            let text = whole.received(&bytes).unwrap();
            let (mut cut, mut rest, mut joined) = (Telnet::default(), &bytes[..], Vec::new());
            for length in cuts.iter().cycle() {
                let (piece, behind) = rest.split_at((*length).min(rest.len()));
                joined.extend(cut.received(piece).unwrap());
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(text, joined);
            prop_assert_eq!(whole.answers(), cut.answers());
        }

        #[test]
        fn what_is_written_is_read(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let (sender, mut receiver) = (Telnet::default(), Telnet::default());
            let read = receiver.received(&sender.written(&text)).unwrap();
            let lines: Vec<u8> =
                text.iter().flat_map(|b| if *b == b'\n' { vec![b'\r', b'\n'] } else { vec![*b] }).collect();
            prop_assert_eq!(read, lines);
            prop_assert!(receiver.answers().is_empty());
        }
    }

    #[test]
    fn the_window_is_told_when_it_is_asked_for_and_its_255_is_doubled() {
        let mut telnet = Telnet::default();
        telnet.received(&[IAC, WILL, 1, IAC, WILL, 3, IAC, DO, 24, IAC, DO, 31]).unwrap();
        let size = [IAC, SB, 31, 1, 255, 255, 0, 48, IAC, SE];
        let said = [&[IAC, DO, 1, IAC, WILL, 31, IAC, DO, 3, IAC, WILL, 24][..], &size].concat();
        assert_eq!(telnet.answers(), said);
        assert_eq!(telnet.answers(), b"");
    }

    #[test]
    fn the_terminal_type_is_told_to_those_who_asked_for_it() {
        let question = [IAC, SB, 24, 1, IAC, SE];
        let mut telnet = Telnet::default();
        telnet.received(&question).unwrap();
        assert_eq!(telnet.answers(), b"", "nobody asked whether we have one");
        telnet.received(&[IAC, DO, 24]).unwrap();
        let _ = telnet.answers();
        for _ in 0..2 {
            assert_eq!(telnet.received(&[&b"a"[..], &question, b"b"].concat()).unwrap(), b"ab");
            assert_eq!(telnet.answers(), b"\xff\xfa\x18\0VT100\xff\xf0");
        }
    }

    #[test]
    fn commands_are_no_text_and_a_lost_data_mark_takes_no_text_with_it() {
        let mut telnet = Telnet::default();
        let stream = b"a\xff\xf1b\xff\xf9c\xff\xf2d\xff\xf6e\xff\xf0f\xffgh\xff\xffi";
        assert_eq!(telnet.received(stream).unwrap(), b"abcdefgh\xffi");
        // The end of a subnegotiation is lost, and a request follows.
        assert_eq!(telnet.received(&[IAC, SB, 24, 1, IAC, DO, 24, b'x']).unwrap(), b"x");
        assert!(telnet.options().ours(TERMINAL_TYPE));
    }

    #[test]
    fn in_binary_nothing_is_translated() {
        let mut telnet = Telnet::default();
        telnet.received(&[IAC, WILL, BINARY, IAC, DO, BINARY]).unwrap();
        assert_eq!(telnet.received(b"a\r\0b").unwrap(), b"a\r\0b");
        assert_eq!(telnet.written(b"a\n\xff"), b"a\r\xff\xff");
    }

    #[test]
    fn a_subnegotiation_without_end_takes_no_memory_and_is_ended() {
        let mut telnet = Telnet::default();
        telnet.received(&[IAC, SB]).unwrap();
        let mut pieces = std::iter::repeat_with(|| telnet.received(&[7; 1000])).take(100);
        let e = pieces.find_map(std::result::Result::err).unwrap();
        assert_eq!(e.kind(), ErrorKind::UnexpectedReply);
        assert!(telnet.subnegotiation.capacity() <= 2 * KEPT);
    }
}
