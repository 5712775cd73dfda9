//! Does the feature set stay what it is?
//!
//! Images of IOS and IOS XE come with different features for the same hardware, and what the configuration uses may be
//! gone after the upgrade: a change blocks unless `allow_feature_change` is set. Universal images hold all features, and
//! licences open them: going to one is a warning.

use super::RunningSoftware;
use crate::analysis::{Finding, Severity, Subject};
use crate::image::FeatureSet;
use crate::version::Scheme;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    // Other platforms have one feature set, or packages.
    if !matches!(s.definition.versions, Scheme::Ios | Scheme::IosXe) {
        return Vec::new();
    }
    let told = s.image.facts.feature_set.as_ref();
    let Some((image, new)) = told.and_then(|image| Some((image, FeatureSet::read(&image.value)?))) else {
        let message = "neither image nor user says which feature set the image has";
        let found = Finding::unknown("feature.image_unknown", "image.feature_set", message);
        return vec![found.remedy("keep the vendor's file name at import, or accept feature.image_unknown")];
    };
    let Some(RunningSoftware { set: Some(running), text, from, .. }) = RunningSoftware::of(s.inventory) else {
        let message = "which feature set runs is not known";
        let found = Finding::unknown("feature.running_unknown", "inventory.software", message);
        return vec![found.remedy("compare them by hand, then accept feature.running_unknown")];
    };
    let found = |code, severity, message: &'static str| {
        Finding::new(code, severity, message)
            .compared(text.clone(), image.value.to_ascii_lowercase())
            .from(told!("feature set of the image", image.from))
            .from(from)
    };
    vec![if running.same_features(&new) {
        found("feature.same", Severity::Pass, "the feature set stays")
    } else if new.is_universal() && new.same_variants(&running) {
        found(
            "feature.changed",
            Severity::Warning,
            "a universal image takes over: licences decide which features it has",
        )
    } else if s.policy.allow_feature_change {
        found("feature.changed", Severity::Warning, "the feature set changes")
    } else {
        found("feature.changed", Severity::Blocking, "the feature set changes: features in use may be gone")
            .remedy("choose an image with the running feature set, or set allow_feature_change")
    }]
}
