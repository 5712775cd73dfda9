//! Ranges of versions: `>=16.1.1,<17.3.4c`.

use std::cmp::Ordering;
use std::fmt;

use crate::version::{Scheme, Version};
use crate::{Error, Result};

/// Bounds of one range: more than two or three are a mistake.
const MOST: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

/// The longer signs first: the others are their beginnings.
const SIGNS: [(&str, Bound); 5] = [
    ("<=", Bound::LessOrEqual),
    (">=", Bound::GreaterOrEqual),
    ("<", Bound::Less),
    (">", Bound::Greater),
    ("=", Bound::Equal),
];

/// A range of versions of one platform; an empty one holds all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionRange {
    bounds: Vec<(Bound, Version)>,
}

impl VersionRange {
    /// Reads `<16.1.1`, `>=16.1.1,<17.3.4c` or `=17.9.4a`; the empty text is every version.
    ///
    /// ```
    /// use swim_core::analysis::VersionRange;
    /// use swim_core::version::{Scheme, Version};
    /// let range = VersionRange::parse(Scheme::IosXe, ">=16.1.1, <17.3.4c")?;
    /// assert_eq!(range.contains(&Version::parse(Scheme::IosXe, "17.03.04b")?), Some(true));
    /// assert_eq!(range.contains(&Version::parse(Scheme::IosXe, "3.16.4bS")?), Some(false));
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` with the bound that cannot be read.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.len() > MOST {
            return Err(Error::invalid("range", parts.len(), "more than 8 bounds"));
        }
        let bound = |part: &&str| {
            let found = SIGNS.iter().find_map(|(sign, bound)| Some((*bound, part.strip_prefix(sign)?)));
            let (bound, version) = found
                .ok_or_else(|| Error::invalid("range", format!("{part:?}"), "a bound begins with <, <=, =, >= or >"))?;
            Ok((bound, Version::parse(scheme, version)?))
        };
        Ok(Self { bounds: parts.iter().map(bound).collect::<Result<_>>()? })
    }

    /// Is a version in it? `None` where the order of the version and a bound is not known.
    #[must_use]
    pub fn contains(&self, version: &Version) -> Option<bool> {
        let mut sure = true;
        for (bound, of) in &self.bounds {
            let Some(order) = version.relation(of) else {
                sure = false;
                continue;
            };
            let holds = match bound {
                Bound::Less => order == Ordering::Less,
                Bound::LessOrEqual => order != Ordering::Greater,
                Bound::Equal => order == Ordering::Equal,
                Bound::GreaterOrEqual => order != Ordering::Less,
                Bound::Greater => order == Ordering::Greater,
            };
            if !holds {
                return Some(false);
            }
        }
        sure.then_some(true)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bounds.is_empty() {
            return f.write_str("every version");
        }
        for (n, (bound, version)) in self.bounds.iter().enumerate() {
            let sign = SIGNS.iter().find(|(_, b)| b == bound).map_or("", |(sign, _)| sign);
            write!(f, "{}{sign}{version}", if n == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}
