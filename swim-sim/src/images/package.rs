//! IOS XE packages: a header with a run of type-length-value records, then the payload.

use std::fmt;
use std::io::{self, Cursor, Read};

use super::Chain;
use super::fill::Fill;
use crate::release::{padded, unpadded};

/// What a package shall say of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSpec {
    /// The family, as in `cat9k`.
    pub family: String,
    /// The version, padded or not.
    pub version: String,
    /// Size of the file in bytes; never less than the header.
    pub bytes: u64,
    /// Other seeds give other bytes.
    pub seed: u64,
}

impl PackageSpec {
    /// A package with seed 0.
    #[must_use]
    pub fn new(family: impl Into<String>, version: impl Into<String>, bytes: u64) -> Self {
        Self { family: family.into(), version: version.into(), bytes, seed: 0 }
    }

    /// The same with another payload.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// `cat9k_iosxe.17.09.04a.SPA.bin`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}_iosxe.{}.SPA.bin", self.family, padded(&unpadded(&self.version)))
    }
}

/// Bytes before the first record. What real packages have there is not public; this is revision, type, flags and sizes.
pub(super) const HEADER: usize = 64;
/// A text.
const TEXT: u32 = 9;
/// A signature envelope.
const SIGNATURE: u32 = 12;
/// Its length on real packages.
const SIGNATURE_BYTES: usize = 392;

/// A stream of a package.
pub struct XePackage(Chain);

impl fmt::Debug for XePackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XePackage").finish_non_exhaustive()
    }
}

impl Read for XePackage {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Streams a package.
///
/// ```
/// use std::io::Read;
/// use swim_sim::images::{PackageSpec, ios_xe_package};
/// let mut bytes = Vec::new();
/// ios_xe_package(&PackageSpec::new("cat9k", "17.9.4a", 10_000)).read_to_end(&mut bytes)?;
/// assert_eq!(bytes.len(), 10_000);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn ios_xe_package(spec: &PackageSpec) -> XePackage {
    let mut records = Vec::new();
    let board = format!("BOARD_{}_TYPE", spec.family);
    let pairs = [
        ("KEY_TLV_PACKAGE_COMPATIBILITY", "FRU_RP_TYPE"),
        ("KEY_TLV_PACKAGE_BOOTARCH", "ARCH_i686_TYPE"),
        ("KEY_TLV_BOARD_COMPAT", &board),
        ("KEY_TLV_CRYPTO_KEYSTRING", "EnCrYpTiOn"),
    ];
    for (key, value) in pairs {
        record(&mut records, TEXT, key.as_bytes());
        record(&mut records, TEXT, value.as_bytes());
    }
    for text in [
        "CW_BEGIN=$$".to_owned(),
        format!("CW_FAMILY=${}$", spec.family),
        format!("CW_IMAGE=${}$", spec.file_name()),
        format!("CW_VERSION=${}$", unpadded(&spec.version)),
        "CW_DESCRIPTION=$Cisco IOS Software, IOS-XE Software$".to_owned(),
        "CW_END=$$".to_owned(),
    ] {
        record(&mut records, TEXT, text.as_bytes());
    }
    let mut signature = [0; SIGNATURE_BYTES];
    // The filler never fails and is longer than this.
    let _ = Fill::new(spec.seed ^ 0x5167, SIGNATURE_BYTES as u64).read(&mut signature);
    record(&mut records, SIGNATURE, &signature);

    let size = (HEADER + records.len()) as u32;
    let payload = spec.bytes.saturating_sub(u64::from(size));
    let mut head = Vec::with_capacity(size as usize);
    for word in [3, 30_000, 0, size, (payload >> 32) as u32, payload as u32] {
        head.extend(u32::to_be_bytes(word));
    }
    head.resize(HEADER, 0);
    head.extend(records);
    XePackage(Chain { head: Cursor::new(head), fill: Fill::new(spec.seed, payload), tail: Cursor::default() })
}

fn record(to: &mut Vec<u8>, kind: u32, value: &[u8]) {
    to.extend(kind.to_be_bytes());
    to.extend((value.len() as u32).to_be_bytes());
    to.extend(value);
    to.resize(to.len().next_multiple_of(4), 0);
}
