//! The echo of what was sent: found so that it can be dropped, never used to know where we are.

use super::matcher::Matcher;

/// Blank lines that may come before the echo.
const BLANK_BEFORE: u8 = 3;

/// What is still expected of an echo.
#[derive(Debug, Default)]
pub(super) struct Echo {
    pending: Option<String>,
    blanks: u8,
}

impl Echo {
    /// Expects the echo of `line`.
    pub(super) fn of(line: &str) -> Self {
        Self { pending: Some(squash(line)), blanks: 0 }
    }

    /// Takes the echo away from a line; `None` when nothing is left.
    ///
    /// A long echo is wrapped into several lines, or scrolled: then it starts with a `$` for what went out of sight.
    pub(super) fn strip(&mut self, line: &str, matcher: &Matcher) -> Option<String> {
        let Some(pending) = self.pending.clone() else { return Some(line.to_owned()) };
        let seen = squash(line);
        if seen == pending {
            self.pending = None;
            return None;
        }
        if seen.is_empty() {
            self.blanks += 1;
            if self.blanks > BLANK_BEFORE {
                self.pending = None;
            }
            return None;
        }
        if pending.is_empty() {
            self.pending = None;
            return Some(line.to_owned());
        }
        if let Some(rest) = pending.strip_prefix(&seen) {
            self.pending = Some(rest.to_owned());
            return None;
        }
        let scrolled = seen.rsplit_once('$').is_some_and(|(_, end)| !end.is_empty() && pending.ends_with(end));
        let at_prompt = seen.ends_with(&pending) && matcher.begins_with_prompt(line);
        if scrolled || at_prompt {
            self.pending = None;
            return None;
        }
        // A log line in front of the echo, or a prompt of before: the echo is still to come.
        if !matcher.is_syslog(line) && !matcher.is_interrupted_prompt(line) {
            self.pending = None;
        }
        Some(line.to_owned())
    }
}

fn squash(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
