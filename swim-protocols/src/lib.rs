//! Protocol adapters of swim: SSH (command line, SFTP, SCP), Telnet (command line), HTTP, FTP and TFTP.
//!
//! Everything here dials and listens through [`swim_core::ports::Network`], so the same code runs over TCP
//! ([`net::TcpNetwork`]) and over the in-memory network of the simulator.

pub mod clock;
#[cfg(any(feature = "ssh", feature = "telnet"))]
mod command_line;
#[cfg(feature = "ssh")]
pub mod connector;
#[cfg(any(feature = "ssh", feature = "http", feature = "tftp", feature = "ftp"))]
mod door;
#[cfg(feature = "ftp")]
pub mod ftp;
#[cfg(feature = "http")]
pub mod http;
#[cfg(any(feature = "http", feature = "tftp"))]
mod intake;
#[cfg(test)]
mod memory;
pub mod net;
#[cfg(any(feature = "ssh", feature = "http", feature = "tftp", feature = "ftp"))]
mod pulls;
#[cfg(any(feature = "http", feature = "tftp"))]
mod served;
#[cfg(feature = "ssh")]
pub mod ssh;
#[cfg(any(feature = "ssh", feature = "http", feature = "ftp"))]
mod stream;
#[cfg(feature = "telnet")]
pub mod telnet;
#[cfg(feature = "tftp")]
pub mod tftp;
#[cfg(feature = "tftp")]
mod udp;
