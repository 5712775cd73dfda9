//! What is known of the way between a server and the devices.

use serde::{Deserialize, Serialize};

/// The way of the bytes, as the operator knows it. It is used to predict, never to limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    /// Milliseconds from a server to a device and back.
    pub round_trip_millis: Option<u32>,
    /// Bytes a second that the way (or the device's flash, when that is slower) takes.
    pub bytes_per_second: Option<u64>,
    /// Bytes in a TFTP block: 512 unless the devices are told otherwise (`ip tftp blocksize`).
    pub tftp_block: u32,
    /// TFTP blocks on the way at the same time: 1 where the devices do not know RFC 7440, which is the rule.
    pub tftp_window: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self { round_trip_millis: None, bytes_per_second: None, tftp_block: 512, tftp_window: 1 }
    }
}
