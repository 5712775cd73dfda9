//! `copy`: questions, bytes and error lines of a transfer.

use serde::Serialize;

use super::question::question;
use super::text::{lines, number, set};
use crate::ErrorKind;

/// What a copy said. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Copy {
    /// The `N bytes copied in ...` line: the copy ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_copied: Option<u64>,
    /// The `[OK - N bytes]` line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok_bytes: Option<u64>,
    /// All `%Error` lines, as printed: among them may be chatter of the automatic configuration.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error_lines: Vec<String>,
    /// The questions that were asked, as printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
    /// The lines that are about this copy and mean failure.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

impl Copy {
    /// Why the copy failed: kind and the device's words; `None` when it ended well or says nothing.
    #[must_use]
    pub fn failure(&self) -> Option<(ErrorKind, &str)> {
        if self.bytes_copied.is_some() {
            return None;
        }
        self.failures.last().map(|line| (kind_of(line), line.as_str()))
    }
}

/// Words of a failure line, in the order in which they decide, and what they mean.
const KINDS: &[(&str, ErrorKind)] = &[
    ("not enough space", ErrorKind::NoSpace),
    ("no space left", ErrorKind::NoSpace),
    ("insufficient space", ErrorKind::NoSpace),
    ("no such file", ErrorKind::NotFound),
    ("file not found", ErrorKind::NotFound),
    ("privilege denied", ErrorKind::Privilege),
    ("permission denied", ErrorKind::Auth),
    ("incorrect login", ErrorKind::Auth),
    ("access violation", ErrorKind::Auth),
    ("authentication failed", ErrorKind::Auth),
    ("timed out", ErrorKind::Unreachable),
    ("invalid ip address", ErrorKind::Unreachable),
    ("connection refused", ErrorKind::Unreachable),
    ("destination unreachable", ErrorKind::Unreachable),
    ("no route to host", ErrorKind::Unreachable),
    ("unrecognized host", ErrorKind::Unreachable),
    ("connection closed", ErrorKind::Interrupted),
    ("transfer aborted", ErrorKind::Interrupted),
    ("i/o error", ErrorKind::Interrupted),
    // Of a TFTP server; what it did not find is said in words.
    ("tftp: error code", ErrorKind::Interrupted),
    ("verifying", ErrorKind::Integrity),
    ("verification failed", ErrorKind::Integrity),
    ("digital signature", ErrorKind::Integrity),
];

/// What kind of failure a line of the device means.
fn kind_of(line: &str) -> ErrorKind {
    let lower = line.to_ascii_lowercase();
    KINDS.iter().find(|(words, _)| lower.contains(words)).map_or(ErrorKind::DeviceRejected, |(_, kind)| *kind)
}

/// Reads a copy to the device.
///
/// ```
/// use swim_core::platform::parse::copy_to_device;
/// use swim_core::ErrorKind;
/// let c = copy_to_device("Destination filename [x]? \n!!!\n[OK - 9 bytes]\n\n9 bytes copied in 0.1 secs (90 bytes/sec)");
/// assert_eq!((c.bytes_copied, c.failure()), (Some(9), None));
/// let c = copy_to_device("%Error opening tftp://10.0.0.1/x (Timed out)");
/// assert_eq!(c.failure().map(|f| f.0), Some(ErrorKind::Unreachable));
/// ```
#[must_use]
pub fn copy_to_device(text: &str) -> Copy {
    let mut out = Copy::default();
    for line in lines(text) {
        let line = line.trim();
        if let Some((n, _)) = line.split_once(" bytes copied in ") {
            // Progress characters may stand before the number.
            set(&mut out.bytes_copied, number(n.trim_start_matches(['!', '.', 'O', 'C', ' '])));
        }
        if let Some((_, rest)) = line.split_once("[OK - ") {
            set(&mut out.ok_bytes, rest.split(['/', ' ']).next().and_then(number));
        }
        if line.starts_with("%Error") {
            out.error_lines.push(line.to_owned());
        }
        if is_failure(line) {
            out.failures.push(line.to_owned());
        }
        out.prompts.extend(question(line).map(str::to_owned));
    }
    out
}

/// Reads a copy from the device.
#[must_use]
pub fn copy_from_device(text: &str) -> Copy {
    copy_to_device(text)
}

fn is_failure(line: &str) -> bool {
    // The start-up configuration is looked for at the broadcast address: chatter, whatever else is going on.
    if line.contains("://255.255.255.255/") {
        return false;
    }
    let lower = line.to_ascii_lowercase();
    lower.starts_with("%error")
        || lower.starts_with("% error")
        || (lower.starts_with("% ") && KINDS.iter().any(|(words, _)| lower.contains(words)))
        || lower.starts_with("scp: protocol error")
        || lower.starts_with("tftp: error code")
        || lower.contains("privilege denied")
        || lower.contains("verification failed")
        || lower.contains("no space left on device")
        || lower.starts_with("connection refused")
        || lower.starts_with("connection closed")
}
