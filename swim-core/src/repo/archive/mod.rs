//! A whole repository in one file, to move it: a tar archive that every tar can list.
//!
//! ```text
//! manifest.json      every image: its record, its further names, its history
//! manifest.sha256    the SHA-256 of the manifest, as sha256sum(1) checks it
//! images/<sha256>    the bytes of each image, by what their SHA-256 must be
//! ```
//!
//! Both ways the bytes stream through one buffer of a mebibyte; the manifest, some kilobytes an image, is held in memory.
//! There are no secrets in it: records name none.

mod export;
mod manifest;
mod tar;
mod unpack;

pub use export::{ExportOptions, Exported, export};
pub use unpack::{Conflict, Unpacked, unpack};

/// Bytes that are read at once.
const PIECE: usize = 1024 * 1024;

/// The operation of all errors about reading one.
const OPERATION: &str = "import repository";

const MANIFEST: &str = "manifest.json";
const DIGEST: &str = "manifest.sha256";
const IMAGES: &str = "images/";

/// The longest manifest: some kilobytes an image, so half a million images.
const LONGEST_MANIFEST: u64 = 1024 * 1024 * 1024;

/// What `manifest.sha256` holds.
fn digest_line(digest: &crate::model::Sha256) -> String {
    format!("{digest}  {MANIFEST}\n")
}
