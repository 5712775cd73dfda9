//! A plan as text and as HTML.

use std::fmt::Write as _;

use super::Plan;
use crate::analysis::html::{Html, escape};

impl Plan {
    /// The plan as plain text, for a terminal or a ticket.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let g = &self.goal;
        let _ = writeln!(out, "Plan {}", self.digest().map(|d| d.to_string()).unwrap_or_default());
        let _ = writeln!(out, "Goal: {} ({} bytes), version {}", g.file_name, g.bytes, g.version);
        for line in &self.devices {
            let from = line.expects.version.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
            let _ = writeln!(out, "\n{} ({}, {from} -> {})", line.device.id, line.device.at, g.version);
            if line.steps.is_empty() {
                let _ = writeln!(out, "  runs it already");
            }
            for (i, step) in line.steps.iter().enumerate() {
                let held = if step.held { " [held until somebody commits]" } else { "" };
                let _ = writeln!(out, "  {}. {}{held}", i + 1, step.title);
                for r in &step.requires {
                    let _ = writeln!(out, "       before: {r}");
                }
                for e in &step.ensures {
                    let _ = writeln!(out, "       after:  {e}");
                }
            }
            for f in &line.findings {
                let _ = writeln!(out, "  note: {}: {}", f.code, f.message);
            }
        }
        for r in &self.refused {
            let _ = writeln!(out, "\n{} is left out", r.device);
            for f in &r.findings {
                let _ = writeln!(out, "  {}: {}", f.code, f.message);
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
        let mut rows = Vec::new();
        for line in &self.devices {
            let steps: String = line.steps.iter().fold(String::new(), |mut list, s| {
                let _ = write!(list, "<li>{}</li>", escape(&s.title));
                list
            });
            let from = line.expects.version.as_ref().map(ToString::to_string).unwrap_or_default();
            rows.push(vec![escape(line.device.id.as_str()), escape(&from), format!("<ol>{steps}</ol>")]);
        }
        for r in &self.refused {
            let why: Vec<_> = r.findings.iter().map(|f| escape(&f.message)).collect();
            rows.push(vec![escape(r.device.as_str()), String::new(), format!("left out: {}", why.join("<br>"))]);
        }
        h.table(&["device", "runs", "steps"], &rows);
        h.finish()
    }
}
