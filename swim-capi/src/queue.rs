//! Events between the thread that sees them and the one that takes them, with a file descriptor that is readable while
//! there is something to take.

use std::collections::VecDeque;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use swim::{Error, ErrorKind, ErrorRecord, Result};
use tokio::sync::Notify;

/// Events that wait at most; then the watch waits, and loses nothing.
const LIMIT: usize = 1024;

/// What there was to take.
pub(crate) enum Taken {
    /// An event.
    Event(String),
    /// Nothing in the given time.
    Nothing,
    /// There is nothing more to come.
    End,
}

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    room: Notify,
    fd: i32,
}

#[derive(Debug)]
struct State {
    events: VecDeque<String>,
    /// `Some` after the last event: with the error that ended it, if one did.
    ended: Option<Option<ErrorRecord>>,
    /// Is there a byte in the pipe?
    lit: bool,
    reader: PipeReader,
    writer: PipeWriter,
}

impl State {
    /// One byte while there is something to take: it is written when that begins and read when it ends.
    fn show(&mut self) {
        let something = !self.events.is_empty() || self.ended.is_some();
        if something && !self.lit {
            self.lit = self.writer.write_all(&[1]).is_ok();
        } else if !something && self.lit {
            self.lit = self.reader.read_exact(&mut [0]).is_err();
        }
    }
}

impl Queue {
    pub(crate) fn new() -> Result<Self> {
        let (reader, writer) =
            std::io::pipe().map_err(|e| Error::internal("watch", "no pipe could be made").caused_by(e))?;
        let fd = reader.as_raw_fd();
        let state = State { events: VecDeque::new(), ended: None, lit: false, reader, writer };
        Ok(Self { state: Mutex::new(state), arrived: Condvar::new(), room: Notify::new(), fd })
    }

    /// Readable while there is something to take.
    pub(crate) const fn fd(&self) -> i32 {
        self.fd
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an event in, when there is room.
    pub(crate) async fn push(&self, event: String) {
        while !self.has_room() {
            self.room.notified().await;
        }
        let mut state = self.locked();
        state.events.push_back(event);
        state.show();
        self.arrived.notify_all();
    }

    fn has_room(&self) -> bool {
        self.locked().events.len() < LIMIT
    }

    /// Says that nothing more comes; the first word counts.
    pub(crate) fn end(&self, why: Option<ErrorRecord>) {
        let mut state = self.locked();
        state.ended.get_or_insert(why);
        state.show();
        self.arrived.notify_all();
    }

    /// Takes an event; waits for one that long, without a limit for ever.
    pub(crate) fn take(&self, limit: Option<Duration>) -> Result<Taken> {
        // A limit beyond what the clock can count is none.
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut state = self.locked();
        loop {
            if let Some(event) = state.events.pop_front() {
                state.show();
                self.room.notify_one();
                return Ok(Taken::Event(event));
            }
            match &state.ended {
                Some(None) => return Ok(Taken::End),
                Some(Some(record)) => return Err(Error::from(record.clone())),
                None => {}
            }
            state = match until {
                None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(Taken::Nothing);
                    }
                    self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Ends a queue when the work that feeds it is dropped, so that nobody waits for ever.
pub(crate) struct Ending(pub(crate) Arc<Queue>);

impl Drop for Ending {
    fn drop(&mut self) {
        let gone = Error::new(ErrorKind::Interrupted, "watch", "the client was freed");
        self.0.end(Some(gone.record()));
    }
}
