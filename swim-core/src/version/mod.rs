//! Versions: one grammar a file, one order for all. Incomparable is an answer.
//!
//! `==` on [`Version`] compares the text as it was given. Ask [`Version::same_release`] whether two spellings mean the
//! same release, and [`Version::compare`] which of two is newer.

mod aci;
mod aireos;
mod asa;
mod dual;
mod eos;
mod ios;
mod ios_xe;
mod ios_xr;
mod junos;
mod keyed;
mod numbered;
mod nxos;
mod rommon;
mod scan;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::image::platform_id;
use crate::{Error, ErrorKind, Result};

/// No version text is longer than this; the longest real ones, with codename, build and epoch, have about 60 bytes.
const MAX_TEXT: usize = 160;

/// Which grammar a version follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scheme {
    /// Classic IOS: `15.2(7)E10`.
    Ios,
    /// IOS XE: `17.09.04a`, `03.16.05.S`.
    IosXe,
    /// IOS XR: `7.11.2`, `24.3.1.22I`.
    IosXr,
    /// NX-OS: `9.3(7a)`, `7.0(3)I7(10)`.
    Nxos,
    /// ACI, switches and controllers: `14.0(1h)`.
    Aci,
    /// AireOS: `8.10.196.0`.
    Aireos,
    /// ASA and ASDM: `9.16(3)19`.
    Asa,
    /// Junos and Junos Evolved: `21.4R3-S5.4`.
    Junos,
    /// Arista EOS: `4.29.2F`.
    Eos,
    /// Boot ROMs of Cisco: `16.7(3r)`, `17.3.1r`.
    Rommon,
    /// MikroTik RouterOS: `6.48.4`, `7.1rc1`.
    Routeros,
    /// PAN-OS: `10.1.9-h1`.
    Panos,
    /// FortiOS: `7.2.7`.
    Fortios,
    /// AOS-CX: `10.13.1040`.
    Aoscx,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 14] = [
        Self::Ios,
        Self::IosXe,
        Self::IosXr,
        Self::Nxos,
        Self::Aci,
        Self::Aireos,
        Self::Asa,
        Self::Junos,
        Self::Eos,
        Self::Rommon,
        Self::Routeros,
        Self::Panos,
        Self::Fortios,
        Self::Aoscx,
    ];

    /// The scheme of a platform, in any spelling of its name: `ios_xe`, `iosxe`, `IOS-XE`.
    ///
    /// # Errors
    /// `Unsupported` for a platform whose grammar is not known, with those whose grammar is.
    pub fn of_platform(platform: &str) -> Result<Self> {
        let id = platform_id(platform);
        Self::ALL.into_iter().find(|scheme| scheme.platforms().contains(&id)).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().flat_map(|scheme| scheme.platforms()).copied().collect();
            let known = known.join(", ");
            let message = format!("the version grammar of platform {platform:?} is not known; there are {known}");
            Error::new(ErrorKind::Unsupported, "read version", message).with("platform", platform)
        })
    }

    /// The names of the platforms that have it.
    const fn platforms(self) -> &'static [&'static str] {
        match self {
            Self::Ios => &["ios"],
            Self::IosXe => &["ios_xe"],
            Self::IosXr => &["ios_xr"],
            Self::Nxos => &["nxos"],
            Self::Aci => &["aci"],
            Self::Aireos => &["aireos"],
            Self::Asa => &["asa", "asdm"],
            Self::Junos => &["junos"],
            Self::Eos => &["eos"],
            Self::Rommon => &["rommon"],
            Self::Routeros => &["routeros"],
            Self::Panos => &["panos"],
            Self::Fortios => &["fortios"],
            Self::Aoscx => &["aoscx"],
        }
    }

    /// For those who wrote something else.
    const fn example(self) -> &'static str {
        match self {
            Self::Ios => "classic IOS such as 15.2(7)E10",
            Self::IosXe => "IOS XE such as 17.09.04a or 03.16.05.S",
            Self::IosXr => "IOS XR such as 7.11.2",
            Self::Nxos => "NX-OS such as 9.3(7a) or 7.0(3)I7(10)",
            Self::Aci => "ACI such as 14.0(1h)",
            Self::Aireos => "AireOS such as 8.10.196.0",
            Self::Asa => "ASA or ASDM such as 9.16(3)19 or 7.18(1)152",
            Self::Junos => "Junos such as 21.4R3-S5.4",
            Self::Eos => "EOS such as 4.29.2F",
            Self::Rommon => "boot ROMs such as 16.7(3r)",
            Self::Routeros => "RouterOS such as 6.48.4",
            Self::Panos => "PAN-OS such as 10.1.9-h1",
            Self::Fortios => "FortiOS such as 7.2.7",
            Self::Aoscx => "AOS-CX such as 10.13.1040",
        }
    }
}

/// A version: the text as it was given, understood by its grammar.
///
/// ```
/// use std::cmp::Ordering;
/// use swim_core::version::{Scheme, Version};
/// let running = Version::parse(Scheme::IosXe, "Version 17.09.04.0.5148")?;
/// let wanted = Version::parse(Scheme::IosXe, "Cupertino-17.9.4a")?;
/// assert_eq!(running.compare(&wanted), Some(Ordering::Less));
/// assert_eq!(wanted.normal(), "17.9.4a");
/// assert_eq!(wanted.group(), "17.9");
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Version {
    scheme: Scheme,
    text: String,
    grammar: Grammar,
}

/// The text, understood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Grammar {
    Ios(ios::Ios),
    IosXe(ios_xe::IosXe),
    /// All others.
    Keyed(keyed::Keyed),
}

impl Grammar {
    fn read(scheme: Scheme, text: &str) -> Option<Self> {
        let keyed = match scheme {
            Scheme::Ios => return ios::Ios::read(text).map(Self::Ios),
            Scheme::IosXe => return ios_xe::IosXe::read(text).map(Self::IosXe),
            Scheme::IosXr => ios_xr::read(text),
            Scheme::Nxos => nxos::read(text),
            Scheme::Aci => aci::read(text),
            Scheme::Aireos => aireos::read(text),
            Scheme::Asa => asa::read(text),
            Scheme::Junos => junos::read(text),
            Scheme::Eos => eos::read(text),
            Scheme::Rommon => rommon::read(text),
            Scheme::Routeros => numbered::routeros(text),
            Scheme::Panos => numbered::panos(text),
            Scheme::Fortios => numbered::fortios(text),
            Scheme::Aoscx => numbered::aoscx(text),
        };
        keyed.map(Self::Keyed)
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Parts {
    scheme: Scheme,
    text: String,
}

impl TryFrom<Parts> for Version {
    type Error = Error;
    fn try_from(parts: Parts) -> Result<Self> {
        Self::parse(parts.scheme, &parts.text)
    }
}

impl From<Version> for Parts {
    fn from(v: Version) -> Self {
        Self { scheme: v.scheme, text: v.text }
    }
}

impl Version {
    /// Reads a version in any spelling that devices, image names and catalogues use.
    ///
    /// # Errors
    /// `InvalidInput` when the text does not follow the grammar. Engineering builds that carry only a date or a branch
    /// name are such texts: no number is made up for them.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self> {
        let refuse = |why: &str| Error::invalid("version", format!("{text:?}"), why);
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(refuse("empty"));
        }
        if trimmed.len() > MAX_TEXT || !trimmed.is_ascii() {
            return Err(refuse("not a version: too long or not ASCII"));
        }
        let grammar =
            Grammar::read(scheme, trimmed).ok_or_else(|| refuse(&format!("not a version of {}", scheme.example())))?;
        Ok(Self { scheme, text: trimmed.to_owned(), grammar })
    }

    /// The grammar.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The text as it was given, without white space around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Older, equal, newer, or `None` when the two cannot be ordered (other trains, other schemes).
    ///
    /// Inside one train every two versions are ordered, with one exception: a numbered build, and the release or a `prd`
    /// candidate of it, for which build these are is not in their texts. What is equal to the same is equal to one another, so
    /// versions can be sorted by this. [`Version::relation`] is for two of them.
    ///
    /// ```
    /// use std::cmp::Ordering;
    /// use swim_core::version::{Scheme, Version};
    /// let parse = |text| Version::parse(Scheme::IosXe, text);
    /// let (release, build) = (parse("17.9.4")?, parse("17.09.04.0.5148")?);
    /// assert_eq!((release.compare(&build), release.same_release(&build)), (None, true));
    /// assert_eq!(release.relation(&build), Some(Ordering::Equal));
    /// assert_eq!(build.compare(&parse("17.09.04.0.4803")?), Some(Ordering::Greater));
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (&self.grammar, &other.grammar) {
            (Grammar::Ios(a), Grammar::Ios(b)) => a.compare(b),
            (Grammar::IosXe(a), Grammar::IosXe(b)) => a.compare(b),
            (Grammar::Keyed(a), Grammar::Keyed(b)) if self.scheme == other.scheme => a.compare(b),
            _ => None,
        }
    }

    /// How the software of one text stands to that of another: as [`Version::compare`], and a build is equal to its release,
    /// where nothing else tells them apart. Two builds that are both equal to their release may differ.
    #[must_use]
    pub fn relation(&self, other: &Self) -> Option<Ordering> {
        self.compare(other).or_else(|| self.same_release(other).then_some(Ordering::Equal))
    }

    /// Is it the same release, whatever the padding or build tail? (`17.03.01` is `17.3.1` is `17.03.01.0.351`.)
    #[must_use]
    pub fn same_release(&self, other: &Self) -> bool {
        match (&self.grammar, &other.grammar) {
            (Grammar::Keyed(a), Grammar::Keyed(b)) => self.scheme == other.scheme && a.same_release(b),
            _ => self.scheme == other.scheme && self.normal() == other.normal(),
        }
    }

    /// The train: releases of one train are totally ordered. `E`, `SXF`, `mainline`; IOS XE since 16 is one train, `XE`.
    ///
    /// Some trains succeed one another, so [`Version::compare`] may also answer across two of them.
    #[must_use]
    pub fn train(&self) -> String {
        match &self.grammar {
            Grammar::Ios(v) => v.train(),
            Grammar::IosXe(v) => v.train(),
            Grammar::Keyed(v) => v.train.clone(),
        }
    }

    /// The key of "the latest maintenance version of each major release": `15.2 E`, `3.16 S`, `17.9`.
    #[must_use]
    pub fn group(&self) -> String {
        match &self.grammar {
            Grammar::Ios(v) => v.group(),
            Grammar::IosXe(v) => v.group(),
            Grammar::Keyed(v) => v.group.clone(),
        }
    }

    /// The one normal spelling of the release: no padding, no codename, no build tail. `15.2(7)E10`, `3.16.4bS`,
    /// `17.9.4a`, `17.9.4prd1`.
    #[must_use]
    pub fn normal(&self) -> String {
        match &self.grammar {
            Grammar::Ios(v) => v.normal(),
            Grammar::IosXe(v) => v.normal(),
            Grammar::Keyed(v) => v.normal.clone(),
        }
    }

    /// The normal spelling, and the text as it was given where that is another one.
    ///
    /// ```
    /// use swim_core::version::{Scheme, Version};
    /// let told = |text: &str| Ok::<_, swim_core::Error>(Version::parse(Scheme::IosXe, text)?.with_own_words());
    /// assert_eq!((told("17.09.04a")?, told("17.9.4a")?), ("17.9.4a (17.09.04a)".into(), "17.9.4a".into()));
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_own_words(&self) -> String {
        let normal = self.normal();
        if normal == self.text { normal } else { format!("{normal} ({})", self.text) }
    }

    /// Of an IOS XE 3.x release, the IOS version of the same release (dual numbering), where that pair of trains is
    /// known: `3.16.4bS` is `15.5(3)S4b`. Since 16 there is one number, and this is `None`.
    #[must_use]
    pub fn ios_counterpart(&self) -> Option<Self> {
        match &self.grammar {
            Grammar::IosXe(v) => dual::ios_of(v).and_then(|text| Self::parse(Scheme::Ios, &text).ok()),
            Grammar::Ios(_) | Grammar::Keyed(_) => None,
        }
    }
}

/// The [normal spelling](Version::normal), so that all texts write a release in one way; [`Version::as_str`] is the text as
/// it was given.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.normal())
    }
}

/// Compares two versions of a platform given by name, which may be written as in [`PLATFORMS`](crate::image::PLATFORMS) or as
/// its vendor does (`IOS-XE`); `None` means that they cannot be ordered.
///
/// # Errors
/// `Unsupported` when the platform's grammar is not known, with those that are; `InvalidInput` when a text does not follow it.
///
/// ```
/// use std::cmp::Ordering;
/// use swim_core::version::compare;
/// assert_eq!(compare("ios", "15.2(7)E", "15.2(7)E0a")?, Some(Ordering::Less));
/// assert_eq!(compare("ios", "15.2(4)M6a", "15.2(4)E10")?, None);
/// # Ok::<(), swim_core::Error>(())
/// ```
pub fn compare(platform: &str, a: &str, b: &str) -> Result<Option<Ordering>> {
    let scheme = Scheme::of_platform(platform)?;
    Ok(Version::parse(scheme, a)?.compare(&Version::parse(scheme, b)?))
}
