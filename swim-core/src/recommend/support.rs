//! Platforms for which nothing can be recommended.

use crate::analysis::{self, Process, Product, support};
use crate::model::PlatformId;
use crate::{Error, ErrorKind, Result};

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
    let told = support(&Product::new(platform), Process::Recommendation);
    if told.answer != analysis::Answer::No {
        return Ok(());
    }
    let message = format!("recommendation is not supported for {}: {}", platform.0, told.why.unwrap_or_default());
    Err(Error::new(ErrorKind::Unsupported, "recommend", message).with("platform", &platform.0))
}
