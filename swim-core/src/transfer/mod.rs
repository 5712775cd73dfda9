//! What all transfers share, whatever the protocol: how fast they may be, and how long they will take.

mod attempts;
mod caps;
mod diagnosis;
mod elsewhere;
mod meter;
mod pace;
mod predict;
mod source;
mod staging;
mod whole;

pub use attempts::{Attempts, moves_on};
pub use caps::Caps;
pub use diagnosis::{fault, ignored_options, untried};
pub use elsewhere::Elsewhere;
pub use meter::Meter;
pub use pace::{Bucket, Pace};
pub use predict::{Predicted, Prediction, TFTP_SESSION, longest_round_trip_for_tftp, predict, too_slow_for_tftp};
pub use source::{Because, Planned, Source, Way};
pub use staging::{Brought, Compared, Servers, Staged, Staging, Verified};
pub use whole::push_whole;

/// The operation of an error about a host key.
pub const CHECK_HOST_KEY: &str = "check host key";
/// The operation of an error about a certificate.
pub const CHECK_CERTIFICATE: &str = "check certificate";
/// The operation of an error about a server that does no TLS where it must.
pub const START_TLS: &str = "start TLS";
/// The operation of an error about a port of ours at which nothing can be served.
pub const LISTEN: &str = "listen";
