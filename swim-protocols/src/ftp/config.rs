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
/// Bytes that are read at once below TLS, which asks for one small record after the other.
pub(super) const READ_BUFFER: usize = 256 * 1024;
/// Silence of a data connection that ends it: flash that is being erased was seen to stop a transfer for minutes.
pub(super) const DATA_SILENCE: Duration = Duration::from_secs(300);
/// Bytes at the end of what is there that are fetched again and compared: so much of a file is not alike by chance.
pub(super) const COMPARED: u64 = 64 * 1024;

/// Connections to an offer or accept at the same time: a device uses one; others are its retries after a loss.
pub(super) const CONNECTIONS: usize = 4;
/// A TLS handshake must be over within this time: small devices need seconds for the arithmetic of one.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(30);
/// Wrong logins of one connection, and handshakes of its data connections that fail.
pub(super) const ATTEMPTS: u32 = 3;
/// Every refusal of a login takes this long: guessing is slow.
pub(super) const REFUSAL_TIME: Duration = Duration::from_secs(1);
/// From the connection to the login: programs need no second for it, people at a console a few.
pub(super) const LOGIN_GRACE: Duration = Duration::from_secs(60);
/// The next command of a client that is inside must be there within this time.
pub(super) const IDLE: Duration = Duration::from_secs(300);
/// A client that has read a file closes the data connection. Some wait for our reply before, so they are not waited for
/// any longer.
pub(super) const TAKEN: Duration = Duration::from_secs(3);
/// A client that dies in the middle of an upload closes both connections, and one that is alive waits for our reply. The
/// end of the other connection may come this much later: it was sent at once, but a packet that is lost is sent again after
/// 200 ms at the earliest, and then after twice that.
pub(super) const PARTING: Duration = Duration::from_secs(1);
/// After the reply that an upload is not wanted, its bytes are read and thrown away for so long: a reply that is lost once is
/// there by then, and who listens stops.
pub(super) const HEARD: Duration = Duration::from_secs(2);
/// The least port that we dial for a client. Below are services, and a client that names one means harm.
pub(super) const LEAST_PORT: u16 = 1024;

/// Where offers and accepts are served over FTP. Every field has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FtpConfig {
    /// The address to listen at.
    pub bind: String,
    /// The port of the control connection. Many devices can be told no other than 21; 0 picks a free one.
    pub port: u16,
    /// First and last port of passive data connections; any free one when absent.
    pub passive_ports: Option<(u16, u16)>,
}

impl Default for FtpConfig {
    fn default() -> Self {
        let port = swim_core::model::Protocol::Ftp.port();
        Self { bind: "0.0.0.0".to_owned(), port, passive_ports: None }
    }
}

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
