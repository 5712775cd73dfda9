//! FTP: offers of one image, places for one upload, and the client of other servers.

mod client;
mod config;
mod data;
mod failure;
pub mod reply;
mod session;

pub use client::FtpClient;
pub use config::{DataMode, FtpClientConfig};
