//! FTP: offers of one image, places for one upload, and the client of other servers.

mod client;
mod command;
mod config;
mod control;
mod data;
mod desk;
mod failure;
mod files;
mod listing;
mod reception;
pub mod reply;
mod server;
mod session;
mod visitor;

pub use client::FtpClient;
pub use config::{DataMode, FtpClientConfig, FtpConfig};
pub use server::FtpOffers;
