//! Packets of SFTP version 3.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use swim_core::{Error, ErrorKind, Result};

pub(crate) const INIT: u8 = 1;
pub(crate) const VERSION: u8 = 2;
pub(crate) const OPEN: u8 = 3;
pub(crate) const CLOSE: u8 = 4;
pub(crate) const READ: u8 = 5;
pub(crate) const WRITE: u8 = 6;
pub(crate) const LSTAT: u8 = 7;
pub(crate) const FSTAT: u8 = 8;
pub(crate) const SETSTAT: u8 = 9;
pub(crate) const FSETSTAT: u8 = 10;
pub(crate) const REMOVE: u8 = 13;
pub(crate) const REALPATH: u8 = 16;
pub(crate) const STAT: u8 = 17;
pub(crate) const STATUS: u8 = 101;
pub(crate) const HANDLE: u8 = 102;
pub(crate) const DATA: u8 = 103;
pub(crate) const NAME: u8 = 104;
pub(crate) const ATTRS: u8 = 105;
pub(crate) const EXTENDED: u8 = 200;
pub(crate) const EXTENDED_REPLY: u8 = 201;

pub(crate) const OK: u32 = 0;
pub(crate) const EOF: u32 = 1;
pub(crate) const NO_SUCH_FILE: u32 = 2;
pub(crate) const PERMISSION_DENIED: u32 = 3;
pub(crate) const FAILURE: u32 = 4;
pub(crate) const BAD_MESSAGE: u32 = 5;
pub(crate) const UNSUPPORTED: u32 = 8;

pub(crate) const OPEN_READ: u32 = 1;
pub(crate) const OPEN_WRITE: u32 = 2;
pub(crate) const OPEN_CREATE: u32 = 8;
pub(crate) const OPEN_TRUNCATE: u32 = 16;

const ATTR_SIZE: u32 = 1;
const ATTR_OWNER: u32 = 2;
pub(crate) const ATTR_PERMISSIONS: u32 = 4;
const ATTR_TIMES: u32 = 8;

/// The extension that tells how large requests may be.
pub(crate) const LIMITS: &str = "limits@openssh.com";

/// The extension that tells how much room a file system has.
pub(crate) const STATVFS: &str = "statvfs@openssh.com";

/// The largest packet that we take: what OpenSSH takes.
const LARGEST: usize = 256 * 1024;

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::UnexpectedReply, "sftp", format!("a packet that cannot be read: {what}"))
}

/// Cuts a stream of bytes into packets. The pieces are kept as they came; only a packet that spans several is copied.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    buffer: BytesMut,
}

impl Packets {
    /// Takes bytes of the other side.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that were taken and not yet given out.
    pub(crate) fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole packet, without its length.
    ///
    /// # Errors
    /// `UnexpectedReply` for an empty packet or one that is too large.
    pub(crate) fn next(&mut self) -> Result<Option<Reader>> {
        let Some(head) = self.buffer.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*head) as usize;
        if length == 0 || length > LARGEST {
            return Err(malformed(&format!("{length} bytes long")));
        }
        if self.buffer.len() < length + 4 {
            return Ok(None);
        }
        self.buffer.advance(4);
        Ok(Some(Reader(self.buffer.split_to(length).freeze())))
    }
}

/// Reads the fields of a packet.
#[derive(Debug)]
pub(crate) struct Reader(Bytes);

impl Reader {
    fn need(&self, bytes: usize) -> Result<()> {
        if self.0.len() < bytes { Err(malformed("it is too short")) } else { Ok(()) }
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        self.need(1)?;
        Ok(self.0.get_u8())
    }

    pub(crate) fn int(&mut self) -> Result<u32> {
        self.need(4)?;
        Ok(self.0.get_u32())
    }

    pub(crate) fn long(&mut self) -> Result<u64> {
        self.need(8)?;
        Ok(self.0.get_u64())
    }

    pub(crate) fn string(&mut self) -> Result<Bytes> {
        let length = self.int()? as usize;
        self.need(length)?;
        Ok(self.0.split_to(length))
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.string()?).into_owned())
    }

    /// The size among the attributes, which end the packet.
    pub(crate) fn size(&mut self) -> Result<Option<u64>> {
        Ok(self.size_and_time()?.0)
    }

    /// The size and the time of the last change among the attributes, which end the packet.
    pub(crate) fn size_and_time(&mut self) -> Result<(Option<u64>, Option<u32>)> {
        let flags = self.int()?;
        let size = if flags & ATTR_SIZE == 0 { None } else { Some(self.long()?) };
        if flags & ATTR_TIMES == 0 {
            return Ok((size, None));
        }
        if flags & ATTR_OWNER != 0 {
            self.long()?;
        }
        if flags & ATTR_PERMISSIONS != 0 {
            self.int()?;
        }
        let _read = self.int()?;
        Ok((size, Some(self.int()?)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes a packet; the length is filled in at the end.
#[derive(Debug)]
pub(crate) struct Writer(BytesMut);

impl Writer {
    pub(crate) fn new(kind: u8) -> Self {
        let mut bytes = BytesMut::with_capacity(64);
        bytes.put_u32(0);
        bytes.put_u8(kind);
        Self(bytes)
    }

    pub(crate) fn int(mut self, value: u32) -> Self {
        self.0.put_u32(value);
        self
    }

    pub(crate) fn long(mut self, value: u64) -> Self {
        self.0.put_u64(value);
        self
    }

    /// A string. Ours are names, handles and sentences, never longer than a packet.
    pub(crate) fn string(mut self, value: &[u8]) -> Self {
        self.0.put_u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.0.put_slice(value);
        self
    }

    /// Attributes of a plain file that can only be read.
    pub(crate) fn file_attributes(self, bytes: u64, mode: u32) -> Self {
        self.int(ATTR_SIZE | ATTR_OWNER | ATTR_PERMISSIONS).long(bytes).int(0).int(0).int(mode)
    }

    /// The packet.
    pub(crate) fn done(self) -> Bytes {
        self.followed_by(0)
    }

    /// The packet's head, where `bytes` more bytes follow that are sent on their own without a copy.
    pub(crate) fn followed_by(mut self, bytes: usize) -> Bytes {
        let length = u32::try_from(self.0.len() - 4 + bytes).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_be_bytes());
        self.0.freeze()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read_again_in_pieces() {
        let packet = Writer::new(OPEN).int(7).string(&[0xff, 0, 0x80]).long(9).done();
        let mut packets = Packets::default();
        for byte in &packet[..packet.len() - 1] {
            packets.push(&[*byte]);
            assert!(packets.next().unwrap().is_none());
        }
        packets.push(&packet[packet.len() - 1..]);
        let mut reader = packets.next().unwrap().unwrap();
        assert_eq!((reader.byte().unwrap(), reader.int().unwrap()), (OPEN, 7));
        assert_eq!(&reader.string().unwrap()[..], [0xff, 0, 0x80]);
        assert_eq!(reader.long().unwrap(), 9);
        assert!(reader.is_empty() && reader.byte().is_err());
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for length in [0_u32, 300_000, u32::MAX] {
            let mut packets = Packets::default();
            packets.push(&length.to_be_bytes());
            assert!(packets.next().is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut packets = Packets::default();
            packets.push(&bytes);
            while let Ok(Some(mut reader)) = packets.next() {
                let _ = reader.byte();
                let _ = reader.string();
                let _ = reader.size();
            }
        }
    }
}
