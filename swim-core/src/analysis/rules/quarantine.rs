//! Does a list of known good values contradict the image?

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let Some(quarantine) = s.image.contradicted() else { return Vec::new() };
    let differs = quarantine.reasons.join("; ");
    vec![match &quarantine.lifted {
        None => Finding::new(
            "image.quarantined",
            Severity::Blocking,
            format!("the image is in quarantine: the list {} has other digests for its name", quarantine.list),
        )
        .compared(differs, format!("the digests of the list {}", quarantine.list))
        .from(format!("list of known good values {}", quarantine.list))
        .remedy("import the file from its vendor again, or lift the quarantine with a reason"),
        Some(lifted) => Finding::new(
            "image.quarantine_lifted",
            Severity::Warning,
            format!(
                "the list {} contradicts the image ({differs}); {} lifted the quarantine: {}",
                quarantine.list, lifted.by, lifted.reason
            ),
        )
        .from(format!("list of known good values {}", quarantine.list)),
    }]
}
