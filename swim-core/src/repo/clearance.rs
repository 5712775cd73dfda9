//! May an image reach devices now?

use super::{damage, unjudged};
use crate::model::Sha256;
use crate::ports::Records;
use crate::{ErrorKind, Result};

/// Refuses an image that must reach no device: one in quarantine, one that came damaged, or one whose bytes have rotted. What is
/// not known here is not judged. A list that is in force counts also where the image is not marked by it yet.
///
/// # Errors
/// `Blocked` with the list and what differs; `Integrity` with the damage; `Store`.
pub async fn cleared(records: &dyn Records, image: &Sha256, operation: &str) -> Result<()> {
    match unjudged::standing(records, image).await {
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        known => known?.cleared(operation)?,
    }
    damage::sound(records, image).await
}
