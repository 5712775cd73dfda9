//! How FTP is spoken, and its limits.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Longest wait for a connection and for its greeting.
pub(super) const CONNECT: Duration = Duration::from_secs(60);
/// Silence that ends a session: servers look up names for a minute before they answer.
pub(super) const SILENCE: Duration = Duration::from_secs(120);
/// Silence after the last byte of an upload: flash that is written behind a cache was seen to take minutes.
pub(super) const FLUSH: Duration = Duration::from_secs(300);
/// Longest wait for the answers when we leave: nothing depends on them.
pub(super) const GOODBYE: Duration = Duration::from_secs(3);
/// Bytes that are read from the store, the sink or the socket at once: halves the calls of 256 KiB, and more gains nothing.
pub(super) const PIECE: usize = 1024 * 1024;
/// Bytes at the end of what is there that are fetched again and compared: so much of a file is not alike by chance.
pub(super) const COMPARED: u64 = 64 * 1024;

/// Who opens the data connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataMode {
    /// We do (`EPSV`, then `PASV`): passes address translation and firewalls on our side.
    #[default]
    Passive,
    /// The server does (`EPRT`, then `PORT`): for servers behind a firewall of their own.
    Active,
}

/// Settings of the FTP client. Every field has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FtpClientConfig {
    /// Who opens the data connection.
    pub mode: DataMode,
    /// First and last port at which we wait for the server in the active mode; any free one when absent.
    pub active_ports: Option<(u16, u16)>,
}
