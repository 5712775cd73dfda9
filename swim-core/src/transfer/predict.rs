//! How long a transfer will take, and whether TFTP can do it at all.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Direction, Link, Protocol};

/// A TFTP session must be over by then: the limit of Cisco Prime Infrastructure for images.
pub const TFTP_SESSION: Duration = Duration::from_secs(3600);

/// Bytes that TCP has on the way where the other side does not scale its window (RFC 9293): the floor for old devices.
const TCP_WINDOW: u64 = 65_535;

/// A prediction with its arithmetic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Seconds, rounded up.
    pub seconds: u64,
    /// How they were found, for people.
    pub because: String,
}

/// The prediction of one transfer of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicted {
    /// By which protocol.
    pub protocol: Protocol,
    /// Who dials.
    pub direction: Direction,
    /// Seconds, rounded up.
    pub seconds: u64,
    /// How they were found, for people.
    pub because: String,
}

impl Predicted {
    /// The predictions of those transfers for which there is one.
    #[must_use]
    pub fn all(transfers: &[(Protocol, Direction)], bytes: u64, link: &Link) -> Vec<Self> {
        let each = |(protocol, direction): &(Protocol, Direction)| {
            let Prediction { seconds, because } = predict(*protocol, bytes, link)?;
            Some(Self { protocol: *protocol, direction: *direction, seconds, because })
        };
        transfers.iter().filter_map(each).collect()
    }
}

/// Predicts a transfer of `bytes`; `None` where neither the rate nor the round trip is known.
///
/// ```
/// use swim_core::model::{Link, Protocol};
/// use swim_core::transfer::predict;
/// let link = Link { round_trip_millis: Some(20), ..Link::default() };
/// let tftp = predict(Protocol::Tftp, 900_000_000, &link).unwrap();
/// assert_eq!(tftp.seconds, 35_157);
/// assert_eq!(tftp.because, "900000000 bytes in blocks of 512, 1 each 20 ms");
/// assert!(predict(Protocol::Scp, 900_000_000, &Link::default()).is_none());
/// ```
#[must_use]
pub fn predict(protocol: Protocol, bytes: u64, link: &Link) -> Option<Prediction> {
    let by_rate = link.bytes_per_second.map(|rate| Prediction {
        seconds: bytes.div_ceil(rate.max(1)),
        because: format!("{bytes} bytes at {rate} a second"),
    });
    let by_delay = link.round_trip_millis.map(|millis| {
        let (window, because) = if protocol == Protocol::Tftp {
            let (block, window) = (u64::from(link.tftp_block.max(1)), u64::from(link.tftp_window.max(1)));
            (block * window, format!("{bytes} bytes in blocks of {block}, {window} each {millis} ms"))
        } else {
            (TCP_WINDOW, format!("{bytes} bytes, at least {TCP_WINDOW} each {millis} ms"))
        };
        let turns = u128::from(bytes.div_ceil(window));
        let seconds = u64::try_from((turns * u128::from(millis)).div_ceil(1000)).unwrap_or(u64::MAX);
        Prediction { seconds, because }
    });
    match (by_rate, by_delay) {
        (Some(rate), Some(delay)) => Some(if delay.seconds > rate.seconds { delay } else { rate }),
        (rate, delay) => rate.or(delay),
    }
}

/// Why TFTP cannot bring so many bytes within a session, with the arithmetic; `None` where it can, or where nobody knows.
#[must_use]
pub fn too_slow_for_tftp(bytes: u64, link: &Link) -> Option<String> {
    let limit = TFTP_SESSION.as_secs();
    let Prediction { seconds, because } = predict(Protocol::Tftp, bytes, link)?;
    (seconds > limit).then(|| format!("TFTP would take {seconds} s ({because}); a session may take {limit} s"))
}

/// The longest round trip in milliseconds with which TFTP still brings so many bytes within a session.
#[must_use]
pub fn longest_round_trip_for_tftp(bytes: u64, link: &Link) -> u64 {
    let in_flight = u64::from(link.tftp_block.max(1)) * u64::from(link.tftp_window.max(1));
    TFTP_SESSION.as_secs() * 1000 / bytes.div_ceil(in_flight).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_of_rate_and_delay_decides() {
        let link = Link { round_trip_millis: Some(50), bytes_per_second: Some(100_000_000), ..Link::default() };
        let p = predict(Protocol::Scp, 1_000_000_000, &link).unwrap();
        assert_eq!((p.seconds, p.because.contains("65535 each 50 ms")), (763, true), "{p:?}");
        let link = Link { bytes_per_second: Some(265_000), ..link };
        assert_eq!(predict(Protocol::Scp, 851_000_000, &link).unwrap().seconds, 3212);
    }

    #[test]
    fn the_limit_of_tftp_is_arithmetic() {
        let bytes = 512 * 1000;
        let at = |millis| Link { round_trip_millis: Some(millis), ..Link::default() };
        assert_eq!(longest_round_trip_for_tftp(bytes, &at(1)), 3600);
        assert!(too_slow_for_tftp(bytes, &at(3600)).is_none());
        let words = too_slow_for_tftp(bytes, &at(3601)).unwrap();
        assert!(words.contains("3601 s") && words.contains("blocks of 512"), "{words}");
        assert!(too_slow_for_tftp(u64::MAX, &Link::default()).is_none());
    }

    #[test]
    fn absurd_values_do_not_overflow() {
        let link = Link { round_trip_millis: Some(u32::MAX), bytes_per_second: Some(0), tftp_block: 0, tftp_window: 0 };
        assert!(predict(Protocol::Tftp, u64::MAX, &link).unwrap().seconds > 0);
        assert_eq!(longest_round_trip_for_tftp(u64::MAX, &link), 0);
    }
}
