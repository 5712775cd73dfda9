//! One file over the channels of one connection: one to begin with, more when the far window is the limit and the server
//! is known to take it. A channel that fails gives its parts back; only the first one's failure is the transfer's.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future;
use swim_core::ports::{Context, Note, Push, Sink};
use swim_core::{Error, ErrorKind, Result};

use super::board::{Board, Take};
use super::codec::{self, Writer};
use super::depth::Depth;
use super::requests::{expect_ok, refused};
use super::talk::{Answer, Shape, Talk, strange};
use crate::ssh::client::SshLink;
use crate::ssh::failure;

/// Channels of one transfer on a path of any length: as many sessions as stock sshd allows a connection.
const LANES: u64 = 10;
/// And on a short one, where the far processors are the limit and more channels only cost them.
const NEAR_LANES: u64 = 4;
/// A path is short up to this round trip.
const NEAR: Duration = Duration::from_millis(2);
/// A channel of its own is worth it for so many bytes of the file.
const WORTH_A_LANE: u64 = 8 * 1024 * 1024;
/// Bytes that are read from the store at once, and that one channel takes at a time.
const PIECE: usize = 1024 * 1024;
/// Parts that a channel has on its way: with fewer it would stand still while it waits for the answer to the last.
const PARTS: u64 = 4;

/// Channels that a file of so many bytes is worth.
fn worth(bytes: u64, round_trip: Option<Duration>) -> u64 {
    let most = if round_trip.is_some_and(|t| t <= NEAR) { NEAR_LANES } else { LANES };
    (bytes / WORTH_A_LANE).min(most)
}

/// Channels that such a file will need beside its first one: on a long path they are opened together with that.
pub(super) fn needed_at_once(link: &SshLink, bytes: u64) -> u64 {
    if !link.takes_stripes() || link.round_trip() <= NEAR {
        return 0;
    }
    worth(bytes, Some(link.round_trip())).saturating_sub(1)
}

/// What is done with the parts.
pub(super) enum Work<'a> {
    /// They are written to the far side.
    Write(&'a Push),
    /// They are read from there.
    Read(&'a dyn Sink),
}

/// One transfer: which part of which file, and how.
pub(super) struct Job<'a> {
    pub(super) link: &'a SshLink,
    pub(super) path: &'a str,
    pub(super) work: Work<'a>,
    pub(super) from: u64,
    pub(super) bytes: u64,
    /// May it use more than one channel?
    pub(super) striped: bool,
    /// Size and time of the file that is read: what further channels open must be the same.
    pub(super) version: Option<(u64, Option<u32>)>,
    /// Is it the transfer itself, whose progress is told and whose rate is capped?
    pub(super) told: bool,
}

impl Job<'_> {
    /// Does it over `talk`, whose file is open as `handle`, and further channels: `spare` ones, and then new ones when
    /// they would help.
    pub(super) async fn run<'t>(&self, talk: &mut Talk<'t>, handle: &Bytes, spare: Vec<Talk<'t>>) -> Result<()> {
        let board = Board::new(self.from, self.bytes, matches!(self.work, Work::Write(_)), Depth::new(talk.round_trip));
        let more = worth(self.bytes - self.from, talk.round_trip).saturating_sub(1);
        let (shape, cx) = (talk.shape, talk.cx);
        let mut spare = spare.into_iter();
        let further: Vec<_> = (0..if self.striped { more } else { 0 })
            .map(|_| {
                let (spare, board) = (spare.next(), &board);
                async move {
                    if (spare.is_some() || board.lanes_wanted().await)
                        && let Err(e) = self.join(board, spare, shape, cx).await
                    {
                        tracing::debug!(error = %e, "a further channel is not used");
                    }
                }
            })
            .collect();
        let first = Lane::new(self, &board).run(talk, handle);
        let further = future::join_all(further);
        tokio::pin!(first, further);
        // The first one ends when all is done, by whomever; the others end with the connection.
        tokio::select! {
            done = &mut first => done,
            _ = &mut further => first.await,
        }
    }

    /// A further channel opens the file by its path. Somebody may have put another one there since, which must be neither read
    /// nor written: the first channel has the one that was there.
    async fn check_same(&self, board: &Board, talk: &mut Talk<'_>, handle: &Bytes) -> Result<()> {
        let there = talk.size_and_time(handle).await?;
        let same = match self.version {
            Some(version) => there == version,
            // What we write has no more bytes than were handed out.
            None => there.0 <= board.reach(),
        };
        if same {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, "sftp", "the file at this path is another one by now"))
    }

    async fn join<'t>(&self, board: &Board, spare: Option<Talk<'t>>, shape: Shape, cx: &'t Context) -> Result<()> {
        let flags = if matches!(self.work, Work::Write(_)) { codec::OPEN_WRITE } else { codec::OPEN_READ };
        let (mut talk, handle) = Talk::another(self.link, spare, shape, self.path, flags, cx).await?;
        self.check_same(board, &mut talk, &handle).await?;
        board.joined(true);
        let done = Lane::new(self, board).run(&mut talk, &handle).await;
        board.joined(false);
        done
    }
}

/// One channel at work.
struct Lane<'a> {
    job: &'a Job<'a>,
    board: &'a Board,
    /// What was sent or asked for and has no answer yet.
    open: HashMap<u32, (u64, u64)>,
    open_bytes: u64,
    /// What was taken and is not sent yet.
    unsent: (u64, u64),
    /// The most that this channel may have on its way.
    most_open: u64,
}

impl<'a> Lane<'a> {
    fn new(job: &'a Job<'a>, board: &'a Board) -> Self {
        let most_open = match job.work {
            Work::Write(_) => u64::MAX,
            // With more the server waits for our window.
            Work::Read(_) => u64::from(job.link.window()) / 4 * 3,
        };
        Self { job, board, open: HashMap::new(), open_bytes: 0, unsent: (0, 0), most_open }
    }

    async fn run(mut self, talk: &mut Talk<'_>, handle: &Bytes) -> Result<()> {
        let done = self.work(talk, handle).await;
        if done.is_err() {
            let unsent = (self.unsent.1 > 0).then_some(self.unsent);
            self.board.give_back(self.open.drain().map(|(_, part)| part).chain(unsent));
        }
        done
    }

    async fn work(&mut self, talk: &mut Talk<'_>, handle: &Bytes) -> Result<()> {
        loop {
            let (limit, share) = self.board.limit();
            let most = self.part(&talk.shape, share);
            let full = self.open_bytes + most > self.most_open;
            if full && limit > self.most_open {
                self.board.want_lanes();
            }
            match if full { Take::Wait } else { self.board.take(most, self.open_bytes) } {
                Take::Part(start, length) => match self.job.work {
                    Work::Write(push) => self.write(push, talk, handle, start, length).await?,
                    Work::Read(_) => self.ask(talk, handle, start, length).await?,
                },
                Take::Finished if self.open.is_empty() => return Ok(()),
                Take::Wait | Take::Finished if self.open.is_empty() => {
                    tokio::select! {
                        biased;
                        () = talk.cx.cancel.cancelled() => return Err(failure::cancelled("sftp")),
                        () = self.board.moved() => {}
                    }
                }
                Take::Wait | Take::Finished => self.settle(talk, handle).await?,
            }
        }
    }

    /// The size of a part for a channel with this share of what may be on its way.
    fn part(&self, shape: &Shape, share: u64) -> u64 {
        let (request, largest) = match self.job.work {
            Work::Write(_) => (shape.write_size, PIECE),
            Work::Read(_) => (shape.read_size, shape.read_size),
        };
        let wanted = usize::try_from(share / PARTS).unwrap_or(PIECE).min(largest);
        ((wanted / request).max(1) * request) as u64
    }

    /// Writes a part, in as many requests as the server wants.
    async fn write(&mut self, push: &Push, talk: &mut Talk<'_>, handle: &Bytes, start: u64, length: u64) -> Result<()> {
        self.unsent = (start, length);
        while self.unsent.1 > 0 {
            let (at, left) = self.unsent;
            let mut piece = push.store.read(&push.image, at, usize::try_from(left).unwrap_or(PIECE)).await?;
            if piece.is_empty() {
                return Err(Error::new(ErrorKind::Integrity, "sftp", "the image is shorter than its size"));
            }
            while !piece.is_empty() {
                let data = piece.split_to(piece.len().min(talk.shape.write_size));
                talk.cx.pace.take(data.len(), talk.cx).await?;
                if talk.pipe.is_starved(data.len()).await {
                    self.board.want_lanes();
                }
                let id = talk.id();
                let (at, left) = self.unsent;
                let length = data.len() as u64;
                let head = Writer::new(codec::WRITE).int(id).string(handle).long(at);
                let head = head.int(u32::try_from(length).unwrap_or(u32::MAX)).followed_by(data.len());
                self.unsent = (at + length, left - length);
                self.open.insert(id, (at, length));
                self.open_bytes += length;
                talk.send(head).await?;
                talk.send(data).await?;
                talk.overhear()?;
            }
        }
        if start + length == self.job.bytes {
            talk.cx.notes.note(Note::Flushing);
        }
        Ok(())
    }

    async fn ask(&mut self, talk: &mut Talk<'_>, handle: &Bytes, start: u64, length: u64) -> Result<()> {
        let id = talk.id();
        self.open.insert(id, (start, length));
        self.open_bytes += length;
        let wanted = u32::try_from(length).unwrap_or(u32::MAX);
        talk.send(Writer::new(codec::READ).int(id).string(handle).long(start).int(wanted).done()).await
    }

    /// Takes one answer.
    async fn settle(&mut self, talk: &mut Talk<'_>, handle: &Bytes) -> Result<()> {
        let (id, answer) = talk.answer().await?;
        let Some(&(start, length)) = self.open.get(&id) else {
            return Err(strange("the server answered what was not asked"));
        };
        let came = match self.job.work {
            Work::Write(_) => {
                expect_ok(answer, "write the file")?;
                length
            }
            Work::Read(sink) => {
                let data = self.data(answer, start, length)?;
                let came = data.len() as u64;
                if self.job.told {
                    talk.cx.pace.take(data.len(), talk.cx).await?;
                }
                sink.write(start, data).await?;
                came
            }
        };
        self.open.remove(&id);
        self.open_bytes -= length;
        let done = self.board.finish(start, came, talk.cx.clock.monotonic());
        if self.job.told {
            talk.cx.notes.note(Note::Bytes { done, total: Some(self.job.bytes) });
        }
        if came < length {
            // Servers may answer a read with less than was asked for.
            self.ask(talk, handle, start + came, length - came).await?;
        }
        Ok(())
    }

    fn data(&self, answer: Answer, start: u64, length: u64) -> Result<Bytes> {
        match answer {
            Answer::Other(codec::DATA, mut reply) => {
                let data = reply.string()?;
                let fits = !data.is_empty() && data.len() as u64 <= length;
                if fits { Ok(data) } else { Err(strange("the server read something else")) }
            }
            Answer::Status(codec::EOF, _) => {
                let message = format!("the file ended at byte {start} although it has {}", self.job.bytes);
                Err(Error::new(ErrorKind::Integrity, "sftp", message))
            }
            other => Err(refused(other, "read the file")),
        }
    }
}
