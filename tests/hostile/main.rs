//! What hostile servers, hostile files and careless callers do to imports, catalogues and the repository.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod archives;
mod catalogs;
mod collections;
mod imports;
mod inputs;
mod world;
