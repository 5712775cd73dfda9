//! A dialogue, compiled and checked.

use std::time::Duration;

use super::pattern::Pattern;
use super::{Dialogue, End, Reply};
use crate::{Error, Result};

/// A known question.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) reply: Reply,
    pub(super) left: u32,
    pattern: Pattern,
}

/// What a running command is judged by.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) shown: String,
    pub(super) questions: Vec<Question>,
    pub(super) fail_at_once: bool,
    pub(super) end: End,
    pub(super) silence: Duration,
    failures: Vec<Pattern>,
}

impl Script {
    pub(super) fn new(dialogue: &Dialogue) -> Result<Self> {
        one_line("command", &dialogue.command)?;
        let mut questions = Vec::with_capacity(dialogue.answers.len());
        for answer in &dialogue.answers {
            if let Reply::Line(line) = &answer.reply {
                one_line("answer", line)?;
            }
            questions.push(Question {
                name: answer.name.clone(),
                reply: answer.reply.clone(),
                left: answer.times,
                // Matched at the end only: the same words further up are no question any more.
                pattern: Pattern::new("answer", &format!(r"(?:{})\s*\z", answer.pattern))?,
            });
        }
        Ok(Self {
            shown: dialogue.shown.clone(),
            questions,
            fail_at_once: dialogue.fail_at_once,
            end: dialogue.end,
            silence: dialogue.silence,
            failures: dialogue.failures.iter().map(|f| Pattern::new("failure", f)).collect::<Result<_>>()?,
        })
    }

    /// The known question at the end of `text`.
    pub(super) fn question(&self, text: &str) -> Option<usize> {
        self.questions.iter().position(|q| q.pattern.is_match(text) || q.pattern.is_match(text.trim_end()))
    }

    pub(super) fn is_failure(&self, line: &str) -> bool {
        self.failures.iter().any(|f| f.is_match(line))
    }
}

/// A line that is sent must be one line: a line end inside would be a second command.
pub(super) fn one_line(field: &str, line: &str) -> Result<()> {
    if line.chars().any(char::is_control) {
        return Err(Error::invalid(field, format!("{line:?}"), "control characters cannot be sent"));
    }
    Ok(())
}
