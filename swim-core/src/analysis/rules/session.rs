//! Is the way to the device as safe as it could be?

use crate::analysis::{Finding, Severity, Subject};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    if s.device.legacy_ssh {
        out.push(
            Finding::new("session.legacy_ssh", Severity::Warning, "legacy SSH algorithms are allowed for this device")
                .remedy("upgrade the device, then take legacy_ssh away"),
        );
    }
    if s.device.telnet {
        let message = "the command line of this device is reached by Telnet: logins and commands are not encrypted";
        out.push(
            Finding::new("session.telnet", Severity::Warning, message).remedy(
                "set up SSH on the device (crypto key generate rsa, transport input ssh), then take telnet away",
            ),
        );
    }
    out
}
