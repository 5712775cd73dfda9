//! Fault injection: a [`KillSwitch`] counts the points at which a worker touches the world, and at a chosen
//! one the worker stops dead. The harness then drops it and starts another one, as a crash would.

mod clock;
mod job_store;
mod network;
mod switch;

pub use clock::FaultyClock;
pub use job_store::FaultyJobStore;
pub use network::FaultyNetwork;
pub use switch::KillSwitch;
