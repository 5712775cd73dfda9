//! Packets of TFTP (RFC 1350) and their options (RFC 2347, 2348, 2349, 7440).

use swim_core::{Error, ErrorKind, Result};

/// The names of files and options that are read: longer ones come from nobody honest.
const LONGEST_REQUEST: usize = 1024;

const READ: u16 = 1;
const WRITE: u16 = 2;
const DATA: u16 = 3;
const ACK: u16 = 4;
const ERROR: u16 = 5;
const OACK: u16 = 6;

/// The error codes that we send.
pub(crate) const UNDEFINED: u16 = 0;
pub(crate) const NOT_FOUND: u16 = 1;
pub(crate) const ACCESS: u16 = 2;
pub(crate) const FULL: u16 = 3;
pub(crate) const ILLEGAL: u16 = 4;
/// The options are refused.
pub(crate) const OPTIONS: u16 = 8;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// To write? Otherwise to read.
    pub write: bool,
    /// The file.
    pub file: String,
    /// Options in the order of the request; names in lower case.
    pub options: Vec<(String, String)>,
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The beginning of a transfer.
    Request(Request),
    /// A block.
    Data(u16, &'a [u8]),
    /// The last block that came in order.
    Ack(u16),
    /// The end, with the words of the other side.
    Error(u16, String),
    /// The options that were taken.
    Options(Vec<(String, String)>),
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// `UnexpectedReply` for what is no packet of TFTP, or a transfer that is not binary.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let (kind, rest) = number(bytes)?;
        Ok(match kind {
            READ | WRITE => {
                if rest.len() > LONGEST_REQUEST {
                    return Err(strange("a request is too long"));
                }
                let mut words = texts(rest)?.into_iter();
                let (Some(file), Some(mode)) = (words.next(), words.next()) else {
                    return Err(strange("a request without a file and a mode"));
                };
                if !mode.eq_ignore_ascii_case("octet") {
                    return Err(strange("only binary transfers (octet) are served"));
                }
                let options = pairs(words)?;
                Self::Request(Request { write: kind == WRITE, file, options })
            }
            DATA => {
                let (block, data) = number(rest)?;
                Self::Data(block, data)
            }
            ACK => Self::Ack(number(rest)?.0),
            ERROR => {
                let (code, words) = number(rest)?;
                let end = words.iter().position(|b| *b == 0).unwrap_or(words.len()).min(LONGEST_REQUEST);
                let words = String::from_utf8_lossy(&words[..end]);
                Self::Error(code, words.chars().filter(|c| !c.is_control()).collect())
            }
            OACK if rest.len() <= LONGEST_REQUEST => Self::Options(pairs(texts(rest)?.into_iter())?),
            _ => return Err(strange("a packet of an unknown kind")),
        })
    }

    /// Writes a packet.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let number = |value: u16, out: &mut Vec<u8>| out.extend_from_slice(&value.to_be_bytes());
        let text = |value: &str, out: &mut Vec<u8>| {
            out.extend(value.bytes().filter(|b| *b != 0));
            out.push(0);
        };
        match self {
            Self::Request(request) => {
                number(if request.write { WRITE } else { READ }, &mut out);
                text(&request.file, &mut out);
                text("octet", &mut out);
                for (name, value) in &request.options {
                    text(name, &mut out);
                    text(value, &mut out);
                }
            }
            Self::Data(block, data) => {
                number(DATA, &mut out);
                number(*block, &mut out);
                out.extend_from_slice(data);
            }
            Self::Ack(block) => {
                number(ACK, &mut out);
                number(*block, &mut out);
            }
            Self::Error(code, words) => {
                number(ERROR, &mut out);
                number(*code, &mut out);
                text(words, &mut out);
            }
            Self::Options(options) => {
                number(OACK, &mut out);
                for (name, value) in options {
                    text(name, &mut out);
                    text(value, &mut out);
                }
            }
        }
        out
    }

    /// Puts the head of a data packet into a batch; the data follows.
    pub(crate) fn data_head(block: u16, batch: &mut Vec<u8>) {
        batch.extend_from_slice(&DATA.to_be_bytes());
        batch.extend_from_slice(&block.to_be_bytes());
    }
}

fn strange(what: &str) -> Error {
    Error::new(ErrorKind::UnexpectedReply, "tftp", what)
}

fn number(bytes: &[u8]) -> Result<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk().ok_or_else(|| strange("a packet is too short"))?;
    Ok((u16::from_be_bytes(*head), rest))
}

/// Texts that each end with a zero byte.
fn texts(bytes: &[u8]) -> Result<Vec<String>> {
    let Some(bytes) = bytes.strip_suffix(&[0]) else {
        return if bytes.is_empty() { Ok(Vec::new()) } else { Err(strange("a text without its end")) };
    };
    let text = |t: &[u8]| String::from_utf8(t.to_vec()).map_err(|_| strange("a text that is not UTF-8"));
    bytes.split(|b| *b == 0).map(text).collect()
}

fn pairs(mut words: impl Iterator<Item = String>) -> Result<Vec<(String, String)>> {
    let mut out = Vec::new();
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| strange("an option without a value"))?;
        out.push((name.to_ascii_lowercase(), value));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_packets_of_the_standard_are_read() {
        let request = Packet::read(b"\0\x01x.bin\0OCTET\0BlkSize\x001468\0windowsize\x0016\0").unwrap();
        let options = vec![("blksize".to_owned(), "1468".to_owned()), ("windowsize".to_owned(), "16".to_owned())];
        assert_eq!(request, Packet::Request(Request { write: false, file: "x.bin".into(), options }));
        assert_eq!(Packet::read(b"\0\x03\0\x07abc").unwrap(), Packet::Data(7, b"abc"));
        assert_eq!(Packet::read(b"\0\x04\xff\xff").unwrap(), Packet::Ack(65535));
        assert_eq!(Packet::read(b"\0\x05\0\x01File not found\0").unwrap(), Packet::Error(1, "File not found".into()));
        for bad in [
            &b""[..],
            b"\0",
            b"\0\x01x\0netascii\0",
            b"\0\x01x\0octet",
            b"\0\x01x\0octet\0tsize\0",
            b"\0\x09",
            b"\0\x04\0",
        ] {
            assert!(Packet::read(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived_and_what_is_read_is_written_again(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..8) {
            let mut bytes = bytes;
            if bytes.len() > 1 {
                (bytes[0], bytes[1]) = (0, kind);
            }
            if let Ok(packet) = Packet::read(&bytes) {
                let written = packet.bytes();
                prop_assert_eq!(Packet::read(&written).unwrap(), packet);
            }
        }
    }
}
