//! What the importer of an image says of it, in the place of what the file says.

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
}
