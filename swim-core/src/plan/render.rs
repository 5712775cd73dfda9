//! A plan as text and as HTML.

use std::fmt::Write as _;

use super::Plan;
use super::settings::settings;
use crate::analysis::html::{Html, escape};
use crate::job::gate;
use crate::model::Direction;
use crate::platform::{StepKind, StepSpec};
use crate::version::Version;

/// From where a copy comes, what is tried in which order, and how long each of it will take.
fn ways(step: &StepSpec) -> Vec<(&'static str, String)> {
    let StepKind::Transfer { transfers, from, predicted, .. } = &step.kind else {
        return Vec::new();
    };
    let mut out: Vec<_> = from.iter().map(|source| ("from:", source.to_string())).collect();
    for (protocol, direction) in transfers {
        let place = match (direction, from) {
            (Direction::Pull, Some(source)) => format!(" from {}", source.of_pull(*protocol)),
            (Direction::Push, _) => " by us".to_owned(),
            _ => String::new(),
        };
        let mine = predicted.iter().find(|p| (p.protocol, p.direction) == (*protocol, *direction));
        let takes = mine.map(|p| format!(": about {} s ({})", p.seconds, p.because)).unwrap_or_default();
        out.push(("tries:", format!("{protocol} {direction}{place}{takes}")));
    }
    out
}

impl Plan {
    /// What a held step means, where the device does not wait for ever.
    fn held(&self, step: &StepSpec) -> String {
        if !step.held {
            return String::new();
        }
        let minutes = self.policy.auto_abort_minutes;
        format!(" [held until somebody commits: within {minutes} minutes of the activation, or the device goes back]")
    }

    /// What the network feels of it.
    fn outage(&self) -> Option<String> {
        let count = self.devices.iter().filter(|d| d.steps.iter().any(gate::reloads)).count();
        match count {
            0 => None,
            1 => Some("1 device reloads once; it forwards nothing until it is back".to_owned()),
            _ => Some(format!("{count} devices reload once each; one that reloads forwards nothing until it is back")),
        }
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
            let from = line.expects.version.as_ref().map_or_else(|| "?".to_owned(), Version::with_own_words);
            let _ = writeln!(out, "\n{} ({}, {from} -> {})", line.device.id, line.device.at, g.version);
            if line.steps.is_empty() {
                let _ = writeln!(out, "  runs it already");
            }
            for (i, step) in line.steps.iter().enumerate() {
                let _ = writeln!(out, "  {}. {}{}", i + 1, step.title, self.held(step));
                for r in &step.requires {
                    let _ = writeln!(out, "       before: {r}");
                }
                for (what, how) in ways(step) {
                    let _ = writeln!(out, "       {what:<7} {how}");
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
                let ways =
                    ways(s).iter().fold(String::new(), |all, (what, how)| format!("{all}<br>{what} {}", escape(how)));
                let _ = write!(list, "<li>{}{}{ways}</li>", escape(&s.title), escape(&self.held(s)));
                list
            });
            let from = line.expects.version.as_ref().map(Version::with_own_words).unwrap_or_default();
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
