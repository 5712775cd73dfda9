//! How long a conversation waits, and for what.

use std::time::Duration;

use super::{Conversation, Purpose};

/// A prompt or a question is believed after this silence: devices send them as the last piece of a burst, and the
/// pieces of one burst are a few milliseconds apart even over slow links.
pub const QUIET: Duration = Duration::from_millis(50);

/// An unfinished line that looks like a question and is none of the known ones is a question after this silence. Devices
/// pause in the middle of a line for a second or two when they are busy.
pub const QUESTION_QUIET: Duration = Duration::from_secs(4);

/// A bare newline asks for the prompt after this silence, where a banner or a log line may have hidden it.
pub const NUDGE_QUIET: Duration = Duration::from_secs(2);

/// So many bare newlines at most.
pub const NUDGES: u8 = 3;

/// Login gives up after this silence. A device that answers at all prints a prompt within seconds of the transport login.
pub const LOGIN_SILENCE: Duration = Duration::from_secs(30);

/// A device that asks for the login itself gets this long after each answer: AAA servers fall back to the next one after 5
/// to 30 seconds each.
pub const ANSWER_SILENCE: Duration = Duration::from_secs(90);

/// Such a device may look up our name before it asks: a newline that came earlier would be an empty user name.
pub const ASKED_QUIET: Duration = Duration::from_secs(10);

/// A login that is not over by then never is, whatever the device prints meanwhile.
pub const LOGIN_LONGEST: Duration = Duration::from_secs(5 * 60);

/// A command that is waited for as for `show` is over by then: the longest outputs take minutes on a slow console.
pub const SHOW_LONGEST: Duration = Duration::from_secs(15 * 60);

/// A command that takes its time is over by then: a gigabyte at 14 KB/s. Without an end a device that logs for ever
/// would hold its job for ever.
pub const COMMAND_LONGEST: Duration = Duration::from_secs(24 * 3600);

/// After a failure line that ends a dialogue at once, the prompt may still come within this time: a clean session is
/// worth a second.
pub(super) const FAILURE_GRACE: Duration = Duration::from_secs(1);

/// A stall is told after this silence, and then again after as much.
pub(super) const STALL: Duration = Duration::from_secs(30);

/// At most one heartbeat in this time.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);

impl Conversation {
    pub(super) fn deadline(&self) -> Duration {
        if self.over || self.waits_for_secret {
            return Duration::MAX;
        }
        let stall = STALL.saturating_mul(self.stalls.saturating_add(1));
        let mut until = (self.heard + self.silence().min(stall)).min(self.ends_at());
        // All else waits longer than this, and looking at the line for every piece of a burst is dear.
        if !self.judged {
            return until.min(self.heard + QUIET);
        }
        if self.asks() {
            until = until.min(self.heard + QUESTION_QUIET);
        }
        if self.may_nudge() {
            until = until.min(self.heard + self.nudge_after());
        }
        if let Some(at) = self.failed_at {
            until = until.min(at + FAILURE_GRACE);
        }
        until
    }

    /// Longest silence.
    pub(super) fn silence(&self) -> Duration {
        match &self.purpose {
            Purpose::Login { asked: Some(asked), .. } if asked.waits() => ANSWER_SILENCE,
            Purpose::Login { .. } => LOGIN_SILENCE,
            Purpose::Command(script) => script.silence,
        }
    }

    /// When it is given up although the device talks.
    pub(super) fn ends_at(&self) -> Duration {
        let longest = match &self.purpose {
            Purpose::Login { .. } => LOGIN_LONGEST,
            Purpose::Command(script) if script.silence <= crate::cli::dialogue::SHOW_SILENCE => SHOW_LONGEST,
            Purpose::Command(_) => COMMAND_LONGEST,
        };
        self.began.saturating_add(longest)
    }

    /// Each newline waits longer than the one before.
    pub(super) fn nudge_after(&self) -> Duration {
        let first = match &self.purpose {
            Purpose::Login { asked: Some(asked), .. } if !asked.is_in() => ASKED_QUIET,
            _ => NUDGE_QUIET,
        };
        first * (u32::from(self.nudges) + 1)
    }
}
