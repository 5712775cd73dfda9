//! Does a device have the latest image?

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Criterion, Judged, Relation};
use super::{Recommendation, Settings};
use crate::model::DeviceId;
use crate::ports::JobId;
use crate::{Error, ErrorRecord};

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IsLatest {
    /// Nothing that it may run is newer.
    Yes,
    /// Something newer is there for it.
    No,
    /// It cannot be told.
    Unknown,
}

/// Does this device have the latest image? Of what was looked at, and never by a guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HasLatest {
    /// Which device.
    pub device: DeviceId,
    /// What it runs, in the normal spelling.
    pub running: Option<String>,
    /// When the device said so: what was done to it since is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The job that read it then; absent when the device was inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of_job: Option<JobId>,
    /// The answer.
    pub latest: IsLatest,
    /// Why, in one sentence.
    pub why: String,
    /// What is held against the running release itself: deferred, withdrawn, or in quarantine. It may be the latest all the same.
    #[serde(default)]
    pub against: Vec<String>,
    /// What is newer and may be recommended, the best one first.
    pub newer: Vec<Judged>,
    /// What is newer and was left out, each with why.
    pub left_out: Vec<Judged>,
    /// Why nothing could be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

impl HasLatest {
    /// The settings to recommend by for this question: what is lower must be seen as well.
    #[must_use]
    pub const fn settings(settings: Settings) -> Settings {
        Settings { higher_than_current: false, ..settings }
    }

    /// Reads the answer out of a recommendation by [`HasLatest::settings`].
    ///
    /// *No* needs an image for this hardware that is newer than the running one, be it over a step in between. *Yes*
    /// needs that everything for this hardware can be compared with the running version, that nothing is newer, and
    /// that what was asked for was looked at: where catalogues are included, one of them must have an image for this
    /// device.
    ///
    /// What is held against the running release is in `against`, and in the sentence, whatever the answer is.
    #[must_use]
    pub fn of(recommendation: Recommendation) -> Self {
        let Recommendation { device, as_of, as_of_job, answer, error } = recommendation;
        let Answer { running, settings, recommended, dropped, .. } = &*answer;
        if let Some(error) = error {
            let why = error.message.clone();
            return Self {
                device,
                running: None,
                as_of,
                as_of_job,
                latest: IsLatest::Unknown,
                why,
                against: Vec::new(),
                newer: Vec::new(),
                left_out: Vec::new(),
                error: Some(error),
            };
        }
        let (latest, why) = told(running.version.as_deref(), *settings, recommended, dropped);
        let against = against_running(dropped);
        let why = match against.as_slice() {
            [] => why,
            held => format!("{why}; but of the running release: {}", held.join("; ")),
        };
        let newer = |list: &[Judged]| list.iter().filter(|one| one.relation == Relation::Newer).cloned().collect();
        Self {
            device,
            running: running.version.clone(),
            as_of,
            as_of_job,
            latest,
            why,
            against,
            newer: newer(recommended),
            left_out: newer(dropped),
            error: None,
        }
    }

    /// Nothing could be looked at.
    #[must_use]
    pub fn failed(device: DeviceId, settings: Settings, error: &Error) -> Self {
        Self::of(Recommendation::failed(device, settings, error))
    }
}

/// What is held against images of the running release for this hardware, each once.
pub(super) fn against_running(dropped: &[Judged]) -> Vec<String> {
    let runs = dropped.iter().filter(|one| one.relation == Relation::Same && one.is_for_this_hardware());
    let mut out: Vec<String> = Vec::new();
    for one in runs {
        for line in one.reasons().filter(|line| line.criterion == Criterion::Source) {
            let said = format!("{} ({})", line.why, one.file_name);
            if !out.contains(&said) {
                out.push(said);
            }
        }
    }
    out
}

fn told(running: Option<&str>, settings: Settings, recommended: &[Judged], dropped: &[Judged]) -> (IsLatest, String) {
    let unknown = |why: String| (IsLatest::Unknown, why);
    let Some(running) = running else { return unknown("the running version is not known".to_owned()) };
    let all = |relation| recommended.iter().filter(move |one| one.relation == relation);
    if let Some(best) = all(Relation::Newer).find(|one| one.is_for_this_hardware()) {
        let version = best.version.as_deref().unwrap_or_default();
        return (IsLatest::No, format!("{version} ({}) is newer than {running}", best.file_name));
    }
    let later = |one: &&Judged| one.relation == Relation::Newer && one.is_reached_later();
    if let Some(one) = dropped.iter().find(later).filter(|one| one.is_for_this_hardware()) {
        let version = one.version.as_deref().unwrap_or_default();
        let why = format!("{version} ({}) is newer than {running}, and not reached at once", one.file_name);
        return (IsLatest::No, why);
    }
    if let Some(one) = all(Relation::Newer).next() {
        return unknown(format!("{} is newer, but whether it is for this hardware is not known", one.file_name));
    }
    if let Some(one) = all(Relation::None).next() {
        let version = one.version.as_deref().unwrap_or_default();
        return unknown(format!("{version} ({}) and {running} are of trains that have no order", one.file_name));
    }
    if let Some(one) = dropped.iter().find(|one| one.version.is_none() && one.is_for_this_hardware()) {
        return unknown(format!("{} is for this hardware, and its version is not known", one.file_name));
    }
    if recommended.is_empty() {
        return unknown("no source has an image that this device may run".to_owned());
    }
    let in_catalogue = recommended.iter().chain(dropped).any(|one| !one.catalogues.is_empty());
    if settings.include_catalogue && !in_catalogue {
        let why = "nothing in the repository is newer, and no catalogue has an image for this device";
        return unknown(format!("{why} (without include_catalogue the repository alone is asked)"));
    }
    let nothing = if settings.include_catalogue {
        "neither repository nor catalogue has anything newer than"
    } else {
        "the repository has nothing newer than"
    };
    let left_out = dropped.iter().filter(|one| one.relation == Relation::Newer).count();
    let besides = if left_out > 0 { format!(", besides {left_out} that are left out") } else { String::new() };
    (IsLatest::Yes, format!("{nothing} {running} for it{besides}"))
}
