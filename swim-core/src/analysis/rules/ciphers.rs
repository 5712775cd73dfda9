//! Can the device speak an SSH cipher that is not weak? IOS XE before 16.5 and IOS XR before 6.1.2 know CBC modes alone,
//! which are only offered with `legacy_ssh`.

use std::cmp::Ordering;
use std::sync::LazyLock;

use crate::analysis::{Finding, Severity, Subject};
use crate::version::{Scheme, Version};

/// The first releases with better ciphers.
static FIRST: LazyLock<Vec<Version>> = LazyLock::new(|| {
    [(Scheme::IosXe, "16.5.1"), (Scheme::IosXr, "6.1.2")]
        .into_iter()
        .filter_map(|(scheme, text)| Version::parse(scheme, text).ok())
        .collect()
});

pub(super) fn rule(s: &Subject<'_>) -> Vec<Finding> {
    // No SSH; or the rule of sessions speaks of the old algorithms already.
    if s.device.telnet || s.device.legacy_ssh {
        return Vec::new();
    }
    // Without a running version the rule of versions is the one that asks for it.
    let Some(running) = &s.inventory.version else { return Vec::new() };
    let Some(first) = FIRST.iter().find(|first| first.scheme() == running.scheme()) else { return Vec::new() };
    let (code, message) = match running.relation(first) {
        Some(Ordering::Less) => {
            ("session.weak_ciphers", "the running release knows weak SSH ciphers only: sessions may fail")
        }
        Some(_) => return Vec::new(),
        None => {
            ("session.ciphers_unknown", "whether the running release knows SSH ciphers that are not weak is not known")
        }
    };
    let found = Finding::new(code, Severity::Warning, message)
        .compared(running.to_string(), format!("{first} or later"))
        .from("running version from show version");
    let found = if code == "session.weak_ciphers" { found } else { found.missing("order of inventory.version") };
    vec![found.remedy("set legacy_ssh for this device until it is upgraded")]
}
