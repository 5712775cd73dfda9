//! Software image management of network devices: keep images, judge devices, bring images to them, make them run, prove
//! that they run, roll them back when they do not, and keep the audit.

mod client;
mod config;
mod rehearsal;
mod simulation;
pub mod surface;
mod watch;
mod wiring;

pub use client::{
    CatalogChange, Checked, Client, Downloaded, Fetching, FormDecision, FoundFor, ImageInfo, Importing, Inspected,
    KeptCatalogue, KnownGoodTaken, Listed, Moved, Offered, Offering, Origin, Pushing, Ran, SaidOf, SignedFile,
    SubmitOptions, Taking, Works,
};
pub use config::{Config, Https, ImportOptions, Offers, SecretSource, Vendor};
pub use simulation::Simulation;
pub use swim_core::{self as core, Effect, Error, ErrorKind, ErrorRecord, Result, Retry};
pub use watch::{Event, Watch};
pub use wiring::Builder;

/// The README's Rust example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
