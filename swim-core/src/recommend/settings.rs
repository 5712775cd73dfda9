//! The settings of recommendation.

use serde::{Deserialize, Serialize};

/// Which images are considered. Every field has the default of the guide.
///
/// ```
/// use swim_core::recommend::Settings;
/// let settings: Settings = serde_json::from_str(r#"{"same_feature": true}"#)?;
/// assert!(settings.same_feature && settings.include_catalogue && !settings.higher_than_current);
/// assert!(serde_json::from_str::<Settings>(r#"{"newest": true}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Only the latest maintenance version of each major release (default: off).
    pub latest_maintenance: bool,
    /// Only images with the feature set of the running image (default: off). Strong cryptography makes no other set; what
    /// is left out of an image (`npe`, `ldpe`, `noli`) does.
    pub same_feature: bool,
    /// Only versions that are higher than the running one (default: off). What has no order with it is not higher.
    pub higher_than_current: bool,
    /// Images of the vendor's catalogue beside those of the repository (default: on).
    pub include_catalogue: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { latest_maintenance: false, same_feature: false, higher_than_current: false, include_catalogue: true }
    }
}
