//! What both sides agree to before a transfer (RFC 2347, 2348, 2349, 7440).

use std::net::Ipv6Addr;
use std::time::Duration;

use swim_core::ports::Blocks;
use swim_core::{Error, ErrorKind, Result};

use super::config::{LARGEST_BLOCK, LARGEST_WINDOW, PLAIN_BLOCK, SMALLEST_BLOCK, TftpClientConfig};
use super::packet::Request;

/// What fits into an Ethernet frame of 1,500 bytes behind the headers of IPv4, UDP and TFTP.
const FITS_IPV4: u64 = 1468;
/// The same behind the header of IPv6.
const FITS_IPV6: u64 = 1448;
/// Bytes on the way while the round trip is not known: 64 of the usual blocks. The socket buffer of an ordinary receiver
/// takes as much at once; larger bursts are lost there.
const FIRST_BURST: u64 = 64 * FITS_IPV4;
/// The line that a window is made for, in bytes a second: 1 Gbit/s. A window that is too large costs nothing but the
/// repetition of more after a loss.
const LINE: u128 = 125_000_000;
/// Round trips that a window of a fetch fills. Windows do not slide: behind each of them the line is idle for a round trip,
/// which is then a tenth of the time. What comes at once finds room with us; with others we are more careful.
const FILLED: u128 = 9;

/// Where a window crosses, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To somebody else's buffer.
    Push,
    /// To ours.
    Fetch,
    /// To ours, inside of this machine: no line loses anything, and each window that ends has both sides wait for each other.
    Inside,
}

/// What holds for a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Bytes of a block.
    pub block: u64,
    /// Blocks on the way at a time.
    pub window: u64,
    /// How long to wait before something is repeated, where that is agreed.
    pub wait: Option<Duration>,
    /// The size that the other side tells.
    pub size: Option<u64>,
}

impl Terms {
    /// Without options.
    pub const PLAIN: Self = Self { block: PLAIN_BLOCK, window: 1, wait: None, size: None };

    /// The size of the file, where the other side knows it: some tell zero of what they do not know, or say our own zero
    /// back.
    pub(crate) const fn told(&self) -> Option<u64> {
        match self.size {
            Some(0) => None,
            told => told,
        }
    }

    /// What a request asks for, as far as we agree, and what to answer. `bytes` is the size of what is offered; without
    /// it the other side tells what it brings.
    #[must_use]
    pub fn agree(request: &Request, bytes: Option<u64>) -> (Self, Vec<(String, String)>) {
        let mut terms = Self::PLAIN;
        let mut answer: Vec<(String, String)> = Vec::new();
        for (name, value) in &request.options {
            let Ok(value) = value.parse::<u64>() else { continue };
            // What is asked for twice holds as it was said first.
            if answer.iter().any(|(known, _)| known == name) {
                continue;
            }
            let taken = match name.as_str() {
                "blksize" if value >= SMALLEST_BLOCK => {
                    terms.block = value.min(LARGEST_BLOCK);
                    terms.block
                }
                "windowsize" if value >= 1 => {
                    terms.window = value.min(LARGEST_WINDOW);
                    terms.window
                }
                "timeout" if (1..=255).contains(&value) => {
                    terms.wait = Some(Duration::from_secs(value));
                    value
                }
                "tsize" => match bytes {
                    // curl takes a size of zero for a mistake.
                    Some(0) => continue,
                    // Who uploads from a pipe does not know it.
                    None if value == 0 => continue,
                    Some(bytes) => bytes,
                    None => {
                        terms.size = Some(value);
                        value
                    }
                },
                _ => continue,
            };
            answer.push((name.clone(), taken.to_string()));
        }
        (terms, answer)
    }
}

/// What our client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Bytes of a block.
    pub block: u64,
    /// Blocks on the way at a time.
    pub window: u64,
    /// May the window grow with the round trip?
    pub grows: bool,
    /// Seconds before something is repeated.
    pub timeout: Option<u8>,
}

impl Wish {
    /// What the settings say for a server at this address.
    ///
    /// # Errors
    /// `InvalidInput` for values that the standard does not know.
    pub fn new(config: &TftpClientConfig, host: &str) -> Result<Self> {
        let fits = if host.parse::<Ipv6Addr>().is_ok() { FITS_IPV6 } else { FITS_IPV4 };
        let block = config.block.unwrap_or(fits);
        if !(SMALLEST_BLOCK..=LARGEST_BLOCK).contains(&block) {
            return Err(Error::invalid("block", block, "8 to 65464 bytes"));
        }
        if let Some(window) = config.window.filter(|window| !(1..=LARGEST_WINDOW).contains(window)) {
            return Err(Error::invalid("window", window, "1 to 512 blocks"));
        }
        if config.timeout == Some(0) {
            return Err(Error::invalid("timeout", 0, "1 to 255 seconds"));
        }
        let window = config.window.unwrap_or_else(|| (FIRST_BURST / block).clamp(1, LARGEST_WINDOW));
        Ok(Self { block, window, grows: config.window.is_none(), timeout: config.timeout })
    }

    /// The options of a request for a file of so many bytes; 0 asks for the size.
    #[must_use]
    pub fn options(&self, bytes: u64) -> Vec<(String, String)> {
        let mut options = vec![("tsize".to_owned(), bytes.to_string()), ("blksize".to_owned(), self.block.to_string())];
        if self.window > 1 {
            options.push(("windowsize".to_owned(), self.window.to_string()));
        }
        if let Some(seconds) = self.timeout {
            options.push(("timeout".to_owned(), seconds.to_string()));
        }
        options
    }

    /// The same with the window that this round trip needs, when that is much more.
    #[must_use]
    pub fn wider(&self, trip: Duration, way: Way) -> Option<Self> {
        let needed = match way {
            Way::Push => LINE * trip.as_micros() / 1_000_000,
            Way::Fetch => FILLED * LINE * trip.as_micros() / 1_000_000,
            Way::Inside => u128::MAX,
        };
        let window = (u64::try_from(needed).unwrap_or(u64::MAX) / self.block).min(LARGEST_WINDOW);
        (self.grows && window >= self.window * 2).then_some(Self { window, ..*self })
    }

    /// What was asked for beside what holds, for the receipt.
    #[must_use]
    pub const fn blocks(&self, terms: &Terms) -> Blocks {
        Blocks { size: terms.block, asked_size: self.block, window: terms.window, asked_window: self.window }
    }

    /// What the server granted.
    ///
    /// # Errors
    /// `UnexpectedReply` for what was not asked for, or more than that.
    pub fn granted(&self, answer: &[(String, String)]) -> Result<Terms> {
        let mut terms = Terms::PLAIN;
        for (name, value) in answer {
            let number = value.parse::<u64>().ok();
            let taken = match (name.as_str(), number) {
                ("blksize", Some(block)) if (SMALLEST_BLOCK..=self.block).contains(&block) => {
                    terms.block = block;
                    true
                }
                ("windowsize", Some(window)) if (1..=self.window).contains(&window) => {
                    terms.window = window;
                    true
                }
                ("timeout", Some(seconds)) if self.timeout.map(u64::from) == Some(seconds) => {
                    terms.wait = Some(Duration::from_secs(seconds));
                    true
                }
                ("tsize", Some(size)) => {
                    terms.size = Some(size);
                    true
                }
                _ => false,
            };
            if !taken {
                let message = "the server grants an option that was not asked for";
                return Err(Error::new(ErrorKind::UnexpectedReply, "tftp", message).said(format!("{name} = {value}")));
            }
        }
        Ok(terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(options: &[(&str, &str)]) -> Request {
        let options = options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Request { write: false, file: "x".into(), options }
    }

    #[test]
    fn hostile_options_are_bounded_or_passed_over() {
        let (terms, answer) = Terms::agree(
            &asked(&[
                ("blksize", "99999999999"),
                ("windowsize", "65535"),
                ("timeout", "0"),
                ("tsize", "x"),
                ("blksize", "8"),
            ]),
            Some(10),
        );
        assert_eq!((terms.block, terms.window, terms.wait), (LARGEST_BLOCK, LARGEST_WINDOW, None));
        assert_eq!(answer, [("blksize".to_owned(), "65464".to_owned()), ("windowsize".to_owned(), "512".to_owned())]);
        for tiny in ["0", "7", "-1", "18446744073709551616", ""] {
            let (terms, answer) = Terms::agree(&asked(&[("blksize", tiny), ("windowsize", "0")]), None);
            assert_eq!((terms, answer.len()), (Terms::PLAIN, 0), "{tiny}");
        }
    }

    #[test]
    fn a_server_grants_no_more_than_was_asked_for() {
        let wish = Wish::new(&TftpClientConfig::default(), "192.0.2.1").unwrap();
        assert_eq!((wish.block, wish.window), (1468, 64));
        let answer = |name: &str, value: &str| wish.granted(&[(name.to_owned(), value.to_owned())]);
        assert_eq!(answer("blksize", "1024").unwrap().block, 1024);
        assert_eq!(answer("tsize", "5000000000").unwrap().size, Some(5_000_000_000));
        for (name, value) in [
            ("blksize", "1469"),
            ("blksize", "0"),
            ("windowsize", "65"),
            ("timeout", "3"),
            ("multicast", ""),
            ("tsize", "-"),
        ] {
            assert_eq!(answer(name, value).unwrap_err().kind(), ErrorKind::UnexpectedReply, "{name}={value}");
        }
    }

    #[test]
    fn the_window_follows_the_round_trip() {
        let wish = Wish::new(&TftpClientConfig::default(), "2001:db8::1").unwrap();
        assert_eq!(wish.block, 1448);
        let window = |micros, way| wish.wider(Duration::from_micros(micros), way).map(|wish| wish.window);
        assert_eq!((window(200, Way::Push), window(200, Way::Fetch)), (None, Some(155)));
        assert_eq!((window(2_000, Way::Push), window(2_000, Way::Fetch)), (Some(172), Some(LARGEST_WINDOW)));
        assert_eq!((window(50_000, Way::Push), window(1, Way::Inside)), (Some(LARGEST_WINDOW), Some(LARGEST_WINDOW)));
        let large = TftpClientConfig { block: Some(65_464), ..TftpClientConfig::default() };
        assert_eq!(Wish::new(&large, "192.0.2.1").unwrap().window, 1);
        let fixed = TftpClientConfig { window: Some(4), ..TftpClientConfig::default() };
        assert_eq!(Wish::new(&fixed, "192.0.2.1").unwrap().wider(Duration::from_secs(1), Way::Inside), None);
        for bad in [
            TftpClientConfig { block: Some(7), ..TftpClientConfig::default() },
            TftpClientConfig { window: Some(0), ..TftpClientConfig::default() },
            TftpClientConfig { timeout: Some(0), ..TftpClientConfig::default() },
        ] {
            assert_eq!(Wish::new(&bad, "192.0.2.1").unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
