//! `show redundancy` of IOS and IOS XE.

use serde::Serialize;

use super::show_boot::boot_paths;
use super::software::banner_in;
use super::text::{lines, number, owned, set, value_of};

/// What `show redundancy` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowRedundancy {
    /// `Duplex` or `Simplex`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_mode: Option<String>,
    /// Configured mode (`sso`, `rpr`, `none`, ...).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configured_mode: Option<String>,
    /// Operating mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_mode: Option<String>,
    /// `Up` or `Down`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub communications: Option<String>,
    /// Why it was switched over last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_switchover_reason: Option<String>,
    /// How often it was switched over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switchovers: Option<u64>,
    /// Where the active processor is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_location: Option<String>,
    /// Where the standby processor is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby_location: Option<String>,
    /// State of the active and of the standby, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub software_states: Vec<String>,
    /// Version of the active and of the standby, without a build time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// Boot list of the active and of the standby.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boot: Vec<Vec<String>>,
    /// The slot of a peer that gives no information, as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_unavailable_slot: Option<String>,
    /// The state of a peer that gives no information (`DISABLED`, ...).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_unavailable_state: Option<String>,
}

impl ShowRedundancy {
    /// State of the standby processor, when it tells one (`STANDBY HOT`).
    #[must_use]
    pub fn peer_state(&self) -> Option<&str> {
        self.software_states.get(1).map(String::as_str)
    }
}

/// Reads `show redundancy`.
///
/// ```
/// use swim_core::platform::parse::show_redundancy;
/// let r = show_redundancy(" Hardware Mode = Duplex\n Current Software state = ACTIVE\n Current Software state = STANDBY HOT ");
/// assert_eq!(r.peer_state(), Some("STANDBY HOT"));
/// ```
#[must_use]
pub fn show_redundancy(text: &str) -> ShowRedundancy {
    let mut out = ShowRedundancy::default();
    let mut awaiting_version = false;
    for line in lines(text) {
        let get = |label: &str| value_of(line, label, '=');
        set(&mut out.hardware_mode, get("Hardware Mode").and_then(owned));
        set(&mut out.configured_mode, get("Configured Redundancy Mode").and_then(owned));
        set(&mut out.operating_mode, get("Operating Redundancy Mode").and_then(owned));
        set(&mut out.communications, get("Communications").and_then(|v| owned(v.split_whitespace().next()?)));
        set(&mut out.last_switchover_reason, get("Last switchover reason").and_then(owned));
        set(&mut out.switchovers, get("Switchovers system experienced").and_then(number));
        set(&mut out.active_location, get("Active Location").and_then(owned));
        set(&mut out.standby_location, get("Standby Location").and_then(owned));
        out.software_states.extend(get("Current Software state").and_then(owned));
        if let Some(list) = get("BOOT") {
            out.boot.push(boot_paths(list));
            awaiting_version = false;
        }
        // Old releases break the banner after its first line.
        awaiting_version |= get("Image Version").is_some();
        if let Some(banner) = awaiting_version.then(|| banner_in(line)).flatten() {
            out.versions.extend(banner.version.split(':').next().and_then(owned));
            awaiting_version = false;
        }
        if let Some(rest) = line.trim_start().strip_prefix("Peer (slot:") {
            set(&mut out.peer_unavailable_slot, rest.split(')').next().and_then(owned));
            set(&mut out.peer_unavailable_state, rest.split('\'').nth(1).and_then(owned));
        }
    }
    out
}
