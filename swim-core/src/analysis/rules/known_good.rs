//! Do lists of known-good values confirm the image? A list that contradicts it always blocks. Without a list the rule says
//! nothing, for most images are on none; where the policy demands one, it is *unknown*.

use crate::analysis::{Finding, KnownGood, Severity, Subject};
use crate::model::Demand;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let demanded = s.policy.demands.contains(&Demand::KnownGood);
    let unknown = |message: &'static str| {
        let found = Finding::unknown("known_good.unknown", "knowledge.known_good", message).from("policy.demands");
        found.remedy("import a list that names the image, or accept known_good.unknown")
    };
    match &s.knowledge.known_good {
        Some(KnownGood::Contradicted(why)) => {
            let message = format!("a list of known-good values has other digests for the image: {why}");
            let found = Finding::new("known_good.contradicted", Severity::Blocking, message);
            vec![found.remedy("get the image again from its vendor; do not use this file")]
        }
        Some(KnownGood::Listed) => {
            vec![Finding::new("known_good.listed", Severity::Pass, "a list of known-good values confirms the digests")]
        }
        Some(KnownGood::NotListed) if demanded => vec![unknown("no list of known-good values names the image")],
        None if demanded => vec![unknown("there is no list of known-good values to compare with")],
        Some(KnownGood::NotListed) | None => Vec::new(),
    }
}
