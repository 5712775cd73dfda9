//! A conversation with an SFTP server.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future;
use russh::client::Msg;
use swim_core::model::Device;
use swim_core::ports::Context;
use swim_core::{Error, ErrorKind, Result};

use super::codec::{self, Packets, Reader, Writer};
use super::lanes;
use super::requests::{open_fields, opened};
use crate::ssh::client::{SshClient, SshLink};
use crate::ssh::config::CHANNEL_LIMIT;
use crate::ssh::failure;
use crate::ssh::pipe::{Heard, Pipe};

/// What every server takes in one write.
pub(super) const SAFE_WRITE: usize = 32 * 1024;
/// What is asked for or written at once at the least, however little the server says that it takes: the draft of SFTP has
/// every server take 32 KiB, and in pieces of one byte a file would be as many open requests as it has bytes.
const LEAST_AT_ONCE: usize = 4 * 1024;
/// Bytes of answers that wait while we write. Honest ones are those to the writes that are open, some kilobytes.
const ANSWERS: usize = 4 * 1024 * 1024;
/// The largest write that we send, where the server says that it takes so much: OpenSSH's limit.
const LARGEST_WRITE: usize = 255 * 1024;

/// A connection of its own with a conversation on it.
pub(super) struct Begun<'a> {
    pub(super) link: SshLink,
    pub(super) talk: Talk<'a>,
    /// The file that was asked for, or why it is not open.
    pub(super) opened: Result<Bytes>,
    /// Further conversations, for a file that will need them.
    pub(super) spare: Vec<Talk<'a>>,
}

/// Dials and opens a file of so many bytes, as far as they are known. Where the server is known to take it, nothing is
/// waited for in between: on a long path each answer costs a round trip.
pub(super) async fn begin<'a>(
    client: &SshClient,
    device: &Device,
    (path, flags, bytes): (&str, u32, u64),
    cx: &'a Context,
) -> Result<Begun<'a>> {
    let link = client.connect(device, cx).await?;
    let silence = client.config().silence();
    if link.is_well_known() {
        let first = Talk::at_once(&link, silence, path, flags, cx);
        let further = (0..lanes::needed_at_once(&link, bytes)).map(|_| Talk::ready(&link, silence, cx));
        let (first, further) = future::join(first, future::join_all(further)).await;
        let (talk, opened) = first.map_err(|e| link.discreet(e))?;
        // A server that refuses further channels does with one.
        let spare = further.into_iter().filter_map(Result::ok).collect();
        return Ok(Begun { link, talk, opened, spare });
    }
    let mut talk = Talk::waiting(&link, silence, cx).await.map_err(|e| link.discreet(e))?;
    let opened = talk.open(path, flags).await;
    Ok(Begun { link, talk, opened, spare: Vec::new() })
}

/// Dials, for a conversation that opens nothing.
pub(super) async fn dial<'a>(client: &SshClient, device: &Device, cx: &'a Context) -> Result<(SshLink, Talk<'a>)> {
    let link = client.connect(device, cx).await?;
    let talk = Talk::waiting(&link, client.config().silence(), cx).await.map_err(|e| link.discreet(e))?;
    Ok((link, talk))
}

/// One conversation with a server.
pub(super) struct Talk<'a> {
    pub(super) pipe: Pipe<Msg>,
    packets: Packets,
    next_id: u32,
    pub(super) shape: Shape,
    /// Does the server say how much room there is?
    pub(super) tells_room: bool,
    /// The shortest time from a request to its answer.
    pub(super) round_trip: Option<Duration>,
    /// Does the server answer in order, and take requests before the answers to earlier ones?
    pub(super) in_order: bool,
    pub(super) cx: &'a Context,
}

/// How large requests may be, and how long an answer may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) write_size: usize,
    pub(super) read_size: usize,
    silence: Duration,
}

/// What a server answered.
pub(super) enum Answer {
    Status(u32, String),
    Other(u8, Reader),
}

impl<'a> Talk<'a> {
    /// Opens a channel and asks for SFTP, without waiting for an answer to that.
    async fn ask(link: &SshLink, silence: Duration, cx: &'a Context) -> Result<Self> {
        let pipe = link.pipe("sftp", cx).await?;
        pipe.writer().request_subsystem(true, "sftp").await.map_err(|e| failure::ssh("sftp", e))?;
        Ok(Self {
            pipe,
            packets: Packets::default(),
            next_id: 0,
            shape: Shape { write_size: SAFE_WRITE, read_size: SAFE_WRITE, silence },
            tells_room: false,
            in_order: link.is_well_known(),
            round_trip: Some(link.round_trip()),
            cx,
        })
    }

    /// A conversation that has begun on our side.
    async fn ready(link: &SshLink, silence: Duration, cx: &'a Context) -> Result<Self> {
        let mut talk = Self::ask(link, silence, cx).await?;
        talk.send(Writer::new(codec::INIT).int(3).done()).await?;
        Ok(talk)
    }

    /// The first conversation of a connection, greeted.
    async fn waiting(link: &SshLink, silence: Duration, cx: &'a Context) -> Result<Self> {
        let mut talk = Self::ask(link, silence, cx).await?;
        talk.pipe.granted(CHANNEL_LIMIT, cx).await.map_err(unserved)?;
        talk.greet().await?;
        Ok(talk)
    }

    /// The first conversation of a connection, with this file open if the server opens it.
    async fn at_once(
        link: &SshLink,
        silence: Duration,
        path: &str,
        flags: u32,
        cx: &'a Context,
    ) -> Result<(Self, Result<Bytes>)> {
        let mut talk = Self::ready(link, silence, cx).await?;
        let asked = cx.clock.monotonic();
        let limits = talk.post(codec::EXTENDED, |w| w.string(codec::LIMITS.as_bytes())).await?;
        let open = talk.post(codec::OPEN, |w| open_fields(w, path, flags)).await?;
        talk.pipe.granted(CHANNEL_LIMIT, cx).await.map_err(unserved)?;
        talk.version().await?;
        let answer = talk.answer_to(limits).await?;
        talk.take_limits(answer)?;
        let opened = opened(talk.answer_to(open).await?);
        talk.took(asked);
        Ok((talk, opened))
    }

    /// One more conversation on a connection, with this file open. `spare` is one that has begun.
    pub(super) async fn another(
        link: &SshLink,
        spare: Option<Self>,
        shape: Shape,
        path: &str,
        flags: u32,
        cx: &'a Context,
    ) -> Result<(Self, Bytes)> {
        let talk = match spare {
            Some(talk) => talk,
            None => Self::ready(link, shape.silence, cx).await?,
        };
        let mut talk = Self { shape, ..talk };
        let open = talk.post(codec::OPEN, |w| open_fields(w, path, flags)).await?;
        talk.pipe.granted(CHANNEL_LIMIT, cx).await?;
        talk.version().await?;
        let handle = opened(talk.answer_to(open).await?)?;
        Ok((talk, handle))
    }

    pub(super) async fn send(&mut self, bytes: Bytes) -> Result<()> {
        self.pipe.send(bytes, false, self.shape.silence, self.cx).await
    }

    /// Waits for the next packet. What the server says of it and what it takes of ours starts the silence anew; murmurs on
    /// the error stream do not.
    async fn packet(&mut self) -> Result<Reader> {
        let mut alive = self.cx.clock.monotonic();
        loop {
            if let Some(packet) = self.packets.next()? {
                return Ok(packet);
            }
            let left = self.shape.silence.saturating_sub(self.cx.clock.monotonic().saturating_sub(alive));
            let taken = self.pipe.taken();
            match self.pipe.hear(left, self.cx).await? {
                Heard::Data(bytes) => {
                    self.packets.push(&bytes);
                    alive = self.cx.clock.monotonic();
                }
                Heard::Moved if self.pipe.taken() > taken => alive = self.cx.clock.monotonic(),
                Heard::Moved if left.is_zero() => return Err(failure::silent("sftp", self.shape.silence)),
                Heard::Moved => {}
                Heard::Quiet => return Err(failure::silent("sftp", self.shape.silence)),
                Heard::Closed => {
                    return Err(self.pipe.explain(failure::ended("sftp", "the device closed the session")));
                }
            }
        }
    }

    async fn greet(&mut self) -> Result<()> {
        self.send(Writer::new(codec::INIT).int(3).done()).await?;
        if self.version().await? {
            let answer = self.request(codec::EXTENDED, |w| w.string(codec::LIMITS.as_bytes())).await?;
            self.take_limits(answer)?;
        }
        Ok(())
    }

    /// Waits for the greeting of the server. Does it tell how large requests may be?
    async fn version(&mut self) -> Result<bool> {
        let mut packet = self.packet().await?;
        if packet.byte()? != codec::VERSION {
            return Err(strange("the server did not tell its version"));
        }
        let _version = packet.int()?;
        let mut has_limits = false;
        while !packet.is_empty() {
            let name = packet.text()?;
            has_limits |= name == codec::LIMITS;
            self.tells_room |= name == codec::STATVFS;
            packet.string()?;
        }
        Ok(has_limits)
    }

    fn take_limits(&mut self, answer: Answer) -> Result<()> {
        if let Answer::Other(codec::EXTENDED_REPLY, mut reply) = answer {
            let (_packet, read, write) = (reply.long()?, reply.long()?, reply.long()?);
            for (told, size) in [(read, &mut self.shape.read_size), (write, &mut self.shape.write_size)] {
                if told > 0 {
                    *size = usize::try_from(told).unwrap_or(usize::MAX).clamp(LEAST_AT_ONCE, LARGEST_WRITE);
                }
            }
        }
        Ok(())
    }

    pub(super) fn id(&mut self) -> u32 {
        self.next_id = self.next_id.wrapping_add(1);
        self.next_id
    }

    /// One request and its answer, while no write is open.
    pub(super) async fn request(&mut self, kind: u8, fields: impl FnOnce(Writer) -> Writer + Send) -> Result<Answer> {
        let asked = self.cx.clock.monotonic();
        let id = self.post(kind, fields).await?;
        let answer = self.answer_to(id).await?;
        self.took(asked);
        Ok(answer)
    }

    /// One request; its answer is waited for later.
    pub(super) async fn post(&mut self, kind: u8, fields: impl FnOnce(Writer) -> Writer + Send) -> Result<u32> {
        let id = self.id();
        self.send(fields(Writer::new(kind).int(id)).done()).await?;
        Ok(id)
    }

    /// The answer to the oldest request that has none.
    pub(super) async fn answer_to(&mut self, id: u32) -> Result<Answer> {
        let (answered, answer) = self.answer().await?;
        if answered == id { Ok(answer) } else { Err(strange("the server answered something else")) }
    }

    fn took(&mut self, asked: Duration) {
        let took = self.cx.clock.monotonic().saturating_sub(asked);
        self.round_trip = Some(self.round_trip.map_or(took, |least| least.min(took)));
    }

    /// Keeps what the server said while we wrote.
    pub(super) fn overhear(&mut self) -> Result<()> {
        while let Some(Heard::Data(bytes)) = self.pipe.overheard() {
            self.packets.push(&bytes);
        }
        if self.packets.waiting() > ANSWERS {
            return Err(strange("the server answers more than it was asked"));
        }
        Ok(())
    }

    pub(super) async fn answer(&mut self) -> Result<(u32, Answer)> {
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
}

pub(super) fn strange(what: &str) -> Error {
    Error::new(ErrorKind::UnexpectedReply, "sftp", what)
}

/// Devices that serve no SFTP refuse the subsystem: another protocol may do.
fn unserved(error: Error) -> Error {
    match error.kind() {
        ErrorKind::DeviceRejected => {
            Error::new(ErrorKind::Unsupported, "sftp", "the device serves no SFTP").caused_by(error)
        }
        _ => error,
    }
}
