//! Is the image whole? What its bytes prove against it always blocks: a truncated image is accepted by many devices, and
//! found out at the next boot.

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let facts = &s.image.facts;
    if let Some(first) = facts.damage.first() {
        let more = facts.damage.len() - 1;
        let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        let found = Finding::new("image.damaged", Severity::Blocking, format!("the image is damaged: {first}{more}"));
        return vec![found.from("image.damage").remedy("get the image again from its vendor; do not use this file")];
    }
    let Some(sum) = &facts.embedded_sum else { return Vec::new() };
    let message = format!("the {} inside of the image holds", sum.value);
    vec![Finding::new("image.intact", Severity::Pass, message).from("image.embedded_sum")]
}
