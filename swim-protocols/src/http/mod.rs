//! HTTP: offers of one image at a path that cannot be guessed, and the client of other servers.

mod body;
mod client;
mod config;
mod range;
mod server;

pub use client::HttpClient;
pub use config::HttpConfig;
pub use server::HttpOffers;
