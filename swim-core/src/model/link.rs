//! What is known of the way between a server and the devices.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

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

/// Bytes of a TFTP block (RFC 2348), and blocks of a window (RFC 7440).
const TFTP_BLOCK: (u32, u32) = (8, 65_464);
const TFTP_WINDOW: (u32, u32) = (1, 65_535);

impl Link {
    /// Checks the numbers.
    ///
    /// ```
    /// use swim_core::model::Link;
    /// assert!(Link::default().check().is_ok());
    /// let e = Link { tftp_window: 0, ..Link::default() }.check().unwrap_err();
    /// assert_eq!(e.context("field"), Some("policy.link.tftp_window"));
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` names the first number that is out of its range.
    pub fn check(&self) -> Result<()> {
        if self.bytes_per_second == Some(0) {
            let why = "nothing would ever arrive: leave it out where it is not known";
            return Err(Error::invalid("policy.link.bytes_per_second", 0, why));
        }
        let numbers = [("tftp_block", self.tftp_block, TFTP_BLOCK), ("tftp_window", self.tftp_window, TFTP_WINDOW)];
        for (field, value, (least, most)) in numbers {
            if !(least..=most).contains(&value) {
                let field = format!("policy.link.{field}");
                return Err(Error::invalid(&field, value, &format!("it must lie between {least} and {most}")));
            }
        }
        Ok(())
    }
}

impl Default for Link {
    fn default() -> Self {
        Self { round_trip_millis: None, bytes_per_second: None, tftp_block: 512, tftp_window: 1 }
    }
}
