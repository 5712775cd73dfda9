//! The control connection of what we serve: commands come in, replies go out.

use std::collections::VecDeque;
use std::time::Duration;

use swim_core::ports::Context;
use swim_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::command::{Command, Commands};
use super::config::SILENCE;
use super::failure::broken;
use super::session::Stream;
use crate::tls::{Identity, Secured};

/// Commands that wait while a file is moved. Some clients say NOOP every few seconds to keep the way through a firewall open,
/// and a file may take an hour; who says more than that says it to fill our memory.
const WAITING: usize = 1024;

/// Why a transfer is stopped from the control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The client asked for it.
    Abort,
    /// The client is gone.
    Gone,
    /// The client says more than may wait.
    Flood,
}

/// One control connection.
pub(super) struct Control {
    stream: Stream,
    commands: Commands,
    waiting: VecDeque<Command>,
}

impl Control {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, commands: Commands::default(), waiting: VecDeque::new() }
    }

    /// Is there nothing that was read and not obeyed?
    pub(super) fn is_silent(&self) -> bool {
        self.waiting.is_empty() && self.commands.is_empty()
    }

    /// Does the handshake of TLS, which must be over within a time; says the cipher. After a failure nothing is heard and
    /// said any more.
    pub(super) async fn secure(
        &mut self,
        identity: &Identity,
        limit: Duration,
        cx: &Context,
    ) -> Result<Option<String>> {
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        let Secured { stream, cipher, .. } = identity.accept(plain, limit, cx).await?;
        self.stream = stream;
        Ok(cipher)
    }

    /// The next command; `None` when the client has left. Nothing is lost when the future is dropped.
    async fn read(&mut self) -> Result<Option<Command>> {
        loop {
            if let Some(command) = self.commands.next_command()? {
                return Ok(Some(command));
            }
            let mut some = [0; 512];
            let count = self.stream.read(&mut some).await.map_err(broken)?;
            if count == 0 {
                return Ok(None);
            }
            self.commands.feed(&some[..count]);
        }
    }

    /// The next command, those that waited first. It must be there whole within a time: bytes that drip are silence.
    pub(super) async fn next(&mut self, limit: Duration, cx: &Context) -> Result<Option<Command>> {
        match self.waiting.pop_front() {
            Some(command) => Ok(Some(command)),
            None => cx.within(limit, "ftp", self.read()).await,
        }
    }

    /// Listens while a file is moved: until the client wants it to stop, or is gone. Other commands wait.
    pub(super) async fn watch(&mut self) -> Stop {
        loop {
            match self.read().await {
                Ok(Some(command)) if command.verb == "ABOR" => return Stop::Abort,
                Ok(Some(_)) if self.waiting.len() >= WAITING => return Stop::Flood,
                Ok(Some(command)) => self.waiting.push_back(command),
                Ok(None) | Err(_) => return Stop::Gone,
            }
        }
    }

    /// The same while the client reads a file: who has said that it leaves may be gone before the end.
    pub(super) async fn watch_reader(&mut self) -> Stop {
        match self.watch().await {
            Stop::Gone if self.waiting.back().is_some_and(|c| c.verb == "QUIT") => std::future::pending().await,
            stop => stop,
        }
    }

    /// Waits until another command comes (which waits on) or the client is gone; says whether it is there. What came before
    /// does not count.
    pub(super) async fn speaks_anew(&mut self) -> bool {
        match self.read().await {
            Ok(Some(command)) if self.waiting.len() < WAITING => {
                self.waiting.push_back(command);
                true
            }
            _ => false,
        }
    }

    /// Sends a reply of one or several lines.
    pub(super) async fn say(&mut self, code: u16, text: &str, cx: &Context) -> Result<()> {
        let lines: Vec<&str> = text.lines().collect();
        let mut reply = String::new();
        for (n, line) in lines.iter().enumerate() {
            match (n, n + 1 == lines.len()) {
                (_, true) => reply.push_str(&format!("{code} {line}\r\n")),
                (0, false) => reply.push_str(&format!("{code}-{line}\r\n")),
                _ => reply.push_str(&format!(" {line}\r\n")),
            }
        }
        let stream = &mut self.stream;
        let sent = async {
            stream.write_all(reply.as_bytes()).await.map_err(broken)?;
            stream.flush().await.map_err(broken)
        };
        cx.within(SILENCE, "ftp", sent).await
    }

    /// The last words to a client that is sent away; it may be gone already.
    pub(super) async fn send_away(mut self, why: &Error, limit: Duration, cx: &Context) {
        let (code, words) = match why.kind() {
            ErrorKind::Timeout => (421, "nothing was heard for too long"),
            ErrorKind::Cancelled => (421, "what was served here is closed"),
            ErrorKind::Auth => (421, "too many wrong logins"),
            ErrorKind::Busy => (421, "too many connections"),
            ErrorKind::UnexpectedReply => (500, why.message()),
            _ => return,
        };
        let parting = async {
            self.say(code, words, cx).await?;
            self.stream.shutdown().await.map_err(broken)
        };
        if let Err(e) = cx.within(limit, "ftp", parting).await {
            tracing::debug!(error = %e, "a client was gone before it was told why");
        }
    }
}
