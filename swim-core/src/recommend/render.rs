//! Recommendations as text and as HTML.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::answer::{Judged, Line, Outcome, Recommendation};
use super::latest::{HasLatest, IsLatest};
use crate::analysis::Verdict;
use crate::analysis::html::{Html, escape};
use crate::ports::JobId;

/// Digits of an id that are shown: enough that no two images of any repository share them.
const SHOWN: usize = 12;

impl Recommendation {
    /// As plain text, with every line of every explanation.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("Recommendation for {}\n", self.title());
        if let Some(error) = &self.error {
            let _ = writeln!(out, "  none: {}", error.message);
            return out;
        }
        if let Some(known) = as_of(self.as_of, self.as_of_job.as_ref()) {
            let _ = writeln!(out, "  {known}");
        }
        let answer = &self.answer;
        for (n, one) in answer.recommended.iter().enumerate() {
            let _ = writeln!(out, "\n  {}. {}", n + 1, heading(one));
            one.explanation.iter().for_each(|line| _ = writeln!(out, "       {}", told(line)));
        }
        if answer.recommended.is_empty() {
            out.push_str("\n  nothing is recommended\n");
        }
        if !answer.dropped.is_empty() {
            out.push_str("\n  left out:\n");
        }
        for one in &answer.dropped {
            let _ = writeln!(out, "  - {}", heading(one));
            one.reasons().for_each(|line| _ = writeln!(out, "       {}", told(line)));
        }
        let elsewhere = answer.elsewhere.iter().map(|e| format!("for other devices: {} ({})", e.candidates, e.message));
        for note in elsewhere.chain(answer.notes.iter().cloned()) {
            let _ = writeln!(out, "\n  {note}");
        }
        out
    }

    /// As a fragment of HTML, without scripts.
    #[must_use]
    pub fn html(&self) -> String {
        let mut h = Html::new("swim-recommendation");
        h.heading(&format!("Recommendation for {}", self.title()));
        if let Some(error) = &self.error {
            h.paragraph(&error.message);
            return h.finish();
        }
        if let Some(known) = as_of(self.as_of, self.as_of_job.as_ref()) {
            h.paragraph(&known);
        }
        let answer = &self.answer;
        let recommended = answer.recommended.iter().enumerate().map(|(n, one)| row(&(n + 1).to_string(), one));
        let dropped = answer.dropped.iter().map(|one| row("left out", one));
        let rows: Vec<_> = recommended.chain(dropped).collect();
        if answer.recommended.is_empty() {
            h.paragraph("Nothing is recommended.");
        }
        if !rows.is_empty() {
            h.table(&["", "image", "version", "may run", "why"], &rows);
        }
        for e in &answer.elsewhere {
            h.paragraph(&format!("For other devices: {} ({}).", e.candidates, e.message));
        }
        answer.notes.iter().for_each(|note| h.paragraph(note));
        h.finish()
    }

    fn title(&self) -> String {
        let running = &self.answer.running;
        let own = running.said.as_ref().filter(|own| Some(*own) != running.version.as_ref());
        let own = own.map(|own| format!(" ({own})")).unwrap_or_default();
        let version = running.version.as_ref().map(|version| format!("{version}{own}"));
        match (&version, &running.feature_set) {
            (Some(version), Some(set)) => format!("{} (runs {version}, {set})", self.device),
            (Some(version), None) => format!("{} (runs {version})", self.device),
            (None, _) => self.device.to_string(),
        }
    }
}

impl HasLatest {
    /// As plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{}: {}: {}\n", self.device, self.word(), self.why);
        if let Some(known) = as_of(self.as_of, self.as_of_job.as_ref()) {
            let _ = writeln!(out, "  {known}");
        }
        for one in &self.newer {
            let _ = writeln!(out, "  newer: {}", heading(one));
        }
        for one in &self.left_out {
            let why: Vec<_> = one.reasons().map(|line| line.why.as_str()).collect();
            let _ = writeln!(out, "  newer, but left out: {}: {}", heading(one), why.join("; "));
        }
        out
    }

    /// As a fragment of HTML, without scripts.
    #[must_use]
    pub fn html(&self) -> String {
        let mut h = Html::new("swim-latest");
        h.heading(&format!("Does {} have the latest? {}", self.device, self.word()));
        h.paragraph(&self.why);
        if let Some(known) = as_of(self.as_of, self.as_of_job.as_ref()) {
            h.paragraph(&known);
        }
        let newer = self.newer.iter().map(|one| row("newer", one));
        let rows: Vec<_> = newer.chain(self.left_out.iter().map(|one| row("left out", one))).collect();
        if !rows.is_empty() {
            h.table(&["", "image", "version", "may run", "why"], &rows);
        }
        h.finish()
    }

    const fn word(&self) -> &'static str {
        match self.latest {
            IsLatest::Yes => "yes",
            IsLatest::No => "no",
            IsLatest::Unknown => "unknown",
        }
    }
}

fn heading(one: &Judged) -> String {
    let version = one.version.as_deref().unwrap_or("version unknown");
    let suggested = if one.suggested { ", suggested" } else { "" };
    format!("{} [{}] ({version}{suggested}): {}", one.file_name, file(one), one.verdict)
}

/// What tells it from another file of the same name: the beginning of its id, which finds it again, and its size.
fn file(one: &Judged) -> String {
    let place = match one.image {
        Some(image) => Some(image.to_string().chars().take(SHOWN).collect()),
        None => (!one.catalogues.is_empty()).then(|| format!("only in {}", one.catalogues.join(", "))),
    };
    let bytes = one.bytes.map_or_else(|| "size unknown".to_owned(), |bytes| format!("{bytes} bytes"));
    place.into_iter().chain([bytes]).collect::<Vec<_>>().join(", ")
}

/// Whose words these are, and of when.
fn as_of(at: Option<Timestamp>, job: Option<&JobId>) -> Option<String> {
    let at = at?;
    let by = job.map(|job| format!(", when job {job} read it")).unwrap_or_default();
    Some(format!("as the device said at {at:.0}{by}"))
}

fn told(line: &Line) -> String {
    let shown = match line.outcome {
        Outcome::Met => String::new(),
        other => format!(" ({other})"),
    };
    format!("{}{shown}: {}", line.criterion, line.why)
}

fn row(place: &str, one: &Judged) -> Vec<String> {
    let class = match one.verdict {
        Verdict::Incompatible => "bad",
        Verdict::Unknown => "unknown",
        _ => "good",
    };
    let lines = one.explanation.iter().fold(String::new(), |mut list, line| {
        let text = escape(&told(line));
        let _ = match line.outcome {
            Outcome::NotMet => write!(list, "<li><b>{text}</b></li>"),
            _ => write!(list, "<li>{text}</li>"),
        };
        list
    });
    vec![
        escape(place),
        format!("{}<br>{}", escape(&one.file_name), escape(&file(one))),
        escape(one.version.as_deref().unwrap_or("unknown")),
        format!("<td class=\"{class}\">{}</td>", escape(&one.verdict.to_string())),
        format!("<ul>{lines}</ul>"),
    ]
}
