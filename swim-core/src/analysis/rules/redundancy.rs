//! Two supervisors: will both have the image, and is the second one ready?
//!
//! Members of a stack are judged one by one elsewhere; this is about chassis, of which the inventory lists the active
//! supervisor alone.

use crate::analysis::beginning::begins;
use crate::analysis::{Finding, Severity, Subject};
use crate::model::{Mode, Redundancy};

/// Chassis that can hold a second supervisor, by the beginnings of their product ids.
const MODULAR: [&str; 13] = [
    "C94", "C96", "C68", "WS-C45", "WS-C65", "WS-C68", "ASR1006", "ASR1009", "ASR1013", "ASR-903", "ASR-907", "ASR-9",
    "N7K",
];

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    if s.inventory.members.len() > 1 {
        return Vec::new();
    }
    let Some(state) = &s.inventory.redundancy else {
        return if modular(s) { vec![nothing_told()] } else { Vec::new() };
    };
    if !state.hardware.as_deref().is_some_and(|h| h.eq_ignore_ascii_case("duplex")) {
        return Vec::new();
    }
    let mut out = vec![peer(state), switchover(state)];
    let message = "the second supervisor needs the image as well, and its flash is not known";
    let second = Finding::unknown("redundancy.second_flash_unknown", "inventory.redundancy.flash", message)
        .from("show redundancy");
    out.push(match s.inventory.mode {
        // Bundle mode boots each supervisor from its own flash, and the plan copies to the active one alone.
        Some(Mode::Bundle) | None => {
            second.remedy("copy the image to the second supervisor, then accept redundancy.second_flash_unknown")
        }
        // Install mode brings the packages to both.
        Some(Mode::Install) => {
            second.remedy("see that it has room for the packages, then accept redundancy.second_flash_unknown")
        }
    });
    out
}

fn modular(s: &Subject<'_>) -> bool {
    s.inventory.model.as_deref().is_some_and(|model| MODULAR.iter().any(|own| begins(model, own)))
}

fn nothing_told() -> Finding {
    let message = "the chassis can hold a second supervisor, and the device did not say whether there is one";
    Finding::unknown("redundancy.unknown", "inventory.redundancy", message)
        .remedy("look at show redundancy, then accept redundancy.unknown")
}

/// Is the second one ready?
fn peer(state: &Redundancy) -> Finding {
    match state.peer.as_deref() {
        None => Finding::unknown(
            "redundancy.peer_unknown",
            "inventory.redundancy.peer",
            "the state of the second supervisor is not known",
        ),
        Some(peer) if peer.to_ascii_uppercase().contains("STANDBY") => {
            Finding::new("redundancy.peer", Severity::Pass, "the second supervisor is ready").from("show redundancy")
        }
        Some(peer) => {
            Finding::new("redundancy.peer", Severity::Blocking, "the second supervisor is not ready to be upgraded")
                .compared(peer.to_owned(), "STANDBY HOT")
                .from("show redundancy")
                .remedy("bring it up, or take it out")
        }
    }
}

/// Would sessions survive a switchover, and would an upgrade in service be possible?
fn switchover(state: &Redundancy) -> Finding {
    let hot = state.peer.as_deref().is_some_and(|p| p.eq_ignore_ascii_case("STANDBY HOT"));
    match state.operating.as_deref() {
        None => Finding::unknown(
            "redundancy.mode_unknown",
            "inventory.redundancy.operating",
            "in which mode the two supervisors work is not known",
        ),
        Some(mode) if mode.to_ascii_lowercase().contains("sso") && hot => Finding::new(
            "redundancy.switchover",
            Severity::Pass,
            "the second supervisor would take over with all sessions",
        ),
        Some(mode) => {
            let message = "a switchover would lose sessions, and an upgrade in service (ISSU) is not possible";
            Finding::new("redundancy.switchover", Severity::Warning, message)
                .compared(format!("{mode}, {}", state.peer.as_deref().unwrap_or("not known")), "sso, STANDBY HOT")
                .from("show redundancy")
        }
    }
}
