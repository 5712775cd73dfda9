//! `show issu state detail` and `show issu rollback-timer`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::{after, columns, is_ruler, lines, owned, set, value_of};

/// What `show issu state detail` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowIssuState {
    /// `Init`, `Load Version`, `Run Version`, ... (modular switches).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issu_state: Option<String>,
    /// The image that runs (modular switches).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<String>,
    /// Is an operation in progress?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_progress: Option<bool>,
    /// The last stage of the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_operation: Option<String>,
    /// How it goes back by itself, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<String>,
    /// The slot that is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// The image of the way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_image: Option<String>,
    /// The image that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_image: Option<String>,
    /// `reached` or `not reached`: the terminal state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// `Enabled` or not, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issu_status: Option<String>,
    /// How the previous operation ended, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The system checks and their answers, as printed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub checks: BTreeMap<String, String>,
}

/// Reads `show issu state detail`.
///
/// ```
/// use swim_core::platform::parse::show_issu_state_detail;
/// let i = show_issu_state_detail("System Check          Status\n-------\nSSO Mode              Yes\n=======\nNo ISSU operation is in progress");
/// assert_eq!(i.in_progress, Some(false));
/// assert_eq!(i.checks.get("SSO Mode").map(String::as_str), Some("Yes"));
/// ```
#[must_use]
pub fn show_issu_state_detail(text: &str) -> ShowIssuState {
    let mut out = ShowIssuState::default();
    let mut table = false;
    for line in lines(text) {
        if table {
            match columns(line).as_slice() {
                [name, status] => {
                    out.checks.insert((*name).to_owned(), (*status).to_owned());
                }
                _ => table = is_ruler(line) && !line.contains('='),
            }
        }
        table |= line.trim_start().starts_with("System Check") && line.ends_with("Status");
        set(&mut out.issu_state, value_of(line, "ISSU State", '=').and_then(owned));
        set(&mut out.current_version, value_of(line, "Current Version", '=').and_then(owned));
        let get = |label: &str| after(line, label).map(str::to_owned);
        set(&mut out.slot, get("Slot being modified:"));
        set(&mut out.last_operation, get("Last operation:"));
        set(&mut out.rollback, get("Rollback:"));
        set(&mut out.original_image, get("Original (rollback) image:"));
        set(&mut out.running_image, get("Running image:"));
        set(&mut out.issu_status, get("Current ISSU Status:"));
        set(&mut out.previous, get("Previous ISSU Operation:"));
        if let Some((_, state)) = line.split_once("terminal state ") {
            set(&mut out.terminal, owned(state));
        }
        if line.contains("No ISSU operation is in progress") {
            out.in_progress = Some(false);
        }
    }
    if out.slot.is_some() {
        set(&mut out.in_progress, Some(true));
    }
    out
}

/// What `show issu rollback-timer` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowIssuRollbackTimer {
    /// Where the lock was taken to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_lock: Option<String>,
    /// State of the rollback process, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Configured time, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured: Option<String>,
    /// The line that tells of a timer, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<String>,
}

/// Reads `show issu rollback-timer`.
#[must_use]
pub fn show_issu_rollback_timer(text: &str) -> ShowIssuRollbackTimer {
    let mut out = ShowIssuRollbackTimer::default();
    for line in lines(text) {
        set(&mut out.local_lock, after(line, "Finished local lock acquisition on").map(str::to_owned));
        set(&mut out.state, value_of(line, "Rollback Process State", '=').and_then(owned));
        set(&mut out.configured, value_of(line, "Configured Rollback Time", '=').and_then(owned));
        set(&mut out.rollback, after(line, "Rollback:").map(str::to_owned));
    }
    out
}
