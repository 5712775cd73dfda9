//! Will the device boot by itself, and from the boot statement?

use crate::analysis::{Finding, Severity, Subject};
use crate::model::Mode;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let boot = &s.inventory.boot;
    if boot.manual == Some(true) {
        out.push(
            Finding::new(
                "boot.manual",
                Severity::Blocking,
                "manual boot is on: the device would stop in its boot loader",
            )
            .remedy("no boot manual"),
        );
    }
    if let Some(register) = &boot.config_register {
        // The low nibble 0 stops in the boot ROM. Switches show 0xF and ignore it.
        match u32::from_str_radix(register.trim_start_matches("0x"), 16) {
            Ok(value) if value & 0xf == 0 => out.push(
                Finding::new(
                    "boot.register",
                    Severity::Blocking,
                    "the configuration register stops the device in its boot ROM",
                )
                .compared(register.clone(), "0x2102")
                .remedy("config-register 0x2102"),
            ),
            Ok(_) => {}
            Err(_) => out.push(
                Finding::unknown(
                    "boot.register_unknown",
                    "inventory.boot.config_register",
                    "the configuration register is not a number",
                )
                .compared(register.clone(), "0x2102"),
            ),
        }
    }
    if s.inventory.mode == Some(Mode::Install)
        && let Some(next) = &boot.next
        && let Some(first) = next.first()
        && !first.ends_with("packages.conf")
    {
        out.push(
            Finding::new(
                "boot.not_packages_conf",
                Severity::Blocking,
                "in install mode the boot statement must name packages.conf",
            )
            .compared(first.clone(), "flash:packages.conf")
            .remedy("no boot system, then boot system flash:packages.conf"),
        );
    }
    out
}
