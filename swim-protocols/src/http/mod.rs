//! HTTP: offers of one image and places for one upload at a path that cannot be guessed, and the client of other servers.

mod body;
mod client;
mod config;
mod fetch;
mod listing;
mod push;
mod range;
mod request;
mod sending;
mod server;
mod taking;
mod version;

pub use client::HttpClient;
pub use config::HttpConfig;
#[cfg(feature = "catalog")]
pub(crate) use request::{Body, broken, heard};
pub use server::HttpOffers;
