//! The parsers on texts of our own: forms that real devices print, in several releases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arbitrary;
mod operations;
mod redundancy;
mod state;
mod versions;
