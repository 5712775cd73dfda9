//! What was said, redacted.

use serde::{Deserialize, Serialize};

/// How a dialogue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ended {
    /// At the prompt.
    Prompt,
    /// The device closed the session.
    Closed,
}

/// The output of one command, without echo and prompt, control characters resolved, secrets replaced by `***`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transcript {
    /// The command as it may be shown.
    pub command: String,
    /// The output. Progress characters are folded; very long output keeps its head and its tail.
    pub output: String,
    /// The lines that matched a failure pattern, verbatim.
    pub failures: Vec<String>,
    /// Names of the questions that were answered, in order.
    pub answered: Vec<String>,
    /// How it ended.
    pub ended: Ended,
}

impl Transcript {
    /// A transcript of a command and its output that ended at the prompt.
    #[must_use]
    pub fn new(command: impl Into<String>, output: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            output: output.into(),
            failures: Vec::new(),
            answered: Vec::new(),
            ended: Ended::Prompt,
        }
    }
}
