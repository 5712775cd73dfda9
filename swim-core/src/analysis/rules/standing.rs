//! Did the vendor defer or withdraw the image? Without a catalogue there is nothing to say, unless the policy demands one.

use crate::analysis::{Finding, Severity, Standing, Subject};
use crate::model::Demand;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let (code, why) = match &s.knowledge.standing {
        None if s.policy.demands.contains(&Demand::Catalogue) => {
            let message = "no catalogue says how the image stands with its vendor";
            let found = Finding::unknown("standing.unknown", "knowledge.standing", message).from("policy.demands");
            return vec![found.remedy("look the image up in a catalogue")];
        }
        None => return Vec::new(),
        Some(Standing::Active) => {
            return vec![Finding::new(
                "standing.active",
                Severity::Pass,
                "a catalogue has it, and advises nothing against it",
            )];
        }
        Some(Standing::Deferred(why)) => ("standing.deferred", why),
        Some(Standing::Withdrawn(why)) => ("standing.withdrawn", why),
    };
    let what = if code == "standing.deferred" { "advises against the image" } else { "took the image back" };
    let message = format!("the vendor {what}: {why}");
    vec![if s.policy.allow_deferred {
        Finding::new(code, Severity::Warning, message).from("catalogue")
    } else {
        let found = Finding::new(code, Severity::Blocking, message).from("catalogue");
        found.remedy("choose another release, or set allow_deferred")
    }]
}
