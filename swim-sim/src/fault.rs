//! What can go wrong on a simulated device.

use serde::{Deserialize, Serialize};

/// A step of `install` that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallPhase {
    /// `install add`.
    Add,
    /// `install activate`.
    Activate,
    /// `install commit`.
    Commit,
}

impl InstallPhase {
    /// As in `install_add`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Activate => "activate",
            Self::Commit => "commit",
        }
    }
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// Every reload ends on the version that ran before it.
    ComesBackOnOld,
    /// `install` prints these words in the middle of a phase and fails; nothing changes.
    InstallFails {
        /// Which phase.
        phase: InstallPhase,
        /// The device's words, one or more lines.
        words: String,
    },
    /// At a reload the session ends before the closing words (`SUCCESS: ...`).
    DropsAtReload,
    /// At a reload the session falls silent and is never closed.
    SilentAtReload,
    /// After a reload the device stays in its boot loader.
    NeverReturns,
    /// `verify` takes this long, whatever the size.
    SlowHash {
        /// Seconds of device time.
        seconds: u64,
    },
    /// This member's flash is full.
    NoSpaceOnMember {
        /// Its number.
        member: u32,
    },
    /// After a reload this member runs the old version and is in `V-Mismatch`.
    MemberStaysOnOld {
        /// Its number.
        member: u32,
    },
    /// After a reload this member is missing.
    MemberMissing {
        /// Its number.
        member: u32,
    },
    /// Somebody else's activation, not committed, with its timer running.
    ForeignUncommittedInstall,
    /// The control session drops in the middle of the first copy, which goes on.
    CopySessionLost,
    /// Received files are damaged: `verify` answers another digest, and they do not boot.
    WrongDigest,
    /// After a command that begins so, the device prints this text and waits for a line before it goes on.
    UnknownPrompt {
        /// How the command line begins.
        command_prefix: String,
        /// The question.
        text: String,
    },
    /// This many connections are refused before the first is taken; again after each reload.
    RefuseConnections {
        /// How many.
        count: u32,
    },
    /// The first session ends after this many bytes of output.
    DropSessionAtByte {
        /// How many.
        n: u64,
    },
    /// After a reload so many logins are refused (accounting is not up yet).
    AuthFailsAfterReload {
        /// How many.
        times: u32,
    },
    /// A command that begins so is echoed and never answered.
    HangAt {
        /// How the command line begins.
        command_prefix: String,
    },
    /// The running configuration differs from the saved one from the start.
    ConfigUnsaved,
    /// A log message after every so many lines of output.
    Syslog {
        /// How many.
        every_lines: u32,
    },
    /// A log message after every so many prompts; the prompt is not printed again.
    SyslogAfterPrompt {
        /// How many.
        every: u32,
    },
    /// A received file ends early: the connection breaks after so many bytes and a partial file stays.
    CopyBreaksAtByte {
        /// How many.
        n: u64,
    },
    /// Another install operation runs for so long from the first `install` command on.
    InstallBusy {
        /// Seconds of device time.
        seconds: u64,
    },
}
