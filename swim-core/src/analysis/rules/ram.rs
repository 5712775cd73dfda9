//! Enough main memory?

use super::flash::active;
use crate::analysis::{Finding, Severity, Subject};
use crate::image::Requirements;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let Some(need) = Requirements::of(s.image).ram.effective else {
        return vec![
            Finding::unknown(
                "ram.requirement_unknown",
                "image.min_ram",
                "neither image, catalogue nor user says how much memory is needed",
            )
            .remedy("set the requirement at import, or accept ram.requirement_unknown"),
        ];
    };
    let Some(has) = s.inventory.ram else {
        return vec![Finding::unknown("ram.unknown", "inventory.ram", "the device did not say how much memory it has")];
    };
    let found = |has: u64| {
        let enough = has >= need.value;
        let (severity, message) =
            if enough { (Severity::Pass, "enough memory") } else { (Severity::Blocking, "too little memory") };
        let found = Finding::new("ram.too_small", severity, message)
            .compared(format!("{has} bytes"), format!("{} bytes", need.value))
            .from(told!("requirement", need.from))
            .from("memory from show version");
        if enough { found } else { found.remedy("choose an image that needs less, or add memory") }
    };
    let mut out = vec![found(has)];
    let (active, model) = (active(&s.inventory.members), s.inventory.model.as_deref());
    for m in s.inventory.members.iter().filter(|m| Some(m.number) != active) {
        match m.ram {
            Some(has) => out.push(found(has).on_member(m.number)),
            // Members of one model have the same memory: it is soldered in.
            None if m.model.is_some() && m.model.as_deref() == model => {}
            None => {
                let message = "the member is of another model than the active, and did not say how much memory it has";
                out.push(Finding::unknown("ram.unknown", "inventory.members.ram", message).on_member(m.number));
            }
        }
    }
    out
}
