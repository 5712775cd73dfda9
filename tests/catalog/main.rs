//! The vendor's catalogue over real HTTP against the simulated service: a row for each documented code, forms, tokens,
//! faults on the way, and downloads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod codes;
mod documents;
mod downloads;
mod endless;
mod faults;
mod forms;
mod replaced;
mod verbs;
mod world;
