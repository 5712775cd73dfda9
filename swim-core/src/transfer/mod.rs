//! What all transfers share, whatever the protocol: how fast they may be, and how long they will take.

mod caps;
mod pace;
mod predict;

pub use caps::Caps;
pub use pace::{Bucket, Pace};
pub use predict::{Prediction, TFTP_SESSION, longest_round_trip_for_tftp, predict, too_slow_for_tftp};
