//! Is the order of the transfers as safe as it could be, and can each of them do it?

use crate::analysis::{Finding, Severity, Subject};
use crate::model::{Direction, Protocol};
use crate::transfer::{longest_round_trip_for_tftp, too_slow_for_tftp};

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let known = &s.definition.abilities.transfers;
    let order: Vec<_> = s.policy.transfers.iter().filter(|t| known.contains(t)).copied().collect();
    out.extend(less_secure(&order, known));
    if order.iter().any(|(p, _)| *p == Protocol::Tftp) {
        out.extend(tftp(s));
    }
    out
}

/// What the device will do first, against what it could do.
fn less_secure(order: &[(Protocol, Direction)], known: &[(Protocol, Direction)]) -> Option<Finding> {
    let secure = |(protocol, _): &&(Protocol, Direction)| protocol.secure();
    let exposed = order.iter().position(|(protocol, _)| !protocol.secure())?;
    let named = |(protocol, direction): &(Protocol, Direction)| format!("{protocol} {direction}");
    let (code, message, required) = if let Some(safe) = order[exposed..].iter().find(secure) {
        let message = "a transfer without encryption is tried before one that has it";
        ("transfer.insecure_first", message, format!("{} before it", named(safe)))
    } else if exposed > 0 {
        // The last resort is behind all that is safe.
        return None;
    } else {
        let message = "only transfers without encryption are tried, and the device knows others";
        ("transfer.less_secure", message, named(known.iter().find(secure)?))
    };
    Some(
        Finding::new(code, Severity::Warning, message)
            .compared(named(&order[exposed]), required)
            .from("policy.transfers")
            .remedy("put the transfers that encrypt first in policy.transfers"),
    )
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
