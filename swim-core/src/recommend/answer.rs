//! What recommendation answers.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::analysis::Verdict;
use crate::model::{DeviceId, Sha256};
use crate::ports::JobId;
use crate::{Error, ErrorRecord};

/// What a candidate is judged by. One line of its explanation each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Criterion {
    /// Where it is, and whether its use is advised against.
    Source,
    /// May the device run it?
    Fit,
    /// `higher_than_current`.
    HigherThanCurrent,
    /// `same_feature`.
    SameFeature,
    /// `latest_maintenance`.
    LatestMaintenance,
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Fit => "fit",
            Self::HigherThanCurrent => "higher than current",
            Self::SameFeature => "same feature",
            Self::LatestMaintenance => "latest maintenance",
        })
    }
}

/// What a criterion says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It is met.
    Met,
    /// It is not met: the candidate is dropped.
    NotMet,
    /// A fact is missing: the candidate is kept, and marked.
    Unknown,
    /// The setting is off: the line only informs.
    NotAsked,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "yes",
            Self::NotMet => "no",
            Self::Unknown => "unknown",
            Self::NotAsked => "not asked",
        })
    }
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Line {
    /// By which criterion.
    pub criterion: Criterion,
    /// What it says.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub why: String,
}

impl Line {
    pub(super) fn new(criterion: Criterion, outcome: Outcome, why: impl Into<String>) -> Self {
        Self { criterion, outcome, why: why.into() }
    }
}

/// How the version of a candidate stands to the running one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Relation {
    /// It is newer.
    Newer,
    /// It is the running release.
    Same,
    /// It is older.
    Older,
    /// The two have no order, or one of them is not known.
    None,
}

impl From<Option<Ordering>> for Relation {
    fn from(order: Option<Ordering>) -> Self {
        match order {
            Some(Ordering::Greater) => Self::Newer,
            Some(Ordering::Equal) => Self::Same,
            Some(Ordering::Less) => Self::Older,
            None => Self::None,
        }
    }
}

/// A candidate, judged for a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Judged {
    /// Its file name.
    pub file_name: String,
    /// Its address, when the repository has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Sha256>,
    /// The catalogues that name it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogues: Vec<String>,
    /// Its version in the normal spelling, where known.
    pub version: Option<String>,
    /// Its feature set as it is written, where known.
    pub feature_set: Option<String>,
    /// Its size, where known.
    pub bytes: Option<u64>,
    /// Does a catalogue suggest it?
    pub suggested: bool,
    /// May the device run it, as analysis says; rules about the moment (unsaved configuration, free flash) are not asked.
    pub verdict: Verdict,
    /// How its version stands to the running one.
    pub relation: Relation,
    /// Codes of the findings that are *unknown*.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// Codes of the findings that block it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<String>,
    /// One line a criterion.
    pub explanation: Vec<Line>,
}

impl Judged {
    /// Why it was dropped: the lines that are not met. Empty for a recommended candidate.
    pub fn reasons(&self) -> impl Iterator<Item = &Line> {
        self.explanation.iter().filter(|line| line.outcome == Outcome::NotMet)
    }

    /// Is it known to be made for this hardware?
    #[must_use]
    pub fn is_for_this_hardware(&self) -> bool {
        !self.unknown.iter().any(|code| code.starts_with("family."))
    }

    /// Was it dropped for nothing but the way to it: may the device run it after a step in between?
    #[must_use]
    pub fn is_reached_later(&self) -> bool {
        let by_path = self.blocked.iter().all(|code| code.starts_with("path."));
        !self.blocked.is_empty() && by_path && self.reasons().all(|line| line.criterion == Criterion::Fit)
    }
}

/// Candidates that are for other devices, counted by what analysis says of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Elsewhere {
    /// The code of the finding.
    pub code: String,
    /// Its sentence.
    pub message: String,
    /// How many.
    pub candidates: usize,
}

/// The software that a device runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Running {
    /// Its version in the normal spelling.
    pub version: Option<String>,
    /// The same as the device writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Its feature set in words, where it can be told.
    pub feature_set: Option<String>,
}

/// The recommendation for every device of one kind: same hardware, same software.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Answer {
    /// What the device runs.
    pub running: Running,
    /// By which settings.
    pub settings: Settings,
    /// The candidates that are recommended, the best one first.
    pub recommended: Vec<Judged>,
    /// The others that are for this hardware, or may be; each has a line that is not met.
    pub dropped: Vec<Judged>,
    /// What is for other devices.
    pub elsewhere: Vec<Elsewhere>,
    /// What must be known to read this rightly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What is recommended for a device, or why nothing can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Recommendation {
    /// Which device.
    pub device: DeviceId,
    /// When the device said what it is and runs: what was done to it since is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The job that read it then; absent when the device was inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of_job: Option<JobId>,
    /// The answer, shared by the devices of one kind; empty when there is an error.
    #[serde(flatten, with = "shared")]
    pub answer: Arc<Answer>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

impl Recommendation {
    /// An answer for a device.
    #[must_use]
    pub fn new(device: DeviceId, answer: Answer) -> Self {
        Self { device, as_of: None, as_of_job: None, answer: Arc::new(answer), error: None }
    }

    /// No answer for a device.
    #[must_use]
    pub fn failed(device: DeviceId, settings: Settings, error: &Error) -> Self {
        let answer = Answer { settings, ..Answer::default() };
        Self { device, as_of: None, as_of_job: None, answer: Arc::new(answer), error: Some(error.record()) }
    }

    /// The best candidate, when there is one.
    #[must_use]
    pub fn best(&self) -> Option<&Judged> {
        self.answer.recommended.first()
    }
}

/// What is shared is written as if each had its own.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Answer;

    pub(super) fn serialize<S: Serializer>(answer: &Arc<Answer>, to: S) -> Result<S::Ok, S::Error> {
        answer.as_ref().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Answer>, D::Error> {
        Answer::deserialize(from).map(Arc::new)
    }
}
