//! The vendor's software service over HTTPS: OAuth2, metadata, forms and downloads, in its fourth generation.
//!
//! [`VendorCatalog`] makes single calls; what follows from the codes that come back is
//! [`swim_core::catalog`]'s. Secrets (client secret, password, bearer token, links) stand in no error and no log.

mod address;
mod client;
mod config;
mod file;
mod requests;
mod token;

pub use client::VendorCatalog;
pub use config::{VendorConfig, VendorLogin};
