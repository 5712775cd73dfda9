//! Where TFTP is served, what is asked for, and how long anything is waited for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Devices that pull one offer at the same time: one, and its retry after a loss.
pub(crate) const SESSIONS: usize = 4;
/// Silence that ends a transfer: a device that erases flash between blocks was seen to pause for two minutes.
pub(crate) const SILENCE: Duration = Duration::from_secs(150);
/// Silence after the first request. Nothing was promised yet, and another protocol may do better.
pub(crate) const NO_ANSWER: Duration = Duration::from_secs(30);
/// The first wait for an answer, before the round trip is known.
pub(crate) const FIRST_WAIT: Duration = Duration::from_secs(1);
/// No wait is shorter: a busy device answers late.
pub(crate) const SHORTEST_WAIT: Duration = Duration::from_millis(50);
/// No wait is longer, however often nothing came.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// The largest block of the standard (RFC 2348).
pub(crate) const LARGEST_BLOCK: u64 = 65_464;
/// The smallest one.
pub(crate) const SMALLEST_BLOCK: u64 = 8;
/// The block without an option.
pub(crate) const PLAIN_BLOCK: u64 = 512;
/// Blocks on the way at most. Far below half of the 65,536 numbers, so that a late acknowledgement is never mistaken.
pub(crate) const LARGEST_WINDOW: u64 = 512;

/// Settings of what we serve over TFTP. Every field has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TftpConfig {
    /// The address to listen at.
    pub bind: String,
    /// The port. Most devices can be told no other than 69.
    pub port: u16,
}

impl Default for TftpConfig {
    fn default() -> Self {
        Self { bind: "0.0.0.0".to_owned(), port: swim_core::model::Protocol::Tftp.port() }
    }
}

/// What our client asks servers for. A server may grant less, or know no options at all. Every field has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TftpClientConfig {
    /// Bytes of a block, 8 to 65,464. By default as many as fit into an Ethernet frame: 1,468, and 1,448 over IPv6.
    pub block: Option<u64>,
    /// Blocks on the way at a time, 1 to 512. By default what the round trip needs.
    pub window: Option<u64>,
    /// Seconds that both sides wait before they repeat something, 1 to 255. By default each side decides; ours by the
    /// round trip that it measures.
    pub timeout: Option<u8>,
}
