//! What may be recommended: images of the repository and entries of catalogues, in one form.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::analysis::{Agreement, Contradiction, PathRule};
use crate::catalog::{self, Entry, FormKind};
use crate::image::{
    FeatureSet, Field, Image, ImageFacts, Overrides, Provenance, Requirements, image_type, platform_id,
};
use crate::model::Sha256;
use crate::version::{Scheme, Version};

use super::ways::ways;

/// How a catalogue stands to an image. The later ones count more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It may be used.
    #[default]
    Active,
    /// Its use is advised against.
    Deferred,
    /// It was taken back.
    Withdrawn,
}

/// The digests that a source gives, hexadecimal in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CandidateDigests {
    /// SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// SHA-512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha512: Option<String>,
    /// MD5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
}

impl CandidateDigests {
    fn pairs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'static str, &'a str, &'a str)> {
        let both = self.named().into_iter().zip(other.named());
        both.filter_map(|((name, a), (_, b))| Some((name, a?, b?)))
    }

    /// `None`: they have no kind of digest in common.
    fn same(&self, other: &Self) -> Option<bool> {
        let mut pairs = self.pairs(other).peekable();
        pairs.peek()?;
        Some(pairs.all(|(_, a, b)| a.eq_ignore_ascii_case(b)))
    }

    fn named(&self) -> [(&'static str, Option<&str>); 3] {
        [("sha256", self.sha256.as_deref()), ("sha512", self.sha512.as_deref()), ("md5", self.md5.as_deref())]
    }

    pub(super) fn all(&self) -> impl Iterator<Item = String> {
        let named = self.named().into_iter();
        named.filter_map(|(name, digest)| Some(format!("{name}:{}", digest?.to_ascii_lowercase())))
    }

    fn fill(&mut self, other: Self) {
        self.sha256 = self.sha256.take().or(other.sha256);
        self.sha512 = self.sha512.take().or(other.sha512);
        self.md5 = self.md5.take().or(other.md5);
    }
}

/// An image that may be recommended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Candidate {
    /// Its file name.
    pub file_name: String,
    /// Its address, when the repository has it.
    pub image: Option<Sha256>,
    /// The catalogues that name it.
    pub catalogues: Vec<String>,
    /// Its size, where known.
    pub bytes: Option<u64>,
    /// Its digests, where known.
    pub digests: CandidateDigests,
    /// What is known of it, each field with where it comes from.
    pub facts: ImageFacts,
    /// Families that it runs on beside the one of the facts.
    pub families: Vec<String>,
    /// What a person requires.
    pub overrides: Overrides,
    /// What the catalogues say of its use.
    pub status: Status,
    /// Why, in the catalogue's words.
    pub status_why: Option<String>,
    /// Does a catalogue suggest it?
    pub suggested: bool,
    /// Why it is kept away from devices, when it is.
    pub quarantined: Option<String>,
    /// Catalogues that have another file under its name, and none that is it.
    pub contradictions: Vec<Contradiction>,
    /// How catalogues say that it is reached from other releases.
    pub paths: Vec<PathRule>,
    /// Forms that are unanswered, as catalogues say; an empty list: none is. Of several catalogues all that one names are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forms: Option<Vec<Agreement>>,
}

impl From<&Image> for Candidate {
    fn from(image: &Image) -> Self {
        let text = |digest: &str| Some(digest.to_owned()).filter(|digest| !digest.is_empty());
        let digests = CandidateDigests {
            sha256: Some(image.id.to_string()),
            sha512: text(&image.digests.sha512),
            md5: text(&image.digests.md5),
        };
        Self {
            file_name: image.file_name.clone(),
            image: Some(image.id),
            bytes: Some(image.bytes),
            digests,
            facts: image.facts.clone(),
            overrides: image.overrides.clone(),
            quarantined: image.quarantined().map(|held| format!("{}: {}", held.list, held.reasons.join("; "))),
            ..Self::default()
        }
    }
}

impl Candidate {
    /// What a catalogue names. Its words count as they are: nothing of them is proven. Where it says nothing, the name of the
    /// file does, as for a file that is imported.
    #[must_use]
    pub fn listed(catalogue: &str, entry: &Entry) -> Self {
        let text = |text: &Option<String>| text.clone().map(listed);
        let named = entry.told_by_name();
        let platform = text(&entry.platform.as_deref().map(|named| platform_id(named).to_owned())).or(named.platform);
        let scheme = platform.as_ref().and_then(|platform| Scheme::of_platform(&platform.value).ok());
        let version = match entry.version.as_deref() {
            Some(said) => scheme.and_then(|scheme| Version::parse(scheme, said).ok()).map(listed),
            None => named.version,
        };
        let boot_rom = entry.requires.bootrom.as_deref().and_then(|text| Version::parse(Scheme::Rommon, text).ok());
        // A set names its cryptography; what the entry says of it counts more.
        let set = entry.feature_set.as_deref().and_then(FeatureSet::read);
        let crypto = |said: Option<bool>, of_set: fn(&FeatureSet) -> bool, of_name: Option<Field<bool>>| match &set {
            Some(set) => Some(listed(said.unwrap_or_else(|| of_set(set)))),
            None => said.map(listed).or(of_name),
        };
        let mut facts = ImageFacts {
            platform,
            family: text(&entry.families.first().cloned()).or(named.family),
            version,
            alt_version: text(&entry.alt_version).or(named.alt_version),
            feature_set: text(&entry.feature_set).or(named.feature_set),
            k9: crypto(entry.crypto.k9, FeatureSet::is_strong, named.k9),
            npe: crypto(entry.crypto.npe, FeatureSet::is_npe, named.npe),
            ldpe: crypto(entry.crypto.ldpe, FeatureSet::is_ldpe, named.ldpe),
            image_type: text(&entry.image_type.as_deref().map(|named| image_type(named).unwrap_or(named).to_owned()))
                .or(named.image_type),
            signature: named.signature,
            ..ImageFacts::default()
        };
        let bytes = |mib: Option<u64>| mib.and_then(|mib| mib.checked_mul(Entry::MIB));
        facts.take_catalogue_requirements(bytes(entry.requires.ram_mib), bytes(entry.requires.flash_mib), boot_rom);
        let status = match entry.lifecycle.status {
            catalog::Status::Active => Status::Active,
            catalog::Status::Deferred => Status::Deferred,
            catalog::Status::Withdrawn => Status::Withdrawn,
        };
        let against = (status != Status::Active && !entry.advisories.is_empty()).then(|| entry.advisories.join("; "));
        let (sha256, sha512, md5) = (entry.sha256.clone(), entry.sha512.clone(), entry.md5.clone());
        Self {
            file_name: entry.filename.clone(),
            catalogues: vec![catalogue.to_owned()],
            bytes: entry.size,
            digests: CandidateDigests { sha256, sha512, md5 },
            facts,
            families: entry.families.clone(),
            status,
            status_why: against,
            suggested: entry.lifecycle.suggested == Some(true),
            paths: ways(catalogue, &entry.completed()),
            forms: entry.forms.as_ref().map(|forms| agreements(forms)),
            ..Self::default()
        }
    }

    /// Is it known from catalogues alone?
    #[must_use]
    pub const fn only_in_catalogue(&self) -> bool {
        self.image.is_none()
    }

    /// What it requires of a device.
    #[must_use]
    pub fn requirements(&self) -> Requirements {
        Requirements::new(&self.facts, &self.overrides)
    }

    /// The families that it is for, without doubles.
    #[must_use]
    pub fn all_families(&self) -> Vec<Field<String>> {
        let mut out: Vec<Field<String>> = self.facts.family.iter().cloned().collect();
        let from = out.first().map_or(Provenance::Catalogue, |field| field.from.clone());
        for family in &self.families {
            let family = family.to_ascii_lowercase();
            if !out.iter().any(|field| field.value.eq_ignore_ascii_case(&family)) {
                out.push(Field::new(family, from.clone()));
            }
        }
        out
    }

    /// Are both the same file? By their digests; where they share none, by name and size.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.digests.same(&other.digests).unwrap_or_else(|| {
            let sizes = self.bytes.zip(other.bytes);
            self.file_name.eq_ignore_ascii_case(&other.file_name) && sizes.is_none_or(|(a, b)| a == b)
        })
    }

    /// Does a catalogue's entry name other bytes under the same name? `None` for what is the same file or may be.
    pub(super) fn contradicted_by(&self, entry: &Self) -> Option<Contradiction> {
        if !self.file_name.eq_ignore_ascii_case(&entry.file_name) || self.is_same_file(entry) {
            return None;
        }
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for (name, own, other) in self.digests.pairs(&entry.digests).filter(|(_, a, b)| !a.eq_ignore_ascii_case(b)) {
            here.push(format!("{name} {}", own.to_ascii_lowercase()));
            there.push(format!("{name} {}", other.to_ascii_lowercase()));
        }
        if let Some((own, other)) = self.bytes.zip(entry.bytes).filter(|(own, other)| own != other) {
            here.push(format!("{own} bytes"));
            there.push(format!("{other} bytes"));
        }
        let catalogue = entry.catalogues.join(", ");
        Some(Contradiction { catalogue, image: here.join(", "), listed: there.join(", ") })
    }

    /// Takes what another source says of the same file; what is known already stays.
    pub(super) fn join(&mut self, other: Self) {
        self.image = self.image.or(other.image);
        self.catalogues.extend(other.catalogues);
        self.catalogues.sort();
        self.catalogues.dedup();
        self.bytes = self.bytes.or(other.bytes);
        self.digests.fill(other.digests);
        self.families.extend(other.facts.family.iter().map(|field| field.value.clone()));
        self.families.extend(other.families);
        let facts = &mut self.facts;
        let said = other.facts;
        facts.platform = facts.platform.take().or(said.platform);
        facts.family = facts.family.take().or(said.family);
        facts.version = facts.version.take().or(said.version);
        facts.feature_set = facts.feature_set.take().or(said.feature_set);
        facts.k9 = facts.k9.take().or(said.k9);
        facts.npe = facts.npe.take().or(said.npe);
        facts.ldpe = facts.ldpe.take().or(said.ldpe);
        facts.image_type = facts.image_type.take().or(said.image_type);
        facts.min_ram = greater(facts.min_ram.take(), said.min_ram, u64::gt);
        facts.min_flash = greater(facts.min_flash.take(), said.min_flash, u64::gt);
        let later = |a: &Version, b: &Version| a.compare(b) == Some(Ordering::Greater);
        facts.min_boot_rom = greater(facts.min_boot_rom.take(), said.min_boot_rom, later);
        self.status_why = if other.status > self.status { other.status_why } else { self.status_why.take() };
        self.status = self.status.max(other.status);
        self.suggested |= other.suggested;
        self.paths.extend(other.paths);
        self.forms = match (self.forms.take(), other.forms) {
            (Some(mut one), Some(more)) => {
                one.extend(more);
                one.sort_unstable();
                one.dedup();
                Some(one)
            }
            (one, other) => one.or(other),
        };
        self.quarantined = self.quarantined.take().or(other.quarantined);
    }
}

/// What an entry says itself.
fn listed<T>(said: T) -> Field<T> {
    Field::new(said, Provenance::Catalogue)
}

fn agreements(forms: &[FormKind]) -> Vec<Agreement> {
    let mut out: Vec<Agreement> = forms
        .iter()
        .map(|form| match form {
            FormKind::K9 => Agreement::K9,
            FormKind::Eula => Agreement::Eula,
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// What is known already stays, but of two catalogues the one counts that asks for more.
fn greater<T>(known: Option<Field<T>>, said: Option<Field<T>>, more: impl Fn(&T, &T) -> bool) -> Option<Field<T>> {
    match (known, said) {
        (Some(known), Some(said))
            if known.from == Provenance::Catalogue
                && said.from == Provenance::Catalogue
                && more(&said.value, &known.value) =>
        {
            Some(said)
        }
        (known, said) => known.or(said),
    }
}
