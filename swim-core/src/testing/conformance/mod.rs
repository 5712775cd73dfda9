//! Conformance suites: one function a port. Each asserts every documented property and panics at the first
//! one that does not hold. Give each call a fresh, empty store.

#![allow(clippy::expect_used, clippy::panic, reason = "a suite reports by panicking, like the tests that call it")]

mod image_store;
mod index;
mod job_store;
mod leases;
mod records;

pub use image_store::image_store;
pub use index::index;
pub use job_store::job_store;
pub use leases::job_store_shared;
pub use records::records;

use crate::{ErrorKind, Result};

/// Asserts that a call failed with this kind.
fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind, what: &str) -> crate::Error {
    match result {
        Err(error) if error.kind() == kind => error,
        other => panic!("{what}: expected {kind}, got {other:?}"),
    }
}
