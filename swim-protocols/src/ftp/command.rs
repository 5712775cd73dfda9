//! Commands of an FTP client, without IO.

use std::net::IpAddr;

use swim_core::model::Endpoint;
use swim_core::{Error, ErrorKind, Result};

/// Bytes of one line. What we serve has short names and short passwords.
const LINE: usize = 1024;
/// From here on, bytes are Telnet's: `ABOR` comes behind an interrupt and a mark, one of them outside of the stream.
const TELNET: u8 = 0xF0;

/// One command.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// In capitals.
    pub(super) verb: String,
    /// Behind the space; may be a password.
    pub(super) argument: String,
}

impl Command {
    fn read(line: &[u8]) -> Self {
        let telnet = line.iter().take_while(|b| **b >= TELNET).count();
        let line = String::from_utf8_lossy(line.get(telnet..).unwrap_or_default());
        let line = line.trim_end_matches(['\r', '\n']);
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        Self { verb: verb.to_ascii_uppercase(), argument: argument.to_owned() }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command").field("verb", &self.verb).finish_non_exhaustive()
    }
}

/// Makes commands of bytes as they come.
#[derive(Debug, Default)]
pub(super) struct Commands {
    held: Vec<u8>,
}

impl Commands {
    /// Takes bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Is nothing held, not even a part of a line?
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The next whole command.
    ///
    /// # Errors
    /// `UnexpectedReply` when a line does not end.
    pub(super) fn next_command(&mut self) -> Result<Option<Command>> {
        let end = self.held.iter().take(LINE).position(|b| *b == b'\n');
        let Some(end) = end else {
            if self.held.len() >= LINE {
                return Err(Error::new(ErrorKind::UnexpectedReply, "ftp", "the client sent a line that does not end"));
            }
            return Ok(None);
        };
        let line: Vec<u8> = self.held.drain(..=end).collect();
        Ok(Some(Command::read(&line)))
    }
}

/// The place in a `PORT`: six numbers.
pub(super) fn port(argument: &str) -> Option<Endpoint> {
    let numbers: Vec<u8> = argument.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
    let [a, b, c, d, high, low] = numbers.as_slice() else { return None };
    Some(Endpoint { host: format!("{a}.{b}.{c}.{d}"), port: u16::from_be_bytes([*high, *low]) })
}

/// The place in an `EPRT`: `|FAMILY|ADDRESS|PORT|` with any delimiter.
pub(super) fn extended_port(argument: &str) -> Option<Endpoint> {
    let delimiter = argument.chars().next()?;
    let fields: Vec<&str> = argument.split(delimiter).collect();
    let ["", family, address, port, ""] = fields.as_slice() else { return None };
    let address: IpAddr = address.parse().ok()?;
    let fits = if address.is_ipv4() { *family == "1" } else { *family == "2" };
    let port = port.parse().ok()?;
    fits.then(|| Endpoint { host: address.to_canonical().to_string(), port })
}

/// How a `PASV` is answered: the address and the port as six numbers; there is none for IPv6.
pub(super) fn passive(address: &str, port: u16) -> Option<String> {
    let Ok(IpAddr::V4(address)) = address.parse() else { return None };
    let [a, b, c, d] = address.octets();
    let [high, low] = port.to_be_bytes();
    Some(format!("{a},{b},{c},{d},{high},{low}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], at_once: usize) -> Vec<Option<(String, String)>> {
        let (mut commands, mut out) = (Commands::default(), Vec::new());
        for piece in bytes.chunks(at_once.max(1)) {
            commands.feed(piece);
            loop {
                match commands.next_command() {
                    Ok(Some(command)) => out.push(Some((command.verb, command.argument))),
                    Ok(None) => break,
                    Err(_) => {
                        out.push(None);
                        return out;
                    }
                }
            }
        }
        out
    }

    #[test]
    fn commands_are_read_in_any_pieces() {
        let text = b"user a b\r\nNOOP\n\r\n\xff\xf4\xff\xf2ABOR\r\n\xf4\xffABOR\r\nRETR  x.bin\r\nQUI";
        let expected = [("USER", "a b"), ("NOOP", ""), ("", ""), ("ABOR", ""), ("ABOR", ""), ("RETR", " x.bin")];
        let expected: Vec<_> = expected.iter().map(|(v, a)| Some(((*v).to_owned(), (*a).to_owned()))).collect();
        for at_once in [1, 7, 1000] {
            assert_eq!(read(text, at_once), expected);
        }
    }

    #[test]
    fn a_line_without_an_end_is_refused_and_no_password_is_shown() {
        assert_eq!(read(&[b'A'; 2000], 100), [None]);
        let command = Command::read(b"PASS canary\r\n");
        assert!(!format!("{command:?}").contains("canary"));
    }

    #[test]
    fn places() {
        let at = |host: &str, port| Some(Endpoint { host: host.into(), port });
        assert_eq!(port("192,0,2,1,25,46"), at("192.0.2.1", 6446));
        assert_eq!(extended_port("|1|192.0.2.1|6446|"), at("192.0.2.1", 6446));
        assert_eq!(extended_port("!2!2001:db8::1!6446!"), at("2001:db8::1", 6446));
        assert_eq!(extended_port("|2|::ffff:192.0.2.1|6446|"), at("192.0.2.1", 6446));
        for bad in ["", "1,2,3,4,5", "1,2,3,4,5,6,7", "1,2,3,4,5,256", "a,b,c,d,e,f"] {
            assert_eq!(port(bad), None, "{bad}");
        }
        for bad in ["", "|", "|1|::1|80|", "|2|192.0.2.1|80|", "|1|192.0.2.1|66000|", "|1|h|80|", "|1|192.0.2.1|80"] {
            assert_eq!(extended_port(bad), None, "{bad}");
        }
        assert_eq!(passive("192.0.2.1", 6446).as_deref(), Some("192,0,2,1,25,46"));
        assert_eq!(passive("::1", 6446), None);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same(bytes in prop::collection::vec(any::<u8>(), 0..2500), at in 1usize..50) {
            // A line that is too long ends it wherever it is noticed.
            let until = |all: Vec<Option<_>>| all.into_iter().take_while(Option::is_some).collect::<Vec<_>>();
            prop_assert_eq!(until(read(&bytes, 5000)), until(read(&bytes, at)));
            let text = String::from_utf8_lossy(&bytes);
            let _ = (port(&text), extended_port(&text));
        }

        #[test]
        fn what_passive_says_is_understood(host in any::<[u8; 4]>(), number in 1u16..) {
            let at = Endpoint { host: std::net::Ipv4Addr::from(host).to_string(), port: number };
            let said = passive(&at.host, number).unwrap();
            prop_assert_eq!(port(&said), Some(at));
            prop_assert_eq!(super::super::reply::passive_port(&said), Some(number));
        }
    }
}
