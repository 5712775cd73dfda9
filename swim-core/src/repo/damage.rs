//! Images whose bytes are not what they were: which ones, and what was found in their place.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Sha256;
use crate::ports::Records;
use crate::{Error, ErrorKind, Result};

/// Damage by image.
pub(super) const TABLE: &str = "image_damage";

/// What is wrong with the bytes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DamageKind {
    /// They are other bytes.
    Changed,
    /// There are none.
    Missing,
    /// They cannot be read.
    Unreadable,
}

/// What a scrub found of one image. It is not offered and not planned until the right bytes are imported again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Damage {
    /// Which image, which is also the SHA-256 that its bytes must have.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
    /// What is wrong.
    pub kind: DamageKind,
    /// The SHA-256 that they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Sha256>,
    /// How many there must be.
    pub expected_bytes: u64,
    /// How many there are, as far as they could be read.
    pub bytes: u64,
    /// Why they cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When that was found.
    pub at: Timestamp,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file_name, image, expected_bytes, bytes, at, .. } = self;
        match (self.kind, &self.found, &self.why) {
            (DamageKind::Missing, ..) => write!(f, "{file_name} ({image}): its bytes were gone at {at}"),
            (_, Some(found), _) => {
                write!(
                    f,
                    "{file_name} ({image}): at {at} there were {bytes} bytes of {expected_bytes} with SHA-256 {found}"
                )
            }
            (.., why) => {
                let why = why.as_deref().unwrap_or("no reason was given");
                write!(f, "{file_name} ({image}): could not be read after {bytes} bytes at {at}: {why}")
            }
        }
    }
}

/// The damage that is known of an image.
///
/// # Errors
/// `Store`.
pub async fn damage_of(records: &dyn Records, image: &Sha256) -> Result<Option<Damage>> {
    let found = records.get(TABLE, &image.to_string()).await?;
    found.map(|value| Damage::deserialize(&value).map_err(|cause| unreadable(image, cause))).transpose()
}

/// All damage that is known.
///
/// # Errors
/// `Store`.
pub async fn damages(records: &dyn Records) -> Result<Vec<Damage>> {
    let all = records.all(TABLE).await?;
    all.into_iter()
        .map(|(image, value)| Damage::deserialize(&value).map_err(|cause| unreadable(&image, cause)))
        .collect()
}

fn unreadable(image: &dyn fmt::Display, cause: serde_json::Error) -> Error {
    Error::new(ErrorKind::Store, "read damage", format!("what is recorded of image {image} cannot be read"))
        .with("image", image)
        .caused_by(cause)
}

/// Refuses an image of which damage is known: it must reach no device.
///
/// # Errors
/// `Integrity` with what is wrong; `Store`.
pub async fn sound(records: &dyn Records, image: &Sha256) -> Result<()> {
    match damage_of(records, image).await? {
        None => Ok(()),
        Some(damage) => {
            let message = format!("the image is damaged: {damage}; import the file again");
            Err(Error::new(ErrorKind::Integrity, "use image", message).with("image", image))
        }
    }
}

pub(super) async fn mark(records: &dyn Records, damage: &Damage) -> Result<()> {
    let value = serde_json::to_value(damage)
        .map_err(|cause| Error::internal("record damage", "it has no JSON form").caused_by(cause))?;
    records.put(TABLE, &damage.image.to_string(), value).await
}

/// The bytes are right (again).
pub(super) async fn clear(records: &dyn Records, image: &Sha256) -> Result<bool> {
    records.remove(TABLE, &image.to_string()).await
}
