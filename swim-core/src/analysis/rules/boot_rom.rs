//! Is the boot ROM new enough?
//!
//! No image of these platforms names a least boot ROM in its bytes: the rule only speaks when a person or a catalogue set a
//! requirement. Boot ROMs are compared with boot ROMs of their own line only.

use std::cmp::Ordering;

use crate::analysis::{Finding, Severity, Subject};
use crate::image::Requirements;
use crate::version::{Scheme, Version};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let Some(need) = Requirements::of(s.image).boot_rom.effective else { return Vec::new() };
    let from = told!("requirement", need.from);
    let need = need.value;
    let Some(said) = &s.inventory.boot_rom else {
        return vec![
            Finding::unknown("boot_rom.unknown", "inventory.boot_rom", "the device did not say which boot ROM it has")
                .compared("unknown", need.to_string())
                .from(from),
        ];
    };
    let found = |code, severity, message: &'static str| {
        Finding::new(code, severity, message)
            .compared(said.clone(), need.to_string())
            .from(from)
            .from("boot ROM from show version")
    };
    vec![match version(said).and_then(|has| has.compare(&need)) {
        Some(Ordering::Less) => found("boot_rom.too_old", Severity::Blocking, "the boot ROM is too old")
            .remedy("upgrade the boot ROM first"),
        Some(_) => found("boot_rom.too_old", Severity::Pass, "the boot ROM is new enough"),
        None => {
            found("boot_rom.order_unknown", Severity::Unknown, "the two boot ROM versions must be compared by hand")
                .missing("order of inventory.boot_rom")
                .remedy("compare them, then accept boot_rom.order_unknown")
        }
    }]
}

/// The version in a line such as `System Bootstrap, Version 16.7(3r), RELEASE SOFTWARE`.
pub(super) fn version(line: &str) -> Option<Version> {
    let (_, after) = line.split_once("Version ").unwrap_or(("", line));
    let text = after.split([',', ' ']).next().unwrap_or(after);
    Version::parse(Scheme::Rommon, text).ok()
}
