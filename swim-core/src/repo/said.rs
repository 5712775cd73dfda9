//! What the importer of an image says of it, in the place of what the file says.

use super::import::check_text;
use crate::Result;
use crate::image::{Field, ImageFacts, Provenance, platform_id};
use crate::version::{Scheme, Version};

/// What the importer says. What is absent is left as the file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Said {
    /// The platform that it is for, e.g. `ios_xe`.
    pub platform: Option<String>,
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
        match (&self.version, &self.platform) {
            (Some(version), Some(platform)) => read(version, platform).map(|_| ()),
            (Some(version), None) => check_text("version", version),
            (None, _) => Ok(()),
        }
    }

    /// Puts it in the place of what the file says.
    ///
    /// # Errors
    /// `InvalidInput` for a version that is none of the platform, or of which no platform is known; nothing is changed then.
    pub(super) fn apply(&self, facts: &mut ImageFacts) -> Result<()> {
        let known = facts.platform.as_ref().map_or("", |field| field.value.as_str());
        let platform = self.platform.as_deref().map_or(known, platform_id);
        let version = self.version.as_deref().map(|text| read(text, platform)).transpose()?;
        let said = |text: &String| Field::new(text.clone(), Provenance::User);
        let own = self.platform.as_deref().map(|named| said(&platform_id(named).to_owned()));
        facts.platform = own.or_else(|| facts.platform.take());
        facts.family = self.family.as_ref().map(said).or_else(|| facts.family.take());
        facts.version = version.map(|v| Field::new(v, Provenance::User)).or_else(|| facts.version.take());
        Ok(())
    }
}

fn read(version: &str, platform: &str) -> Result<Version> {
    let scheme = Scheme::of_platform(platform).map_err(|e| {
        let why = "the platform must be known to read it: name it too";
        crate::Error::invalid("version", format!("{version:?}"), why).caused_by(e)
    })?;
    Version::parse(scheme, version)
}
