//! The digests of a stream, taken while it passes.

use bytes::Bytes;
use sha2::Digest;

use super::Source;
use crate::Result;
use crate::model::{Digests, Sha256};

/// The digests of a stream that is not kept.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// use swim_core::{model::Sha256, repo};
/// let digests = runtime.block_on(repo::digests(bytes::Bytes::from_static(b"abc")))?;
/// assert_eq!(digests.sha256, Sha256::of(b"abc"));
/// assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
/// # Ok::<(), swim_core::Error>(())
/// ```
///
/// # Errors
/// Those of the source.
pub async fn digests(mut source: impl Source) -> Result<Digests> {
    let mut digester = Digester::new();
    while let Some(bytes) = source.next().await? {
        digester.take(&bytes);
    }
    Ok(digester.finish())
}

/// One digest of the stream. Lanes know nothing of each other and take shared bytes, so each can be moved to
/// a thread of its own once there is a port for that; today they run one after the other.
#[derive(Debug)]
struct Lane<D>(D);

impl<D: Digest> Lane<D> {
    fn new() -> Self {
        Self(D::new())
    }

    fn take(&mut self, bytes: &Bytes) {
        self.0.update(bytes);
    }

    fn hex(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// SHA-256, SHA-512 and MD5 in one pass.
#[derive(Debug)]
pub(super) struct Digester {
    sha256: Lane<sha2::Sha256>,
    sha512: Lane<sha2::Sha512>,
    md5: Lane<md5::Md5>,
}

impl Digester {
    pub(super) fn new() -> Self {
        Self { sha256: Lane::new(), sha512: Lane::new(), md5: Lane::new() }
    }

    pub(super) fn take(&mut self, bytes: &Bytes) {
        self.sha256.take(bytes);
        self.sha512.take(bytes);
        self.md5.take(bytes);
    }

    pub(super) fn finish(self) -> Digests {
        let sha256 = Sha256::new(self.sha256.0.finalize().into());
        Digests { sha256, sha512: self.sha512.hex(), md5: self.md5.hex() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values_of_abc() {
        // RFC 1321, appendix A.5; FIPS 180-2, appendices B.1 and C.1.
        let mut digester = Digester::new();
        digester.take(&Bytes::from_static(b"a"));
        digester.take(&Bytes::from_static(b"bc"));
        let digests = digester.finish();
        assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digests.sha256.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(
            digests.sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
    }
}
