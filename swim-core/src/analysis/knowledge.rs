//! What is known of an image and its paths from elsewhere: catalogues, lists of known-good values, rules of the caller.

use serde::{Deserialize, Serialize};

use super::path::{CompatibilityMatrix, PathRule};

/// How an image stands with its vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It may be used.
    Active,
    /// The vendor advises against it, and this is why.
    Deferred(String),
    /// The vendor took it back, and this is why.
    Withdrawn(String),
}

/// What a list of known-good values says of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KnownGood {
    /// Its digests are those of the list.
    Listed,
    /// The list does not name it.
    NotListed,
    /// The list names it with other digests: it is quarantined.
    Contradicted(String),
}

/// A catalogue has another file under the name of the image, and none that is the image.
///
/// ```
/// use swim_core::analysis::Knowledge;
/// let told = r#"{"contradictions": [{"catalogue": "lab", "image": "7 bytes", "listed": "8 bytes"}]}"#;
/// let read: Knowledge = serde_json::from_str(told).unwrap();
/// assert_eq!(read.contradictions[0].listed, "8 bytes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    /// The name of the catalogue.
    pub catalogue: String,
    /// What the image has, where the two differ: `sha512 3b1f..., 1240000000 bytes`.
    pub image: String,
    /// What the catalogue says in its place.
    pub listed: String,
}

/// A form of the vendor that a person must answer before an image may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Agreement {
    /// The licence of the end user.
    Eula,
    /// Eligibility for strong encryption.
    K9,
}

/// What is known besides image, device and inventory. What is absent is not known: no rule takes it for good.
///
/// ```
/// use swim_core::analysis::{Knowledge, Standing};
/// let read: Knowledge = serde_json::from_str(r#"{"standing": {"deferred": "CSCab12345: reloads"}}"#).unwrap();
/// assert_eq!(read.standing, Some(Standing::Deferred("CSCab12345: reloads".into())));
/// assert_eq!(read.known_good, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knowledge {
    /// How the image stands in a catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// What a list of known-good values says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_good: Option<KnownGood>,
    /// Catalogues that have another file under the image's name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contradictions: Vec<Contradiction>,
    /// Forms that nobody has answered yet; an empty list means that none is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forms: Option<Vec<Agreement>>,
    /// Upgrade paths beside the [built-in ones](PathRule::builtin).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<PathRule>,
    /// Compatibility matrices of IOS XR images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matrices: Vec<CompatibilityMatrix>,
}

impl Knowledge {
    /// Nothing is known besides.
    pub const NONE: &'static Self = &Self {
        standing: None,
        known_good: None,
        contradictions: Vec::new(),
        forms: None,
        paths: Vec::new(),
        matrices: Vec::new(),
    };
}
