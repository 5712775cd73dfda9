//! Are forms of the vendor still unanswered for the image? The library never answers one.

use crate::analysis::{Agreement, Finding, Severity, Subject};
use crate::model::Demand;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let demanded = s.policy.demands.contains(&Demand::Catalogue);
    let Some(forms) = &s.knowledge.forms else {
        let message = "no catalogue says which forms are pending for the image";
        let unknown = || Finding::unknown("licence.unknown", "knowledge.forms", message).from("policy.demands");
        return if demanded { vec![unknown().remedy("look the image up in a catalogue")] } else { Vec::new() };
    };
    let severity = if demanded { Severity::Blocking } else { Severity::Warning };
    let pending = |form: &Agreement| {
        let (code, message) = match form {
            Agreement::Eula => ("licence.eula_pending", "the licence agreement of the image was not accepted yet"),
            Agreement::K9 => ("licence.k9_pending", "the declaration for strong encryption was not made yet"),
        };
        Finding::new(code, severity, message).from("catalogue").remedy("a person answers the form at the vendor")
    };
    if forms.is_empty() {
        return vec![Finding::new("licence.accepted", Severity::Pass, "no form of the vendor is pending")];
    }
    forms.iter().map(pending).collect()
}
