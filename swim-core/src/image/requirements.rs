//! What a device must have to run an image: what the image or a catalogue says, and beside it what a person set.
//!
//! A person's value never takes the place of the other one: it is kept beside it, so that the default can come back.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Field, Image, ImageFacts, Provenance};
use crate::model::Sha256;
use crate::version::{Scheme, Version};
use crate::{Error, Result};

/// What a person may set as least RAM or flash, in bytes: the range that network management products of vendors take.
pub const REQUIREMENT_BYTES: RangeInclusive<u64> = 1..=999_999_999_999_999;

/// One of the things that an image requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequirementField {
    /// Main memory.
    Ram,
    /// Flash.
    Flash,
    /// The boot ROM's version.
    BootRom,
}

impl RequirementField {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ram, Self::Flash, Self::BootRom];

    /// Its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ram => "ram",
            Self::Flash => "flash",
            Self::BootRom => "boot_rom",
        }
    }
}

impl fmt::Display for RequirementField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RequirementField {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|field| field.name() == name);
        found.ok_or_else(|| Error::invalid("fields", format!("{name:?}"), "it is ram, flash or boot_rom"))
    }
}

/// One requirement: the default, what a person set, and what holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement<T> {
    /// What the image or a catalogue says; absent when neither does.
    pub default: Option<Field<T>>,
    /// What a person set.
    #[serde(rename = "override")]
    pub overridden: Option<Field<T>>,
    /// What holds: what a person set, or else the default. Absent means that nobody knows, not that nothing is required.
    pub effective: Option<Field<T>>,
}

impl<T: Clone> Requirement<T> {
    fn new(said: Option<&Field<T>>, set: Option<&T>) -> Self {
        // Records of old put what a person said in the place of what the image says: the default is not known then.
        let (old, default) = match said {
            Some(field) if field.from == Provenance::User => (Some(field.value.clone()), None),
            other => (None, other.cloned()),
        };
        let overridden = set.cloned().or(old).map(|value| Field::new(value, Provenance::User));
        let effective = overridden.clone().or_else(|| default.clone());
        Self { default, overridden, effective }
    }
}

/// What an image requires of a device.
///
/// ```
/// use swim_core::image::{Field, ImageFacts, Overrides, Provenance, Requirements};
/// let facts = ImageFacts { min_ram: Some(Field::new(128 << 20, Provenance::Header)), ..ImageFacts::default() };
/// let set = Overrides { ram: Some(256 << 20), ..Overrides::default() };
/// let ram = Requirements::new(&facts, &set).ram;
/// assert_eq!(ram.effective, Some(Field::new(256 << 20, Provenance::User)));
/// assert_eq!(ram.default, Some(Field::new(128 << 20, Provenance::Header)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Requirements {
    /// Least main memory, in bytes.
    pub ram: Requirement<u64>,
    /// Least flash, in bytes.
    pub flash: Requirement<u64>,
    /// Least version of the boot ROM.
    pub boot_rom: Requirement<Version>,
}

impl Requirements {
    /// From what is known and what was set.
    #[must_use]
    pub fn new(facts: &ImageFacts, set: &Overrides) -> Self {
        Self {
            ram: Requirement::new(facts.min_ram.as_ref(), set.ram.as_ref()),
            flash: Requirement::new(facts.min_flash.as_ref(), set.flash.as_ref()),
            boot_rom: Requirement::new(facts.min_boot_rom.as_ref(), set.boot_rom.as_ref()),
        }
    }

    /// Of an image.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        Self::new(&image.facts, &image.overrides)
    }
}

/// What a person set for an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
    /// Least main memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram: Option<u64>,
    /// Least flash, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash: Option<u64>,
    /// Least version of the boot ROM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_rom: Option<Version>,
    /// The change that led here. It is written together with the values, so that no change can be without its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<RequirementChange>,
}

impl Overrides {
    /// Was nothing ever set?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is set for a field.
    #[must_use]
    pub fn get(&self, field: RequirementField) -> Option<Need> {
        match field {
            RequirementField::Ram => self.ram.map(Need::Bytes),
            RequirementField::Flash => self.flash.map(Need::Bytes),
            RequirementField::BootRom => self.boot_rom.as_ref().map(|v| Need::Version(v.to_string())),
        }
    }

    /// Sets what is given; the rest stays.
    ///
    /// ```
    /// use swim_core::image::Overrides;
    /// let mut set = Overrides::default();
    /// set.set(Some(1), Some(999_999_999_999_999), Some("16.7(3r)"))?;
    /// let e = set.set(Some(0), None, None).unwrap_err();
    /// assert!(e.message().starts_with("ram = 0: "));
    /// assert!(set.set(None, Some(1_000_000_000_000_000), None).is_err());
    /// assert_eq!(set.ram, Some(1));
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` names the field and the value; nothing is set then.
    pub fn set(&mut self, ram: Option<u64>, flash: Option<u64>, boot_rom: Option<&str>) -> Result<()> {
        let bytes = |field: &str, bytes: u64| {
            if REQUIREMENT_BYTES.contains(&bytes) {
                return Ok(bytes);
            }
            let (least, most) = (REQUIREMENT_BYTES.start(), REQUIREMENT_BYTES.end());
            Err(Error::invalid(field, bytes, &format!("it is in bytes and must lie between {least} and {most}")))
        };
        let ram = ram.map(|value| bytes("ram", value)).transpose()?;
        let flash = flash.map(|value| bytes("flash", value)).transpose()?;
        let boot_rom = boot_rom.map(|text| {
            Version::parse(Scheme::Rommon, text).map_err(|e| {
                Error::invalid("boot_rom", format!("{text:?}"), "it is no version of a boot ROM such as 16.7(3r)")
                    .caused_by(e)
            })
        });
        let boot_rom = boot_rom.transpose()?;
        self.ram = ram.or(self.ram);
        self.flash = flash.or(self.flash);
        self.boot_rom = boot_rom.or_else(|| self.boot_rom.take());
        Ok(())
    }

    /// Takes away what is set for a field.
    pub fn clear(&mut self, field: RequirementField) {
        match field {
            RequirementField::Ram => self.ram = None,
            RequirementField::Flash => self.flash = None,
            RequirementField::BootRom => self.boot_rom = None,
        }
    }
}

/// A value of a requirement: a number of bytes, or the version of a boot ROM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Need {
    /// Bytes of RAM or flash.
    Bytes(u64),
    /// A version.
    Version(String),
}

/// Who changed what a person set for an image, when, from what to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequirementChange {
    /// The image.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
    /// The changes of an image are counted from 1.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who, as the caller said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What was changed.
    pub changes: Vec<Changed>,
}

/// One field of a change. An absent value means that none was set: the default held, or holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changed {
    /// The field.
    pub field: RequirementField,
    /// What was set before.
    pub from: Option<Need>,
    /// What is set since.
    pub to: Option<Need>,
}

/// The fields in which two settings differ.
pub(crate) fn changed(before: &Overrides, after: &Overrides) -> Vec<Changed> {
    let fields = RequirementField::ALL.into_iter();
    fields
        .map(|field| Changed { field, from: before.get(field), to: after.get(field) })
        .filter(|change| change.from != change.to)
        .collect()
}

impl ImageFacts {
    /// Takes what a catalogue says of the requirements (RAM and flash in bytes). What the bytes of the image say counts more
    /// and stays; what a catalogue said before is replaced.
    ///
    /// ```
    /// use swim_core::image::{Field, ImageFacts, Provenance};
    /// let mut facts = ImageFacts { min_ram: Some(Field::new(128 << 20, Provenance::Header)), ..ImageFacts::default() };
    /// facts.take_catalogue_requirements(Some(256 << 20), Some(64 << 20), None);
    /// assert_eq!(facts.min_ram, Some(Field::new(128 << 20, Provenance::Header)));
    /// assert_eq!(facts.min_flash, Some(Field::new(64 << 20, Provenance::Catalogue)));
    /// ```
    pub fn take_catalogue_requirements(&mut self, ram: Option<u64>, flash: Option<u64>, boot_rom: Option<Version>) {
        fn take<T>(known: &mut Option<Field<T>>, said: Option<T>) {
            let replaceable = known.as_ref().is_none_or(|field| field.from == Provenance::Catalogue);
            if let Some(value) = said.filter(|_| replaceable) {
                *known = Some(Field::new(value, Provenance::Catalogue));
            }
        }
        take(&mut self.min_ram, ram);
        take(&mut self.min_flash, flash);
        take(&mut self.min_boot_rom, boot_rom);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A record as it was before overrides were kept apart.
    const OLD: &str = r#"{
        "id": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "file_name": "x.bin", "bytes": 1,
        "digests": {"sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "sha512": "", "md5": ""},
        "facts": {
            "platform": {"value": "ios", "from": "user"},
            "min_ram": {"value": 5, "from": "user"}, "min_flash": {"value": 7, "from": "member"},
            "compatibility": [], "remarks": []
        },
        "imported": "2026-11-01T00:00:00Z"
    }"#;

    #[test]
    fn old_records_are_read() {
        let image: Image = serde_json::from_str(OLD).unwrap();
        let Requirements { ram, flash, boot_rom } = Requirements::of(&image);
        assert_eq!((ram.default, ram.overridden), (None, Some(Field::new(5, Provenance::User))));
        assert_eq!((flash.effective, flash.overridden), (Some(Field::new(7, Provenance::Member)), None));
        assert_eq!((boot_rom.default, boot_rom.effective), (None, None));
        // What was never set is not written either.
        assert!(!serde_json::to_string(&image).unwrap().contains("overrides"));
    }

    #[test]
    fn the_range_is_that_of_the_guide() {
        let mut set = Overrides::default();
        set.set(Some(1), Some(999_999_999_999_999), Some("15.6(48r)S")).unwrap();
        assert_eq!(set.get(RequirementField::Flash), Some(Need::Bytes(999_999_999_999_999)));
        let before = set.clone();
        type Given = (Option<u64>, Option<u64>, Option<&'static str>);
        let refused: [(Given, &str); 4] = [
            ((Some(0), Some(5), None), "ram = 0: "),
            ((Some(5), Some(1_000_000_000_000_000), None), "flash = 1000000000000000: "),
            ((Some(5), Some(u64::MAX), None), "flash = 18446744073709551615: "),
            ((Some(5), None, Some("15.2(7)E10")), "boot_rom = \"15.2(7)E10\": "),
        ];
        for ((ram, flash, boot_rom), words) in refused {
            let e = set.set(ram, flash, boot_rom).unwrap_err();
            assert!(e.message().starts_with(words), "{e}");
            assert_eq!(set, before, "nothing of a refused setting is taken");
        }
    }

    #[test]
    fn the_bytes_count_more_than_a_catalogue_and_a_person_more_than_both() {
        let mut facts = ImageFacts::default();
        facts.take_catalogue_requirements(Some(8), Some(9), Version::parse(Scheme::Rommon, "16.2(1r)").ok());
        facts.take_catalogue_requirements(Some(10), None, None);
        assert_eq!(facts.min_ram, Some(Field::new(10, Provenance::Catalogue)));
        assert_eq!(facts.min_flash, Some(Field::new(9, Provenance::Catalogue)));
        facts.min_ram = Some(Field::new(3, Provenance::Header));
        facts.take_catalogue_requirements(Some(11), None, None);
        let set = Overrides { flash: Some(1), ..Overrides::default() };
        let all = Requirements::new(&facts, &set);
        assert_eq!(all.ram.effective, Some(Field::new(3, Provenance::Header)));
        assert_eq!(all.flash.effective, Some(Field::new(1, Provenance::User)));
        assert_eq!(all.flash.default, Some(Field::new(9, Provenance::Catalogue)));
        assert_eq!(all.boot_rom.effective.map(|field| field.from), Some(Provenance::Catalogue));
    }
}
