//! HTTP offers: one image at a path that cannot be guessed.

mod body;
mod config;
mod range;
mod server;

pub use config::HttpConfig;
pub use server::HttpOffers;
