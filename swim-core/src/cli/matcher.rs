//! What the lines of a platform mean, compiled from its definition.

use std::sync::{Arc, Mutex, PoisonError};

use super::pattern::Pattern;
use crate::Result;
use crate::platform::Definition;

/// A log line that a device prints into any output: `*Mar  1 00:00:01.123: %SYS-5-CONFIG_I: ...`.
const SYSLOG: &str = r"%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_]+\s*:";

/// Lines that end like a question and are none: a copy that waits for its first block, a bar, `[OK]`.
const NO_QUESTION: &str = concat!(
    r"^\s*(?:Loading|Accessing|Writing|Sending|Copying|Verifying|Checking|Building|Translating|Trying|Destination unreachable",
    r"|Erasing|Formatting|Extracting|Expanding|Computing)\b[^?]*$",
    r"|\[[#!.\s=>*-]*\]\s*$|\[OK[^\]]*\]\s*$|\d%\)?\s*$",
);

/// A question to a person ends like this.
const QUESTION: &str = r"[?:\])]\s*$";

/// A prompt ends within so many bytes of its line: a host name and a mode are far shorter. Looking for one behind every
/// `>` of a long line would let a device keep us busy for minutes.
const LONGEST_PROMPT: usize = 256;

/// What stands on the unfinished line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// A prompt at which commands with privilege run.
    Prompt(Option<String>),
    /// The prompt before `enable`.
    User(Option<String>),
    /// The pager.
    Pager,
    /// The prompt of a stopped boot loader.
    Loader,
    /// Something else.
    Other,
}

/// A definition's patterns, compiled once and shared by all sessions of the platform.
#[derive(Debug)]
pub struct Matcher {
    prompt: Pattern,
    user: Pattern,
    pager: Option<Pattern>,
    loaders: Vec<Pattern>,
    refusals: Vec<Pattern>,
    syslog: Pattern,
    question: Pattern,
    no_question: Pattern,
    enable: Option<String>,
}

/// The matchers of the platforms that were met: all sessions of a platform share one, since compiled patterns are large.
#[derive(Debug, Default)]
pub struct Matchers(Mutex<Vec<(Definition, Arc<Matcher>)>>);

impl Matchers {
    /// The matcher of a definition, compiled when it is the first of its kind.
    ///
    /// # Errors
    /// As [`Matcher::new`].
    pub fn of(&self, definition: &Definition) -> Result<Arc<Matcher>> {
        // A panic elsewhere leaves whole entries behind.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, matcher)) = known.iter().find(|(of, _)| of == definition) {
            return Ok(Arc::clone(matcher));
        }
        let matcher = Arc::new(Matcher::new(definition)?);
        // A definition that was replaced is not met again.
        known.retain(|(of, _)| of.id != definition.id);
        known.push((definition.clone(), Arc::clone(&matcher)));
        Ok(matcher)
    }
}

impl Matcher {
    /// Compiles a definition.
    ///
    /// # Errors
    /// `InvalidInput` that names the pattern.
    pub fn new(definition: &Definition) -> Result<Self> {
        let all = |field: &str, patterns: &[String]| -> Result<Vec<Pattern>> {
            patterns.iter().map(|p| Pattern::new(field, p)).collect()
        };
        Ok(Self {
            prompt: Pattern::new("prompt", &definition.prompt)?,
            user: Pattern::new("prompt_user", &definition.prompt_user)?,
            pager: definition.pager.as_deref().map(|p| Pattern::new("pager", p)).transpose()?,
            loaders: all("loader_prompts", &definition.loader_prompts)?,
            refusals: all("refusals", &definition.refusals)?,
            syslog: Pattern::new("syslog", SYSLOG)?,
            question: Pattern::new("question", QUESTION)?,
            no_question: Pattern::new("no_question", NO_QUESTION)?,
            enable: definition.enable.clone(),
        })
    }

    /// What stands on an unfinished line.
    pub(super) fn stands(&self, line: &str) -> Stands {
        if self.loaders.iter().any(|l| l.is_match(line)) {
            Stands::Loader
        } else if self.pager.as_ref().is_some_and(|p| p.is_match(line)) {
            Stands::Pager
        } else if let Some(host) = self.prompt.group("host", line) {
            Stands::Prompt(host)
        } else if let Some(host) = self.user.group("host", line) {
            Stands::User(host)
        } else {
            Stands::Other
        }
    }

    /// Is this whole line a prompt, alone or with a log line printed behind it?
    pub(super) fn is_interrupted_prompt(&self, line: &str) -> bool {
        self.is_prompt(line) || self.is_syslog(line) && self.begins_with_prompt(line)
    }

    /// Does a prompt stand at the start of this line, whatever follows?
    pub(super) fn begins_with_prompt(&self, line: &str) -> bool {
        line.char_indices()
            .take_while(|(at, _)| *at < LONGEST_PROMPT)
            .any(|(at, c)| matches!(c, '#' | '>') && line.get(..=at).is_some_and(|text| self.is_prompt(text)))
    }

    fn is_prompt(&self, text: &str) -> bool {
        matches!(self.stands(text), Stands::Prompt(_) | Stands::User(_))
    }

    pub(super) fn is_syslog(&self, line: &str) -> bool {
        self.syslog.is_match(line)
    }

    pub(super) fn is_refusal(&self, line: &str) -> bool {
        self.refusals.iter().any(|r| r.is_match(line))
    }

    pub(super) fn looks_like_a_question(&self, line: &str) -> bool {
        self.question.is_match(line) && !self.no_question.is_match(line)
    }

    pub(super) fn enable(&self) -> Option<&str> {
        self.enable.as_deref()
    }
}
