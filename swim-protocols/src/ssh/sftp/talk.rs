//! A conversation with an SFTP server.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use russh::client::Msg;
use swim_core::model::Device;
use swim_core::ports::{Context, Note, Push, Sink};
use swim_core::{Error, ErrorKind, Result};

use super::codec::{self, Packets, Reader, Writer};
use crate::ssh::client::{SshClient, SshLink};
use crate::ssh::config::CHANNEL_LIMIT;
use crate::ssh::failure;
use crate::ssh::pipe::{Heard, Pipe};

/// What every server takes in one write.
const SAFE_WRITE: usize = 32 * 1024;
/// The largest write that we send, where the server says that it takes so much: OpenSSH's limit.
const LARGEST_WRITE: usize = 255 * 1024;
/// Bytes that may be on their way without an answer. OpenSSH grants a window of 2 MiB a channel; more only waits here.
const IN_FLIGHT: usize = 4 * 1024 * 1024;
/// Bytes that are read from the store at once.
const PIECE: usize = 1024 * 1024;

/// Bytes that may be asked for and not here yet: less than the window that we grant, or the server waits for us.
const ASKED_FOR: u64 = 3 * 1024 * 1024;

/// Opens a conversation on a connection of its own.
pub(super) async fn begin<'a>(client: &SshClient, device: &Device, cx: &'a Context) -> Result<(SshLink, Talk<'a>)> {
    let link = client.connect(device, cx).await?;
    let mut pipe = Pipe::new(link.channel("sftp", cx).await?, "sftp");
    pipe.writer().request_subsystem(true, "sftp").await.map_err(|e| failure::ssh("sftp", e))?;
    pipe.granted(CHANNEL_LIMIT, cx).await?;
    let mut talk = Talk::new(pipe, client.config().silence(), cx);
    talk.greet().await?;
    Ok((link, talk))
}

/// One conversation with a server.
pub(super) struct Talk<'a> {
    pub(super) pipe: Pipe<Msg>,
    packets: Packets,
    next_id: u32,
    /// Lengths of the writes that have no answer yet.
    open_writes: HashMap<u32, usize>,
    in_flight: usize,
    write_size: usize,
    read_size: usize,
    silence: Duration,
    cx: &'a Context,
}

/// What a server answered.
enum Answer {
    Status(u32, String),
    Other(u8, Reader),
}

impl<'a> Talk<'a> {
    pub(super) fn new(pipe: Pipe<Msg>, silence: Duration, cx: &'a Context) -> Self {
        Self {
            pipe,
            packets: Packets::default(),
            next_id: 0,
            open_writes: HashMap::new(),
            in_flight: 0,
            write_size: SAFE_WRITE,
            read_size: SAFE_WRITE,
            silence,
            cx,
        }
    }

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        self.pipe.send(bytes, false, self.silence, self.cx).await
    }

    /// Waits for the next packet. Any sign of life starts the silence anew.
    async fn packet(&mut self) -> Result<Reader> {
        loop {
            if let Some(packet) = self.packets.next()? {
                return Ok(packet);
            }
            match self.pipe.hear(self.silence, self.cx).await? {
                Heard::Data(bytes) => self.packets.push(&bytes),
                Heard::Moved => {}
                Heard::Quiet => return Err(failure::silent("sftp", self.silence)),
                Heard::Closed => {
                    return Err(self.pipe.explain(failure::ended("sftp", "the device closed the session")));
                }
            }
        }
    }

    pub(super) async fn greet(&mut self) -> Result<()> {
        self.send(Writer::new(codec::INIT).int(3).done()).await?;
        let mut packet = self.packet().await?;
        if packet.byte()? != codec::VERSION {
            return Err(Error::new(ErrorKind::UnexpectedReply, "sftp", "the server did not tell its version"));
        }
        let _version = packet.int()?;
        let mut has_limits = false;
        while !packet.is_empty() {
            has_limits |= packet.text()? == codec::LIMITS;
            packet.string()?;
        }
        if has_limits {
            self.ask_limits().await?;
        }
        Ok(())
    }

    async fn ask_limits(&mut self) -> Result<()> {
        let request = self.request(codec::EXTENDED, |w| w.string(codec::LIMITS.as_bytes())).await?;
        if let Answer::Other(codec::EXTENDED_REPLY, mut reply) = request {
            let (_packet, read, write) = (reply.long()?, reply.long()?, reply.long()?);
            for (told, size) in [(read, &mut self.read_size), (write, &mut self.write_size)] {
                if told > 0 {
                    *size = usize::try_from(told).unwrap_or(usize::MAX).min(LARGEST_WRITE);
                }
            }
        }
        Ok(())
    }

    fn id(&mut self) -> u32 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    /// One request and its answer, while no write is open.
    async fn request(&mut self, kind: u8, fields: impl FnOnce(Writer) -> Writer + Send) -> Result<Answer> {
        let id = self.id();
        self.send(fields(Writer::new(kind).int(id)).done()).await?;
        let (answered, answer) = self.answer().await?;
        if answered != id {
            return Err(Error::new(ErrorKind::UnexpectedReply, "sftp", "the server answered something else"));
        }
        Ok(answer)
    }

    async fn answer(&mut self) -> Result<(u32, Answer)> {
        let mut packet = self.packet().await?;
        let kind = packet.byte()?;
        let id = packet.int()?;
        if kind != codec::STATUS {
            return Ok((id, Answer::Other(kind, packet)));
        }
        let code = packet.int()?;
        // Old servers leave the sentence out.
        let words = packet.text().unwrap_or_default();
        Ok((id, Answer::Status(code, words)))
    }

    /// Takes the answer of one write.
    async fn settle(&mut self) -> Result<usize> {
        let (id, answer) = self.answer().await?;
        let Some(length) = self.open_writes.remove(&id) else {
            return Err(Error::new(
                ErrorKind::UnexpectedReply,
                "sftp",
                "the server answered a write that was not sent",
            ));
        };
        self.in_flight -= length;
        expect_ok(answer, "write the file")?;
        Ok(length)
    }

    pub(super) async fn open(&mut self, path: &str, flags: u32) -> Result<Bytes> {
        let attributes = |w: Writer| w.string(path.as_bytes()).int(flags).int(codec::ATTR_PERMISSIONS).int(0o644);
        match self.request(codec::OPEN, attributes).await? {
            Answer::Other(codec::HANDLE, mut reply) => reply.string(),
            other => Err(refused(other, "open the file")),
        }
    }

    pub(super) async fn size(&mut self, handle: &Bytes) -> Result<u64> {
        match self.request(codec::FSTAT, |w| w.string(handle)).await? {
            Answer::Other(codec::ATTRS, mut reply) => reply.size()?.ok_or_else(|| {
                Error::new(ErrorKind::Unsupported, "sftp", "the server does not tell the size of the file")
            }),
            other => Err(refused(other, "look at the file")),
        }
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
                        return Err(Error::new(ErrorKind::UnexpectedReply, "sftp", "the server read something else"));
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

    /// Reads the file from `from` up to `bytes` into a sink, many reads at a time. Servers may answer a read with less
    /// than was asked for.
    pub(super) async fn read_into(&mut self, sink: &dyn Sink, handle: &Bytes, from: u64, bytes: u64) -> Result<()> {
        let mut open: HashMap<u32, (u64, u64)> = HashMap::new();
        let mut gaps: Vec<(u64, u64)> = Vec::new();
        let (mut next, mut done, mut asked) = (from, from, 0_u64);
        while done < bytes {
            while asked < ASKED_FOR && (next < bytes || !gaps.is_empty()) {
                let (offset, length) = gaps.pop().unwrap_or_else(|| (next, (bytes - next).min(self.read_size as u64)));
                next = next.max(offset + length);
                let id = self.id();
                let wanted = u32::try_from(length).unwrap_or(u32::MAX);
                self.send(Writer::new(codec::READ).int(id).string(handle).long(offset).int(wanted).done()).await?;
                open.insert(id, (offset, length));
                asked += length;
            }
            let (id, answer) = self.answer().await?;
            let strange = |what| Error::new(ErrorKind::UnexpectedReply, "sftp", what);
            let (offset, length) = open.remove(&id).ok_or_else(|| strange("the server answered no read of ours"))?;
            asked -= length;
            let data = match answer {
                Answer::Other(codec::DATA, mut reply) => reply.string()?,
                Answer::Status(codec::EOF, _) => {
                    let message = format!("the file ended at byte {offset} although it has {bytes}");
                    return Err(Error::new(ErrorKind::Integrity, "sftp", message));
                }
                other => return Err(refused(other, "read the file")),
            };
            let came = data.len() as u64;
            if came == 0 || came > length {
                return Err(strange("the server read something else"));
            }
            if came < length {
                gaps.push((offset + came, length - came));
            }
            self.cx.pace.take(data.len(), self.cx).await?;
            sink.write(offset, data).await?;
            done += came;
            self.cx.notes.note(Note::Bytes { done, total: Some(bytes) });
        }
        Ok(())
    }

    pub(super) async fn close(&mut self, handle: &Bytes) -> Result<()> {
        let answer = self.request(codec::CLOSE, |w| w.string(handle)).await?;
        expect_ok(answer, "close the file")
    }

    /// Writes the image from `offset` on, many writes at a time.
    pub(super) async fn write(&mut self, request: &Push, handle: &Bytes, mut offset: u64) -> Result<()> {
        let mut done = offset;
        let mut ready: VecDeque<Bytes> = VecDeque::new();
        let mut fetched = offset;
        while offset < request.bytes || !self.open_writes.is_empty() {
            if offset < request.bytes && self.in_flight < IN_FLIGHT {
                let Some(mut piece) = ready.pop_front() else {
                    let length = usize::try_from(request.bytes - fetched).unwrap_or(usize::MAX).min(PIECE);
                    let piece = request.store.read(&request.image, fetched, length).await?;
                    if piece.is_empty() {
                        return Err(Error::new(ErrorKind::Integrity, "sftp", "the image is shorter than its size"));
                    }
                    fetched += piece.len() as u64;
                    ready.push_back(piece);
                    continue;
                };
                let data = piece.split_to(piece.len().min(self.write_size));
                self.cx.pace.take(data.len(), self.cx).await?;
                if !piece.is_empty() {
                    ready.push_front(piece);
                }
                let id = self.id();
                let length = data.len();
                let head = Writer::new(codec::WRITE).int(id).string(handle).long(offset);
                let head = head.int(u32::try_from(length).unwrap_or(u32::MAX)).followed_by(length);
                self.open_writes.insert(id, length);
                self.in_flight += length;
                self.send(head).await?;
                self.send(data).await?;
                offset += length as u64;
                while let Some(Heard::Data(bytes)) = self.pipe.overheard() {
                    self.packets.push(&bytes);
                }
            } else {
                done += self.settle().await? as u64;
                self.cx.notes.note(Note::Bytes { done, total: Some(request.bytes) });
            }
        }
        Ok(())
    }
}

fn expect_ok(answer: Answer, what: &str) -> Result<()> {
    match answer {
        Answer::Status(codec::OK, _) => Ok(()),
        other => Err(refused(other, what)),
    }
}

fn refused(answer: Answer, what: &str) -> Error {
    let Answer::Status(code, said) = answer else {
        return Error::new(ErrorKind::UnexpectedReply, "sftp", format!("an unknown answer when asked to {what}"));
    };
    let kind = match (code, failure::kind_of_refusal(&said)) {
        (codec::PERMISSION_DENIED, _) => ErrorKind::Privilege,
        (codec::NO_SUCH_FILE, _) => ErrorKind::NotFound,
        (codec::UNSUPPORTED, _) => ErrorKind::Unsupported,
        (_, kind) => kind,
    };
    Error::new(kind, "sftp", format!("the device refused to {what} (status {code})")).said(said)
}
