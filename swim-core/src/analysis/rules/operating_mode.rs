//! Is the device ours to upgrade, or a controller's?

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    match s.inventory.operating_mode.as_deref() {
        Some(mode) if mode.to_ascii_lowercase().contains("controller") => vec![
            Finding::new("operating_mode.controller", Severity::Blocking, "a controller manages this device")
                .compared(mode.to_owned(), "Autonomous")
                .from("Router operating mode of show version")
                .remedy("upgrade it from its controller"),
        ],
        _ => Vec::new(),
    }
}
