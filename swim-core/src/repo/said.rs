//! What the importer of an image says of it, in the place of what the file says.

use std::fmt;

use super::import::check_text;
use crate::image::{Field, ImageFacts, Provenance, platform_id, platform_named};
use crate::version::{Scheme, Version};
use crate::{Error, Result};

/// What the importer says. What is absent is left as the file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Said {
    /// The platform that it is for, e.g. `ios_xe`: one of [`PLATFORMS`](crate::image::PLATFORMS), or one that the importer has a definition of.
    pub platform: Option<String>,
    /// Platforms that the importer has definitions of.
    pub defined: Vec<String>,
    /// The product family, e.g. `cat9k`.
    pub family: Option<String>,
    /// The version, in the grammar of the platform.
    pub version: Option<String>,
}

impl Said {
    /// Refuses what could never be taken, as far as that can be told before the file is there.
    ///
    /// # Errors
    /// `InvalidInput` names the field and the value.
    pub fn check(&self) -> Result<()> {
        for (field, text) in [("platform", &self.platform), ("family", &self.family)] {
            text.as_deref().map_or(Ok(()), |text| check_text(field, text))?;
        }
        self.platform.as_deref().map_or(Ok(""), |named| platform_named("platform", named, &self.defined))?;
        match (&self.version, &self.platform) {
            (Some(version), Some(platform)) => read(version, platform).map(|_| ()),
            (Some(version), None) => check_text("version", version),
            (None, _) => Ok(()),
        }
    }

    /// Puts it in the place of what the file says (`file`), with a remark where its bytes say otherwise.
    ///
    /// # Errors
    /// `InvalidInput` for a version that is none of the platform, or of which no platform is known; nothing is changed then.
    pub(super) fn apply(&self, facts: &mut ImageFacts, file: &ImageFacts) -> Result<()> {
        let known = facts.platform.as_ref().map_or("", |field| field.value.as_str());
        let platform = self.platform.as_deref().map_or(known, platform_id);
        let version = self.version.as_deref().map(|text| read(text, platform)).transpose()?;
        let said = |text: &String| Field::new(text.clone(), Provenance::User);
        let own = self.platform.as_deref().map(|named| said(&platform_id(named).to_owned()));
        facts.platform = own.or_else(|| facts.platform.take());
        facts.family = self.family.as_ref().map(said).or_else(|| facts.family.take());
        facts.version = version.map(|v| Field::new(v, Provenance::User)).or_else(|| facts.version.take());
        contradictions(facts, file);
        Ok(())
    }
}

/// Remarks where the bytes (`read`) contradict what a person says. The person's word holds, for bytes can be misread, but not
/// in silence. Names are no proof, and contradict nobody.
pub(super) fn contradictions(facts: &mut ImageFacts, read: &ImageFacts) {
    let same_text = |said: &String, read: &String| said.eq_ignore_ascii_case(read);
    let found = [
        contradicted("platform", facts.platform.as_ref(), read.platform.as_ref(), same_text),
        contradicted("family", facts.family.as_ref(), read.family.as_ref(), same_text),
        contradicted("version", facts.version.as_ref(), read.version.as_ref(), Version::same_release),
    ];
    for remark in found.into_iter().flatten() {
        if !facts.remarks.contains(&remark) {
            facts.remarks.push(remark);
        }
    }
}

fn contradicted<T: fmt::Display>(
    what: &str,
    said: Option<&Field<T>>,
    read: Option<&Field<T>>,
    same: impl Fn(&T, &T) -> bool,
) -> Option<String> {
    let said = said.filter(|said| said.from == Provenance::User)?;
    let read = read?;
    let place = match read.from {
        Provenance::Header => "the header of the file",
        Provenance::Member => "a member of the archive",
        Provenance::Payload => "the payload",
        Provenance::FileName | Provenance::Catalogue | Provenance::User => return None,
    };
    (!same(&said.value, &read.value))
        .then(|| format!("a person says {what} {}, {place} says {}: the person's word counts", said.value, read.value))
}

fn read(version: &str, platform: &str) -> Result<Version> {
    let scheme = Scheme::of_platform(platform).map_err(|e| {
        let why = "the platform must be known to read it: name it too";
        Error::invalid("version", format!("{version:?}"), why).caused_by(e)
    })?;
    Version::parse(scheme, version)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_nobody_knows_is_refused_with_those_that_are_known() {
        let said = |platform: &str, defined: &[&str]| {
            let defined = defined.iter().map(|id| (*id).to_owned()).collect();
            Said { platform: Some(platform.to_owned()), defined, ..Said::default() }.check()
        };
        for known in ["ios", "ios_xe", "iosxe", "iosxr", "nx_os", "sonic"] {
            said(known, &[]).unwrap();
        }
        let e = said("ios_xy", &["my_xe"]).unwrap_err();
        assert_eq!((e.context("field"), e.context("value")), (Some("platform"), Some("\"ios_xy\"")));
        assert!(e.message().contains("ios, ios_xe, ios_xr") && e.message().contains("my_xe"), "{e}");
        said("my_xe", &["my_xe"]).unwrap();
    }

    #[test]
    fn bytes_that_say_otherwise_are_remarked_and_names_are_not() {
        let field = |text: &str, from| Some(Field::new(text.to_owned(), from));
        let version = |text| Version::parse(Scheme::IosXe, text).unwrap();
        let read = ImageFacts {
            platform: field("ios_xe", Provenance::Header),
            family: field("cat9k", Provenance::FileName),
            version: Some(Field::new(version("17.09.04a"), Provenance::Payload)),
            ..ImageFacts::default()
        };
        let applied = |platform: &str, family: &str, version: &str| {
            let said = Said {
                platform: Some(platform.to_owned()),
                family: Some(family.to_owned()),
                version: Some(version.to_owned()),
                ..Said::default()
            };
            let mut facts = read.clone();
            said.apply(&mut facts, &read).unwrap();
            facts
        };
        assert_eq!(applied("iosxe", "c9300", "17.9.4a").remarks, Vec::<String>::new());
        let facts = applied("ios", "c9300", "15.2(7)E10");
        assert_eq!((facts.platform.unwrap().value.as_str(), facts.remarks.len()), ("ios", 2));
        let [platform, version] = facts.remarks.as_slice() else { panic!("{:?}", facts.remarks) };
        assert_eq!(
            platform,
            "a person says platform ios, the header of the file says ios_xe: the person's word counts"
        );
        assert!(version.starts_with("a person says version 15.2(7)E10, the payload says 17.9.4a"), "{version}");
    }
}
