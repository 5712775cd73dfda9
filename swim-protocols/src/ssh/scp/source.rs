//! The sending role, without IO: one file.

use bytes::Bytes;
use swim_core::{Effect, Error, ErrorKind, Result, Retry};

use super::{FATAL, GOOD, LINE_LIMIT, WARNING, words};
use crate::ssh::failure;

/// What the driver shall do next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Next {
    /// Send these bytes.
    Send(Bytes),
    /// Send up to all of the bytes of the file that are left, beginning at `offset`; say how many with [`Source::sent`].
    SendFile {
        /// Where to begin.
        offset: u64,
        /// How many are left.
        left: u64,
    },
    /// Wait for the other side.
    Wait,
    /// The sink has confirmed the file.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The sink says that it is there.
    Greeting,
    /// Our line has to be sent.
    Announce,
    /// The sink looks at the line.
    Judging,
    /// The bytes.
    Data {
        offset: u64,
    },
    /// Our closing zero has to be sent.
    Close,
    /// The sink writes the file.
    Confirming,
    Done,
}

/// Sends one file.
///
/// ```
/// use swim_protocols::ssh::scp::source::{Next, Source};
/// let mut source = Source::new("x.bin", 3)?;
/// assert!(matches!(source.next()?, Next::Wait));
/// source.received(&[0]);
/// assert!(matches!(source.next()?, Next::Send(line) if &line[..] == b"C0644 3 x.bin\n"));
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Source {
    name: String,
    bytes: u64,
    stage: Stage,
    /// What the sink said and was not judged yet.
    heard: Vec<u8>,
    closed: bool,
}

impl Source {
    /// A source of a file; `name` is what the line says, without a directory.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is empty or has `/` or control characters.
    pub fn new(name: &str, bytes: u64) -> Result<Self> {
        if name.is_empty() || name == "." || name == ".." || name.chars().any(|c| c == '/' || c.is_control()) {
            return Err(Error::invalid("file name", format!("{name:?}"), "a plain name without `/`"));
        }
        Ok(Self { name: name.to_owned(), bytes, stage: Stage::Greeting, heard: Vec::new(), closed: false })
    }

    /// Takes bytes of the sink.
    pub fn received(&mut self, bytes: &[u8]) {
        let room = (LINE_LIMIT + 1).saturating_sub(self.heard.len());
        self.heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// The sink is gone.
    pub fn closed(&mut self) {
        self.closed = true;
    }

    /// That many bytes of the file were handed to the connection.
    pub fn sent(&mut self, bytes: u64) {
        if let Stage::Data { offset } = &mut self.stage {
            *offset = offset.saturating_add(bytes).min(self.bytes);
            if *offset == self.bytes {
                self.stage = Stage::Close;
            }
        }
    }

    /// Where the sink stands, for errors: has it begun to write?
    pub(crate) fn effect(&self) -> Effect {
        match self.stage {
            Stage::Greeting | Stage::Announce | Stage::Judging | Stage::Done => Effect::None,
            Stage::Data { .. } | Stage::Close | Stage::Confirming => Effect::Unknown,
        }
    }

    /// What to do now.
    ///
    /// # Errors
    /// `Privilege`, `NoSpace`, `NotFound` or `DeviceRejected` with the words of the other side; `UnexpectedReply` when it
    /// does not speak SCP; `Interrupted` when it left.
    #[allow(clippy::should_implement_trait)] // It can fail and waits in between: no iterator.
    pub fn next(&mut self) -> Result<Next> {
        loop {
            match self.stage {
                Stage::Done => return Ok(Next::Done),
                Stage::Greeting | Stage::Judging | Stage::Confirming => match self.answer()? {
                    false => return Ok(Next::Wait),
                    true => self.stage = self.after_answer(),
                },
                Stage::Announce => {
                    self.stage = Stage::Judging;
                    return Ok(Next::Send(Bytes::from(format!("C0644 {} {}\n", self.bytes, self.name))));
                }
                Stage::Data { offset } => {
                    // A sink that speaks in the middle has a complaint.
                    if !self.heard.is_empty() || self.closed {
                        return match self.answer()? {
                            true => Err(self.unexpected(b"")),
                            false => Ok(Next::Wait),
                        };
                    }
                    return Ok(Next::SendFile { offset, left: self.bytes - offset });
                }
                Stage::Close => {
                    self.stage = Stage::Confirming;
                    return Ok(Next::Send(Bytes::from_static(&[GOOD])));
                }
            }
        }
    }

    const fn after_answer(&self) -> Stage {
        match self.stage {
            Stage::Greeting => Stage::Announce,
            Stage::Judging if self.bytes == 0 => Stage::Close,
            Stage::Judging => Stage::Data { offset: 0 },
            _ => Stage::Done,
        }
    }

    /// Reads one answer: `true` for good, `false` when it is not there yet.
    fn answer(&mut self) -> Result<bool> {
        let Some(&first) = self.heard.first() else {
            return if self.closed { Err(self.gone()) } else { Ok(false) };
        };
        if first == GOOD {
            self.heard.remove(0);
            return Ok(true);
        }
        // The text may come in pieces; it ends with a line end, with the session, or when it is too long to be one.
        let complete = self.heard.contains(&b'\n') || self.closed || self.heard.len() > LINE_LIMIT;
        if !complete {
            return Ok(false);
        }
        let heard = std::mem::take(&mut self.heard);
        match first {
            WARNING | FATAL => Err(self.complaint(&heard[1..])),
            _ => Err(self.unexpected(&heard)),
        }
    }

    fn complaint(&self, text: &[u8]) -> Error {
        let said = words(text);
        let kind = failure::kind_of_refusal(&said);
        let message = match kind {
            ErrorKind::Privilege => "the device denies the privilege to write the file",
            ErrorKind::NoSpace => "the device has no room for the file",
            ErrorKind::NotFound => "the device does not know the destination",
            _ => "the device refused the file",
        };
        Error::new(kind, "scp", message).said(said).effected(self.effect())
    }

    fn unexpected(&self, heard: &[u8]) -> Error {
        let said = words(heard);
        let kind = failure::kind_of_refusal(&said);
        // Some devices write their refusal without the leading byte of the protocol.
        let (kind, message) = match kind {
            ErrorKind::DeviceRejected if said.to_lowercase().contains("disabled") => (kind, "the device refuses SCP"),
            ErrorKind::DeviceRejected => (ErrorKind::UnexpectedReply, "the answer is not SCP"),
            _ => (kind, "the device refused the file"),
        };
        Error::new(kind, "scp", message).said(said).effected(self.effect())
    }

    fn gone(&self) -> Error {
        let (at, retry) = match self.stage {
            Stage::Greeting => ("before it said that it takes files; is its SCP server on?", Retry::Never),
            Stage::Judging | Stage::Announce => ("before it took the file", Retry::Now),
            _ => ("before it confirmed the file", Retry::Now),
        };
        Error::new(ErrorKind::Interrupted, "scp", format!("the device closed the session {at}"))
            .retry_when(retry)
            .effected(self.effect())
    }
}
