//! Is it newer, the same, older, or not comparable?

use std::cmp::Ordering;

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let Some(image) = &s.image.facts.version else {
        return vec![
            Finding::new(
                "version.image_unknown",
                Severity::Blocking,
                "the version of the image is not known: success could not be proven",
            )
            .remedy("name the version when the image is imported"),
        ];
    };
    let Some(running) = &s.inventory.version else {
        return vec![Finding::unknown(
            "version.running_unknown",
            "inventory.version",
            "the running version is not known",
        )];
    };
    let found = |severity, message: &'static str| {
        Finding::new("version.relation", severity, message)
            .compared(running.with_own_words(), image.value.with_own_words())
            .from(told!("image version", image.from))
            .from("running version from show version")
    };
    vec![match running.relation(&image.value) {
        Some(Ordering::Less) => found(Severity::Pass, "the image is newer"),
        Some(Ordering::Equal) => found(Severity::Pass, "the image is the running release"),
        Some(Ordering::Greater) if s.policy.allow_downgrade => found(Severity::Warning, "the image is older"),
        Some(Ordering::Greater) => {
            found(Severity::Blocking, "the image is older").remedy("set allow_downgrade if that is intended")
        }
        None => found(Severity::Unknown, "the two versions are of trains that have no order")
            .missing("order of inventory.version")
            .remedy("accept version.relation if the change of train is intended"),
    }]
}
