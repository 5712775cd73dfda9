//! A command and the questions that it may raise.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ErrorKind;
use crate::model::{Secret, SecretRef};

/// Silence that ends an ordinary `show` command: devices answer within seconds, a busy one within a minute.
pub const SHOW_SILENCE: Duration = Duration::from_secs(90);

/// What to do when a question matches.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// Send this line.
    Line(String),
    /// Press Enter only (`[confirm]`).
    Enter,
    /// Send a secret that is resolved now; the transcript shows `***`.
    Secret(SecretRef),
    /// Send a one-time secret that exists only in memory; the transcript shows `***`.
    OneTime(Secret<String>),
    /// Do not answer: leave the question (Ctrl-C) and fail with this kind.
    Stop(ErrorKind, String),
}

/// A known question: matched at the end of the output, when the device has gone quiet there.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Name of the question in the catalogue, for transcripts and errors.
    pub name: String,
    /// Regular expression on the last, unfinished line (or last lines).
    pub pattern: String,
    /// What to do.
    pub reply: Reply,
    /// How often it may be asked before that is an error (3 for passwords).
    pub times: u32,
}

impl Answer {
    /// A question that may be asked once.
    #[must_use]
    pub fn once(name: impl Into<String>, pattern: impl Into<String>, reply: Reply) -> Self {
        Self { name: name.into(), pattern: pattern.into(), reply, times: 1 }
    }
}

/// How a dialogue may end well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum End {
    /// The prompt comes back.
    #[default]
    Prompt,
    /// The prompt comes back, or the device closes the session (reload, activate).
    PromptOrClosed,
}

/// A command with everything that is known about its conversation.
///
/// A question that is not among the answers ends the dialogue with `UnexpectedReply` and the text of the question: it
/// is never guessed.
#[derive(Clone, Debug)]
pub struct Dialogue {
    /// The line to send.
    pub command: String,
    /// The command as it may be shown: without secrets.
    pub shown: String,
    /// Texts of the command that are secret: they are replaced in everything that the device prints.
    pub hidden: Vec<Secret<String>>,
    /// The questions that are answered.
    pub answers: Vec<Answer>,
    /// Patterns (regular expressions on whole lines) that mean failure: the device's own words.
    pub failures: Vec<String>,
    /// End at the first failure line instead of waiting for the prompt.
    pub fail_at_once: bool,
    /// How it may end.
    pub end: End,
    /// Longest silence. Any output, progress characters too, starts it anew.
    pub silence: Duration,
}

impl Dialogue {
    /// A plain command that asks nothing.
    ///
    /// ```
    /// let d = swim_core::cli::Dialogue::show("show version");
    /// assert_eq!(d.shown, "show version");
    /// assert!(d.answers.is_empty());
    /// ```
    #[must_use]
    pub fn show(command: impl Into<String>) -> Self {
        let command = command.into();
        Self {
            shown: command.clone(),
            command,
            hidden: Vec::new(),
            answers: Vec::new(),
            failures: Vec::new(),
            fail_at_once: false,
            end: End::Prompt,
            silence: SHOW_SILENCE,
        }
    }

    /// Adds a question.
    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Adds a failure pattern.
    #[must_use]
    pub fn fails_on(mut self, pattern: impl Into<String>) -> Self {
        self.failures.push(pattern.into());
        self
    }

    /// Sets the longest silence.
    #[must_use]
    pub const fn silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Lets the session's end be a good end.
    #[must_use]
    pub const fn may_close(mut self) -> Self {
        self.end = End::PromptOrClosed;
        self
    }
}
