//! Install or bundle, the same on every member?

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let Some(mode) = s.inventory.mode else {
        return vec![Finding::unknown(
            "mode.unknown",
            "inventory.mode",
            "whether the device runs in install or bundle mode is not known",
        )];
    };
    let mut out: Vec<_> = s
        .inventory
        .members
        .iter()
        .filter(|m| m.mode.is_some_and(|of| of != mode))
        .map(|m| {
            Finding::new("mode.mixed", Severity::Blocking, "the member runs in another mode than the active")
                .compared(format!("{:?}", m.mode), format!("{mode:?}"))
                .on_member(m.number)
                .remedy("bring all members to one mode first")
        })
        .collect();
    for m in &s.inventory.members {
        if let (Some(own), Some(all)) = (&m.version, &s.inventory.version)
            && !own.same_release(all)
        {
            out.push(
                Finding::new(
                    "stack.mixed_versions",
                    Severity::Blocking,
                    "the member runs another version than the active",
                )
                .compared(own.to_string(), all.to_string())
                .on_member(m.number)
                .remedy("bring the stack to one version first"),
            );
        }
        if let Some(state) = &m.state
            && !state.eq_ignore_ascii_case("ready")
            && !state.eq_ignore_ascii_case("provisioned")
        {
            out.push(
                Finding::new("stack.member_not_ready", Severity::Blocking, "the member is not ready")
                    .compared(state.clone(), "Ready")
                    .on_member(m.number)
                    .remedy("bring the member up, or take it out of the stack"),
            );
        }
    }
    if out.is_empty() {
        out.push(Finding::new("mode.same", Severity::Pass, "all members run in one mode"));
    }
    out
}
