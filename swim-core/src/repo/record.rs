//! The records of the repository, as they are stored.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::image::Image;
use crate::model::Sha256;
use crate::ports::Records;
use crate::{Error, ErrorKind, Result};

/// Images by SHA-256.
pub(super) const IMAGES: &str = "images";

/// Further names of images: `<sha256>/<name>`.
pub(super) const NAMES: &str = "image_names";

/// Stands in place of a record while the image is being removed: it keeps importers of the same bytes away, and tells the
/// next sweep what a killed removal left.
pub(super) fn tombstone() -> Value {
    json!({ "removing": true })
}

/// The same with the line that the audit gets, should the removal be killed before it wrote it: its key and itself.
pub(super) fn tombstone_of(key: &str, line: &Value) -> Value {
    json!({ "removing": true, "audit": { key: line } })
}

pub(super) fn is_tombstone(value: &Value) -> bool {
    value.get("removing") == Some(&Value::Bool(true))
}

/// The line of the audit in a tombstone.
pub(super) fn last_line(value: &Value) -> Option<(&String, &Value)> {
    value.get("audit")?.as_object()?.iter().next()
}

/// Stands in place of a record while somebody looks whether anything still needs the image. Nobody finds the image
/// meanwhile. A killed look leaves it behind, and the next sweep puts the record back.
pub(super) fn questioned(record: &Value) -> Value {
    json!({ "questioned": record })
}

/// The record that a look was about.
pub(super) fn in_question(value: &Value) -> Option<&Value> {
    value.as_object().filter(|map| map.len() == 1)?.get("questioned")
}

/// The image in a record, where that can be read and is not being removed.
pub(super) fn peek(value: &Value) -> Option<Image> {
    Image::deserialize(value).ok().map(Image::brought_up)
}

/// The image in a record; `None` when it is being removed.
pub(super) fn read(key: &str, value: Value) -> Result<Option<Image>> {
    if is_tombstone(&value) || in_question(&value).is_some() {
        return Ok(None);
    }
    let image: Image = serde_json::from_value(value).map_err(|cause| {
        Error::new(ErrorKind::Store, "read image record", format!("the record of image {key} cannot be read"))
            .with("image", key)
            .caused_by(cause)
    })?;
    Ok(Some(image.brought_up()))
}

pub(super) fn write(image: &Image) -> Result<Value> {
    serde_json::to_value(image)
        .map_err(|cause| Error::internal("write image record", "an image has no JSON form").caused_by(cause))
}

pub(super) async fn get(records: &dyn Records, id: &Sha256) -> Result<Option<Image>> {
    let key = id.to_string();
    match records.get(IMAGES, &key).await? {
        Some(value) => read(&key, value),
        None => Ok(None),
    }
}

/// Every image that is not being removed.
pub(super) async fn all(records: &dyn Records) -> Result<Vec<Image>> {
    let rows = records.all(IMAGES).await?;
    rows.into_iter().filter_map(|(key, value)| read(&key, value).transpose()).collect()
}

pub(super) fn name_key(id: &Sha256, name: &str) -> String {
    format!("{id}/{name}")
}

/// The image and the name in a key of the table `image_names`.
#[must_use]
pub fn split_name(key: &str) -> Option<(Sha256, &str)> {
    let (id, name) = key.split_once('/')?;
    Some((id.parse().ok()?, name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Earlier releases wrote what was lifted in the place of what holds.
    #[test]
    fn what_an_earlier_release_lifted_is_lifted() {
        let id = Sha256::of(b"x");
        let record = |lifted: Value| {
            json!({"id": id, "file_name": "x.bin", "bytes": 1, "imported": "2026-01-01T00:00:00Z",
                "digests": {"sha256": id, "sha512": "", "md5": ""}, "facts": {},
                "quarantine": {"since": "2026-01-01T00:00:00Z", "list": "vendor", "reasons": ["its sha512"], "lifted": lifted}})
        };
        let lifted = json!({"at": "2026-01-02T00:00:00Z", "by": "Ada", "reason": "built in our lab"});
        for image in [read("x", record(lifted.clone())).unwrap().unwrap(), peek(&record(lifted)).unwrap()] {
            assert!(image.quarantine.is_none() && image.cleared("push").is_ok());
            assert_eq!(image.contradicted().unwrap().lifted.as_ref().unwrap().by, "Ada");
            let written = write(&image).unwrap();
            assert!(written["quarantine"].is_null() && written["quarantine_lifted"]["lifted"]["by"] == "Ada");
            assert_eq!(read("x", written).unwrap(), Some(image));
        }
        let held = read("x", record(Value::Null)).unwrap().unwrap();
        assert!(held.quarantined().is_some() && held.quarantine_lifted.is_none());
        assert_eq!(held.cleared("push").unwrap_err().kind(), ErrorKind::Blocked);
    }
}
