//! What all transfers share, whatever the protocol: how fast they may be.

mod pace;

pub use pace::{Bucket, Pace};
