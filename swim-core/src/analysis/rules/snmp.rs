//! May SNMP write, and is CISCO-FLASH-MIB in view?
//!
//! Transfers are started on the command line, so neither matters for a plan: what is known to be wrong is a warning, and
//! what is not known is told beside a pass. Where the policy demands it, for other tools need it, missing facts are
//! *unknown* and wrong ones block.

use crate::analysis::{Finding, Severity, Subject};
use crate::model::Demand;

const FLASH_MIB: &str = "ciscoFlashMIB";

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    vec![write(s), flash_mib(s)]
}

/// The severity of something that is wrong.
fn wrong(s: &Subject<'_>, demand: Demand) -> Severity {
    if s.policy.demands.contains(&demand) { Severity::Blocking } else { Severity::Warning }
}

/// A fact that nobody told.
fn untold(s: &Subject<'_>, demand: Demand, code: &'static str, fact: &'static str, message: &'static str) -> Finding {
    if s.policy.demands.contains(&demand) {
        return Finding::unknown(code, fact, message).from("policy.demands");
    }
    let message = format!("{message}; no transfer of the plan needs it");
    Finding::new(code, Severity::Pass, message).missing(fact)
}

fn write(s: &Subject<'_>) -> Finding {
    match s.inventory.snmp.as_ref().and_then(|snmp| snmp.write) {
        Some(true) => Finding::new("snmp.write", Severity::Pass, "SNMP may write"),
        Some(false) => Finding::new("snmp.write", wrong(s, Demand::SnmpWrite), "SNMP may not write")
            .compared("read only", "read and write")
            .remedy("give the device the read-write community or user that is known here"),
        None => untold(
            s,
            Demand::SnmpWrite,
            "snmp.write_unknown",
            "inventory.snmp.write",
            "whether SNMP may write is not collected",
        ),
    }
}

fn flash_mib(s: &Subject<'_>) -> Finding {
    match s.inventory.snmp.as_ref().and_then(|snmp| snmp.excluded.as_ref()) {
        Some(excluded) if excluded.iter().any(|tree| tree.eq_ignore_ascii_case(FLASH_MIB)) => {
            Finding::new("snmp.flash_mib", wrong(s, Demand::FlashMib), "an SNMP view hides CISCO-FLASH-MIB")
                .compared(format!("{FLASH_MIB} excluded"), "in view")
                .remedy("no snmp-server view NAME ciscoFlashMIB excluded")
        }
        Some(_) => Finding::new("snmp.flash_mib", Severity::Pass, "no SNMP view hides CISCO-FLASH-MIB"),
        None => untold(
            s,
            Demand::FlashMib,
            "snmp.flash_mib_unknown",
            "inventory.snmp.excluded",
            "whether an SNMP view hides CISCO-FLASH-MIB is not collected",
        ),
    }
}
