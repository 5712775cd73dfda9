//! Platforms for which nothing can be recommended.

use crate::model::PlatformId;
use crate::{Error, ErrorKind, Result};

/// Platforms that have no recommendation, with the reason.
const NOT_SUPPORTED: &[(&str, &str)] =
    &[("aireos", "the flash that an image of these controllers requires is not available")];

/// Can images be recommended for devices of this platform?
///
/// ```
/// use swim_core::{ErrorKind, model::PlatformId, recommend};
/// assert!(recommend::supported(&PlatformId("ios_xe".into())).is_ok());
/// let e = recommend::supported(&PlatformId("aireos".into())).unwrap_err();
/// assert_eq!(e.kind(), ErrorKind::Unsupported);
/// ```
///
/// # Errors
/// `Unsupported` with the reason.
pub fn supported(platform: &PlatformId) -> Result<()> {
    match NOT_SUPPORTED.iter().find(|(name, _)| *name == platform.0) {
        None => Ok(()),
        Some((name, why)) => {
            let message = format!("recommendation is not supported for {name}: {why}");
            Err(Error::new(ErrorKind::Unsupported, "recommend", message).with("platform", name))
        }
    }
}
