//! Versions: one grammar a file, one order for all. Incomparable is an answer.
//!
//! `==` on [`Version`] compares the text as it was given. Ask [`Version::same_release`] whether two spellings mean the
//! same release, and [`Version::compare`] which of two is newer.

mod dual;
mod ios;
mod ios_xe;
mod scan;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

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
}

impl Scheme {
    /// The scheme of a platform: `ios`, or `ios_xe` (also written `iosxe`).
    ///
    /// # Errors
    /// `Unsupported` for every other platform.
    pub fn of_platform(platform: &str) -> Result<Self> {
        match platform {
            "ios" => Ok(Self::Ios),
            "ios_xe" | "iosxe" => Ok(Self::IosXe),
            other => Err(Error::new(
                ErrorKind::Unsupported,
                "read version",
                format!("the version grammar of platform {other:?} is not known"),
            )
            .with("platform", other)),
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
        let grammar = match scheme {
            Scheme::Ios => ios::Ios::read(trimmed)
                .map(Grammar::Ios)
                .ok_or_else(|| refuse("not a version of classic IOS such as 15.2(7)E10"))?,
            Scheme::IosXe => ios_xe::IosXe::read(trimmed)
                .map(Grammar::IosXe)
                .ok_or_else(|| refuse("not a version of IOS XE such as 17.09.04a or 03.16.05.S"))?,
        };
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
    /// Inside one train every two versions are ordered, with one exception: a `prd` candidate and a numbered build of
    /// the same release, because the number of a candidate's build is not in its text. A text without a build number
    /// means the release, so it is equal to each of its builds.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (&self.grammar, &other.grammar) {
            (Grammar::Ios(a), Grammar::Ios(b)) => a.compare(b),
            (Grammar::IosXe(a), Grammar::IosXe(b)) => a.compare(b),
            _ => None,
        }
    }

    /// Is it the same release, whatever the padding or build tail? (`17.03.01` is `17.3.1` is `17.03.01.0.351`.)
    #[must_use]
    pub fn same_release(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.normal() == other.normal()
    }

    /// The train: versions of one train are totally ordered. `E`, `SXF`, `mainline`; IOS XE since 16 is one train, `XE`.
    ///
    /// Some trains succeed one another, so [`Version::compare`] may also answer across two of them.
    #[must_use]
    pub fn train(&self) -> String {
        match &self.grammar {
            Grammar::Ios(v) => v.train(),
            Grammar::IosXe(v) => v.train(),
        }
    }

    /// The key of "the latest maintenance version of each major release": `15.2 E`, `3.16 S`, `17.9`.
    #[must_use]
    pub fn group(&self) -> String {
        match &self.grammar {
            Grammar::Ios(v) => v.group(),
            Grammar::IosXe(v) => v.group(),
        }
    }

    /// The one normal spelling of the release: no padding, no codename, no build tail. `15.2(7)E10`, `3.16.4bS`,
    /// `17.9.4a`, `17.9.4prd1`.
    #[must_use]
    pub fn normal(&self) -> String {
        match &self.grammar {
            Grammar::Ios(v) => v.normal(),
            Grammar::IosXe(v) => v.normal(),
        }
    }

    /// Of an IOS XE 3.x release, the IOS version of the same release (dual numbering), where that pair of trains is
    /// known: `3.16.4bS` is `15.5(3)S4b`. Since 16 there is one number, and this is `None`.
    #[must_use]
    pub fn ios_counterpart(&self) -> Option<Self> {
        match &self.grammar {
            Grammar::IosXe(v) => dual::ios_of(v).and_then(|text| Self::parse(Scheme::Ios, &text).ok()),
            Grammar::Ios(_) => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Compares two versions of a platform given by name; `None` means that they cannot be ordered.
///
/// # Errors
/// `Unsupported` when the platform's grammar is not known, `InvalidInput` when a text does not follow it.
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
