//! What a catalogue says of one image: the same shape from a vendor's service, an open file or a list of good values.

use serde::{Deserialize, Serialize};

use super::FormKind;
use crate::image::{ImageFacts, image_type, parse_filename, platform_id};

/// One image of a catalogue. What is absent is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// The name of the file.
    pub filename: String,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-512, hexadecimal, lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha512: Option<String>,
    /// SHA-256, hexadecimal, lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// MD5, hexadecimal, lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// The platform: `ios_xe`, `nxos`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Product families that it is for, as the names of images have them: `cat9k`. Vendors write products here as well, which are
    /// not matched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<String>,
    /// The version as the catalogue writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The other number of the same release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt_version: Option<String>,
    /// The feature set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature_set: Option<String>,
    /// What cryptography is inside.
    pub crypto: Crypto,
    /// `image`, `smu`, `rommon`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_type: Option<String>,
    /// What a device must have.
    pub requires: Requires,
    /// How it stands with the vendor.
    pub lifecycle: Lifecycle,
    /// Advisories, field notices and deferral notices on it, verbatim.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<String>,
    /// How it is reached from other releases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<UpgradePath>,
    /// Forms of the vendor that nobody has answered yet for the image; an empty list says that none is pending. Absent: not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forms: Option<Vec<FormKind>>,
    /// Who says all this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<String>,
}

/// Three facts that are easily confused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crypto {
    /// Strong cryptography inside: its export is regulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k9: Option<bool>,
    /// Payload encryption left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub npe: Option<bool>,
    /// Payload encryption limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldpe: Option<bool>,
}

/// What a device must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Requires {
    /// Main memory, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram_mib: Option<u64>,
    /// Flash, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash_mib: Option<u64>,
    /// The least boot ROM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootrom: Option<String>,
    /// The release that must run before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_version: Option<String>,
}

/// How an image stands with its vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifecycle {
    /// The day of the release, `2023-11-15`; of a vendor's service verbatim where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// May it be used?
    pub status: Status,
    /// Does the vendor suggest it?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested: Option<bool>,
    /// The vendor's own word for its age (`ED`, `MD`, ...), verbatim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

/// May an image be used?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// Yes.
    #[default]
    Active,
    /// The vendor advises against it: known, never recommended.
    Deferred,
    /// The vendor took it back.
    Withdrawn,
}

impl Status {
    /// May it be recommended?
    #[must_use]
    pub fn offered(self) -> bool {
        self == Self::Active
    }
}

/// A way to an image from another release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpgradePath {
    /// From which release on.
    pub from: String,
    /// Over which releases, in order; none: at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<String>,
    /// What else is to be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Entry {
    /// Catalogues write memory in MiB.
    pub(crate) const MIB: u64 = 1024 * 1024;

    /// May both be the same file, as far as the digests tell that both have? Where they have none in common, by the size.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        let digests = [(&self.sha512, &other.sha512), (&self.sha256, &other.sha256), (&self.md5, &other.md5)];
        let mut told = digests.into_iter().filter_map(|(a, b)| a.as_ref().zip(b.as_ref())).peekable();
        if told.peek().is_none() {
            return self.size.zip(other.size).is_none_or(|(a, b)| a == b);
        }
        told.all(|(a, b)| a.eq_ignore_ascii_case(b))
    }

    /// What the name of the file tells; nothing, where the entry says another platform than the name.
    pub(crate) fn told_by_name(&self) -> ImageFacts {
        let named = parse_filename(&self.filename).facts();
        let said = self.platform.as_deref().map(platform_id);
        let differs = said.zip(named.platform.as_ref()).is_some_and(|(said, named)| said != named.value);
        if differs { ImageFacts::default() } else { named }
    }

    /// The entry with what the name of its file tells in the place of what it leaves out. Of the cryptography that is so only
    /// where it leaves out the feature set as well: a set that it says has cryptography of its own.
    ///
    /// ```
    /// use swim_core::catalog::Entry;
    /// let entry: Entry = serde_json::from_str(r#"{"filename": "cat9k_iosxe.17.12.04.SPA.bin", "families": ["cat9k"]}"#).unwrap();
    /// let whole = entry.completed();
    /// assert_eq!((whole.platform.as_deref(), whole.version.as_deref()), (Some("ios_xe"), Some("17.12.4")));
    /// assert_eq!((whole.feature_set.as_deref(), whole.crypto.npe), (Some("universalk9"), Some(false)));
    /// ```
    #[must_use]
    pub fn completed(&self) -> Self {
        let named = self.told_by_name();
        let mut entry = self.clone();
        entry.platform = entry.platform.or_else(|| named.platform.map(|field| field.value));
        entry.version = entry.version.or_else(|| named.version.map(|field| field.value.normal()));
        entry.alt_version = entry.alt_version.or_else(|| named.alt_version.map(|field| field.value));
        entry.image_type = entry.image_type.or_else(|| named.image_type.map(|field| field.value));
        if entry.families.is_empty() {
            entry.families = named.family.into_iter().map(|field| field.value).collect();
        }
        if entry.feature_set.is_none() {
            entry.feature_set = named.feature_set.map(|field| field.value);
            entry.crypto.k9 = entry.crypto.k9.or_else(|| named.k9.map(|field| field.value));
            entry.crypto.npe = entry.crypto.npe.or_else(|| named.npe.map(|field| field.value));
            entry.crypto.ldpe = entry.crypto.ldpe.or_else(|| named.ldpe.map(|field| field.value));
        }
        entry
    }

    /// An entry with what the name of the file tells: a hint, which what a catalogue says replaces.
    #[must_use]
    pub fn named(filename: &str) -> Self {
        let named = parse_filename(filename);
        let family = named.facts().family.map(|field| field.value);
        Self {
            filename: filename.to_owned(),
            platform: named.platform.as_deref().map(|platform| platform_id(platform).to_owned()),
            families: family.into_iter().collect(),
            version: named.version,
            alt_version: named.alt_version,
            feature_set: named.feature_set,
            crypto: Crypto { k9: named.k9, npe: named.npe, ldpe: named.ldpe },
            image_type: named.image_type.as_deref().and_then(image_type).map(str::to_owned),
            ..Self::default()
        }
    }
}
