//! Does a catalogue name other bytes under the image's name? Which of the two is wrong nobody can tell from here: the file
//! may be another one than it seems, the catalogue may be old. So it is *unknown* until a person says.

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let found = s.knowledge.contradictions.iter().map(|told| {
        let message = format!("the catalogue {} has another file under the name of the image", told.catalogue);
        Finding::new("catalogue.contradicts", Severity::Unknown, message)
            .missing("which of the two is right")
            .compared(told.image.clone(), told.listed.clone())
            .from("size and digests taken at import")
            .from(format!("catalogue {}", told.catalogue))
            .remedy("get the file again from its vendor, or import a catalogue that is right, or accept catalogue.contradicts")
    });
    found.collect()
}
