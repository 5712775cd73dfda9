//! A plan as text and as HTML.

use std::fmt::Write as _;

use super::Plan;
use super::settings::settings;
use crate::analysis::html::{Html, escape};
use crate::job::gate;
use crate::model::{Direction, Protocol};
use crate::platform::{StepKind, StepSpec};
use crate::transfer::{Prediction, predict};

impl Plan {
    /// What a held step means, where the device does not wait for ever.
    fn held(&self, step: &StepSpec) -> String {
        if !step.held {
            return String::new();
        }
        let minutes = self.policy.auto_abort_minutes;
        format!(" [held until somebody commits: within {minutes} minutes of the activation, or the device goes back]")
    }

    /// How long the copy of a step will take, by each transfer that may run.
    fn predicted(&self, step: &StepSpec) -> Vec<String> {
        let StepKind::Transfer { bytes, transfers, .. } = &step.kind else {
            return Vec::new();
        };
        let about = |(protocol, direction): &(Protocol, Direction)| {
            let Prediction { seconds, because } = predict(*protocol, *bytes, &self.policy.link)?;
            Some(format!("{protocol} {direction}: about {seconds} s ({because})"))
        };
        transfers.iter().filter_map(about).collect()
    }

    /// What the network feels of it.
    fn outage(&self) -> Option<String> {
        let count = self.devices.iter().filter(|d| d.steps.iter().any(gate::reloads)).count();
        (count > 0)
            .then(|| format!("{count} devices reload once each; one that reloads forwards nothing until it is back"))
    }

    /// The plan as plain text, for a terminal or a ticket.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let g = &self.goal;
        let _ = writeln!(out, "Plan {}", self.digest().map(|d| d.to_string()).unwrap_or_default());
        let _ = writeln!(out, "Goal: {} ({} bytes), version {}", g.file_name, g.bytes, g.version);
        let (devices, refused) = (self.devices.len(), self.refused.len());
        let _ = writeln!(out, "Devices: {devices}, and {refused} left out");
        if let Some(outage) = self.outage() {
            let _ = writeln!(out, "Outage: {outage}");
        }
        let _ = writeln!(out, "\nSettings");
        for (name, value) in settings(&self.policy) {
            let _ = writeln!(out, "  {name:<20} {value}");
        }
        for line in &self.devices {
            let from = line.expects.version.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
            let _ = writeln!(out, "\n{} ({}, {from} -> {})", line.device.id, line.device.at, g.version);
            if line.steps.is_empty() {
                let _ = writeln!(out, "  runs it already");
            }
            for (i, step) in line.steps.iter().enumerate() {
                let _ = writeln!(out, "  {}. {}{}", i + 1, step.title, self.held(step));
                for r in &step.requires {
                    let _ = writeln!(out, "       before: {r}");
                }
                for p in self.predicted(step) {
                    let _ = writeln!(out, "       takes:  {p}");
                }
                for e in &step.ensures {
                    let _ = writeln!(out, "       after:  {e}");
                }
            }
            for f in &line.findings {
                let accepted = if f.accepted { " (accepted)" } else { "" };
                let _ = writeln!(out, "  note: {f}{accepted}");
            }
        }
        for r in &self.refused {
            let _ = writeln!(out, "\n{} is left out", r.device);
            for f in &r.findings {
                let _ = writeln!(out, "  {f}");
                if let Some(remedy) = &f.remedy {
                    let _ = writeln!(out, "      remedy: {remedy}");
                }
            }
        }
        out
    }

    /// The plan as a fragment of HTML, without scripts.
    #[must_use]
    pub fn html(&self) -> String {
        let mut h = Html::new("swim-plan");
        h.heading(&format!("Plan for {} ({})", self.goal.file_name, self.goal.version));
        h.paragraph(&format!("approve with {}", self.digest().map(|d| d.to_string()).unwrap_or_default()));
        if let Some(outage) = self.outage() {
            h.paragraph(&outage);
        }
        let shown: Vec<_> = settings(&self.policy).iter().map(|(n, v)| vec![escape(n), escape(v)]).collect();
        h.table(&["setting", "value"], &shown);
        let mut rows = Vec::new();
        for line in &self.devices {
            let steps: String = line.steps.iter().fold(String::new(), |mut list, s| {
                let takes = self.predicted(s).iter().fold(String::new(), |all, p| all + "<br>" + &escape(p));
                let _ = write!(list, "<li>{}{}{takes}</li>", escape(&s.title), escape(&self.held(s)));
                list
            });
            let from = line.expects.version.as_ref().map(ToString::to_string).unwrap_or_default();
            rows.push(vec![escape(line.device.id.as_str()), escape(&from), format!("<ol>{steps}</ol>")]);
        }
        for r in &self.refused {
            let why: Vec<_> = r.findings.iter().map(|f| escape(&f.to_string())).collect();
            rows.push(vec![escape(r.device.as_str()), String::new(), format!("left out: {}", why.join("<br>"))]);
        }
        h.table(&["device", "runs", "steps"], &rows);
        h.finish()
    }
}
