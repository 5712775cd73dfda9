//! Versions and image names against the corpus. Absent is allowed, wrong is not.

use std::cmp::Ordering;
use std::path::Path;

use swim_core::image::parse_filename;
use swim_core::version::{Scheme, Version, compare};

/// How one set went.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The name of the file.
    pub(crate) set: &'static str,
    /// Fields or pairs that are as expected.
    pub(crate) matched: usize,
    /// All fields or pairs.
    pub(crate) total: usize,
    /// What was answered, and is not so.
    pub(crate) wrong: Vec<String>,
}

/// Runs every set below the corpus folder; `None` when the corpus is not present.
pub(crate) fn run(corpus: &Path) -> Option<Vec<Outcome>> {
    let outcomes = vec![
        pairs(corpus, "versions.csv", |p, a, b| {
            let there = compare(p, a, b).ok()??;
            let back = compare(p, b, a).ok()??;
            Some(there == Ordering::Less && back == Ordering::Greater)
        })?,
        pairs(corpus, "versions_equal.csv", |p, a, b| Some(compare(p, a, b).ok()?? == Ordering::Equal))?,
        pairs(corpus, "versions_incomparable.csv", |p, a, b| Some(compare(p, a, b).ok()?.is_none()))?,
        dual(corpus)?,
        filenames(corpus)?,
    ];
    for outcome in &outcomes {
        println!(
            "{} matched {} of {} fields, {} wrong",
            outcome.set,
            outcome.matched,
            outcome.total,
            outcome.wrong.len()
        );
    }
    Some(outcomes)
}

fn rows(corpus: &Path, file: &str) -> Option<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(corpus.join(file)).ok()?;
    Some(text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect())
}

/// Only the platforms whose grammar is known.
fn pairs(corpus: &Path, set: &'static str, holds: fn(&str, &str, &str) -> Option<bool>) -> Option<Outcome> {
    let mut outcome = Outcome { set, matched: 0, total: 0, wrong: Vec::new() };
    for row in rows(corpus, set)?.iter().filter(|row| row.len() >= 3 && Scheme::of_platform(&row[0]).is_ok()) {
        outcome.total += 1;
        match holds(&row[0], &row[1], &row[2]) {
            Some(true) => outcome.matched += 1,
            _ => outcome.wrong.push(row.join(",")),
        }
    }
    Some(outcome)
}

fn dual(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome { set: "dual_numbering.csv", matched: 0, total: 0, wrong: Vec::new() };
    for row in rows(corpus, outcome.set)? {
        outcome.total += 1;
        let answer = Version::parse(Scheme::IosXe, &row[0]).ok().and_then(|v| v.ios_counterpart()).map(|v| v.normal());
        match answer {
            Some(text) if text == row[1] => outcome.matched += 1,
            Some(text) => outcome.wrong.push(format!("{}: {text}", row.join(","))),
            None => {}
        }
    }
    Some(outcome)
}

fn filenames(corpus: &Path) -> Option<Outcome> {
    let mut outcome = Outcome { set: "filenames.csv", matched: 0, total: 0, wrong: Vec::new() };
    for row in rows(corpus, outcome.set)?.iter().filter(|row| row.len() >= 8) {
        let facts = parse_filename(&row[0]);
        let k9 = facts.k9.map(|k9| if k9 { "yes" } else { "no" }.to_owned());
        let fields =
            [facts.platform, facts.family, facts.version, facts.feature_set, k9, facts.image_type, facts.alt_version];
        let known = matches!(row[1].as_str(), "ios" | "iosxe" | "rommon");
        for (column, (expected, answer)) in row[1..8].iter().zip(&fields).enumerate() {
            // Rows of platforms that are not read count only when something is claimed.
            if known || answer.is_some() {
                outcome.total += 1;
                match answer {
                    Some(answer) if answer == expected => outcome.matched += 1,
                    None if expected.is_empty() => outcome.matched += 1,
                    None => {}
                    Some(answer) => {
                        outcome.wrong.push(format!("{} column {column}: {answer:?} is not {expected:?}", row[0]))
                    }
                }
            }
        }
    }
    Some(outcome)
}
