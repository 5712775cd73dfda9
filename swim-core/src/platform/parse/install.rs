//! `install add|activate|commit|rollback|remove|...` and `request platform software ...`: verdict and questions.

use serde::Serialize;

use super::question::question;
use super::software::after_version;
use super::text::{lines, owned, set};

/// The device's verdict on an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InstallVerdict {
    /// A verdict line says so, and none says the opposite.
    Success,
    /// A line says `FAILED`.
    Failed,
    /// No verdict: the session may have gone before it was printed.
    Unknown,
}

/// What an install operation said. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InstallResult {
    /// The `SUCCESS: install_...` lines; when there is none, the `SUCCESS:` lines of the stages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub success: Vec<String>,
    /// The `FAILED:` lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    /// The questions that were asked, as printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<String>,
    /// `Image added. Version: ...`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_added_version: Option<String>,
    /// Error lines of another form (`ERROR: ...`, `% ...`), as printed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl InstallResult {
    /// The verdict: a failure line anywhere outweighs the success of a stage.
    #[must_use]
    pub fn verdict(&self) -> InstallVerdict {
        if !self.failed.is_empty() {
            InstallVerdict::Failed
        } else if self.success.is_empty() {
            InstallVerdict::Unknown
        } else {
            InstallVerdict::Success
        }
    }
}

/// Reads the output of an install operation.
///
/// ```
/// use swim_core::platform::parse::{InstallVerdict, install_result};
/// let r = install_result("SUCCESS: Files deleted.\nSUCCESS: install_remove  Tue Aug 09 16:42:11 UTC 2022");
/// assert_eq!(r.success.len(), 1);
/// assert_eq!(r.verdict(), InstallVerdict::Success);
/// assert_eq!(install_result("--- Starting Add ---").verdict(), InstallVerdict::Unknown);
/// ```
#[must_use]
pub fn install_result(text: &str) -> InstallResult {
    let mut out = InstallResult::default();
    for line in lines(text) {
        let line = line.trim();
        let marked = line
            .split_once("]: ")
            .map_or(line, |(before, rest)| if before.starts_with('[') { rest.trim_start() } else { line });
        if marked.starts_with("SUCCESS:") {
            out.success.push(marked.to_owned());
        } else if marked.starts_with("FAILED:") {
            out.failed.push(marked.to_owned());
        } else if marked.starts_with("ERROR:") || marked.starts_with("% ") || marked.starts_with("%Error") {
            out.errors.push(marked.to_owned());
        }
        if let Some((_, rest)) = line.split_once("Image added. Version:") {
            set(&mut out.image_added_version, after_version(rest).and_then(owned));
        }
        out.prompts.extend(question(line).map(str::to_owned));
    }
    if out.success.iter().any(|s| is_verdict(s)) {
        out.success.retain(|s| is_verdict(s));
    }
    out
}

/// `SUCCESS: install_commit ...`: the line that closes a command.
fn is_verdict(line: &str) -> bool {
    line.strip_prefix("SUCCESS:").is_some_and(|rest| rest.trim_start().starts_with("install_"))
}
