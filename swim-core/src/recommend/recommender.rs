//! Recommending: every candidate judged for a device, the good ones in an order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::answer::{Answer, Elsewhere, Judged, Recommendation, Running};
use super::candidate::Candidate;
use super::criteria::{self, Device as Criteria, Fitting};
use super::latest::against_running;
use super::shelf::{Shelf, Shelved};
use super::{Settings, supported};
use crate::analysis::{Finding, Knowledge, RunningSoftware, Severity, Subject, judge_fit};
use crate::image::Image;
use crate::model::{BootState, Device, DeviceId, Endpoint, HostKeyPolicy, Inventory, Login, Member, Policy};
use crate::platform::Definition;
use crate::{Error, Result};

/// Answers that are kept. Networks have some hundred kinds of devices; an answer takes some ten kilobytes.
const KEPT: usize = 1024;

/// How much of an answer is written out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What is for other hardware is counted only.
    #[default]
    Near,
    /// Every candidate is listed with its explanation.
    All,
}

/// Recommends for one device after another. Candidates are prepared once, and devices of one kind (same hardware, same
/// software) get the same answer, which is worked out once.
///
/// The order of what is recommended: what may run for certain before what is *unknown*, what a catalogue suggests before
/// the rest, newer before older, what the repository has before what must be downloaded, then by file name. Versions of
/// trains without an order stand by how many releases are newer than each.
#[derive(Debug)]
pub struct Recommender {
    shelf: Shelf,
    settings: Settings,
    detail: Detail,
    policy: Policy,
    answers: HashMap<String, Arc<Answer>>,
}

impl Recommender {
    /// Prepares the candidates. The same file from several sources is one candidate.
    #[must_use]
    pub fn new(candidates: Vec<Candidate>, settings: Settings, detail: Detail) -> Self {
        // Whether older images are considered is a setting of its own.
        let policy = Policy { allow_downgrade: true, ..Policy::default() };
        Self { shelf: Shelf::new(candidates, &settings), settings, detail, policy, answers: HashMap::new() }
    }

    /// The recommendation for a device, by what it said of itself last.
    ///
    /// # Errors
    /// `Unsupported` for platforms that have no recommendation.
    pub fn recommend(&mut self, device: &Device, inventory: &Inventory, of: &Definition) -> Result<Recommendation> {
        let answer = self.answer(device, inventory, of)?;
        let (device, as_of, as_of_job) = (device.id.clone(), Some(inventory.taken), inventory.job.clone());
        Ok(Recommendation { device, as_of, as_of_job, answer, error: None })
    }

    fn answer(&mut self, device: &Device, inventory: &Inventory, of: &Definition) -> Result<Arc<Answer>> {
        supported(&device.platform)?;
        let (device, inventory) = (any_of_kind(device)?, of_kind(inventory)?);
        let kind = serde_json::to_string(&(&device.platform, &inventory))
            .map_err(|e| Error::internal("recommend", "an inventory has no JSON form").caused_by(e))?;
        if let Some(known) = self.answers.get(&kind) {
            return Ok(Arc::clone(known));
        }
        let answer = Arc::new(self.work_out(&device, &inventory, of));
        if self.answers.len() >= KEPT {
            self.answers.clear();
        }
        self.answers.insert(kind, Arc::clone(&answer));
        Ok(answer)
    }

    /// How many images of the repository there are, and how many that only catalogues have.
    #[must_use]
    pub fn considered(&self) -> (usize, usize) {
        let only = self.shelf.all.iter().filter(|one| one.candidate.only_in_catalogue()).count();
        (self.shelf.all.len() - only, only)
    }

    fn work_out(&self, device: &Device, inventory: &Inventory, of: &Definition) -> Answer {
        let judged = |image: &Image, knowledge: &Knowledge, finish: bool| {
            let subject = Subject { image, device, inventory, definition: of, policy: &self.policy, knowledge };
            let mut findings = judge_fit(&subject);
            if finish {
                in_all(&mut findings, inventory);
                older(&mut findings);
            }
            findings
        };
        let mut near: BTreeMap<usize, Fitting> = BTreeMap::new();
        // What is held against a candidate for other devices, by its place in `held`.
        let mut far: BTreeMap<usize, usize> = BTreeMap::new();
        let mut held: Vec<Finding> = Vec::new();
        for bucket in &self.shelf.buckets {
            match against(judged(&bucket.likeness, Knowledge::NONE, false)) {
                Some(finding) if self.detail == Detail::Near => {
                    bucket.members.iter().for_each(|(at, _)| _ = far.entry(*at).or_insert(held.len()));
                    held.push(finding);
                }
                _ => {
                    for (at, image) in &bucket.members {
                        let Some(Shelved { candidate, .. }) = self.shelf.all.get(*at) else { continue };
                        let told = judged(image, &known_of(candidate), true);
                        let fitting = Fitting::new(image, told, candidate.bytes.is_some());
                        // Of several families the one that fits best counts.
                        match near.get(at) {
                            Some(known) if known.verdict <= fitting.verdict => {}
                            _ => _ = near.insert(*at, fitting),
                        }
                    }
                }
            }
        }
        far.retain(|at, _| !near.contains_key(at));
        let feature = RunningSoftware::of(inventory).and_then(|running| running.set);
        let criteria = Criteria { version: inventory.version.as_ref(), feature: feature.as_ref() };
        let mut judged = criteria::judge(&self.shelf, &near, &criteria, &self.settings);
        judged.sort_by_cached_key(|(at, one)| self.place(*at, one));
        let (recommended, dropped): (Vec<_>, Vec<_>) =
            judged.into_iter().map(|(_, one)| one).partition(|one| one.reasons().next().is_none());
        let notes = self.notes(&recommended, &dropped, inventory);
        Answer {
            running: Running {
                version: inventory.version.as_ref().map(ToString::to_string),
                said: inventory.version.as_ref().map(|version| version.as_str().to_owned()),
                feature_set: feature.map(|set| set.to_string()),
            },
            settings: self.settings,
            recommended,
            dropped,
            elsewhere: counted(far.into_values().filter_map(|n| held.get(n))),
            notes,
        }
    }

    /// The place in the order: see [`Recommender`].
    fn place(&self, at: usize, one: &Judged) -> impl Ord + use<> {
        let newer = self.shelf.all.get(at).map_or(usize::MAX, |shelved| shelved.newer);
        let unknown = !one.unknown.is_empty();
        (unknown, !one.suggested, newer, one.image.is_none(), one.file_name.clone(), at)
    }

    fn notes(&self, recommended: &[Judged], dropped: &[Judged], inventory: &Inventory) -> Vec<String> {
        let mut notes = Vec::new();
        if recommended.is_empty() && dropped.is_empty() {
            let whose = inventory.model.as_deref().unwrap_or("this hardware");
            notes.push(format!("no source has an image for {whose}"));
        }
        if self.shelf.left_out > 0 {
            let n = self.shelf.left_out;
            let (images, were) = if n == 1 { ("image", "was") } else { ("images", "were") };
            notes.push(format!(
                "{n} {images} that only catalogues have {were} not considered: include_catalogue is off"
            ));
        }
        notes.extend(against_running(dropped).into_iter().map(|held| format!("of the running release: {held}")));
        notes
    }
}

/// What catalogues hold against it. Whether its use is advised against has words of its own.
fn known_of(candidate: &Candidate) -> Knowledge {
    Knowledge {
        contradictions: candidate.contradictions.clone(),
        paths: candidate.paths.clone(),
        forms: candidate.forms.clone(),
        ..Knowledge::default()
    }
}

/// What analysis holds against all images of a kind: that it is for another platform or other hardware.
fn against(findings: Vec<Finding>) -> Option<Finding> {
    findings.into_iter().find(|f| f.severity == Severity::Blocking && f.code.starts_with("family."))
}

fn counted<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Elsewhere> {
    let mut out: Vec<Elsewhere> = Vec::new();
    for finding in findings {
        match out.iter_mut().find(|known| finding.code == known.code && finding.message == known.message) {
            Some(known) => known.candidates += 1,
            None => {
                let (code, message) = (finding.code.to_string(), finding.message.to_string());
                out.push(Elsewhere { code, message, candidates: 1 });
            }
        }
    }
    out.sort_by(|a, b| (b.candidates, &a.code, &a.message).cmp(&(a.candidates, &b.code, &b.message)));
    out
}

/// Room was judged as if the flash were empty: the words say so.
fn in_all(findings: &mut [Finding], inventory: &Inventory) {
    for finding in findings.iter_mut().filter(|f| f.code == "flash.too_small") {
        let member = inventory.members.iter().find(|m| Some(m.number) == finding.member);
        if let Some(flash) = member.and_then(|m| m.flash.as_ref())
            && let Some(total) = flash.total
        {
            finding.measured = Some(format!("{total} bytes in all on {}", flash.prefix).into());
            if finding.severity == Severity::Blocking {
                finding.message = "too little flash, even an empty one".into();
                finding.remedy = None;
            }
        }
    }
}

/// Older images are considered here, but no plan takes one unasked.
fn older(findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|f| f.code == "version.relation" && f.severity == Severity::Warning) {
        finding.message = "the image is older: a plan takes it only with allow_downgrade".into();
    }
}

/// A device of which nothing but the platform is known: nothing else can be looked at.
fn any_of_kind(device: &Device) -> Result<Device> {
    let at = Endpoint { host: String::new(), port: 0 };
    let login = Login { user: String::new(), password: None, key: None, key_passphrase: None, enable: None };
    let id = DeviceId::new("any")?;
    Ok(Device::new(id, at, device.platform.clone(), login, HostKeyPolicy::FirstUse))
}

/// An inventory without what differs from box to box and from day to day; all of the flash is free.
fn of_kind(inventory: &Inventory) -> Result<Inventory> {
    let members = inventory.members.iter().map(|member| Member {
        role: member.role.clone(),
        serial: None,
        state: None,
        boot_next: None,
        flash: member.flash.as_ref().map(|flash| {
            let mut empty = flash.clone();
            empty.files = Vec::new();
            empty.free = flash.total;
            empty
        }),
        ..member.clone()
    });
    Ok(Inventory {
        device: DeviceId::new("any")?,
        taken: Timestamp::UNIX_EPOCH,
        job: None,
        hostname: None,
        serial: None,
        uptime_seconds: None,
        reload_reason: None,
        boot: BootState::default(),
        install: None,
        config_unsaved: None,
        privilege: None,
        members: members.collect(),
        ..inventory.clone()
    })
}
