//! How far a file that was not transferred whole can have holes.

/// The spread of a transfer: no byte is sent or asked for that is so far behind the first one that is still missing. It
/// bounds what a cut can lose, and where a far file can have holes, whoever goes on with it. Twice the greatest depth:
/// channels are not equally fast, and with less the fast ones wait for the slow ones.
pub(crate) const SPREAD: u64 = 40 * 1024 * 1024;
