//! SFTP version 3: our push to devices, our fetch from them, our offer to them and our accept of what they send,
//! over a codec of our own.
//!
//! Handles are opaque bytes, as the protocol says: servers use binary ones, and reading them as text corrupts them.

mod accept;
mod board;
mod codec;
mod depth;
mod fetch;
mod folder;
mod lanes;
mod offer;
mod push;
mod requests;
pub(crate) mod serve;
mod talk;
mod upload;

pub use fetch::SftpFetch;
pub use push::SftpPush;
