//! Flash: files of which size, digests and identity are kept, not the bytes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use md5::{Digest, Md5};
use sha2::Sha512;

use crate::identity::Identity;

/// What a file is to the boot loader and to `install`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// An image, readable as such.
    Image(Identity),
    /// A package that `install add` unpacked, of this version.
    Package(String),
    /// `packages.conf`.
    Provisioning,
    /// Anything else, partial and damaged files too.
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    pub(crate) bytes: u64,
    pub(crate) md5: String,
    pub(crate) sha512: String,
    pub(crate) content: Content,
    pub(crate) written: Timestamp,
}

impl StoredFile {
    /// A file that nobody sent: its digests are made from its name and size.
    pub(crate) fn made_up(name: &str, bytes: u64, content: Content, written: Timestamp) -> Self {
        let seed = format!("{name}/{bytes}");
        Self {
            bytes,
            md5: hex::encode(Md5::digest(seed.as_bytes())),
            sha512: hex::encode(Sha512::digest(seed.as_bytes())),
            content,
            written,
        }
    }
}

/// The flash of one member.
#[derive(Clone, Debug)]
pub(crate) struct Flash {
    pub(crate) total: u64,
    /// Bytes that are used by what `dir` does not show.
    hidden: u64,
    pub(crate) files: BTreeMap<String, StoredFile>,
}

impl Flash {
    /// A flash with these files and this many free bytes.
    pub(crate) fn new(total: u64, free: u64, files: BTreeMap<String, StoredFile>) -> Self {
        let used: u64 = files.values().map(|f| f.bytes).sum();
        Self { total, hidden: total.saturating_sub(free).saturating_sub(used), files }
    }

    pub(crate) fn free(&self) -> u64 {
        let used: u64 = self.files.values().map(|f| f.bytes).sum();
        self.total.saturating_sub(self.hidden).saturating_sub(used)
    }

    /// Leaves no room.
    pub(crate) fn fill(&mut self) {
        self.hidden += self.free();
    }
}

/// Digests and the beginning of a file while it is received.
pub(crate) struct Receiving {
    md5: Md5,
    sha512: Sha512,
    head: Vec<u8>,
    pub(crate) bytes: u64,
}

impl Receiving {
    /// Headers of the images that are understood end well within this.
    const HEAD: usize = 64 * 1024;

    pub(crate) fn new() -> Self {
        Self { md5: Md5::new(), sha512: Sha512::new(), head: Vec::new(), bytes: 0 }
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha512.update(bytes);
        let room = Self::HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(room));
        self.bytes += bytes.len() as u64;
    }

    /// The finished file; `damaged` gives it other digests and takes its identity.
    pub(crate) fn finish(mut self, damaged: bool, written: Timestamp) -> StoredFile {
        if damaged {
            self.md5.update(b"damaged");
            self.sha512.update(b"damaged");
        }
        let identity = if damaged { None } else { Identity::read(&self.head) };
        StoredFile {
            bytes: self.bytes,
            md5: hex::encode(self.md5.finalize()),
            sha512: hex::encode(self.sha512.finalize()),
            content: identity.map_or(Content::Other, Content::Image),
            written,
        }
    }
}
