//! The receiving role, without IO: files, and directories where they are allowed.

use std::collections::VecDeque;

use bytes::Bytes;
use swim_core::{Error, ErrorKind, Result};

use super::{FATAL, GOOD, LINE_LIMIT, WARNING, words};

/// What a sink takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkLimits {
    /// The largest file in bytes.
    pub largest: u64,
    /// How deep directories may be nested; 0 takes plain files only.
    pub depth: u32,
}

/// What a sink tells its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Send these bytes to the source.
    Send(Bytes),
    /// A directory begins. The name is a plain name.
    Directory(String),
    /// The last directory ends.
    EndDirectory,
    /// A file begins.
    File {
        /// Its plain name.
        name: String,
        /// Its size.
        bytes: u64,
        /// Its permission bits.
        mode: u32,
        /// Its modification time in seconds since 1970, when the source told.
        modified: Option<u64>,
    },
    /// Bytes of the file, in order.
    Data(Bytes),
    /// The file is whole.
    FileDone,
}

#[derive(Debug)]
enum Stage {
    Line,
    Data {
        left: u64,
    },
    /// The byte after the data: 0, or a complaint of the source about its own file.
    Trailer,
    Over,
}

/// Takes what a source sends.
#[derive(Debug)]
pub struct Sink {
    limits: SinkLimits,
    stage: Stage,
    line: Vec<u8>,
    depth: u32,
    modified: Option<u64>,
    events: VecDeque<Event>,
}

impl Sink {
    /// A sink that greets the source at once.
    #[must_use]
    pub fn new(limits: SinkLimits) -> Self {
        let mut events = VecDeque::new();
        events.push_back(Event::Send(Bytes::from_static(&[GOOD])));
        Self { limits, stage: Stage::Line, line: Vec::new(), depth: 0, modified: None, events }
    }

    /// The next thing to do, if there is one.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Takes bytes of the source. Events of what came before an error are still there to be read; the last of them tells
    /// the source why.
    ///
    /// # Errors
    /// `InvalidInput` for a name that leaves the directory, `UnexpectedReply` for what is no SCP, `NoSpace` for a file
    /// that is too large, `DeviceRejected` with the words of the source.
    pub fn received(&mut self, mut bytes: Bytes) -> Result<()> {
        while !bytes.is_empty() {
            let step = match &mut self.stage {
                Stage::Over => return Err(Error::new(ErrorKind::UnexpectedReply, "scp", "bytes after the end")),
                Stage::Line => self.take_line(&mut bytes),
                Stage::Trailer => self.take_trailer(&mut bytes),
                Stage::Data { left } => {
                    let piece = bytes.split_to(usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len()));
                    *left -= piece.len() as u64;
                    if *left == 0 {
                        self.stage = Stage::Trailer;
                    }
                    self.events.push_back(Event::Data(piece));
                    Ok(())
                }
            };
            if let Err(e) = step {
                self.stage = Stage::Over;
                let mut text = vec![FATAL];
                text.extend_from_slice(b"scp: ");
                text.extend_from_slice(e.message().as_bytes());
                text.push(b'\n');
                self.events.push_back(Event::Send(text.into()));
                return Err(e);
            }
        }
        Ok(())
    }

    /// The source is gone.
    ///
    /// # Errors
    /// `Interrupted` when it left in the middle of a file, a line or a directory.
    pub fn closed(&mut self) -> Result<()> {
        let whole = matches!(self.stage, Stage::Line) && self.line.is_empty() && self.depth == 0;
        self.stage = Stage::Over;
        if whole {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Interrupted, "scp", "the source left before the end"))
    }

    fn take_line(&mut self, bytes: &mut Bytes) -> Result<()> {
        let end = bytes.iter().position(|b| *b == b'\n');
        let part = bytes.split_to(end.unwrap_or(bytes.len()));
        if self.line.len() + part.len() > LINE_LIMIT {
            return Err(strange("a line is too long"));
        }
        self.line.extend_from_slice(&part);
        if end.is_some() {
            let _ = bytes.split_to(1);
            let line = std::mem::take(&mut self.line);
            self.take_command(&line)?;
        }
        Ok(())
    }

    fn take_command(&mut self, line: &[u8]) -> Result<()> {
        let Some((&kind, rest)) = line.split_first() else {
            return Err(strange("an empty line"));
        };
        if kind == WARNING || kind == FATAL {
            return Err(Error::new(ErrorKind::DeviceRejected, "scp", "the source refused").said(words(rest)));
        }
        let text = std::str::from_utf8(rest).map_err(|_| strange("a line that is not UTF-8"))?;
        match kind {
            // One line for each file: a source that sends nothing else would keep us for ever.
            b'T' if self.modified.is_some() => return Err(strange("the times of a file twice")),
            b'T' => self.modified = Some(times(text)?),
            b'E' if text.is_empty() && self.depth > 0 => {
                self.depth -= 1;
                self.events.push_back(Event::EndDirectory);
            }
            b'C' => {
                let (mode, bytes, name) = entry(text)?;
                if bytes > self.limits.largest {
                    return Err(Error::new(ErrorKind::NoSpace, "scp", format!("{bytes} bytes are too many")));
                }
                let modified = self.modified.take();
                self.events.push_back(Event::File { name, bytes, mode, modified });
                self.stage = if bytes == 0 { Stage::Trailer } else { Stage::Data { left: bytes } };
            }
            b'D' => {
                let (_, _, name) = entry(text)?;
                if self.depth >= self.limits.depth {
                    return Err(strange("a directory is not taken here"));
                }
                self.depth += 1;
                self.modified = None;
                self.events.push_back(Event::Directory(name));
            }
            _ => return Err(strange("a line of an unknown kind")),
        }
        self.events.push_back(Event::Send(Bytes::from_static(&[GOOD])));
        Ok(())
    }

    fn take_trailer(&mut self, bytes: &mut Bytes) -> Result<()> {
        // A complaint is a line of its own and is read as one.
        if self.line.is_empty() && bytes.first() == Some(&GOOD) {
            let _ = bytes.split_to(1);
            self.stage = Stage::Line;
            self.events.push_back(Event::FileDone);
            self.events.push_back(Event::Send(Bytes::from_static(&[GOOD])));
            return Ok(());
        }
        let first = self.line.first().or_else(|| bytes.first());
        if !matches!(first, Some(&(WARNING | FATAL))) {
            return Err(strange("the file is longer than was said"));
        }
        self.take_line(bytes)
    }
}

fn strange(what: &str) -> Error {
    Error::new(ErrorKind::UnexpectedReply, "scp", what)
}

/// `0644 1234 name` of a `C` or `D` line.
fn entry(text: &str) -> Result<(u32, u64, String)> {
    let bad = || strange("a file line that cannot be read");
    let (mode, rest) = text.split_once(' ').ok_or_else(bad)?;
    let (bytes, name) = rest.split_once(' ').ok_or_else(bad)?;
    if mode.len() != 4 || !digits(bytes) {
        return Err(bad());
    }
    let mode = u32::from_str_radix(mode, 8).map_err(|_| bad())?;
    let bytes = bytes.parse().map_err(|_| bad())?;
    if name.is_empty() || name == "." || name == ".." || name.chars().any(|c| c == '/' || c.is_control()) {
        return Err(Error::invalid("file name", format!("{name:?}"), "the source must send a plain name"));
    }
    Ok((mode, bytes, name.to_owned()))
}

/// `mtime 0 atime 0` of a `T` line.
fn times(text: &str) -> Result<u64> {
    let fields: Vec<&str> = text.split(' ').collect();
    match fields.as_slice() {
        [modified, m, accessed, a] if [modified, m, accessed, a].iter().all(|f| digits(f)) => {
            modified.parse().map_err(|_| strange("a time that cannot be read"))
        }
        _ => Err(strange("a time line that cannot be read")),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
