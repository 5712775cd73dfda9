//! How a job stands or ended, for people and programs.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::Outcome;
use super::machine::{DevicePhase, JobState};
use crate::ErrorRecord;
use crate::analysis::html::{Html, escape};
use crate::model::DeviceId;
use crate::ports::JobId;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobStatus {
    /// Somebody works on it, or should.
    Running,
    /// All devices have a verdict or are held; it waits for somebody's go.
    Held,
    /// All devices have a verdict.
    Finished,
}

/// How one device stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeviceResult {
    /// Which device.
    pub device: DeviceId,
    /// The verdict, once it is there.
    pub outcome: Option<Outcome>,
    /// The step that it is at, or that failed.
    pub step: Option<String>,
    /// Why, with the device's own words.
    pub error: Option<ErrorRecord>,
    /// The evidence of each proven step.
    pub evidence: Vec<String>,
    /// How many times it was told to reload or activate.
    pub activations: u32,
    /// Seconds from the submission to the verdict.
    pub seconds: Option<i64>,
    /// It waits for somebody's go.
    #[serde(default)]
    pub held: bool,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobReport {
    /// Which job.
    pub job: JobId,
    /// Where it stands.
    pub status: JobStatus,
    /// When it was submitted.
    pub submitted: Option<Timestamp>,
    /// The devices, in the plan's order.
    pub devices: Vec<DeviceResult>,
    /// Devices that the plan leaves out: nothing was done to them. The plan says why (`refused`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<DeviceId>,
    /// Is there a device, and did every one get where it was meant to get? Devices that are left out do not count.
    #[serde(default)]
    pub all_good: bool,
}

impl JobReport {
    /// Draws the report from the state.
    #[must_use]
    pub fn of(job: &JobId, state: &JobState) -> Self {
        let mut devices = Vec::new();
        let plan_devices = state.plan.as_ref().map(|p| p.devices.as_slice()).unwrap_or_default();
        for line in plan_devices {
            let id = &line.device.id;
            let Some(d) = state.devices.get(id) else { continue };
            let (outcome, error, at) = match &d.phase {
                DevicePhase::Finished { outcome, error, at } => (Some(*outcome), error.clone(), Some(*at)),
                DevicePhase::Undoing { error, .. } => (None, Some(error.clone()), None),
                _ => (None, None, None),
            };
            devices.push(DeviceResult {
                device: id.clone(),
                outcome,
                step: line.steps.get(d.step).map(|s| s.title.clone()),
                error,
                evidence: d.evidence.iter().map(|(_, how)| how.clone()).collect(),
                activations: d.activations,
                held: d.phase == DevicePhase::Held && !d.released,
                seconds: at.zip(state.submitted).map(|(end, start)| end.as_second() - start.as_second()),
            });
        }
        let settled =
            state.devices.values().all(|d| matches!(d.phase, DevicePhase::Finished { .. } | DevicePhase::Held));
        let status = if state.finished {
            JobStatus::Finished
        } else if settled && state.devices.values().any(|d| d.phase == DevicePhase::Held && !d.released) {
            JobStatus::Held
        } else {
            JobStatus::Running
        };
        let good = |d: &DeviceResult| d.outcome.is_some_and(Outcome::is_good);
        let all_good = !devices.is_empty() && devices.iter().all(good);
        let refused = state.plan.as_ref().map(|plan| plan.refused.as_slice()).unwrap_or_default();
        let left_out = refused.iter().map(|refused| refused.device.clone()).collect();
        Self { job: job.clone(), status, submitted: state.submitted, devices, left_out, all_good }
    }

    /// The result of a device.
    #[must_use]
    pub fn device(&self, id: &str) -> Option<&DeviceResult> {
        self.devices.iter().find(|d| d.device.as_str() == id)
    }

    /// Is there a device, and did every one get where it was meant to get? A job that did nothing is not good.
    #[must_use]
    pub const fn all_good(&self) -> bool {
        self.all_good
    }

    /// A table for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for d in &self.devices {
            let why = d.error.as_ref().map(why).unwrap_or_default();
            let after = d.seconds.map(clock).unwrap_or_default();
            let _ = writeln!(out, "{:<20} {:<15} {after:>9}  {why}", d.device.as_str(), word(d));
        }
        let _ = writeln!(out, "{}", self.summary());
        out
    }

    /// One sentence: how many are where they were meant to get, and who is not.
    #[must_use]
    pub fn summary(&self) -> String {
        let bad: Vec<_> = self.devices.iter().filter(|d| !d.outcome.is_some_and(Outcome::is_good)).collect();
        let all = self.devices.len();
        let mut out = match (all - bad.len(), all) {
            (_, 0) => "the plan upgrades no device: nothing was done".to_owned(),
            (1, 1) => "the device is where it was meant to get".to_owned(),
            (0, 1) => "the device is not where it was meant to get".to_owned(),
            (1, _) => format!("1 of {all} devices is where it was meant to get"),
            (good, _) => format!("{good} of {all} devices are where they were meant to get"),
        };
        if let Some(last) = self.devices.iter().filter_map(|d| d.seconds).max() {
            let _ = write!(out, ", the last verdict after {}", clock(last));
        }
        if !bad.is_empty() {
            let names: Vec<_> = bad.iter().map(|d| format!("{} ({})", d.device, word(d))).collect();
            let _ = write!(out, "; not: {}", names.join(", "));
        }
        if !self.left_out.is_empty() {
            let names: Vec<_> = self.left_out.iter().map(DeviceId::as_str).collect();
            let _ = write!(out, "; left out by the plan: {}", names.join(", "));
        }
        out
    }

    /// The report as a fragment of HTML, without scripts.
    #[must_use]
    pub fn html(&self) -> String {
        let mut h = Html::new("swim-job");
        h.heading(&format!("Job {}", self.job));
        h.paragraph(&self.summary());
        let rows: Vec<_> = self
            .devices
            .iter()
            .map(|d| {
                let class = match d.outcome {
                    Some(o) if o.is_good() => "good",
                    Some(_) => "bad",
                    None => "unknown",
                };
                let list = d.evidence.iter().fold(String::new(), |mut s, e| {
                    let _ = write!(s, "<li>{}</li>", escape(e));
                    s
                });
                vec![
                    escape(d.device.as_str()),
                    format!("<td class=\"{class}\">{}</td>", escape(&word(d))),
                    escape(&d.seconds.map(clock).unwrap_or_default()),
                    escape(&d.error.as_ref().map(why).unwrap_or_default()).replace('\n', "<br>"),
                    format!("<ul>{list}</ul>"),
                ]
            })
            .collect();
        h.table(&["device", "verdict", "after", "why", "evidence"], &rows);
        h.finish()
    }
}

/// `1:02:03`.
fn clock(seconds: i64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn word(device: &DeviceResult) -> String {
    device
        .outcome
        .and_then(|o| serde_json::to_value(o).ok())
        .and_then(|v| v.as_str().map(|s| s.replace('_', " ")))
        .unwrap_or_else(|| if device.held { "held" } else { "under way" }.to_owned())
}

fn why(e: &ErrorRecord) -> String {
    let mut out = format!("{}: {}", e.operation, e.message);
    if let Some(said) = &e.said {
        let _ = write!(out, " (the device said: {})", said.trim());
    }
    out
}
