//! The compatibility matrix that IOS XR images carry: which release may go to which, with which bridge patches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::beginning::begins_with_word;
use crate::document::read_slice;
use crate::version::{Scheme, Version};
use crate::{Error, ErrorKind, Result};

/// Real ones have some hundred kilobytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// From one release to another on one platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permit {
    /// The platform, e.g. `ncs5500`; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// What is to be known.
    pub caveats: Vec<String>,
    /// Patches that must be installed first.
    pub bridge_smus: Vec<String>,
    /// What these patches need.
    pub bridge_prereqs: Vec<String>,
    /// Patches that must not be installed.
    pub blocklisted_smus: Vec<String>,
}

/// What may go where: `permitted[from][to]`. What a matrix does not permit is not supported.
///
/// ```
/// use swim_core::analysis::CompatibilityMatrix;
/// let text = r#"{"file_version": "1.0", "release": "7.5.2", "permitted":
///     {"7.3.2": {"7.5.2": [{"platform": "ncs5500", "bridge_smus": ["CSCab12345"]}]}}}"#;
/// let matrix = CompatibilityMatrix::from_json(text)?;
/// assert_eq!(matrix.permitted["7.3.2"]["7.5.2"][0].bridge_smus, ["CSCab12345"]);
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct CompatibilityMatrix {
    /// The layout of the document.
    pub file_version: String,
    /// The release whose image carried it.
    pub release: String,
    /// By the normal spellings of the release that runs and of the new one.
    pub permitted: BTreeMap<String, BTreeMap<String, Vec<Permit>>>,
}

#[derive(Deserialize)]
struct Written {
    file_version: String,
    release: String,
    permitted: BTreeMap<String, BTreeMap<String, Vec<Permit>>>,
}

impl TryFrom<Written> for CompatibilityMatrix {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self> {
        let release = |text: &str| Version::parse(Scheme::IosXr, text).map(|version| version.normal());
        let mut permitted: BTreeMap<_, BTreeMap<_, Vec<_>>> = BTreeMap::new();
        for (from, to) in written.permitted {
            let from: &mut BTreeMap<_, Vec<_>> = permitted.entry(release(&from)?).or_default();
            for (to, permits) in to {
                from.entry(release(&to)?).or_default().extend(permits);
            }
        }
        Ok(Self { file_version: written.file_version, release: release(&written.release)?, permitted })
    }
}

/// What a matrix says of a step from one release to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::analysis) enum Says<'a> {
    /// It does not speak of the new release.
    Nothing,
    /// It is not among what is permitted.
    Not,
    /// It is permitted, under these terms.
    Permits(&'a Permit),
}

impl CompatibilityMatrix {
    /// Reads the JSON document.
    ///
    /// # Errors
    /// `InvalidInput` for what is longer than 8 MiB, has another shape, or names a release that is none.
    pub fn from_json(text: &str) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(Error::invalid("matrix", format!("{} bytes", text.len()), "longer than 8 MiB"));
        }
        read_slice(text.as_bytes()).map_err(|wrong| wrong.error(ErrorKind::InvalidInput, "read compatibility matrix"))
    }

    pub(in crate::analysis) fn says(&self, from: &Version, to: &Version, family: Option<&str>) -> Says<'_> {
        let (from, to) = (from.normal(), to.normal());
        let speaks = self.release == to || self.permitted.values().any(|known| known.contains_key(&to));
        if !speaks {
            return Says::Nothing;
        }
        let fits = |permit: &&Permit| match (&permit.platform, family) {
            (Some(platform), Some(family)) => begins_with_word(family, platform),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let permits = self.permitted.get(&from).and_then(|known| known.get(&to));
        match permits.and_then(|permits| permits.iter().find(fits)) {
            Some(permit) => Says::Permits(permit),
            None => Says::Not,
        }
    }
}
