//! The terminal of one session: echo, line editing, paging, and the ways in which output is disturbed.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::carrier::Carrier;
use crate::device::Lines;
use crate::{Fault, SimDevice};

/// The session is over: the other side left, or the device cut it.
#[derive(Debug)]
pub(crate) struct Gone;

pub(crate) type Io<T> = Result<T, Gone>;

const CTRL_C: u8 = 3;
const BACKSPACE: u8 = 8;
const CTRL_Z: u8 = 26;
const DELETE: u8 = 127;
/// The gap between the two packets of a prompt, so that a reader sees the first alone.
const PROMPT_GAP: Duration = Duration::from_millis(2);
const MORE: &str = " --More-- ";

/// A line that was typed.
#[derive(Debug)]
pub(crate) enum Typed {
    Line(String),
    /// Control-C: leave the question or the line.
    Break,
    /// Control-Z: leave configuration mode.
    End,
}

pub(crate) struct Terminal {
    carrier: Box<dyn Carrier>,
    lines: Lines,
    device: SimDevice,
    typed: VecDeque<u8>,
    after_return: bool,
    /// Lines of a page; 0 = no paging.
    pub(crate) length: u32,
    on_page: u32,
    quit: bool,
    sent: u64,
    sent_lines: u32,
    prompts: u32,
    /// How much of the line that is being typed was echoed.
    echoed: usize,
    syslog_every: Option<u32>,
    syslog_prompts: Option<u32>,
}

impl Terminal {
    pub(crate) fn new(device: SimDevice, lines: Lines, carrier: Box<dyn Carrier>, length: u32) -> Self {
        let spec = device.spec();
        let syslog_every = spec
            .faults
            .iter()
            .find_map(|f| if let Fault::Syslog { every_lines } = f { Some(*every_lines) } else { None });
        let syslog_prompts = spec
            .faults
            .iter()
            .find_map(|f| if let Fault::SyslogAfterPrompt { every } = f { Some(*every) } else { None });
        Self {
            carrier,
            lines,
            device,
            typed: VecDeque::new(),
            after_return: false,
            length,
            on_page: 0,
            quit: false,
            sent: 0,
            sent_lines: 0,
            prompts: 0,
            echoed: 0,
            syslog_every,
            syslog_prompts,
        }
    }

    /// Ends the session as a broken line would.
    pub(crate) fn cut(&self) {
        self.lines.cut.cancel();
    }

    /// What ends this session when it is cancelled.
    pub(crate) fn cutter(&self) -> tokio_util::sync::CancellationToken {
        self.lines.cut.clone()
    }

    pub(crate) async fn finish(&mut self, status: Option<u32>) {
        self.carrier.finish(status).await;
    }

    async fn send(&mut self, text: &str) -> Io<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut bytes = text.as_bytes();
        let drop_at = self.device.state().drop_at;
        let dies = drop_at.is_some_and(|n| self.sent + bytes.len() as u64 >= n);
        if dies {
            let left = drop_at.unwrap_or(0).saturating_sub(self.sent) as usize;
            bytes = bytes.get(..left).unwrap_or(bytes);
        }
        self.sent += bytes.len() as u64;
        let sent = self.carrier.write(bytes).await;
        if dies {
            self.device.state().drop_at = None;
            // The last bytes shall still be seen.
            tokio::time::sleep(PROMPT_GAP).await;
            self.cut();
            return Err(Gone);
        }
        sent
    }

    /// Prints text; `\n` ends a line. Paging applies to whole lines.
    pub(crate) async fn put(&mut self, text: &str) -> Io<()> {
        if self.length == 0 && self.syslog_every.is_none() {
            return self.send(&text.replace('\n', "\r\n")).await;
        }
        let mut rest = text;
        while let Some((line, tail)) = rest.split_once('\n') {
            self.put_line(line).await?;
            rest = tail;
        }
        if self.quit { Ok(()) } else { self.send(rest).await }
    }

    async fn put_line(&mut self, line: &str) -> Io<()> {
        if self.quit {
            return Ok(());
        }
        if self.length > 1 && self.on_page + 1 >= self.length {
            self.more().await?;
            if self.quit {
                return Ok(());
            }
        }
        self.on_page += 1;
        self.sent_lines += 1;
        self.send(&format!("{line}\r\n")).await?;
        if self.syslog_every.is_some_and(|n| self.sent_lines.is_multiple_of(n.max(1))) {
            let log = self.syslog();
            self.send(&log).await?;
        }
        Ok(())
    }

    fn syslog(&self) -> String {
        let now = self.device.clock().now();
        format!(
            "*{}: %LINK-3-UPDOWN: Interface GigabitEthernet1/0/7, changed state to up\r\n",
            now.strftime("%b %e %H:%M:%S%.3f")
        )
    }

    async fn more(&mut self) -> Io<()> {
        self.send(MORE).await?;
        let key = self.byte().await?;
        let wipe = format!("{0}{1}{0}", "\x08".repeat(MORE.len()), " ".repeat(MORE.len()));
        self.send(&wipe).await?;
        match key {
            b'q' | b'Q' | CTRL_C => self.quit = true,
            b'\r' | b'\n' => self.on_page = self.length.saturating_sub(2),
            _ => self.on_page = 0,
        }
        Ok(())
    }

    /// Prints the prompt in two packets, as slow devices do.
    pub(crate) async fn prompt(&mut self, prompt: &str) -> Io<()> {
        self.on_page = 0;
        self.quit = false;
        self.prompts += 1;
        let cut = prompt.len() / 2;
        let (first, second) = prompt.split_at_checked(cut).unwrap_or((prompt, ""));
        self.send(first).await?;
        tokio::time::sleep(PROMPT_GAP).await;
        self.send(second).await?;
        if self.syslog_prompts.is_some_and(|n| self.prompts.is_multiple_of(n.max(1))) {
            tokio::time::sleep(PROMPT_GAP).await;
            let log = format!("\r\n{}", self.syslog());
            self.send(&log).await?;
        }
        Ok(())
    }

    async fn byte(&mut self) -> Io<u8> {
        loop {
            if let Some(byte) = self.typed.pop_front() {
                // A line end of two characters counts once.
                let follows = std::mem::take(&mut self.after_return);
                if follows && byte == b'\n' {
                    continue;
                }
                self.after_return = byte == b'\r';
                return Ok(byte);
            }
            self.typed.extend(self.carrier.read().await?);
        }
    }

    /// Reads a line with echo; `secret` without. Lines go to the device's list of commands.
    pub(crate) async fn line(&mut self, secret: bool) -> Io<Typed> {
        let mut line: Vec<u8> = Vec::new();
        loop {
            match self.byte().await? {
                b'\r' | b'\n' => break,
                CTRL_C => {
                    self.send("^C\r\n").await?;
                    return Ok(Typed::Break);
                }
                CTRL_Z => {
                    self.send("^Z\r\n").await?;
                    return Ok(Typed::End);
                }
                BACKSPACE | DELETE => {
                    if line.pop().is_some() && self.echoed > line.len() {
                        self.echoed = line.len();
                        self.send("\x08 \x08").await?;
                    }
                }
                byte if byte < b' ' => {}
                byte => line.push(byte),
            }
            // Echo in one packet what came in one.
            if self.typed.is_empty() && !secret {
                self.echo(&line).await?;
            }
        }
        if !secret {
            self.echo(&line).await?;
        }
        self.echoed = 0;
        self.send("\r\n").await?;
        let line = String::from_utf8_lossy(&line).into_owned();
        self.device.state().commands.push(line.clone());
        Ok(Typed::Line(line))
    }

    async fn echo(&mut self, line: &[u8]) -> Io<()> {
        let new = line.get(self.echoed..).unwrap_or_default();
        let text = String::from_utf8_lossy(new).into_owned();
        self.echoed = line.len();
        self.send(&text).await
    }

    /// Asks a question that takes a line.
    pub(crate) async fn ask(&mut self, question: &str) -> Io<Typed> {
        self.put(question).await?;
        self.on_page = 0;
        self.line(false).await
    }

    /// Asks a question that takes a secret.
    pub(crate) async fn ask_secret(&mut self, question: &str) -> Io<Typed> {
        self.put(question).await?;
        self.line(true).await
    }

    /// Asks a question with `[confirm]`: one key, Enter and `y` are yes.
    pub(crate) async fn confirm(&mut self, question: &str) -> Io<bool> {
        self.put(&format!("{question}[confirm]")).await?;
        let key = self.byte().await?;
        let shown = if key.is_ascii_graphic() { char::from(key).to_string() } else { String::new() };
        self.device.state().commands.push(shown.clone());
        self.send(&format!("{shown}\r\n")).await?;
        Ok(matches!(key, b'\r' | b'\n' | b'y' | b'Y'))
    }

    /// Passes on what a job prints until it ends, and gives back its result. The job goes on when the session ends.
    pub(crate) async fn follow<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(Printer) -> futures_util::future::BoxFuture<'static, T>,
    ) -> Io<T> {
        let (send, mut receive) = mpsc::unbounded_channel();
        let work = job(Printer(send));
        let power = self.device.power_lines().cut;
        let task = tokio::spawn(async move {
            tokio::select! {
                () = power.cancelled() => None,
                done = work => Some(done),
            }
        });
        while let Some(text) = receive.recv().await {
            self.put(&text).await?;
        }
        task.await.ok().flatten().ok_or(Gone)
    }
}

/// Where a job prints: to the session that started it, as long as that lives.
#[derive(Clone, Debug)]
pub(crate) struct Printer(mpsc::UnboundedSender<String>);

impl Printer {
    pub(crate) fn put(&self, text: impl Into<String>) {
        // Nobody reads when the session is gone.
        let _ = self.0.send(text.into());
    }
}
