//! Domain and engine of swim. No sockets, no files, no database, no wall clock: those are ports.

pub mod error;
pub mod model;
pub mod ports;
pub mod version;
pub mod image;
pub mod cli;
pub mod platform;
pub mod analysis;
pub mod plan;
pub mod job;
pub mod repo;
pub mod audit;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::{Effect, Error, ErrorKind, ErrorRecord, Report, Result, Retry};
