//! Protocol adapters of swim: SSH (command line, SFTP, SCP), Telnet (command line), HTTP and FTP (both with TLS as well)
//! and TFTP.
//!
//! Everything here dials and listens through [`swim_core::ports::Network`], so the same code runs over TCP
//! ([`net::TcpNetwork`]) and over the in-memory network of the simulator.

#[cfg(feature = "catalog")]
pub mod catalog;
pub mod clock;
#[cfg(any(feature = "ssh", feature = "telnet"))]
mod command_line;
#[cfg(feature = "ssh")]
pub mod connector;
#[cfg(any(feature = "http", feature = "ftp"))]
mod delivered;
#[cfg(any(feature = "ssh", feature = "http", feature = "tftp", feature = "ftp"))]
#[cfg_attr(
    not(any(feature = "ssh", feature = "http")),
    allow(dead_code, reason = "FTP and TFTP have doors of their own")
)]
mod door;
#[cfg(any(feature = "ssh", feature = "tls"))]
mod first_use;
#[cfg(feature = "ftp")]
pub mod ftp;
#[cfg(feature = "ssh")]
mod gather;
#[cfg(feature = "http")]
pub mod http;
#[cfg(any(feature = "ssh", feature = "http", feature = "tftp", feature = "ftp"))]
mod intake;
#[cfg(any(feature = "ftp", feature = "http"))]
mod listed;
#[cfg(any(feature = "ssh", feature = "http", feature = "tftp", feature = "ftp"))]
#[cfg_attr(
    not(any(feature = "ssh", feature = "http")),
    allow(dead_code, reason = "FTP and TFTP have doors of their own")
)]
mod lobby;
#[cfg(any(feature = "ssh", feature = "ftp"))]
mod login;
#[cfg(test)]
mod memory;
pub mod net;
#[cfg(any(feature = "ssh", feature = "ftp"))]
mod noted;
#[cfg(any(feature = "ssh", feature = "http", feature = "tftp", feature = "ftp"))]
#[cfg_attr(
    not(any(feature = "ssh", feature = "http", feature = "ftp")),
    allow(dead_code, reason = "TFTP has a limit of its own")
)]
mod path;
#[cfg(any(feature = "ssh", feature = "http", feature = "tftp", feature = "ftp"))]
mod pulls;
#[cfg(any(feature = "http", feature = "ftp"))]
mod sendfile;
#[cfg(any(feature = "ssh", feature = "http", feature = "tftp", feature = "ftp"))]
mod served;
#[cfg(any(feature = "ssh", feature = "ftp"))]
mod spread;
#[cfg(feature = "ssh")]
pub mod ssh;
#[cfg(any(feature = "ssh", feature = "http"))]
mod stream;
#[cfg(feature = "telnet")]
pub mod telnet;
#[cfg(feature = "tftp")]
pub mod tftp;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "tftp")]
mod udp;
