//! A conversation with a device, without IO: bytes and the time go in, what to do next comes out.

mod judge;
mod limits;
mod login;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::echo::Echo;
use super::matcher::{Matcher, Stands};
use super::output::Output;
use super::screen::Screen;
use super::script::Script;
use super::{Dialogue, End, Ended, Transcript};
use crate::model::{Secret, SecretRef};
use crate::ports::Note;
use crate::{Effect, Error, ErrorKind, Result, Retry};

pub use limits::{
    ANSWER_SILENCE, ASKED_QUIET, COMMAND_LONGEST, LOGIN_LONGEST, LOGIN_SILENCE, NUDGE_QUIET, NUDGES, QUESTION_QUIET,
    QUIET, SHOW_LONGEST,
};
use limits::{FAILURE_GRACE, HEARTBEAT, STALL};
use login::Asked;

/// Refusals are looked for in the first lines only: further down the words belong to a log or a configuration.
const REFUSAL_LINES: usize = 8;

/// Lines kept for questions of several lines and for "the last words".
const LAST_LINES: usize = 4;

/// Failure lines kept; more say nothing new.
const FAILURES_KEPT: usize = 50;

/// Pending notes; more are lost, as notes may be.
const NOTES_KEPT: usize = 256;

/// What the caller must do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Next {
    /// Write these bytes. They may hold a secret: never log them.
    Send(Bytes),
    /// Resolve this secret and give it to [`Conversation::secret`].
    Resolve(SecretRef),
    /// Tell this.
    Note(Note),
    /// Wait for bytes, but call [`Conversation::tick`] at this time at the latest.
    Wait {
        /// On the caller's monotonic clock.
        until: Duration,
    },
    /// It is over and ended well.
    Done(Transcript),
    /// It is over.
    Failed(Error),
}

/// What the conversation is for.
#[derive(Debug)]
enum Purpose {
    /// Reach the privileged prompt.
    Login {
        /// The secret that raises the privilege.
        enable: Option<SecretRef>,
        /// `enable` was sent.
        raising: bool,
        /// The enable secret was sent.
        answered: bool,
        /// What the device asks for on its command line, where its transport has no login of its own.
        asked: Option<Asked>,
    },
    /// Run a command.
    Command(Script),
}

/// A conversation: login, or one command with its questions.
///
/// The caller loops: [`next`](Self::next) says what to do; bytes go to [`received`](Self::received), the passing of time
/// to [`tick`](Self::tick), the end of the session to [`closed`](Self::closed).
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use swim_core::cli::{Conversation, Dialogue, Matcher, Next};
/// use swim_core::platform::Registry;
/// let registry = Registry::builtin()?;
/// let definition = registry.definition(&swim_core::model::PlatformId("ios".into()))?;
/// let matcher = Arc::new(Matcher::new(definition)?);
/// let mut talk = Conversation::begin(matcher, &Dialogue::show("show clock"), Duration::ZERO)?;
/// assert!(matches!(talk.next(), Next::Send(bytes) if &bytes[..] == b"show clock\n"));
/// talk.received(b"show clock\r\n10:00:00.000 UTC\r\nedge-1#", Duration::from_millis(10));
/// talk.tick(Duration::from_millis(100));
/// assert!(matches!(talk.next(), Next::Done(t) if t.output == "10:00:00.000 UTC"));
/// assert_eq!(talk.hostname(), Some("edge-1"));
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Conversation {
    matcher: Arc<Matcher>,
    purpose: Purpose,
    screen: Screen,
    output: Output,
    last: VecDeque<String>,
    echo: Echo,
    queue: VecDeque<Next>,
    notes: VecDeque<Note>,
    began: Duration,
    now: Duration,
    heard: Duration,
    heartbeat: Option<Duration>,
    stalls: u32,
    judged: bool,
    line_ended: bool,
    hidden_prompt: bool,
    nudges: u8,
    lines: usize,
    hostname: Option<String>,
    secrets: Vec<Secret<String>>,
    waits_for_secret: bool,
    failures: Vec<String>,
    refusal: Option<String>,
    failed_at: Option<Duration>,
    answered: Vec<String>,
    over: bool,
}

impl Conversation {
    /// Waits for the first prompt and raises the privilege where that is needed. The setup commands of the definition
    /// are left to the caller, each as a [`Dialogue`].
    #[must_use]
    pub fn login(matcher: Arc<Matcher>, enable: Option<SecretRef>, now: Duration) -> Self {
        Self::new(matcher, Purpose::Login { enable, raising: false, answered: false, asked: None }, now)
    }

    /// Runs one command. The session must stand at a prompt.
    ///
    /// # Errors
    /// `InvalidInput` when the command holds control characters or a pattern is not a regular expression.
    pub fn begin(matcher: Arc<Matcher>, dialogue: &Dialogue, now: Duration) -> Result<Self> {
        let mut it = Self::new(matcher, Purpose::Command(Script::new(dialogue)?), now);
        it.secrets.clone_from(&dialogue.hidden);
        let echo = it.redact(&dialogue.command);
        it.send_line(&dialogue.command, &echo);
        Ok(it)
    }

    fn new(matcher: Arc<Matcher>, purpose: Purpose, now: Duration) -> Self {
        Self {
            matcher,
            purpose,
            screen: Screen::new(),
            output: Output::default(),
            last: VecDeque::new(),
            echo: Echo::default(),
            queue: VecDeque::new(),
            notes: VecDeque::new(),
            began: now,
            now,
            heard: now,
            heartbeat: None,
            stalls: 0,
            judged: false,
            line_ended: false,
            hidden_prompt: false,
            nudges: 0,
            lines: 0,
            hostname: None,
            secrets: Vec::new(),
            waits_for_secret: false,
            failures: Vec::new(),
            refusal: None,
            failed_at: None,
            answered: Vec::new(),
            over: false,
        }
    }

    /// The host name of the last prompt that was seen.
    #[must_use]
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }

    /// Takes bytes from the device, in pieces of any size.
    pub fn received(&mut self, bytes: &[u8], now: Duration) {
        if self.over || bytes.is_empty() {
            return;
        }
        self.now = self.now.max(now);
        // Silence is judged in `tick`; a device that is never silent is judged here.
        if self.now >= self.ends_at() {
            return self.took_too_long();
        }
        self.heard = self.now;
        self.judged = false;
        self.stalls = 0;
        if self.heartbeat.is_none_or(|at| self.now >= at + HEARTBEAT) && self.talks() {
            self.heartbeat = Some(self.now);
            self.note(Note::Heartbeat);
        }
        for byte in bytes {
            if let Some(line) = self.screen.push(*byte) {
                self.take_line(&line);
            }
        }
    }

    /// Tells the time. Silence is judged here.
    pub fn tick(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.over || self.waits_for_secret {
            return;
        }
        let silent = self.now.saturating_sub(self.heard);
        if !self.judged && silent >= QUIET {
            self.judged = true;
            self.judge();
        }
        if self.over {
            return;
        }
        if self.now >= self.ends_at() {
            return self.took_too_long();
        }
        if self.failed_at.is_some_and(|at| self.now >= at + FAILURE_GRACE) {
            return self.fail_with_failures();
        }
        if silent >= QUESTION_QUIET && self.asks() {
            return self.unknown_question();
        }
        if silent >= self.nudge_after() && self.may_nudge() {
            self.nudges += 1;
            self.judged = false;
            self.send_line("", "");
        } else if silent >= self.silence() {
            return self.timed_out(silent);
        }
        let stalls = u32::try_from(silent.as_secs() / STALL.as_secs()).unwrap_or(u32::MAX);
        if stalls > self.stalls {
            self.stalls = stalls;
            self.note(Note::Stalled { seconds: silent.as_secs() });
        }
    }

    /// The device closed the session, or it was lost.
    pub fn closed(&mut self) {
        if self.over {
            return;
        }
        let rest = self.screen.take();
        if !rest.trim().is_empty() {
            self.take_line(&rest);
        }
        match &self.purpose {
            _ if self.failed_at.is_some() => self.fail_with_failures(),
            Purpose::Command(script) if script.end == End::PromptOrClosed => self.finish(Ended::Closed),
            Purpose::Command(script) => {
                let error = Error::new(
                    ErrorKind::Interrupted,
                    script.shown.clone(),
                    "the session ended before the prompt came back",
                )
                .effected(Effect::Unknown)
                .retry_when(Retry::Now);
                self.fail(error);
            }
            Purpose::Login { .. } => {
                let error =
                    Error::new(ErrorKind::Unreachable, "log in", "the device closed the session before a prompt came")
                        .retry_when(Retry::Now);
                self.fail(error);
            }
        }
    }

    /// Gives the secret that [`Next::Resolve`] asked for.
    pub fn secret(&mut self, value: Secret<String>) {
        if self.over || !self.waits_for_secret {
            return;
        }
        self.waits_for_secret = false;
        self.send_secret(value);
    }

    /// What to do now. After `Done` or `Failed` there is nothing more to do.
    #[allow(clippy::should_implement_trait, reason = "it never ends by itself and is no iterator")]
    pub fn next(&mut self) -> Next {
        if let Some(note) = self.notes.pop_front() {
            return Next::Note(note);
        }
        self.queue.pop_front().unwrap_or_else(|| Next::Wait { until: self.deadline() })
    }

    /// May a bare newline be sent? Never where it could answer a question: at login before any question, at a prompt that
    /// a log line has hidden, and in commands that ask nothing.
    fn may_nudge(&self) -> bool {
        if self.nudges >= NUDGES || self.over {
            return false;
        }
        match &self.purpose {
            Purpose::Login { raising, asked, .. } => {
                !raising && !self.asks() && asked.as_ref().is_none_or(Asked::bears_a_newline)
            }
            Purpose::Command(script) => {
                let interrupted = self.last.back().is_some_and(|l| self.matcher.is_syslog(l));
                self.screen.is_blank() && (self.hidden_prompt || (script.questions.is_empty() && interrupted))
                    || script.questions.is_empty() && self.stale_prompt()
            }
        }
    }

    /// A prompt that was printed before the command was: its echo is still to come.
    fn stale_prompt(&self) -> bool {
        !self.line_ended && matches!(self.matcher.stands(&self.screen.current()), Stands::Prompt(_) | Stands::User(_))
    }

    fn asks(&self) -> bool {
        !self.screen.is_blank() && {
            let line = self.screen.current();
            self.matcher.looks_like_a_question(&line) && self.matcher.stands(&line) == Stands::Other
        }
    }

    /// Does anybody want to hear of progress? Plain commands are over too soon.
    fn talks(&self) -> bool {
        matches!(&self.purpose, Purpose::Command(s) if !s.questions.is_empty() || s.silence > super::dialogue::SHOW_SILENCE)
    }

    fn note(&mut self, note: Note) {
        if self.notes.len() < NOTES_KEPT {
            self.notes.push_back(note);
        }
    }

    /// Takes a finished line.
    fn take_line(&mut self, line: &str) {
        let line = self.redact(line);
        self.line_ended = true;
        let Some(line) = self.echo.strip(&line, &self.matcher) else { return };
        let syslog = self.matcher.is_syslog(&line);
        if self.matcher.is_interrupted_prompt(&line) {
            self.hidden_prompt = true;
            if !syslog {
                return;
            }
        } else if !syslog && !line.trim().is_empty() {
            self.hidden_prompt = false;
            self.hears_of_login(&line);
            self.lines += 1;
            if self.lines <= REFUSAL_LINES && self.refusal.is_none() && self.matcher.is_refusal(&line) {
                self.refusal = Some(line.clone());
            }
        }
        if let Purpose::Command(script) = &self.purpose
            && script.is_failure(&line)
        {
            self.failed(&line, script.fail_at_once);
        }
        self.keep(&line);
    }

    /// Keeps a line that means failure; `at_once`: nothing more is waited for.
    fn failed(&mut self, line: &str, at_once: bool) {
        if self.failures.len() >= FAILURES_KEPT {
            return;
        }
        if at_once && self.failed_at.is_none() {
            self.failed_at = Some(self.now);
        }
        self.failures.push(line.trim().to_owned());
    }

    fn keep(&mut self, line: &str) {
        self.output.push(line);
        if line.trim().is_empty() {
            return;
        }
        if self.talks() {
            self.note(Note::Line { text: line.to_owned() });
        }
        self.last.push_back(line.to_owned());
        if self.last.len() > LAST_LINES {
            self.last.pop_front();
        }
    }

    fn operation(&self) -> String {
        match &self.purpose {
            Purpose::Login { raising: true, .. } => "raise privilege".to_owned(),
            Purpose::Login { .. } => "log in".to_owned(),
            Purpose::Command(script) => script.shown.clone(),
        }
    }

    /// The last lines and the unfinished one.
    fn last_words(&self) -> String {
        let mut words: Vec<String> = self.last.iter().cloned().collect();
        let line = self.redact(&self.screen.current());
        if !line.trim().is_empty() {
            words.push(line);
        }
        words.join("\n").trim().to_owned()
    }

    /// Leaves a question without answering it: Ctrl-C, never a guess.
    fn leave_question(&mut self) {
        self.queue.push_back(Next::Send(Bytes::from_static(b"\x03")));
    }

    fn send_line(&mut self, line: &str, echo: &str) {
        self.screen.take();
        self.line_ended = false;
        self.hidden_prompt = false;
        self.heard = self.now;
        self.judged = true;
        self.echo = Echo::of(echo);
        self.queue.push_back(Next::Send(Bytes::from(format!("{line}\n"))));
    }

    fn send_secret(&mut self, value: Secret<String>) {
        if value.expose().chars().any(char::is_control) {
            self.leave_question();
            let error = Error::new(ErrorKind::InvalidInput, self.operation(), "the secret holds control characters");
            return self.fail(error);
        }
        self.send_line(value.expose(), "");
        self.secrets.push(value);
    }

    /// Replaces every secret that was sent.
    fn redact(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| secret.masked(text))
    }

    fn finish(&mut self, ended: Ended) {
        let command = match &self.purpose {
            Purpose::Login { .. } => String::new(),
            Purpose::Command(script) => script.shown.clone(),
        };
        let mut transcript = Transcript::new(command, self.output.text());
        transcript.failures = std::mem::take(&mut self.failures);
        transcript.answered = std::mem::take(&mut self.answered);
        transcript.ended = ended;
        self.over = true;
        self.queue.push_back(Next::Done(transcript));
    }

    fn fail(&mut self, error: Error) {
        // The words of the device are the most useful part of an error: never leave them out.
        let words = self.last_words();
        let error = if error.device_words().is_none() && !words.is_empty() { error.said(words) } else { error };
        self.over = true;
        self.queue.push_back(Next::Failed(error));
    }
}
