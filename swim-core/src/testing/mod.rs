//! For the tests of adapters and of the engine: conformance suites that every adapter of a port must pass,
//! and wrappers that end a worker at a chosen point.

pub mod conformance;
pub mod faults;

pub use conformance::{image_store, index, job_store, job_store_shared, records};
pub use faults::{FaultyClock, FaultyJobStore, FaultyNetwork, KillSwitch};
