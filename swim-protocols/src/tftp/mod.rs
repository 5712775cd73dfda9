//! TFTP with windows (RFC 1350, 2347, 2348, 2349, 7440): offers that a device pulls from, over engines without IO.
//!
//! TFTP has no login and no encryption. The random path of an offer is its credential, and who can listen on the way reads
//! both; the device's own check of the digest protects against a change.

mod config;
pub mod packet;
pub mod receive;
pub mod send;
mod server;
#[cfg(test)]
mod tests;

pub use config::TftpConfig;
pub use server::TftpOffers;
