//! Naming rules of other platforms as data: a pattern for the whole name, and what it says.

use regex::{Captures, Regex, RegexBuilder};

use super::{NameFacts, signature};
use crate::version::{Scheme, Version};

/// One way to name files. Groups of the pattern: `family`, `feature`, `version`, `alt`, and `npe` and `ldpe`,
/// which are there or not.
pub(super) struct Rule {
    /// The whole name. `<V>`, `<XR>`, `<R>` and `<JUNOS>` stand for a version, `<CSC>` for a defect.
    pub(super) pattern: &'static str,
    pub(super) image_type: Option<&'static str>,
    pub(super) k9: K9,
}

/// What a name says about strong cryptography.
#[derive(Clone, Copy)]
pub(super) enum K9 {
    /// Nothing.
    Silent,
    /// What the feature set says, where there is one.
    OfFeature,
    /// It is inside where a feature set is named.
    WithFeature,
    /// The same for all of them.
    Always(bool),
}

/// How the names of a platform are read.
pub(super) struct Reader {
    pub(super) platform: &'static str,
    pub(super) rules: &'static [Rule],
    /// The version of a text, and how it is written elsewhere; none where it cannot be told.
    pub(super) version: fn(&str) -> Option<String>,
    /// The family of a match.
    pub(super) family: fn(&Captures<'_>) -> Option<String>,
}

impl Reader {
    /// What a name says, when it follows one of the rules.
    pub(super) fn read(&self, patterns: &[Option<Regex>], base: &str) -> Option<NameFacts> {
        let ready = self.rules.iter().zip(patterns).filter_map(|(rule, pattern)| Some((rule, pattern.as_ref()?)));
        let (rule, pattern, found) =
            ready.filter_map(|(rule, pattern)| Some((rule, pattern, pattern.captures(base)?))).next()?;
        let group = |name: &str| found.name(name).map(|m| m.as_str());
        let feature = group("feature").map(str::to_owned);
        let k9 = match rule.k9 {
            K9::Silent => None,
            K9::OfFeature => feature.as_ref().map(|f| f.to_ascii_lowercase().contains("k9")),
            K9::WithFeature => Some(feature.is_some()),
            K9::Always(k9) => Some(k9),
        };
        // A group of its own, or a part of the feature set.
        let variant = |name: &str| {
            let own = pattern.capture_names().any(|known| known == Some(name)).then(|| group(name).is_some());
            own.or_else(|| feature.as_ref().filter(|_| k9.is_some()).map(|f| f.contains(name)))
        };
        Some(NameFacts {
            platform: Some(self.platform.to_owned()),
            family: (self.family)(&found),
            version: group("version").and_then(self.version),
            npe: variant("npe"),
            ldpe: variant("ldpe"),
            feature_set: feature,
            k9,
            image_type: rule.image_type.map(str::to_owned),
            alt_version: group("alt").map(str::to_owned),
            signature: base.rsplit_once('.').and_then(|(_, last)| signature(last)),
        })
    }

    /// The patterns of its rules; the tests tell that each can be built.
    pub(super) fn patterns(&self) -> Vec<Option<Regex>> {
        let built = self.rules.iter().map(|rule| {
            let pattern = rule
                .pattern
                .replace("<V>", "(?<version>[0-9][0-9A-Za-z.()-]*?)")
                // Engineering builds say who built them: `DT_I`, `SIT_IMAGE`.
                .replace("<XR>", "(?<version>[0-9]+\\.[0-9]+\\.[0-9]+(?:\\.[0-9]+I(?:\\.[A-Z]+_[A-Z]+)?)?)")
                .replace("<R>", "(?<version>r[0-9]+I?)")
                .replace("<JUNOS>", "(?<version>[0-9]+\\.[0-9]+[A-Z][0-9A-Z.-]*?)")
                .replace("<CSC>", "(?<alt>CSC[a-z]{2}[0-9]{5})");
            RegexBuilder::new(&format!("^(?:{pattern})$")).case_insensitive(true).build().ok()
        });
        built.collect()
    }
}

/// The group `family` as it is written.
pub(super) fn family(found: &Captures<'_>) -> Option<String> {
    found.name("family").map(|m| m.as_str().to_owned())
}

/// The normal spelling by a grammar.
pub(super) fn normal(scheme: Scheme, text: &str) -> Option<String> {
    Version::parse(scheme, text).ok().map(|version| version.normal())
}
