//! May this login do what is needed? Copy, boot statements and reload need level 15; so does SCP.

use crate::analysis::{Finding, Severity, Subject};

const NEEDED: u8 = 15;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    vec![match s.inventory.privilege {
        Some(level) if level >= NEEDED => Finding::new("privilege.low", Severity::Pass, "the login has full privilege"),
        Some(level) => Finding::new("privilege.low", Severity::Blocking, "the login has too little privilege")
            .compared(level.to_string(), NEEDED.to_string())
            .from("show privilege")
            .remedy("give the account level 15, or an enable secret"),
        None => Finding::unknown("privilege.unknown", "inventory.privilege", "the privilege of the login is not known"),
    }]
}
