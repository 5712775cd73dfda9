//! Streams of gzip: each has the CRC-32 and the length of its content behind it.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::{CHUNK, PayloadCheck};
use crate::image::trailing;

pub(super) const MAGIC: &[u8] = b"\x1f\x8b\x08";

/// Unpacks all streams, and keeps nothing. What follows the last one is not of gzip (some vendors append a signature): it is
/// counted, where it is more than padding.
pub(super) fn check(content: impl Read, mut most: u64) -> io::Result<(PayloadCheck, u64)> {
    let mut content = BufReader::with_capacity(CHUNK, content);
    let mut first = true;
    while first || content.fill_buf()?.starts_with(MAGIC) {
        first = false;
        let mut stream = GzDecoder::new(&mut content);
        let unpacked = match io::copy(&mut stream.by_ref().take(most.saturating_add(1)), &mut io::sink()) {
            Ok(unpacked) => unpacked,
            Err(e) if is_of_content(&e) => return Ok((PayloadCheck::Damaged, 0)),
            Err(e) => return Err(e),
        };
        if unpacked > most {
            return Ok((PayloadCheck::Unverifiable, 0));
        }
        most -= unpacked;
    }
    // The streams are whole, whether the rest can be read or not.
    Ok((PayloadCheck::Intact, following(content).unwrap_or(0)))
}

fn following(mut content: impl BufRead) -> io::Result<u64> {
    let (mut count, mut padding) = (0, true);
    loop {
        let piece = content.fill_buf()?;
        if piece.is_empty() {
            return Ok(if padding { 0 } else { count });
        }
        padding = padding && trailing::is_padding(piece);
        let length = piece.len();
        count += length as u64;
        content.consume(length);
    }
}

/// The file ends too early, or its content is none, in place of: the medium could not be read.
pub(super) fn is_of_content(e: &io::Error) -> bool {
    matches!(e.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
}
