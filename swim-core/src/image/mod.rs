//! What a file is: identified from its bytes, each field with where it comes from.

mod cw;
mod describe;
mod elf;
mod expansion;
mod feature_set;
mod flash_record;
mod identify;
mod info;
mod iso;
mod magic;
mod mzip;
mod name;
mod npk;
mod nxos_header;
mod onie;
mod packages_conf;
mod packed_tar;
mod platforms;
mod requirements;
mod rpm;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod samples;
mod source;
mod sums;
mod tar;
mod tlv;
mod trailing;
mod unpack;
mod xr;
mod zip;

pub use cw::{CwBlock, CwTag, cw_tags};
pub use describe::IMAGE_TYPES;
pub(crate) use describe::image_type;
pub use feature_set::FeatureSet;
pub(crate) use identify::{UNKNOWN_FORM, further_name};
pub use identify::{identify, identify_deeply, identify_with, is_hidden};
pub use info::TarInfo;
pub use name::{NameFacts, parse_filename};
pub use packages_conf::{PackageUse, PackagesConf};
pub(crate) use platforms::platform_id;
pub use platforms::{PLATFORMS, platform_named};

pub(crate) use requirements::changed;
pub use requirements::{
    Changed, Need, Overrides, REQUIREMENT_BYTES, Requirement, RequirementChange, RequirementField, Requirements,
};
pub use source::{Head, ReadAt};
pub use sums::{EmbeddedSums, PayloadCheck, check_payload, embedded_sums};
pub use tlv::{HeaderEntry, PackageHeader, package_header};
pub(crate) use trailing::told as bytes_follow;
pub use unpack::{Inside, PackedPart, Packing, look_inside, packed_parts};

use serde::{Deserialize, Serialize};

use crate::model::{Digests, Sha256};
use crate::version::Version;

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Provenance {
    /// The header of the file.
    Header,
    /// A member of the archive.
    Member,
    /// Strings inside the payload.
    Payload,
    /// The file name: a hint, names are no proof.
    FileName,
    /// A catalogue.
    Catalogue,
    /// A person said so.
    User,
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field<T> {
    /// The value.
    pub value: T,
    /// Its source.
    pub from: Provenance,
}

impl<T> Field<T> {
    /// A field.
    pub const fn new(value: T, from: Provenance) -> Self {
        Self { value, from }
    }
}

/// What is known of an image file. An absent field means that neither bytes nor name say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageFacts {
    /// `ios_xe_package`, `ios_elf`, `ios_mzip`, `ios_tar`, `packages_conf`, `ios_microcode`, `ios_xr_iso`, `ios_xr_tar`, `ios_xr_tgz`,
    /// `nxos`, `rpm`, `eos_swi`, `sonic_swi`, `onie`, `npk`, `junos_tgz`; `iso`, `tar`, `tgz`, `zip`, `gzip`, `bzip2`, `squashfs`,
    /// `elf`, `uimage`, `fit`, `netboot`, `html` for what such a file holds nothing known; `unknown`.
    pub container: Option<Field<String>>,
    /// `ios`, `ios_xe`, `ios_xr`, `nxos`, ...: which platform definition it is for.
    pub platform: Option<Field<String>>,
    /// The product family, lower case: `cat9k`, `c2960x`, `isr4300`.
    pub family: Option<Field<String>>,
    /// The version.
    pub version: Option<Field<Version>>,
    /// The other number of the same release (dual numbering).
    pub alt_version: Option<Field<String>>,
    /// The feature set, e.g. `universalk9`.
    pub feature_set: Option<Field<String>>,
    /// Strong cryptography inside?
    pub k9: Option<Field<bool>>,
    /// Payload encryption left out (NPE)? Such an image may still have strong cryptography for its own sessions.
    pub npe: Option<Field<bool>>,
    /// Encryption of the data path licensed apart (LDPE), as some countries demand?
    pub ldpe: Option<Field<bool>>,
    /// `image`, `smu`, `rommon`, `package`, `kickstart`, `epld`, ...
    pub image_type: Option<Field<String>>,
    /// Least main memory, bytes.
    pub min_ram: Option<Field<u64>>,
    /// Least flash, bytes.
    pub min_flash: Option<Field<u64>>,
    /// Least version of the boot ROM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_boot_rom: Option<Field<Version>>,
    /// `SPA`, `SSA`: presence and kind of a signature, not that it was checked.
    pub signature: Option<Field<String>>,
    /// The name of the image as the bytes tell it.
    pub internal_name: Option<Field<String>>,
    /// The sum inside of the file that was computed again and holds, e.g. `CRC-32 of gzip`. It finds damage; it is no proof of
    /// origin. Absent when the file has none that is understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded_sum: Option<Field<String>>,
    /// Boards, route processors and architectures that the header names, verbatim.
    pub compatibility: Vec<Field<String>>,
    /// What proves that the file is not whole: bytes that are missing, sums that do not hold. No such image is for a device.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<String>,
    /// Everything else that looked wrong: contradictory, ambiguous, not understood.
    pub remarks: Vec<String>,
}

/// An image in the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its address.
    pub id: Sha256,
    /// The file name at import.
    pub file_name: String,
    /// Its size.
    pub bytes: u64,
    /// Its digests.
    pub digests: Digests,
    /// What it is.
    pub facts: ImageFacts,
    /// What a person requires of devices, beside what the facts say; see [`Requirements`].
    #[serde(default, skip_serializing_if = "Overrides::is_empty")]
    pub overrides: Overrides,
    /// When it was imported.
    pub imported: jiff::Timestamp,
    /// The release of this library whose readers told the facts. A scrub by another release reads the file again, and so does
    /// another import. Empty: of a release that did not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub read_by: String,
    /// Why it is kept away from devices, where a list of known good values contradicts it and nobody lifted that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
    /// The quarantine that a person lifted, with who, when and why: it keeps the image from nothing, as long as the lists say
    /// the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_lifted: Option<Quarantine>,
}

/// Why an image is kept away from devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Since when.
    pub since: jiff::Timestamp,
    /// The list of known good values that contradicts it.
    pub list: String,
    /// What differs.
    pub reasons: Vec<String>,
    /// It is a list of the repository that the image came from in an archive: no list here spoke for the image since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// Who lifted it all the same: only in `quarantine_lifted` of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<Lifted>,
}

/// A person took the responsibility for an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    /// When.
    pub at: jiff::Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Image {
    /// The quarantine that it is in.
    #[must_use]
    pub fn quarantined(&self) -> Option<&Quarantine> {
        self.quarantine.as_ref().filter(|quarantine| quarantine.lifted.is_none())
    }

    /// What a list has against it, whether a person lifted the quarantine or not.
    #[must_use]
    pub fn contradicted(&self) -> Option<&Quarantine> {
        self.quarantine.as_ref().or(self.quarantine_lifted.as_ref())
    }

    /// Ends the quarantine by the word of a person. Is there one?
    pub(crate) fn lift(&mut self, lifted: Lifted) -> bool {
        let Some(held) = self.quarantine.take() else { return false };
        self.quarantine_lifted = Some(Quarantine { lifted: Some(lifted), ..held });
        true
    }

    /// Earlier releases kept what was lifted in the place of what holds.
    pub(crate) fn brought_up(mut self) -> Self {
        if let Some(lifted) = self.quarantine.take_if(|held| held.lifted.is_some()) {
            self.quarantine_lifted = Some(lifted);
        }
        self
    }

    /// Refuses an image that must reach no device: one in quarantine, and one that is not whole. What a scrub found is not
    /// known here: see [`cleared`](crate::repo::cleared).
    ///
    /// # Errors
    /// `Blocked` with the list and what differs; `Integrity` with what is missing or does not hold.
    pub fn cleared(&self, operation: &str) -> crate::Result<()> {
        if let Some(why) = self.facts.damage.first() {
            let message = format!("{} is damaged: {why}; import the whole file", self.file_name);
            return Err(crate::Error::new(crate::ErrorKind::Integrity, operation, message).with("image", self.id));
        }
        let Some(quarantine) = self.quarantined() else { return Ok(()) };
        let message = format!("{} is in quarantine: {} contradicts it", self.file_name, quarantine.list);
        let error = crate::Error::new(crate::ErrorKind::Blocked, operation, message);
        Err(error.with("image", self.id).with("list", &quarantine.list).with("reasons", quarantine.reasons.join("; ")))
    }
}
