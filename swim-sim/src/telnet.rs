//! The Telnet server of a device: its options, and the login on its virtual terminal lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use async_trait::async_trait;
use swim_core::ports::ByteStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::SimDevice;
use crate::carrier::Carrier;
use crate::device::Lines;
use crate::shell::{self, PAGE, Start};
use crate::terminal::{Gone, Io, Terminal, Typed};

const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;
const IAC: u8 = 255;

const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;
const TERMINAL_TYPE: u8 = 24;
const WINDOW_SIZE: u8 = 31;

/// What a device says before anything else: it echoes, and wants to know the terminal.
const OPENING: [u8; 12] = [IAC, WILL, ECHO, IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, TERMINAL_TYPE, IAC, DO, WINDOW_SIZE];

/// So often a login may be wrong.
const TRIES: u32 = 3;
/// Bytes of a subnegotiation that are kept.
const KEPT: usize = 64;

/// Serves one connection until it ends.
pub(crate) async fn serve<S: ByteStream + 'static>(device: SimDevice, lines: Lines, stream: S) {
    let rows = Arc::new(AtomicU16::new(0));
    let mut line = TelnetLine { stream, reader: Reader::default(), rows: Arc::clone(&rows) };
    if line.stream.write_all(&OPENING).await.is_err() {
        return;
    }
    let mut terminal = Terminal::new(device.clone(), lines, Box::new(line), 0);
    match log_in(&device, &mut terminal).await {
        Ok(true) => {
            // A client that tells its window is paged to it.
            let told = rows.load(Ordering::Relaxed);
            terminal.length = if told == 0 { PAGE } else { u32::from(told) };
            shell::run(device, Start::Shell, terminal).await;
        }
        Ok(false) => terminal.finish(None).await,
        Err(Gone) => {}
    }
}

/// Asks for a login: by user name with AAA or local users, or for the password of the line.
async fn log_in(device: &SimDevice, terminal: &mut Terminal) -> Io<bool> {
    let spec = device.spec();
    let Some(own) = spec.line_password.clone() else {
        terminal.put("\n\nUser Access Verification\n\n").await?;
        for _ in 0..TRIES {
            let Typed::Line(user) = terminal.ask("Username: ").await? else { continue };
            let Typed::Line(password) = terminal.ask_secret("Password: ").await? else { continue };
            if device.takes_login(&user, &password) {
                terminal.put("\n").await?;
                return Ok(true);
            }
            terminal.put("% Login invalid\n\n").await?;
        }
        return Ok(false);
    };
    if own.is_empty() {
        terminal.put("\n\nPassword required, but none set\n").await?;
        return Ok(false);
    }
    terminal.put("\n\nUser Access Verification\n\n").await?;
    for _ in 0..TRIES {
        if matches!(terminal.ask_secret("Password: ").await?, Typed::Line(password) if password == own) {
            return Ok(true);
        }
    }
    terminal.put("% Bad passwords\n").await?;
    Ok(false)
}

/// A connection in which commands are apart from what is typed.
struct TelnetLine<S> {
    stream: S,
    reader: Reader,
    /// Rows of the window, once they were told.
    rows: Arc<AtomicU16>,
}

#[async_trait]
impl<S: ByteStream> Carrier for TelnetLine<S> {
    async fn read(&mut self) -> Io<Vec<u8>> {
        let mut piece = [0; 1024];
        loop {
            let read = self.stream.read(&mut piece).await.map_err(|_| Gone)?;
            if read == 0 {
                return Err(Gone);
            }
            let typed: Vec<u8> =
                piece.iter().take(read).filter_map(|byte| self.reader.take(*byte, &self.rows)).collect();
            let answers = std::mem::take(&mut self.reader.answers);
            self.stream.write_all(&answers).await.map_err(|_| Gone)?;
            if !typed.is_empty() {
                return Ok(typed);
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Io<()> {
        let mut escaped = Vec::with_capacity(bytes.len());
        for byte in bytes {
            escaped.extend(std::iter::repeat_n(*byte, if *byte == IAC { 2 } else { 1 }));
        }
        self.stream.write_all(&escaped).await.map_err(|_| Gone)
    }

    async fn finish(&mut self, _: Option<u32>) {
        // A client that is gone already does not see it.
        let _ = self.stream.shutdown().await;
    }
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Typed,
    Return,
    Command,
    Option(u8),
    Subnegotiation,
    SubnegotiationCommand,
}

/// Takes the client's bytes apart.
#[derive(Debug, Default)]
struct Reader {
    place: Place,
    subnegotiation: Vec<u8>,
    answers: Vec<u8>,
}

impl Reader {
    /// Takes a byte; what was typed with it.
    fn take(&mut self, byte: u8, rows: &AtomicU16) -> Option<u8> {
        let typed = match (self.place, byte) {
            (Place::Typed | Place::Return, IAC) => {
                self.place = Place::Command;
                return None;
            }
            // A return key is CR NUL or CR LF; the terminal takes the second as one key.
            (Place::Return, 0) => None,
            (Place::Typed | Place::Return, b'\r') => {
                self.place = Place::Return;
                return Some(b'\r');
            }
            (Place::Typed | Place::Return, byte) => Some(byte),
            (Place::Command, IAC) => Some(IAC),
            (Place::Command, WILL..=DONT) => {
                self.place = Place::Option(byte);
                return None;
            }
            (Place::Command, SB) => {
                self.place = Place::Subnegotiation;
                self.subnegotiation.clear();
                return None;
            }
            (Place::Command, _) => None,
            (Place::Option(verb), option) => {
                self.negotiate(verb, option);
                None
            }
            (Place::Subnegotiation, IAC) => {
                self.place = Place::SubnegotiationCommand;
                return None;
            }
            (Place::SubnegotiationCommand, SE) => {
                if let [WINDOW_SIZE, _, _, high, low] = self.subnegotiation[..] {
                    rows.store(u16::from_be_bytes([high, low]), Ordering::Relaxed);
                }
                None
            }
            (Place::Subnegotiation | Place::SubnegotiationCommand, byte) => {
                if self.subnegotiation.len() < KEPT {
                    self.subnegotiation.push(byte);
                }
                self.place = Place::Subnegotiation;
                return None;
            }
        };
        self.place = Place::Typed;
        typed
    }

    /// What was offered is taken; all else is refused.
    fn negotiate(&mut self, verb: u8, option: u8) {
        match (verb, option) {
            (WILL, TERMINAL_TYPE) => self.answers.extend([IAC, SB, TERMINAL_TYPE, 1, IAC, SE]),
            (WILL, WINDOW_SIZE) | (DO, ECHO | SUPPRESS_GO_AHEAD) => {}
            (WILL, _) => self.answers.extend([IAC, DONT, option]),
            (DO, _) => self.answers.extend([IAC, WONT, option]),
            // It does without what is not wanted.
            _ => {}
        }
    }
}
