//! HTTP: offers of one image and places for one upload at a path that cannot be guessed, and the client of other servers.

mod body;
mod client;
mod config;
mod listing;
mod range;
mod sending;
mod server;
mod taking;
mod version;

pub use client::HttpClient;
#[cfg(feature = "catalog")]
pub(crate) use client::{Body, broken, heard};
pub use config::HttpConfig;
pub use server::HttpOffers;
