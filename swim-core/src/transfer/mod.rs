//! What all transfers share, whatever the protocol: how fast they may be, and how long they will take.

mod caps;
mod diagnosis;
mod meter;
mod pace;
mod predict;
mod source;
mod staging;

pub use caps::Caps;
pub use diagnosis::{fault, ignored_options};
pub use meter::Meter;
pub use pace::{Bucket, Pace};
pub use predict::{Predicted, Prediction, TFTP_SESSION, longest_round_trip_for_tftp, predict, too_slow_for_tftp};
pub use source::{Because, Planned, Source, Way};
pub use staging::{Brought, Compared, Servers, Staged, Staging, Verified};

use crate::ErrorKind;

/// Is another protocol worth a try after this failure? The network, the login and an adapter that is not there: yes. Room,
/// names and privilege would be the same with every protocol.
#[must_use]
pub const fn moves_on(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unreachable | ErrorKind::Auth | ErrorKind::Unsupported | ErrorKind::Busy)
}
