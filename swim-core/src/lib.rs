//! Domain and engine of swim. No sockets, no files, no database, no wall clock: those are ports.

pub mod analysis;
pub mod audit;
pub mod catalog;
pub mod cli;
pub mod document;
pub mod error;
pub mod image;
pub mod job;
pub mod model;
pub mod percent;
pub mod plan;
pub mod platform;
pub mod ports;
pub mod recommend;
pub mod repo;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transfer;
pub mod version;

pub use error::{Effect, Error, ErrorKind, ErrorRecord, Report, Result, Retry};
