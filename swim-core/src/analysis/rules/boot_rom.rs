//! Is the boot ROM new enough?
//!
//! No image of these platforms names a least boot ROM in its bytes, and boot ROM versions are not ordered with software
//! versions: the rule only speaks when somebody set a requirement.

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let need = s.image.facts.compatibility.iter().find_map(|c| c.value.strip_prefix("boot_rom>="));
    let (Some(need), has) = (need, &s.inventory.boot_rom) else {
        return Vec::new();
    };
    vec![match has {
        None => {
            Finding::unknown("boot_rom.unknown", "inventory.boot_rom", "the device did not say which boot ROM it has")
                .compared("unknown", need)
        }
        Some(has) => Finding::new(
            "boot_rom.order_unknown",
            Severity::Unknown,
            "the two boot ROM versions must be compared by hand",
        )
        .missing("order of inventory.boot_rom")
        .compared(has.clone(), need)
        .remedy("compare them, then accept boot_rom.order_unknown"),
    }]
}
