//! What is asked of an SFTP server, and what its answers mean.

use bytes::Bytes;
use swim_core::{Error, ErrorKind, Result};

use super::codec::{self, Writer};
use super::talk::{Answer, SAFE_WRITE, Talk, strange};
use crate::ssh::failure;

/// With less room than this a disk is full: a write of the largest size may not fit.
const NO_ROOM: u64 = 1024 * 1024;

impl Talk<'_> {
    pub(super) async fn open(&mut self, path: &str, flags: u32) -> Result<Bytes> {
        opened(self.request(codec::OPEN, |w| open_fields(w, path, flags)).await?)
    }

    pub(super) async fn size(&mut self, handle: &Bytes) -> Result<u64> {
        Ok(self.size_and_time(handle).await?.0)
    }

    /// The size of the file, and the time of its last change where the server tells it.
    pub(super) async fn size_and_time(&mut self, handle: &Bytes) -> Result<(u64, Option<u32>)> {
        sized(self.request(codec::FSTAT, |w| w.string(handle)).await?)
    }

    /// The size of the file, which is closed then. It must be the one at this path still: several channels wrote to what they
    /// found there.
    pub(super) async fn close_whole(&mut self, handle: &Bytes, path: &str) -> Result<u64> {
        if !self.in_order {
            let there = self.size(handle).await?;
            self.close(handle).await?;
            return Ok(there);
        }
        let look = self.post(codec::FSTAT, |w| w.string(handle)).await?;
        let at = self.post(codec::STAT, |w| w.string(path.as_bytes())).await?;
        let close = self.post(codec::CLOSE, |w| w.string(handle)).await?;
        let (there, at_path) = (sized(self.answer_to(look).await?), sized(self.answer_to(at).await?));
        expect_ok(self.answer_to(close).await?, "close the file")?;
        let there = there?;
        // A file that was moved on at once is not there to be looked at.
        if at_path.is_ok_and(|at_path| at_path != there) {
            let message = "the file at this path is another one than the one that was written";
            return Err(Error::new(ErrorKind::Conflict, "sftp", message));
        }
        Ok(there.0)
    }

    /// Exactly these bytes of the file; fewer when it ends before.
    pub(super) async fn read(&mut self, handle: &Bytes, mut offset: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let wanted = u32::try_from((length - bytes.len()).min(SAFE_WRITE)).unwrap_or(u32::MAX);
            match self.request(codec::READ, |w| w.string(handle).long(offset).int(wanted)).await? {
                Answer::Other(codec::DATA, mut reply) => {
                    let data = reply.string()?;
                    if data.is_empty() || data.len() > wanted as usize {
                        return Err(strange("the server read something else"));
                    }
                    offset += data.len() as u64;
                    bytes.extend_from_slice(&data);
                }
                Answer::Status(codec::EOF, _) => break,
                other => return Err(refused(other, "read the file")),
            }
        }
        Ok(bytes)
    }

    /// A refusal that the server does not explain: servers of version 3 have no code for a full disk. Other requests may
    /// still be open.
    pub(super) async fn explain(&mut self, refusal: Error, path: &str) -> Error {
        if refusal.kind() != ErrorKind::DeviceRejected || !self.tells_room {
            return refusal;
        }
        match self.room(path).await {
            Ok(free) if free < NO_ROOM => {
                let message = format!("the file system of the device has {free} bytes left");
                let said = refusal.device_words().unwrap_or_default().to_owned();
                Error::new(ErrorKind::NoSpace, "sftp", message).said(said).caused_by(refusal)
            }
            _ => refusal,
        }
    }

    /// Bytes that are free where this file is.
    async fn room(&mut self, path: &str) -> Result<u64> {
        let id = self.id();
        let request = Writer::new(codec::EXTENDED).int(id).string(codec::STATVFS.as_bytes());
        self.send(request.string(path.as_bytes()).done()).await?;
        loop {
            match self.answer().await? {
                (answered, _) if answered != id => {}
                (_, Answer::Other(codec::EXTENDED_REPLY, mut reply)) => {
                    let (_block, unit, _all, _free) = (reply.long()?, reply.long()?, reply.long()?, reply.long()?);
                    return Ok(reply.long()?.saturating_mul(unit));
                }
                (_, other) => return Err(refused(other, "tell how much room there is")),
            }
        }
    }

    pub(super) async fn remove(&mut self, path: &str) -> Result<()> {
        let answer = self.request(codec::REMOVE, |w| w.string(path.as_bytes())).await?;
        expect_ok(answer, "remove the file")
    }

    pub(super) async fn close(&mut self, handle: &Bytes) -> Result<()> {
        let answer = self.request(codec::CLOSE, |w| w.string(handle)).await?;
        expect_ok(answer, "close the file")
    }
}

pub(super) fn open_fields(packet: Writer, path: &str, flags: u32) -> Writer {
    packet.string(path.as_bytes()).int(flags).int(codec::ATTR_PERMISSIONS).int(0o644)
}

fn sized(answer: Answer) -> Result<(u64, Option<u32>)> {
    match answer {
        Answer::Other(codec::ATTRS, mut reply) => match reply.size_and_time()? {
            (Some(size), changed) => Ok((size, changed)),
            (None, _) => {
                Err(Error::new(ErrorKind::Unsupported, "sftp", "the server does not tell the size of the file"))
            }
        },
        other => Err(refused(other, "look at the file")),
    }
}

pub(super) fn opened(answer: Answer) -> Result<Bytes> {
    match answer {
        Answer::Other(codec::HANDLE, mut reply) => reply.string(),
        other => Err(refused(other, "open the file")),
    }
}

pub(super) fn expect_ok(answer: Answer, what: &str) -> Result<()> {
    match answer {
        Answer::Status(codec::OK, _) => Ok(()),
        other => Err(refused(other, what)),
    }
}

pub(super) fn refused(answer: Answer, what: &str) -> Error {
    let Answer::Status(code, said) = answer else {
        return Error::new(ErrorKind::UnexpectedReply, "sftp", format!("an unknown answer when asked to {what}"));
    };
    let kind = match (code, failure::kind_of_refusal(&said)) {
        (codec::PERMISSION_DENIED, _) => ErrorKind::Privilege,
        (codec::NO_SUCH_FILE, _) => ErrorKind::NotFound,
        (codec::UNSUPPORTED, _) => ErrorKind::Unsupported,
        (_, kind) => kind,
    };
    let why = match code {
        codec::NO_SUCH_FILE => ": no such file or folder",
        codec::PERMISSION_DENIED => ": permission denied",
        _ => "",
    };
    Error::new(kind, "sftp", format!("the server refused to {what} (status {code}{why})")).said(said)
}
