//! Upgrade paths: which releases are not reached at once. Rules are data, built in or given by the caller.

mod matrix;
mod range;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub(super) use matrix::Says;
pub use matrix::{CompatibilityMatrix, Permit};
pub use range::VersionRange;

use super::beginning::begins;
use crate::document::{Telling, Toml, Wrong};
use crate::version::{Scheme, Version};
use crate::{Error, ErrorKind, Result};

/// Texts of rules are no longer than this: thousands of rules.
const LONGEST: usize = 4 * 1024 * 1024;

/// What must be there before a device goes from one range of releases to another.
///
/// As a document it has the fields of `[[path]]` in TOML; versions and ranges are checked when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PathRule {
    written: Written,
    scheme: Scheme,
    from: VersionRange,
    to: VersionRange,
    boot_rom: Option<Version>,
    when_boot_rom_above: Option<Version>,
}

/// A rule as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    platform: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    families: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    to: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    via: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boot_rom: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when_boot_rom_above: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bridge_smus: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocked_smus: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    base_first: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    source: String,
}

impl TryFrom<Written> for PathRule {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        let at = |field: &'static str| move |e: Error| e.with("field", format!("path.{field}"));
        let scheme = Scheme::of_platform(&written.platform).map_err(|_| {
            Error::invalid("path.platform", format!("{:?}", written.platform), "no such grammar of versions")
        })?;
        let range = |field, text: &str| VersionRange::parse(scheme, text).map_err(at(field));
        let rom = |field, text: &Option<String>| {
            text.as_deref().map(|text| Version::parse(Scheme::Rommon, text)).transpose().map_err(at(field))
        };
        if written.fact.is_some() != written.condition.is_some() {
            return Err(Error::invalid(
                "path.condition",
                format!("{:?}", written.condition),
                "fact and condition come together",
            ));
        }
        let rule = Self {
            scheme,
            from: range("from", &written.from)?,
            to: range("to", &written.to)?,
            boot_rom: rom("boot_rom", &written.boot_rom)?,
            when_boot_rom_above: rom("when_boot_rom_above", &written.when_boot_rom_above)?,
            written,
        };
        if rule.only_notes() && rule.note().is_none() {
            return Err(Error::invalid("path", "a rule", "it demands nothing and notes nothing"));
        }
        Ok(rule)
    }
}

impl From<PathRule> for Written {
    fn from(rule: PathRule) -> Self {
        rule.written
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    path: Vec<PathRule>,
}

/// Does a rule hold for two versions?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// The order of a version and a bound is not known.
    Undecided,
}

impl PathRule {
    /// Reads rules: `[[path]]` tables.
    ///
    /// ```
    /// use swim_core::analysis::PathRule;
    /// let rules = PathRule::from_toml("[[path]]\nplatform = \"ios_xe\"\nfrom = \"<17.3.1\"\nto = \">=17.9.1\"\nvia = [\"17.6.5\"]\n")?;
    /// assert_eq!(rules[0].via(), ["17.6.5"]);
    /// assert!(PathRule::from_toml("[[path]]\nplatform = \"ios_xe\"\nfrom = \"17\"\nnote = \"x\"").is_err());
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` with the place and the value.
    pub fn from_toml(text: &str) -> Result<Vec<Self>> {
        if text.len() > LONGEST {
            return Err(Error::invalid("paths", format!("{} bytes", text.len()), "longer than 4 MiB"));
        }
        let document: Result<Document, Wrong> = Toml::parse(text).and_then(|document| document.read(Telling::Values));
        document.map(|read| read.path).map_err(|wrong| wrong.error(ErrorKind::InvalidInput, "read upgrade paths"))
    }

    /// The rules that are built in.
    #[must_use]
    pub fn builtin() -> &'static [Self] {
        static RULES: LazyLock<Vec<PathRule>> =
            LazyLock::new(|| PathRule::from_toml(include_str!("paths.toml")).unwrap_or_default());
        &RULES
    }

    /// The grammar of its versions.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Releases in between, in order.
    #[must_use]
    pub fn via(&self) -> &[String] {
        &self.written.via
    }

    /// The least boot ROM.
    #[must_use]
    pub const fn boot_rom(&self) -> Option<&Version> {
        self.boot_rom.as_ref()
    }

    /// It holds only where the image requires a newer boot ROM than this.
    #[must_use]
    pub const fn when_boot_rom_above(&self) -> Option<&Version> {
        self.when_boot_rom_above.as_ref()
    }

    /// Patches that must be installed first.
    #[must_use]
    pub fn bridge_smus(&self) -> &[String] {
        &self.written.bridge_smus
    }

    /// Patches that must not be installed.
    #[must_use]
    pub fn blocked_smus(&self) -> &[String] {
        &self.written.blocked_smus
    }

    /// The fact that would answer its condition, and the condition in words.
    #[must_use]
    pub fn condition(&self) -> Option<(&str, &str)> {
        self.written.fact.as_deref().zip(self.written.condition.as_deref())
    }

    /// Must the first release of the new line be on the device first?
    #[must_use]
    pub const fn base_first(&self) -> bool {
        self.written.base_first
    }

    /// Does it say something to people, and demand nothing?
    #[must_use]
    pub fn only_notes(&self) -> bool {
        let Written { via, boot_rom, bridge_smus, blocked_smus, base_first, .. } = &self.written;
        via.is_empty() && boot_rom.is_none() && bridge_smus.is_empty() && blocked_smus.is_empty() && !base_first
    }

    /// For people.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.written.note.as_deref()
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> &str {
        if self.written.source.is_empty() { "a rule of the caller" } else { &self.written.source }
    }

    /// Is it about images of this family? A rule without families is about all.
    pub(super) fn concerns(&self, family: Option<&str>) -> bool {
        let fits = |family: &str, own: &String| match own.strip_suffix('*') {
            Some(beginning) => begins(family, beginning),
            None => family.eq_ignore_ascii_case(own),
        };
        self.written.families.is_empty()
            || family.is_some_and(|family| self.written.families.iter().any(|own| fits(family, own)))
    }

    /// Is the new version one that it is about?
    pub(super) fn leads_to(&self, to: &Version) -> Option<bool> {
        if self.scheme == to.scheme() { self.to.contains(to) } else { Some(false) }
    }

    /// Does it hold between two versions?
    pub(super) fn between(&self, from: &Version, to: &Version) -> Holds {
        if self.scheme != from.scheme() {
            return Holds::No;
        }
        match (self.from.contains(from), self.leads_to(to)) {
            (Some(false), _) | (_, Some(false)) => Holds::No,
            (Some(true), Some(true)) => Holds::Yes,
            _ => Holds::Undecided,
        }
    }
}
