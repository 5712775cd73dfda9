//! A Telnet connection that is always read while it is written to.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes, BytesMut};
use swim_core::ports::{ByteStream, Context, Dialed};
use swim_core::{Error, ErrorKind, Result, Retry};
use tokio::io::{AsyncWriteExt, ReadBuf};

use super::cli::SILENCE;
use super::stream::Telnet;
use crate::command_line::{Carrier, Heard};

/// Bytes read at once. A terminal's output comes in small pieces.
const PIECE: usize = 4096;
/// Text of the other side that waits here while we write: lines of commands are short, so that a side which fills this
/// only talks and takes nothing.
const INBOX: usize = 1024 * 1024;
/// Answers to requests for options that wait to be taken: an honest device asks for some.
const OUTBOX: usize = 64 * 1024;
/// After this much silence a no-operation is sent: firewalls on the way keep the connection, and a device that has lost it
/// says so instead of staying silent.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// When a connection that was lost is worth another try.
const RECONNECT_AFTER: Duration = Duration::from_secs(5);

/// What a turn did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Read,
    Written,
    Quiet,
}

/// A connection in both directions.
pub(super) struct Wire {
    /// Never locked: whoever has all of the wire has its stream. A session must be `Sync`, and a stream alone is not.
    stream: Mutex<Box<dyn ByteStream>>,
    telnet: Telnet,
    piece: Box<[u8]>,
    outgoing: BytesMut,
    inbox: VecDeque<Bytes>,
    /// Bytes in it.
    waiting: usize,
    closed: bool,
    local: Option<String>,
}

impl Wire {
    pub(super) fn new(dialed: Dialed) -> Self {
        Self {
            stream: Mutex::new(dialed.stream),
            telnet: Telnet::default(),
            piece: vec![0; PIECE].into_boxed_slice(),
            outgoing: BytesMut::new(),
            inbox: VecDeque::new(),
            waiting: 0,
            closed: false,
            local: dialed.local,
        }
    }

    /// Writes what is to be written, or reads, whichever is possible first.
    async fn turn(&mut self, limit: Duration, cx: &Context) -> Result<Turn> {
        let stream = self.stream.get_mut().unwrap_or_else(PoisonError::into_inner);
        let moved = poll_fn(|task| {
            if !self.outgoing.is_empty()
                && let Poll::Ready(written) = Pin::new(&mut **stream).poll_write(task, &self.outgoing)
            {
                return Poll::Ready((Turn::Written, written));
            }
            let mut piece = ReadBuf::new(&mut self.piece);
            let read = Pin::new(&mut **stream).poll_read(task, &mut piece);
            read.map(|read| (Turn::Read, read.map(|()| piece.filled().len())))
        });
        let (turn, moved): (Turn, io::Result<usize>) = tokio::select! {
            biased;
            // First: a side that never stops talking would never let it be seen.
            () = cx.cancel.cancelled() => return Err(Error::new(ErrorKind::Cancelled, "telnet", "stopped on request")),
            moved = moved => moved,
            () = cx.clock.sleep(limit) => return Ok(Turn::Quiet),
        };
        match (turn, moved) {
            (Turn::Written, Ok(written @ 1..)) => self.outgoing.advance(written),
            (Turn::Read, Ok(read @ 1..)) => self.take(read)?,
            _ => self.closed = true,
        }
        Ok(turn)
    }

    fn take(&mut self, read: usize) -> Result<()> {
        let bytes = self.piece.get(..read).unwrap_or_default();
        // After a failure no byte means anything any more.
        let text = self.telnet.received(bytes).inspect_err(|_| self.closed = true)?;
        self.outgoing.extend_from_slice(&self.telnet.answers());
        if self.outgoing.len() > OUTBOX {
            self.closed = true;
            let message = "the other side asks without end and takes no answer";
            return Err(Error::new(ErrorKind::UnexpectedReply, "telnet", message).with("bytes", self.outgoing.len()));
        }
        self.waiting += text.len();
        if !text.is_empty() {
            self.inbox.push_back(text.into());
        }
        if self.waiting <= INBOX {
            return Ok(());
        }
        let message = "the other side talks without end and takes nothing";
        Err(Error::new(ErrorKind::UnexpectedReply, "telnet", message).with("bytes", self.waiting))
    }
}

#[async_trait]
impl Carrier for Wire {
    async fn send(&mut self, bytes: Bytes, cx: &Context) -> Result<()> {
        let text = self.telnet.written(&bytes);
        self.outgoing.extend_from_slice(&text);
        let mut deadline = cx.clock.monotonic().saturating_add(SILENCE);
        while !self.outgoing.is_empty() && !self.closed {
            let now = cx.clock.monotonic();
            match self.turn(deadline.saturating_sub(now), cx).await? {
                Turn::Written => deadline = cx.clock.monotonic().saturating_add(SILENCE),
                Turn::Read if now < deadline => {}
                Turn::Read | Turn::Quiet => {
                    let message = format!("the device took nothing for {} s", SILENCE.as_secs());
                    return Err(
                        Error::new(ErrorKind::Timeout, "telnet", message).retry_when(Retry::After(RECONNECT_AFTER))
                    );
                }
            }
        }
        Ok(())
    }

    async fn hear(&mut self, limit: Duration, cx: &Context) -> Result<Heard> {
        if self.inbox.is_empty() && !self.closed && self.turn(limit.min(KEEPALIVE), cx).await? == Turn::Quiet {
            if limit >= KEEPALIVE && self.outgoing.is_empty() {
                self.outgoing.extend_from_slice(self.telnet.keepalive());
            }
            return Ok(if limit > KEEPALIVE { Heard::Moved } else { Heard::Quiet });
        }
        Ok(match self.inbox.pop_front() {
            Some(text) => {
                self.waiting -= text.len();
                Heard::Data(text)
            }
            None if self.closed => Heard::Closed,
            None => Heard::Moved,
        })
    }

    fn local_address(&self) -> Option<&str> {
        self.local.as_deref()
    }

    async fn close(&mut self) {
        // A device that is gone cannot be told.
        let _ = self.stream.get_mut().unwrap_or_else(PoisonError::into_inner).shutdown().await;
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither what was said nor what is to be said: it may hold secrets.
        f.debug_struct("Wire").field("local", &self.local).field("closed", &self.closed).finish_non_exhaustive()
    }
}
