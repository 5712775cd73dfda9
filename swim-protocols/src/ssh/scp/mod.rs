//! Legacy SCP: the protocol that routers and switches speak, without IO in [`source`] and [`sink`], and our push, fetch,
//! offer and accept on top of it.
//!
//! The side that sends a file is the *source*, the side that takes it is the *sink*, whoever dialled. The source sends
//! lines (`C0644 <bytes> <name>` for a file, `T` for its times, `D` and `E` around a directory) and the bytes; the sink
//! answers each with one byte: 0 for good, 1 for a warning, 2 for an end, both followed by a line of text.

mod accept;
mod fetch;
mod offer;
mod push;
mod send;
pub(crate) mod serve;
pub mod sink;
pub mod source;
mod take;

pub use fetch::ScpFetch;
pub use push::ScpPush;

/// The longest line that is read: names on devices are far shorter, and a peer that sends no line end must not fill our
/// memory.
const LINE_LIMIT: usize = 4096;

/// Answer: go on.
const GOOD: u8 = 0;
/// Answer: a warning with text.
const WARNING: u8 = 1;
/// Answer: the end, with text.
const FATAL: u8 = 2;

/// Text of the other side.
fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests;
