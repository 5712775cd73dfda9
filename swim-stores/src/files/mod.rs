//! Images as content-addressed files in a folder:
//!
//! ```text
//! images/ab/cdef...      an image, by its SHA-256 (two digits, then the other 62)
//! incoming/<random>.part what a writer has written so far
//! ```
//!
//! A writer holds an exclusive lock (`flock`) on its file from before the first byte until the file has its final
//! name. The lock ends with the writer's process, however that ends, so a file in `incoming` that can be locked is
//! what a dead writer left, and `sweep` removes only those: writers of other processes are safe. An image is
//! flushed to disk before it gets its name, and the folders after it. The lock is kept until the image has its record, so that
//! another process that opens the store meanwhile does not take it for a leftover.
//!
//! Links inside the store are not followed: a link where an image should be is no image.

mod disk;
mod failure;
mod leftover;
mod opened;
mod pending;
mod pieces;
mod received;
mod source;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod writer;

pub use leftover::remove_leftover;
pub use received::FileSink;
pub use source::FileSource;
pub use store::FileImages;
