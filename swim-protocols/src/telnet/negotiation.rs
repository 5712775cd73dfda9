//! Which options are on, by the Q method of RFC 1143: every request is answered once, and an answer is never answered.

use swim_core::{Error, ErrorKind, Result};

/// `BINARY` (RFC 856).
pub const BINARY: u8 = 0;
/// `ECHO` (RFC 857).
pub const ECHO: u8 = 1;
/// `SUPPRESS-GO-AHEAD` (RFC 858).
pub const SUPPRESS_GO_AHEAD: u8 = 3;
/// `TERMINAL-TYPE` (RFC 1091).
pub const TERMINAL_TYPE: u8 = 24;
/// `NAWS` (RFC 1073): the size of the window.
pub const WINDOW_SIZE: u8 = 31;

/// Options that are known have numbers below this.
const KNOWN: usize = 32;

/// Requests of one session. Servers make about twenty; one that goes on for ever, because it takes our refusals for
/// something new, must not keep us answering.
pub const MOST_REQUESTS: u32 = 1000;

/// A request or an answer about an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verb {
    /// The sender wants to perform the option, or does.
    Will = 251,
    /// The sender does not perform it.
    Wont = 252,
    /// The other side shall perform it.
    Do = 253,
    /// The other side shall not perform it.
    Dont = 254,
}

impl Verb {
    /// The verb of a command byte.
    #[must_use]
    pub const fn of(byte: u8) -> Option<Self> {
        match byte {
            251 => Some(Self::Will),
            252 => Some(Self::Wont),
            253 => Some(Self::Do),
            254 => Some(Self::Dont),
            _ => None,
        }
    }
}

/// How an option stands on one side. We never ask for the end of one, so the states of RFC 1143 for that are not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stand {
    #[default]
    Off,
    /// We asked for it, and the answer is still to come.
    Asked,
    On,
}

/// The options of one connection.
///
/// ```
/// use swim_protocols::telnet::negotiation::{ECHO, Options, Verb, WINDOW_SIZE};
/// let mut options = Options::default();
/// // The first word of the other side shows that it speaks Telnet: it is answered, and our window size is offered.
/// let said = options.heard(Verb::Will, ECHO)?;
/// assert_eq!(said, [(Verb::Do, ECHO), (Verb::Will, WINDOW_SIZE)]);
/// assert_eq!(options.heard(Verb::Will, ECHO)?, []);
/// assert!(options.theirs(ECHO) && !options.ours(WINDOW_SIZE));
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    ours: [Stand; KNOWN],
    theirs: [Stand; KNOWN],
    requests: u32,
}

impl Options {
    /// Do we perform this option?
    #[must_use]
    pub fn ours(&self, option: u8) -> bool {
        self.ours.get(usize::from(option)) == Some(&Stand::On)
    }

    /// Does the other side?
    #[must_use]
    pub fn theirs(&self, option: u8) -> bool {
        self.theirs.get(usize::from(option)) == Some(&Stand::On)
    }

    /// Has the other side said anything about an option?
    #[must_use]
    pub const fn were_negotiated(&self) -> bool {
        self.requests > 0
    }

    /// Takes what the other side said about an option; what must be said now.
    ///
    /// # Errors
    /// `UnexpectedReply` when it negotiates without end.
    pub fn heard(&mut self, verb: Verb, option: u8) -> Result<Vec<(Verb, u8)>> {
        let first = self.requests == 0;
        self.requests += 1;
        if self.requests > MOST_REQUESTS {
            let message = format!("the device negotiated {MOST_REQUESTS} options and goes on");
            return Err(Error::new(ErrorKind::UnexpectedReply, "telnet", message));
        }
        let (table, ours, takes) = match verb {
            Verb::Do | Verb::Dont => (&mut self.ours, true, performed_by_us(option)),
            Verb::Will | Verb::Wont => (&mut self.theirs, false, performed_by_them(option)),
        };
        let (yes, no) = if ours { (Verb::Will, Verb::Wont) } else { (Verb::Do, Verb::Dont) };
        let mut unknown = Stand::Off;
        let stand = table.get_mut(usize::from(option)).unwrap_or(&mut unknown);
        let wants = matches!(verb, Verb::Do | Verb::Will);
        let (next, answer) = match (wants, *stand) {
            (true, Stand::Off) if takes => (Stand::On, Some(yes)),
            (true, Stand::Off) => (Stand::Off, Some(no)),
            (true, Stand::Asked | Stand::On) => (Stand::On, None),
            (false, Stand::On) => (Stand::Off, Some(no)),
            (false, Stand::Asked | Stand::Off) => (Stand::Off, None),
        };
        *stand = next;
        let mut said: Vec<_> = answer.map(|verb| (verb, option)).into_iter().collect();
        if first {
            said.extend(self.offer(WINDOW_SIZE));
        }
        Ok(said)
    }

    /// Offers an option of ours, unless it is on.
    fn offer(&mut self, option: u8) -> Option<(Verb, u8)> {
        let stand = self.ours.get_mut(usize::from(option)).filter(|stand| **stand == Stand::Off)?;
        *stand = Stand::Asked;
        Some((Verb::Will, option))
    }
}

const fn performed_by_us(option: u8) -> bool {
    matches!(option, BINARY | SUPPRESS_GO_AHEAD | TERMINAL_TYPE | WINDOW_SIZE)
}

const fn performed_by_them(option: u8) -> bool {
    matches!(option, BINARY | ECHO | SUPPRESS_GO_AHEAD)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn verb() -> impl Strategy<Value = Verb> {
        prop_oneof![Just(Verb::Will), Just(Verb::Wont), Just(Verb::Do), Just(Verb::Dont)]
    }

    /// A server by RFC 1143, with all six states, that wants options of ours on and off as it likes.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    enum Q {
        #[default]
        No,
        Yes,
        WantNo {
            opposite: bool,
        },
        WantYes {
            opposite: bool,
        },
    }

    impl Q {
        /// The server changes its mind; what it says.
        fn wants(&mut self, on: bool) -> Option<Verb> {
            let (next, said) = match (on, *self) {
                (true, Self::No) => (Self::WantYes { opposite: false }, Some(Verb::Do)),
                (false, Self::Yes) => (Self::WantNo { opposite: false }, Some(Verb::Dont)),
                (_, Self::WantNo { .. }) => (Self::WantNo { opposite: on }, None),
                (_, Self::WantYes { .. }) => (Self::WantYes { opposite: !on }, None),
                (_, same) => (same, None),
            };
            *self = next;
            said
        }

        /// It hears `WILL` or `WONT`; what it says. It takes what is offered.
        fn hears(&mut self, will: bool) -> Option<Verb> {
            let (next, said) = match (will, *self) {
                (true, Self::No) => (Self::Yes, Some(Verb::Do)),
                (true, Self::WantNo { opposite }) => (if opposite { Self::Yes } else { Self::No }, None),
                (true, Self::WantYes { opposite: true }) => (Self::WantNo { opposite: false }, Some(Verb::Dont)),
                (true, Self::Yes | Self::WantYes { opposite: false }) => (Self::Yes, None),
                (false, Self::Yes) => (Self::No, Some(Verb::Dont)),
                (false, Self::WantNo { opposite: true }) => (Self::WantYes { opposite: false }, Some(Verb::Do)),
                (false, _) => (Self::No, None),
            };
            *self = next;
            said
        }
    }

    proptest! {
        // Requests and answers cross on the way as they like.
        #[test]
        fn a_server_that_changes_its_mind_and_we_come_to_rest_and_agree(
            steps in prop::collection::vec((0_u8..3, 0_u8..33), 1..100),
        ) {
            let (mut near, mut far) = (Options::default(), [Q::No; 33]);
            let (mut to_near, mut to_far) = (VecDeque::new(), VecDeque::new());
            let mut said = 0;
            let rest = [(1, 0), (2, 0)].into_iter().cycle().take(8 * steps.len() + 20);
            for (step, option) in steps.into_iter().chain(rest) {
                match step {
                    0 => {
                        let stands = &mut far[usize::from(option)];
                        let wish = !matches!(*stands, Q::Yes | Q::WantYes { .. });
                        to_near.extend(stands.wants(wish).map(|verb| (verb, option)));
                    }
                    1 => if let Some((verb, option)) = to_near.pop_front() {
                        to_far.extend(near.heard(verb, option).unwrap());
                        said += 1;
                    },
                    _ => if let Some((verb, option)) = to_far.pop_front() {
                        let answer = far[usize::from(option)].hears(verb == Verb::Will);
                        to_near.extend(answer.map(|verb| (verb, option)));
                    },
                }
            }
            prop_assert!(to_near.is_empty() && to_far.is_empty(), "they go round after {said}");
            for option in 0..33 {
                let on = far[usize::from(option)] == Q::Yes;
                prop_assert_eq!(near.ours(option), on, "{}: {:?}", option, far[usize::from(option)]);
            }
        }

        #[test]
        fn a_request_gets_one_answer_and_a_repetition_none(verb in verb(), option: u8) {
            let mut options = Options::default();
            options.heard(Verb::Wont, 200).unwrap();
            let said = options.heard(verb, option).unwrap();
            let wants = matches!(verb, Verb::Will | Verb::Do);
            let awaited = (verb, option) == (Verb::Do, WINDOW_SIZE);
            prop_assert_eq!(said.len(), usize::from(wants && !awaited));
            let on = options.ours(option) || options.theirs(option);
            let taken = match verb {
                Verb::Will => performed_by_them(option),
                Verb::Do => performed_by_us(option),
                _ => false,
            };
            prop_assert_eq!(on, taken);
            if on {
                prop_assert_eq!(options.heard(verb, option).unwrap(), vec![]);
                let (end, answer) = if verb == Verb::Do { (Verb::Dont, Verb::Wont) } else { (Verb::Wont, Verb::Dont) };
                prop_assert_eq!(options.heard(end, option).unwrap(), vec![(answer, option)]);
                prop_assert!(!options.ours(option) && !options.theirs(option));
                prop_assert_eq!(options.heard(end, option).unwrap(), vec![]);
            }
        }
    }

    #[test]
    fn everything_that_is_not_for_a_terminal_is_refused() {
        let mut options = Options::default();
        options.heard(Verb::Dont, ECHO).unwrap();
        // Environment, authentication, encryption, speed, display, line mode, flow control; and echo by us.
        for option in [39, 36, 37, 38, 32, 35, 34, 33, ECHO, 255] {
            assert_eq!(options.heard(Verb::Do, option).unwrap(), [(Verb::Wont, option)]);
        }
        for option in [38, 5, WINDOW_SIZE, TERMINAL_TYPE, 255] {
            assert_eq!(options.heard(Verb::Will, option).unwrap(), [(Verb::Dont, option)]);
        }
    }

    #[test]
    fn a_negotiation_without_end_is_ended() {
        let mut options = Options::default();
        let mut rounds = (0..2 * MOST_REQUESTS).map(|_| options.heard(Verb::Do, 39));
        let ended = rounds.find_map(std::result::Result::err).unwrap();
        assert_eq!(ended.kind(), ErrorKind::UnexpectedReply);
    }
}
