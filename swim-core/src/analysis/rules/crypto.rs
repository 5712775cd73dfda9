//! Does the cryptography of the software stay what it is?
//!
//! Three facts that say different things: strong cryptography (K9), payload encryption left out (NPE), and data encryption
//! licensed apart (LDPE). Losing strong cryptography takes SSH away, and with it the way to the device. Losing payload
//! encryption stops tunnels. Gaining it where the running image leaves it out may be against the law of the country, which
//! is why such images exist. Each of these blocks unless `allow_feature_change` is set. Gaining strong cryptography breaks
//! nothing and is a warning.

use super::RunningSoftware;
use crate::analysis::{Finding, Severity, Subject};
use crate::version::Scheme;

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    let facts = &s.image.facts;
    let expected = matches!(s.definition.versions, Scheme::Ios | Scheme::IosXe);
    if facts.k9.is_none() && facts.npe.is_none() && facts.ldpe.is_none() {
        // Platforms with one kind of image do not tell.
        return if expected { vec![image_unknown()] } else { Vec::new() };
    }
    let Some(running) = RunningSoftware::of(s.inventory) else {
        let message = "which cryptography the running software has is not known";
        let found = Finding::unknown("crypto.running_unknown", "inventory.software", message);
        return vec![found.remedy("compare them by hand, then accept crypto.running_unknown")];
    };
    let mut out = Vec::new();
    let pairs = [
        (&facts.k9, running.k9, [K9_LOST, K9_GAINED]),
        (&facts.npe, running.npe, [NPE_LOST, NPE_GAINED]),
        (&facts.ldpe, running.ldpe, [LDPE_LOST, LDPE_GAINED]),
    ];
    for (image, has, [lost, gained]) in pairs {
        let (Some(image), Some(has)) = (image, has) else { continue };
        let change = match (has, image.value) {
            (true, false) => lost,
            (false, true) => gained,
            _ => continue,
        };
        let severity = if s.policy.allow_feature_change { Severity::Warning } else { change.severity };
        let found = Finding::new(change.code, severity, change.message)
            .compared(yes(has), yes(image.value))
            .from(told!("image", image.from))
            .from(running.from);
        let blocked = severity == Severity::Blocking;
        out.push(if blocked { found.remedy("choose another image, or set allow_feature_change") } else { found });
    }
    if out.is_empty() {
        out.push(Finding::new("crypto.same", Severity::Pass, "the cryptography stays").from(running.from));
    }
    out
}

fn image_unknown() -> Finding {
    let message = "neither image nor user says which cryptography the image has";
    Finding::unknown("crypto.image_unknown", "image.k9", message)
        .remedy("keep the vendor's file name at import, or accept crypto.image_unknown")
}

const fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

struct Change {
    code: &'static str,
    severity: Severity,
    message: &'static str,
}

const K9_LOST: Change = Change {
    code: "crypto.k9_lost",
    severity: Severity::Blocking,
    message: "strong cryptography goes away, and SSH with it: the device could not be reached any more",
};
const K9_GAINED: Change = Change {
    code: "crypto.k9_gained",
    severity: Severity::Warning,
    message: "strong cryptography comes: export rules apply to the image",
};
const NPE_LOST: Change = Change {
    code: "crypto.npe_lost",
    severity: Severity::Blocking,
    message: "payload encryption comes to a device that runs without it: that may need a permission",
};
const NPE_GAINED: Change = Change {
    code: "crypto.npe_gained",
    severity: Severity::Blocking,
    message: "payload encryption goes away: tunnels stop",
};
const LDPE_LOST: Change = Change {
    code: "crypto.ldpe_lost",
    severity: Severity::Blocking,
    message: "data encryption comes to a device on which it is licensed apart: that may need a permission",
};
const LDPE_GAINED: Change = Change {
    code: "crypto.ldpe_gained",
    severity: Severity::Blocking,
    message: "data encryption needs a licence of its own with this image",
};
