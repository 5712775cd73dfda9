//! TFTP with windows (RFC 1350, 2347, 2348, 2349, 7440), in both directions and both roles, over engines without IO.
//!
//! TFTP has no login and no encryption. The random path of an offer is its credential, and who can listen on the way reads
//! both; the device's own check of the digest protects against a change.

mod alarm;
mod client;
mod config;
mod cutting;
mod desk;
mod front;
pub mod options;
pub mod packet;
pub mod receive;
pub mod send;
mod sending;
mod server;
mod session;
mod taking;
#[cfg(test)]
mod tests;
mod timer;

pub use client::TftpClient;
pub use config::{TftpClientConfig, TftpConfig};
pub use server::TftpOffers;
