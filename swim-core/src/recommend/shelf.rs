//! The candidates, prepared once for all devices.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::Settings;
use super::candidate::Candidate;
use super::joined::joined;
use crate::image::{FeatureSet, Field, Image, ImageFacts};
use crate::model::{Digests, Sha256};
use crate::version::{Scheme, Version};

/// A platform and a family, where they are known.
type Kind = (Option<Field<String>>, Option<Field<String>>);

/// The place of a candidate, and the candidate as analysis sees it.
type Member = (usize, Image);

/// A candidate with what does not depend on the device.
#[derive(Debug)]
pub(super) struct Shelved {
    pub(super) candidate: Candidate,
    pub(super) version: Option<Version>,
    pub(super) normal: Option<String>,
    pub(super) feature: Option<FeatureSet>,
    /// How many releases are newer: a place in the order of all versions, whatever has an order.
    pub(super) newer: usize,
}

/// Candidates of one kind.
#[derive(Debug)]
pub(super) struct Bucket {
    /// An image of which nothing but the kind is known: what analysis holds against it goes for all of the kind.
    pub(super) likeness: Image,
    /// The candidates, each as analysis sees it. A candidate for several families is in several buckets.
    pub(super) members: Vec<Member>,
}

/// All candidates.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) all: Vec<Shelved>,
    pub(super) buckets: Vec<Bucket>,
    /// Entries that only catalogues have, left out by the settings.
    pub(super) left_out: usize,
}

impl Shelf {
    pub(super) fn new(candidates: Vec<Candidate>, settings: &Settings) -> Self {
        let mut candidates = joined(candidates);
        let before = candidates.len();
        candidates.retain(|c| settings.include_catalogue || !c.only_in_catalogue());
        let left_out = before - candidates.len();
        let mut kinds: BTreeMap<(String, String), (Kind, Vec<Member>)> = BTreeMap::new();
        for (at, candidate) in candidates.iter().enumerate() {
            let platform = candidate.facts.platform.clone();
            let mut families: Vec<Option<Field<String>>> = candidate.all_families().into_iter().map(Some).collect();
            if families.is_empty() {
                families.push(None);
            }
            for family in families {
                let text = |field: &Option<Field<String>>| field.as_ref().map(named).unwrap_or_default();
                let image = seen(candidate, family.clone());
                let entry = kinds.entry((text(&platform), text(&family)));
                entry.or_insert_with(|| ((platform.clone(), family), Vec::new())).1.push((at, image));
            }
        }
        let buckets: Vec<Bucket> =
            kinds.into_values().map(|(kind, members)| Bucket { likeness: likeness(kind), members }).collect();
        let ranks = ranks(&candidates);
        let all = candidates.into_iter().zip(ranks).map(|(candidate, newer)| {
            let version = candidate.facts.version.as_ref().map(|field| field.value.clone());
            let normal = version.as_ref().map(Version::normal);
            Shelved { feature: FeatureSet::of(&candidate.facts), version, normal, newer, candidate }
        });
        Self { all: all.collect(), buckets, left_out }
    }
}

/// The value and the source: findings name both.
fn named(field: &Field<String>) -> String {
    format!("{} {:?}", field.value.to_ascii_lowercase(), field.from)
}

/// The candidate as analysis sees it.
fn seen(candidate: &Candidate, family: Option<Field<String>>) -> Image {
    let name = candidate.file_name.clone();
    let id = candidate.image.unwrap_or_else(|| Sha256::of(name.as_bytes()));
    Image {
        id,
        bytes: candidate.bytes.unwrap_or(0),
        digests: Digests { sha256: id, sha512: String::new(), sha1: None, md5: String::new() },
        facts: ImageFacts { family, ..candidate.facts.clone() },
        overrides: candidate.overrides.clone(),
        file_name: name,
        imported: jiff::Timestamp::UNIX_EPOCH,
        // What is in quarantine is left out before it is judged.
        read_by: String::new(),
        quarantine: None,
        quarantine_lifted: None,
    }
}

fn likeness((platform, family): Kind) -> Image {
    let facts = ImageFacts { platform, ..ImageFacts::default() };
    seen(&Candidate { facts, ..Candidate::default() }, family)
}

/// Of each candidate, how many releases of all candidates are newer. When one version is newer than another one, what is
/// newer than the first is also newer than the second, so this number puts all of them in one order that keeps the order of
/// versions, also where trains have none between them.
fn ranks(candidates: &[Candidate]) -> Vec<usize> {
    let version = |candidate: &Candidate| candidate.facts.version.as_ref().map(|field| field.value.clone());
    // One of each spelling is enough.
    let distinct: BTreeMap<(Scheme, String), Version> = candidates
        .iter()
        .filter_map(version)
        .map(|version| ((version.scheme(), version.as_str().to_owned()), version))
        .collect();
    let mut schemes: BTreeMap<Scheme, Vec<&Version>> = BTreeMap::new();
    for version in distinct.values() {
        schemes.entry(version.scheme()).or_default().push(version);
    }
    let count = |v: &Version| {
        let others = schemes.get(&v.scheme()).map_or(&[][..], Vec::as_slice);
        others.iter().filter(|w| v.compare(w) == Some(Ordering::Less)).count()
    };
    let counts: BTreeMap<_, usize> = distinct.iter().map(|(key, version)| (key, count(version))).collect();
    let rank = |version: Version| counts.get(&(version.scheme(), version.as_str().to_owned())).copied();
    // What has no version comes last.
    candidates.iter().map(|candidate| version(candidate).and_then(rank).unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Provenance;

    #[test]
    fn the_place_in_the_order_keeps_the_order_of_versions() {
        let texts = ["15.0(2)EX1", "15.2(7)E10", "15.2(7)E", "15.2(4)M6a", "15.2(3)T", "12.2(55)SE", "15.0(2)SE5"];
        let versions: Vec<Version> = texts.iter().filter_map(|text| Version::parse(Scheme::Ios, text).ok()).collect();
        let candidates = versions.iter().enumerate().map(|(n, version)| Candidate {
            file_name: format!("{n}.bin"),
            image: Some(Sha256::of(&[n as u8])),
            facts: ImageFacts {
                version: Some(Field::new(version.clone(), Provenance::Header)),
                ..ImageFacts::default()
            },
            ..Candidate::default()
        });
        let shelf = Shelf::new(candidates.collect(), &Settings::default());
        assert_eq!(shelf.all.len(), texts.len());
        for a in &shelf.all {
            for b in &shelf.all {
                let order = a.version.as_ref().zip(b.version.as_ref()).and_then(|(a, b)| a.compare(b));
                if order == Some(Ordering::Greater) {
                    assert!(a.newer < b.newer, "{:?} {:?}", a.normal, b.normal);
                }
            }
        }
    }
}
