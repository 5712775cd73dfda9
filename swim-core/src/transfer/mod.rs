//! What all transfers share, whatever the protocol: how fast they may be, and how long they will take.

mod caps;
mod diagnosis;
mod meter;
mod pace;
mod predict;
mod source;
mod staging;
mod whole;

pub use caps::Caps;
pub use diagnosis::{fault, ignored_options, untried};
pub use meter::Meter;
pub use pace::{Bucket, Pace};
pub use predict::{Predicted, Prediction, TFTP_SESSION, longest_round_trip_for_tftp, predict, too_slow_for_tftp};
pub use source::{Because, Planned, Source, Way};
pub use staging::{Brought, Compared, Servers, Staged, Staging, Verified};
pub use whole::push_whole;

use crate::{Error, ErrorKind};

/// The operation of an error about a host key.
pub const CHECK_HOST_KEY: &str = "check host key";
/// The operation of an error about a certificate.
pub const CHECK_CERTIFICATE: &str = "check certificate";

/// Is another protocol worth a try after this failure? The network, the login and an adapter that is not there: yes. Room,
/// names and privilege would be the same with every protocol. And where the other side is not who it should be, somebody
/// may be in between, who would be told a password next.
///
/// ```
/// use swim_core::{Error, ErrorKind, transfer::moves_on};
/// assert!(moves_on(&Error::new(ErrorKind::Auth, "log in", "the device refused admin")));
/// assert!(!moves_on(&Error::new(ErrorKind::Auth, "check host key", "it is another one")));
/// ```
#[must_use]
pub fn moves_on(error: &Error) -> bool {
    ![CHECK_HOST_KEY, CHECK_CERTIFICATE].contains(&error.operation())
        && matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Auth | ErrorKind::Unsupported | ErrorKind::Busy)
}
