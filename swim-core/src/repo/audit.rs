//! What was done to the images of a repository, by whom and why.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delete::Referrer;
use super::find::any_of;
use super::query::ImageQuery;
use super::record::last_line;
use crate::model::Sha256;
use crate::ports::Records;
use crate::{Error, ErrorKind, Result};

/// Lines by time.
pub(super) const LINES: &str = "image_audit";

/// A line of the audit of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageAudit {
    /// When.
    pub at: Timestamp,
    /// Which image.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
    /// What was done: `deletion begun`, `deleted`, `deletion given up`, `quarantined`, `quarantine ended`, `quarantine lifted`.
    pub action: String,
    /// Who did it, where a person is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The reason that somebody gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What needed it all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<Referrer>,
}

/// The audit of the repository, oldest first; of one image, where it is given.
///
/// # Errors
/// `Store`.
pub async fn image_audit(records: &dyn Records, image: Option<&Sha256>) -> Result<Vec<ImageAudit>> {
    let read = |(key, value): (String, Value)| {
        ImageAudit::deserialize(&value).map_err(|cause| {
            Error::new(ErrorKind::Store, "read audit", format!("line {key} cannot be read")).caused_by(cause)
        })
    };
    let mut lines = records.all(LINES).await?.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    lines.retain(|line| image.is_none_or(|image| line.image == *image));
    Ok(lines)
}

/// The audit of one image, also of one that is gone: by its id, by the first digits of it (four or more), or by its file
/// name, under which there may have been several.
///
/// # Errors
/// `InvalidInput` for digits that are those of several images, naming them; `Store`.
pub async fn image_audit_of(records: &dyn Records, wanted: &str) -> Result<Vec<ImageAudit>> {
    if let Ok(id) = wanted.parse() {
        return image_audit(records, Some(&id)).await;
    }
    let mut lines = image_audit(records, None).await?;
    if lines.iter().any(|line| line.file_name == wanted) {
        lines.retain(|line| line.file_name == wanted);
        return Ok(lines);
    }
    let digits = wanted.to_ascii_lowercase();
    let is_prefix = ImageQuery::digits(&digits).is_some();
    lines.retain(|line| is_prefix && line.image.to_string().starts_with(&digits));
    let ids: BTreeSet<Sha256> = lines.iter().map(|line| line.image).collect();
    if ids.len() > 1 {
        return Err(any_of(wanted, ids.iter().map(Sha256::to_string)));
    }
    Ok(lines)
}

pub(super) async fn note(records: &dyn Records, line: &ImageAudit) -> Result<()> {
    let (key, value) = written(line)?;
    records.put(LINES, &key, value).await
}

/// The key and the value of a line.
pub(super) fn written(line: &ImageAudit) -> Result<(String, Value)> {
    let value = serde_json::to_value(line)
        .map_err(|cause| Error::internal("write audit", "a line has no JSON form").caused_by(cause))?;
    // Two lines of one image in one nanosecond differ in what they say.
    Ok((format!("{:022} {} {}", line.at.as_nanosecond(), line.image, line.action), value))
}

/// Writes the line that a killed removal left unwritten, if it did.
pub(super) async fn noted(records: &dyn Records, tombstone: &Value) -> Result<()> {
    match last_line(tombstone) {
        Some((key, line)) => records.put(LINES, key, line.clone()).await,
        None => Ok(()),
    }
}
