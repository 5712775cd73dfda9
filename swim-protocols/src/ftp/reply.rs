//! Replies of an FTP server, without IO.

use swim_core::{Error, ErrorKind, Result};

/// Bytes of one line. RFC 959 has none; servers with long greetings stay far below.
const LINE: usize = 4096;
/// Bytes of one whole reply: greetings with a page of legal text have a few kilobytes.
const WHOLE: usize = 64 * 1024;

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its three digits.
    pub code: u16,
    /// Its lines, without the code of the first and the last one.
    pub text: String,
}

impl Reply {
    /// Something more will come.
    #[must_use]
    pub const fn preliminary(&self) -> bool {
        self.code < 200
    }

    /// It was done.
    #[must_use]
    pub const fn good(&self) -> bool {
        self.code / 100 == 2
    }

    /// It is not known, not done here, or not with this argument.
    #[must_use]
    pub const fn unknown(&self) -> bool {
        matches!(self.code, 500 | 501 | 502 | 504 | 522)
    }
}

/// Makes replies of bytes as they come.
#[derive(Debug, Default)]
pub struct Replies {
    held: Vec<u8>,
    /// The code and the lines of a reply of several lines.
    open: Option<(u16, String)>,
}

impl Replies {
    /// Takes bytes.
    ///
    /// # Errors
    /// `UnexpectedReply` when a line does not end.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        self.held.extend_from_slice(bytes);
        let begun = self.held.iter().rev().take(LINE + 1).position(|b| *b == b'\n');
        if self.held.len() > LINE && begun.is_none() {
            return Err(strange("a line that does not end"));
        }
        Ok(())
    }

    /// Has something come that is not a whole reply, or was not asked for?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.open.is_none()
    }

    /// The next whole reply.
    ///
    /// # Errors
    /// `UnexpectedReply` for what is none.
    pub fn next_reply(&mut self) -> Result<Option<Reply>> {
        while let Some(end) = self.held.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.held.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.len() > LINE {
                return Err(strange("a line that is too long"));
            }
            if let Some(reply) = self.line(line)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    fn line(&mut self, line: &str) -> Result<Option<Reply>> {
        let begun = code(line);
        let Some((open, mut text)) = self.open.take() else {
            let (code, more, rest) = begun.ok_or_else(|| strange("a line without a code").said(line))?;
            if !more {
                return Ok(Some(Reply { code, text: rest.to_owned() }));
            }
            self.open = Some((code, rest.to_owned()));
            return Ok(None);
        };
        if text.len() + line.len() > WHOLE {
            return Err(strange("a reply that does not end"));
        }
        text.push('\n');
        match begun {
            Some((code, false, rest)) if code == open => {
                text.push_str(rest);
                Ok(Some(Reply { code, text }))
            }
            _ => {
                text.push_str(line);
                self.open = Some((open, text));
                Ok(None)
            }
        }
    }
}

fn strange(message: &str) -> Error {
    Error::new(ErrorKind::UnexpectedReply, "ftp", format!("the server sent {message}"))
}

/// The code, whether lines follow, and the text.
fn code(line: &str) -> Option<(u16, bool, &str)> {
    let digits = line.get(..3)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let code = digits.parse().ok().filter(|c| (100..600).contains(c))?;
    let more = match line.as_bytes().get(3) {
        None | Some(b' ') => false,
        Some(b'-') => true,
        Some(_) => return None,
    };
    Some((code, more, line.get(4..).unwrap_or_default()))
}

/// The port in a reply to `EPSV`: `(|||PORT|)` with any delimiter.
#[must_use]
pub fn extended_port(text: &str) -> Option<u16> {
    let (_, inside) = text.split_once('(')?;
    let (inside, _) = inside.split_once(')')?;
    let delimiter = inside.chars().next()?;
    let mut fields = inside.split(delimiter).skip(3);
    fields.next()?.parse().ok().filter(|p| *p != 0)
}

/// The port in a reply to `PASV`: six numbers, with or without brackets. The address is not used: behind address
/// translation it is wrong, and a server must not send us to others.
#[must_use]
pub fn passive_port(text: &str) -> Option<u16> {
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let numbers = text.get(first..)?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(numbers.len());
    let numbers: Vec<u8> = numbers.get(..end)?.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [_, _, _, _, high, low] = numbers.as_slice() else { return None };
    Some(u16::from_be_bytes([*high, *low])).filter(|p| *p != 0)
}

/// The time in an answer to `MDTM`, in seconds since 1970 (RFC 3659).
pub(super) fn time_fact(text: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", text.trim().get(..14)?).ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(time).ok()?.as_second())
}

/// The size in the facts that `MLST` tells.
#[must_use]
pub fn size_fact(text: &str) -> Option<u64> {
    let facts = text.lines().filter(|l| l.contains(';')).flat_map(|l| l.trim_start().split(';'));
    facts.filter_map(|f| f.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("size"))?.1.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], at_once: usize) -> Result<Vec<(u16, String)>> {
        let (mut replies, mut out) = (Replies::default(), Vec::new());
        for piece in bytes.chunks(at_once.max(1)) {
            replies.feed(piece)?;
            while let Some(reply) = replies.next_reply()? {
                out.push((reply.code, reply.text));
            }
        }
        Ok(out)
    }

    #[test]
    fn replies_of_one_and_of_many_lines() {
        let text = b"220-Welcome\r\n 220 not the end\r\n221 nor this\r\n220 now\r\n230\r\n150 x\n";
        let expected = [
            (220, "Welcome\n 220 not the end\n221 nor this\nnow".to_owned()),
            (230, String::new()),
            (150, "x".to_owned()),
        ];
        for at_once in [1, 7, 1000] {
            assert_eq!(read(text, at_once).unwrap(), expected);
        }
    }

    #[test]
    fn what_does_not_end_is_refused_and_kept_short() {
        for endless in [vec![b'2'; 70_000], b"220-x\r\n".repeat(20_000), b"hello\r\n".to_vec(), b"999 x\r\n".to_vec()] {
            assert_eq!(read(&endless, 1000).unwrap_err().kind(), ErrorKind::UnexpectedReply);
        }
    }

    #[test]
    fn ports_and_sizes() {
        assert_eq!(extended_port("Entering Extended Passive Mode (|||6446|)"), Some(6446));
        assert_eq!(extended_port("(|||0|)"), None);
        assert_eq!(extended_port("(|||66000|)"), None);
        assert_eq!(passive_port("Entering Passive Mode (192,0,2,1,25,46)."), Some(25 * 256 + 46));
        assert_eq!(passive_port("Passive 192,0,2,1,0,1"), Some(1));
        assert_eq!(passive_port("(192,0,2,1,256,46)"), None);
        assert_eq!(passive_port("(1,2,3,4,5)"), None);
        assert_eq!(size_fact("Listing x\n type=file;Size=1234;modify=20260101; x\nEnd"), Some(1234));
        assert_eq!(size_fact("no facts"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 1usize..50) {
            let (one, other) = (read(&bytes, 1000), read(&bytes, at));
            prop_assert_eq!(one.map_err(|e| e.kind()), other.map_err(|e| e.kind()));
            let text = String::from_utf8_lossy(&bytes);
            let _ = (extended_port(&text), passive_port(&text), size_fact(&text));
        }
    }
}
