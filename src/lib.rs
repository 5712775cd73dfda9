//! Software image management of network devices.
pub use swim_core as core;
