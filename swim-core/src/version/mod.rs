//! Versions: one grammar a file, one order for all. Incomparable is an answer.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

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

/// A version: the text as it was given, understood by its grammar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Version {
    scheme: Scheme,
    text: String,
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
    /// Reads a version.
    ///
    /// # Errors
    /// `InvalidInput` when the text does not follow the grammar.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("version", format!("{text:?}"), "empty"));
        }
        Ok(Self { scheme, text: text.to_owned() })
    }

    /// The grammar.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The text as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Older, equal, newer, or `None` when the two cannot be ordered (other trains, other schemes).
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }

    /// Is it the same release, whatever the padding or build tail? (`17.03.01` is `17.3.1` is `17.03.01.0.351`.)
    #[must_use]
    pub fn same_release(&self, other: &Self) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }

    /// The train: versions of one train are totally ordered.
    #[must_use]
    pub fn train(&self) -> String {
        String::new()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
