//! The criteria: what each of them says of a candidate, in words.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use super::Settings;
use super::answer::{Criterion, Judged, Line, Outcome, Relation};
use super::candidate::{Candidate, Status};
use super::shelf::{Shelf, Shelved};
use crate::analysis::{Finding, Severity, Verdict};
use crate::image::{FeatureSet, Image};
use crate::version::Version;

/// What analysis says of a candidate.
#[derive(Clone, Debug)]
pub(super) struct Fitting {
    pub(super) verdict: Verdict,
    /// The family by which it was judged.
    family: Option<String>,
    findings: Vec<Finding>,
}

impl Fitting {
    /// `sized`: is the size of the file known? Without it nothing can be said about the flash.
    pub(super) fn new(image: &Image, mut findings: Vec<Finding>, sized: bool) -> Self {
        if !sized {
            findings.retain(|f| f.code != "flash.too_small" || f.severity == Severity::Blocking);
            findings.push(Finding::new("flash.size_unknown", Severity::Unknown, "the size of the image is not known"));
        }
        findings.retain(|f| f.severity != Severity::Pass);
        let family = image.facts.family.as_ref().map(|family| family.value.to_ascii_lowercase());
        Self { verdict: Verdict::of(&findings), family, findings }
    }

    /// Is it what its name says? Of what only a catalogue has there are no bytes to doubt.
    fn is_proven(&self) -> bool {
        self.findings.iter().all(|finding| finding.code != "image.form_unknown")
    }

    fn words(&self, severity: Severity) -> String {
        let words = self.findings.iter().filter(|f| f.severity == severity).map(ToString::to_string);
        words.collect::<Vec<_>>().join("; ")
    }
}

/// What a device runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Device<'a> {
    pub(super) version: Option<&'a Version>,
    pub(super) feature: Option<&'a FeatureSet>,
}

/// Judges the candidates that are near.
pub(super) fn judge(
    shelf: &Shelf,
    near: &BTreeMap<usize, Fitting>,
    device: &Device<'_>,
    settings: &Settings,
) -> Vec<(usize, Judged)> {
    let shelved = near.iter().filter_map(|(at, fitting)| Some((*at, shelf.all.get(*at)?, fitting)));
    let mut eligible: HashMap<Group<'_>, Vec<Rival<'_>>> = HashMap::new();
    for (_, one, fitting) in shelved.clone() {
        if fitting.verdict != Verdict::Incompatible
            && source(&one.candidate).outcome == Outcome::Met
            && let Some(group) = group(one, fitting)
        {
            eligible.entry(group).or_default().push((one, fitting.is_proven()));
        }
    }
    let judged = shelved.map(|(at, one, fitting)| {
        let rivals = group(one, fitting).and_then(|group| eligible.get(&group)).map_or(&[][..], Vec::as_slice);
        (at, judge_one(one, fitting, device, rivals, settings))
    });
    judged.collect()
}

fn judge_one(
    one: &Shelved,
    fitting: &Fitting,
    device: &Device<'_>,
    rivals: &[Rival<'_>],
    settings: &Settings,
) -> Judged {
    let order = one.version.as_ref().zip(device.version).and_then(|(its, running)| its.relation(running));
    let codes = |severity| {
        let found = fitting.findings.iter().filter(move |f| f.severity == severity);
        found.map(|f| f.code.to_string()).collect()
    };
    Judged {
        file_name: one.candidate.file_name.clone(),
        image: one.candidate.image,
        catalogues: one.candidate.catalogues.clone(),
        version: one.normal.clone(),
        feature_set: one.candidate.facts.feature_set.as_ref().map(|field| field.value.clone()),
        bytes: one.candidate.bytes,
        suggested: one.candidate.suggested,
        verdict: fitting.verdict,
        relation: order.into(),
        unknown: codes(Severity::Unknown),
        blocked: codes(Severity::Blocking),
        explanation: vec![
            source(&one.candidate),
            fit(fitting),
            higher(order, one, device, settings.higher_than_current),
            same_feature(one, device, settings.same_feature),
            latest(one, fitting.is_proven(), rivals, settings.latest_maintenance),
        ],
    }
}

/// A criterion that a setting turns on or off. What is not known does not meet it.
fn asked(criterion: Criterion, on: bool, met: bool, why: String) -> Line {
    let outcome = match (on, met) {
        (false, _) => Outcome::NotAsked,
        (true, true) => Outcome::Met,
        (true, false) => Outcome::NotMet,
    };
    Line::new(criterion, outcome, why)
}

fn source(candidate: &Candidate) -> Line {
    let mut places = Vec::new();
    if candidate.image.is_some() {
        places.push("in the repository".to_owned());
    }
    if !candidate.catalogues.is_empty() {
        places.push(format!("in {}", candidate.catalogues.join(", ")));
    }
    if candidate.suggested {
        places.push("suggested".to_owned());
    }
    let why = candidate.status_why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    let against = match (&candidate.quarantined, candidate.status) {
        (Some(why), _) => Some(format!("it is in quarantine: {why}")),
        (None, Status::Withdrawn) => Some(format!("it was withdrawn{why}")),
        (None, Status::Deferred) => Some(format!("it is deferred{why}")),
        (None, Status::Active) => None,
    };
    match against {
        Some(why) => Line::new(Criterion::Source, Outcome::NotMet, why),
        None => Line::new(Criterion::Source, Outcome::Met, places.join(", ")),
    }
}

fn fit(fitting: &Fitting) -> Line {
    let (outcome, why) = match fitting.verdict {
        Verdict::Incompatible => (Outcome::NotMet, fitting.words(Severity::Blocking)),
        Verdict::Unknown => (Outcome::Unknown, fitting.words(Severity::Unknown)),
        Verdict::CompatibleWithWarnings => (Outcome::Met, fitting.words(Severity::Warning)),
        Verdict::Compatible => (Outcome::Met, "the device may run it".to_owned()),
    };
    Line::new(Criterion::Fit, outcome, why)
}

fn higher(order: Option<Ordering>, one: &Shelved, device: &Device<'_>, on: bool) -> Line {
    let why = match (one.version.as_ref(), device.version) {
        (None, _) => "the version of the image is not known".to_owned(),
        (_, None) => "the running version is not known".to_owned(),
        (Some(its), Some(running)) => match Relation::from(order) {
            Relation::Newer => format!("{} is higher than the running {}", its.normal(), running.normal()),
            Relation::Same => format!("{} is the running release", its.normal()),
            Relation::Older => format!("{} is lower than the running {}", its.normal(), running.normal()),
            Relation::None => {
                format!("{} and the running {} are of trains that have no order", its.normal(), running.normal())
            }
        },
    };
    asked(Criterion::HigherThanCurrent, on, order == Some(Ordering::Greater), why)
}

fn same_feature(one: &Shelved, device: &Device<'_>, on: bool) -> Line {
    let (met, why) = match (&one.feature, device.feature) {
        (None, _) => (false, "the feature set of the image is not known".to_owned()),
        (_, None) => (false, "the feature set of the running image is not known".to_owned()),
        (Some(its), Some(running)) if its == running => (true, format!("{its}, as the running image")),
        (Some(its), Some(running)) if its.same_base(running) => {
            let differs = if its.is_strong() { "with" } else { "without" };
            (true, format!("the set of the running image, but {differs} strong cryptography"))
        }
        (Some(its), Some(running)) => (false, format!("it has {its}, the running image has {running}")),
    };
    asked(Criterion::SameFeature, on, met, why)
}

/// Images of which one may be a later maintenance version of the other: one platform, one family, one set, one major
/// release. Cryptography makes no other set.
type Group<'a> = (Option<&'a str>, Option<&'a str>, Option<String>, String);

fn group<'a>(one: &'a Shelved, fitting: &'a Fitting) -> Option<Group<'a>> {
    let facts = &one.candidate.facts;
    let version = one.version.as_ref()?;
    let platform = facts.platform.as_ref().map(|field| field.value.as_str());
    let family = fitting.family.as_deref();
    Some((platform, family, one.feature.as_ref().map(FeatureSet::without_cryptography), version.group()))
}

/// A candidate that may take the place of others, and whether it is proven to be what its name says.
type Rival<'a> = (&'a Shelved, bool);

fn latest(one: &Shelved, is_proven: bool, rivals: &[Rival<'_>], on: bool) -> Line {
    let Some(version) = &one.version else {
        let why = "the version of the image is not known".to_owned();
        return asked(Criterion::LatestMaintenance, on, false, why);
    };
    let strong = |s: &Shelved| s.feature.as_ref().is_some_and(FeatureSet::is_strong);
    // An image without strong cryptography does not replace one that has it.
    let later = rivals.iter().filter(|(rival, _)| {
        let order = rival.version.as_ref().and_then(|its| its.compare(version));
        order == Some(Ordering::Greater) && (strong(rival) || !strong(one))
    });
    let newest = |of: &mut dyn Iterator<Item = &Rival<'_>>| {
        of.min_by_key(|(rival, _)| (rival.newer, rival.candidate.file_name.clone()))
            .map(|(rival, _)| rival.candidate.file_name.clone())
    };
    let group = version.group();
    // Nor does a file that perhaps is no image at all replace one that is.
    let proven = |rival: &&Rival<'_>| rival.1 || !is_proven;
    if let Some(rival) = newest(&mut later.clone().filter(proven)) {
        return asked(Criterion::LatestMaintenance, on, false, format!("{rival} is a later one of {group}"));
    }
    let why = match newest(&mut later.clone()) {
        Some(rival) => format!("the latest of {group} that is proven to be an image; {rival} calls itself later"),
        None => format!("the latest of {group}"),
    };
    asked(Criterion::LatestMaintenance, on, true, why)
}
