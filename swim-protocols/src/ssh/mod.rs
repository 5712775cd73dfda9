//! SSH: the command line of devices, SFTP and SCP in both directions.

mod auth;
mod backlog;
pub mod cli;
mod client;
mod config;
mod failure;
mod greeting;
mod hostkeys;
mod outflow;
mod pipe;
mod proposal;
pub mod scp;
mod server;
mod session;
pub mod sftp;

pub use cli::SshConnector;
pub use client::{SshClient, SshLink};
pub use config::{
    AUTH_LIMIT, CHANNEL_LIMIT, CONNECT_LIMIT, KEEPALIVE, KEEPALIVES, SshConfig, Striping, TRANSFER_SILENCE,
};
pub use server::{OfferConfig, SshOffers};

#[cfg(test)]
mod tests;
