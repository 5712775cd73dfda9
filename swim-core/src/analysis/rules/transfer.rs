//! Is the order of the transfers as safe as it could be, and can each of them do it?

use crate::analysis::{Finding, Severity, Subject};
use crate::model::Protocol;
use crate::transfer::{longest_round_trip_for_tftp, too_slow_for_tftp};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let order = &s.policy.transfers;
    let exposed = order.iter().position(|(p, _)| !p.secure());
    let safe_later = exposed.and_then(|at| order[at..].iter().find(|(p, _)| p.secure()).map(|safe| (order[at], *safe)));
    if let Some((first, safe)) = safe_later {
        let message = "a transfer without encryption is tried before one that has it";
        let named = |(p, d): (Protocol, _)| format!("{p} {d}");
        out.push(
            Finding::new("transfer.insecure_first", Severity::Warning, message)
                .compared(named(first), format!("{} before it", named(safe)))
                .from("policy.transfers")
                .remedy("put the transfers that encrypt first in policy.transfers"),
        );
    }
    if order.iter().any(|(p, _)| *p == Protocol::Tftp) {
        out.extend(tftp(s));
    }
    out
}

fn tftp(s: &Subject<'_>) -> Option<Finding> {
    let link = &s.policy.link;
    let bytes = s.image.bytes;
    if let Some(why) = too_slow_for_tftp(bytes, link) {
        return Some(
            Finding::new("transfer.tftp_too_slow", Severity::Warning, format!("TFTP is left out: {why}"))
                .from("policy.link")
                .remedy("use another protocol, a server near the device, or larger blocks and windows"),
        );
    }
    link.round_trip_millis.is_none().then(|| {
        let most = longest_round_trip_for_tftp(bytes, link);
        let message = format!("TFTP ends in time only when the round trip is at most {most} ms");
        Finding::new("transfer.tftp_time_unknown", Severity::Warning, message)
            .from("policy.link")
            .remedy("tell policy.link.round_trip_millis")
    })
}
