//! The network audit: who did what to which device, when, and how it ended. Drawn from journal entries, never kept apart
//! from them, so that the two cannot disagree.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ErrorRecord;
use crate::job::{Entry, JobEvent, JobState, Outcome, apply};
use crate::model::DeviceId;
use crate::platform::Acted;
use crate::ports::JobId;

/// One line of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// In which job.
    pub job: JobId,
    /// On which device; absent for what concerns the whole job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// What was done: `submitted`, `transfer begun`, `reload verified`, `finished`, ...
    pub action: String,
    /// One sentence, with the device's own words where there are any.
    pub detail: String,
    /// The verdict, on the last line of a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// The audit of one job.
///
/// Reading is complete: every entry that changed a device or decided about one gives a record. Looks (`intended`) do not.
#[must_use]
pub fn records(job: &JobId, entries: &[Entry]) -> Vec<AuditRecord> {
    let mut state = JobState::default();
    let mut out = Vec::new();
    for entry in entries {
        apply(&mut state, entry);
        if let Some((action, detail, outcome)) = describe(&state, &entry.event) {
            let device = entry.event.device().cloned();
            out.push(AuditRecord { at: entry.at, job: job.clone(), device, action, detail, outcome });
        }
    }
    out
}

type Line = (String, String, Option<Outcome>);

fn describe(state: &JobState, event: &JobEvent) -> Option<Line> {
    let step = |index: usize| {
        let found = event.device().and_then(|id| state.steps(id).get(index));
        found.map_or_else(|| (format!("step {index}"), String::new()), |s| (s.name().to_owned(), s.title.clone()))
    };
    let line = |action: String, detail: String| Some((action, detail, None));
    match event {
        JobEvent::Submitted { plan, approval } => line(
            "submitted".to_owned(),
            format!("{} to {}, approved by {approval}", plan.goal.file_name, devices(plan.devices.len())),
        ),
        JobEvent::Claimed { worker, fence } => line("claimed".to_owned(), format!("by {worker} (fence {fence})")),
        JobEvent::DeviceStarted { .. } => line("started".to_owned(), "the device is what the plan expects".to_owned()),
        JobEvent::Intended { .. } => None,
        JobEvent::Acting { step: i, .. } => {
            let (name, title) = step(*i);
            line(format!("{name} begun"), title)
        }
        JobEvent::Acted { step: i, acted, .. } => line(format!("{} ended", step(*i).0), acted_words(acted)),
        JobEvent::ActFailed { step: i, error, .. } => line(format!("{} failed", step(*i).0), sentence(error)),
        JobEvent::Verified { step: i, how, .. } => line(format!("{} verified", step(*i).0), how.clone()),
        JobEvent::Failing { step: i, error, .. } => line(format!("failed at {}", step(*i).0), sentence(error)),
        JobEvent::UndoIntended { step: i, .. } => line(format!("undo of {} begun", step(*i).0), step(*i).1),
        JobEvent::UndoDone { step: i, undone, .. } => {
            line(format!("undo of {} ended", step(*i).0), serde_json::to_string(undone).unwrap_or_default())
        }
        JobEvent::BackProven { how, .. } => line("back on the old software".to_owned(), how.clone()),
        JobEvent::Held { step: i, .. } => line(format!("held before {}", step(*i).0), step(*i).1),
        JobEvent::Released { devices } => line("released".to_owned(), list(devices)),
        JobEvent::CancelRequested { how } => line("cancel requested".to_owned(), format!("{how:?}").to_lowercase()),
        JobEvent::DeviceFinished { outcome, error, .. } => {
            Some(("finished".to_owned(), error.as_ref().map(sentence).unwrap_or_default(), Some(*outcome)))
        }
        JobEvent::JobFinished => line("job finished".to_owned(), String::new()),
    }
}

fn devices(count: usize) -> String {
    if count == 1 { "1 device".to_owned() } else { format!("{count} devices") }
}

fn list(devices: &[DeviceId]) -> String {
    if devices.is_empty() {
        return "all devices".to_owned();
    }
    devices.iter().map(DeviceId::as_str).collect::<Vec<_>>().join(", ")
}

fn acted_words(acted: &Acted) -> String {
    match acted {
        Acted::Settled { said, receipt: Some(r), fallbacks } => {
            let before =
                if fallbacks.is_empty() { String::new() } else { format!("; before: {}", fallbacks.join("; ")) };
            format!("{} bytes by {} in {} ms{before} {}", r.bytes, r.protocol, r.millis, said.trim())
        }
        Acted::Settled { said, .. } | Acted::Detached { said, .. } => said.trim().to_owned(),
    }
}

fn sentence(e: &ErrorRecord) -> String {
    let said = e.said.as_ref().map(|s| format!(" (the device said: {})", s.trim())).unwrap_or_default();
    format!("{}: {}{said}", e.operation, e.message)
}
