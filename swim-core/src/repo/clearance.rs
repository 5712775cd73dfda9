//! May an image reach devices now?

use super::{damage, record};
use crate::Result;
use crate::model::Sha256;
use crate::ports::Records;

/// Refuses an image that must reach no device: one in quarantine, one that came damaged, or one whose bytes have rotted. What is not known here is
/// not judged.
///
/// # Errors
/// `Blocked` with the list and what differs; `Integrity` with the damage; `Store`.
pub async fn cleared(records: &dyn Records, image: &Sha256, operation: &str) -> Result<()> {
    if let Some(known) = record::get(records, image).await? {
        known.cleared(operation)?;
    }
    damage::sound(records, image).await
}
