//! Is the way to the device as safe as it could be?

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    if s.device.legacy_ssh {
        vec![
            Finding::new("session.legacy_ssh", Severity::Warning, "legacy SSH algorithms are allowed for this device")
                .remedy("upgrade the device, then take legacy_ssh away"),
        ]
    } else {
        Vec::new()
    }
}
