//! What a caller says of an image, in the place of what the file says.

use super::change::try_change;
use crate::image::{Field, Image, Provenance};
use crate::model::Sha256;
use crate::ports::Records;
use crate::version::{Scheme, Version};
use crate::{Error, ErrorKind, Result, Retry};

/// What a caller says of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The platform, as its definition is called.
    pub platform: Option<String>,
    /// The product family.
    pub family: Option<String>,
    /// The version, in any spelling of the platform.
    pub version: Option<String>,
}

impl Told {
    /// Puts it in the place of what was known; `false` when that was the same.
    fn apply(&self, image: &mut Image) -> Result<bool> {
        let before = image.facts.clone();
        let (facts, user) = (&mut image.facts, Provenance::User);
        if let Some(platform) = &self.platform {
            facts.platform = Some(Field::new(platform.clone(), user.clone()));
        }
        if let Some(family) = &self.family {
            facts.family = Some(Field::new(family.clone(), user.clone()));
        }
        if let Some(version) = &self.version {
            let platform = facts.platform.as_ref().map_or("", |p| p.value.as_str());
            let scheme = Scheme::of_platform(platform).map_err(|e| {
                Error::invalid("version", version, "the platform must be known to read it: name it too").caused_by(e)
            })?;
            facts.version = Some(Field::new(Version::parse(scheme, version)?, user));
        }
        Ok(*facts != before)
    }
}

/// Writes what a caller says of an image into its record, and returns the image as it is then. What others write at the
/// same time stays.
///
/// # Errors
/// - `InvalidInput`: a version that cannot be read, or of a platform that is not known.
/// - `Conflict` (retry now): the image was being removed, or is written by others all the time.
/// - Those of the store.
pub async fn tell(records: &dyn Records, id: &Sha256, told: &Told) -> Result<Image> {
    try_change(records, id, |image| told.apply(image)).await?.ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "import", format!("image {id} was being removed at the same time"))
            .with("image", id)
            .retry_when(Retry::Now)
    })
}
