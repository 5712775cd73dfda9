//! Telnet (RFC 854): the command line of devices that have no SSH.
//!
//! Nothing is encrypted and nobody is authenticated: a device must be marked with `telnet` before it is reached this way.
//! Options are negotiated by an engine without IO ([`negotiation`]) below a reader and writer of the byte stream
//! ([`stream`]), also without IO.

mod cli;
pub mod negotiation;
pub mod stream;
#[cfg(all(test, feature = "ssh"))]
mod tests;
mod wire;

pub use cli::{CONNECT_LIMIT, SILENCE, TelnetConnector};
