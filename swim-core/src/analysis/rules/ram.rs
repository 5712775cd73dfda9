//! Enough main memory?

use crate::analysis::{Finding, Severity, Subject};
use crate::image::Requirements;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let Some(need) = Requirements::of(s.image).ram.effective else {
        return vec![
            Finding::new(
                "ram.requirement_unknown",
                Severity::Unknown,
                "neither image nor user says how much memory is needed",
            )
            .remedy("set the requirement at import, or accept ram.requirement_unknown"),
        ];
    };
    let Some(has) = s.inventory.ram else {
        return vec![Finding::new("ram.unknown", Severity::Unknown, "the device did not say how much memory it has")];
    };
    let (severity, message) =
        if has >= need.value { (Severity::Pass, "enough memory") } else { (Severity::Blocking, "too little memory") };
    vec![
        Finding::new("ram.too_small", severity, message)
            .compared(format!("{has} bytes"), format!("{} bytes", need.value))
            .from(format!("requirement from {:?}", need.from))
            .from("memory from show version"),
    ]
}
