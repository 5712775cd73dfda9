//! SFTP version 3: our push to devices, our fetch from them and our offer to them, over a codec of our own.
//!
//! Handles are opaque bytes, as the protocol says: servers use binary ones, and reading them as text corrupts them.

mod board;
mod codec;
mod depth;
mod fetch;
mod lanes;
pub(crate) mod offer;
mod push;
mod talk;

pub use fetch::SftpFetch;
pub use push::SftpPush;
