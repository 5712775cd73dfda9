//! What an archive says of its images.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MANIFEST, OPERATION};
use crate::document::{self, Telling, read_slice};
use crate::image::{Image, REQUIREMENT_BYTES, RequirementChange};
use crate::model::Sha256;
use crate::repo::import::check_name;
use crate::repo::record::{self, NAMES, split_name};
use crate::{Error, ErrorKind, Result};

/// The form of this document that this release writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

/// Tables with further records of an image, whose keys begin with its id and a slash. Records of them that are here already
/// stay as they are.
pub(super) const OF_IMAGES: &[&str] = &[NAMES, CHANGES];

const CHANGES: &str = "requirement_changes";

/// Records beside its own that one image may have.
const MOST_RECORDS: usize = 10_000;

/// The whole manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) exported: Timestamp,
    pub(super) images: Vec<Packed>,
}

/// One image.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Packed {
    /// Its record, as it is stored.
    pub(super) record: Value,
    /// Records of [`OF_IMAGES`].
    #[serde(default)]
    pub(super) further: Vec<Further>,
}

/// A record that belongs to an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Further {
    pub(super) table: String,
    /// Behind the id and the slash.
    pub(super) key: String,
    pub(super) value: Value,
}

impl Manifest {
    /// Reads and checks the document: nothing of it is believed before.
    pub(super) fn read(text: &[u8]) -> Result<(Self, Vec<Image>)> {
        let manifest: Self = read_slice(text).map_err(|e| wrong(&e.to_string()))?;
        if manifest.format != FORMAT {
            let message = format!("the archive has form {}, this release knows form {FORMAT}", manifest.format);
            return Err(Error::new(ErrorKind::Unsupported, OPERATION, message));
        }
        let mut seen = BTreeSet::new();
        let mut images = Vec::new();
        for packed in &manifest.images {
            let image = packed.check()?;
            if !seen.insert(image.id) {
                return Err(wrong(&format!("image {} is listed twice", image.id)));
            }
            images.push(image);
        }
        Ok((manifest, images))
    }
}

impl Packed {
    fn check(&self) -> Result<Image> {
        let unreadable = || match document::read::<Image>(&self.record, "record", Telling::Values) {
            Err(e) => wrong(&format!("a record of an image cannot be read: {e}")),
            Ok(_) => wrong("a record of an image cannot be read"),
        };
        let image = record::peek(&self.record).ok_or_else(unreadable)?;
        let id = image.id;
        let bad = |why: String| wrong(&format!("image {id}: {why}"));
        if image.digests.sha256 != id {
            return Err(bad("its SHA-256 is not its id".to_owned()));
        }
        if image.bytes == 0 {
            return Err(bad("it has no bytes".to_owned()));
        }
        check_name(&image.file_name).map_err(|e| bad(e.to_string()))?;
        for (field, bytes) in [("ram", image.overrides.ram), ("flash", image.overrides.flash)] {
            if bytes.is_some_and(|bytes| !REQUIREMENT_BYTES.contains(&bytes)) {
                return Err(bad(format!("its {field} requirement is out of the range that a person can set")));
            }
        }
        if image.overrides.last.as_ref().is_some_and(|change| change.image != id) {
            return Err(bad("its last change of requirements is of another image".to_owned()));
        }
        if self.further.len() > MOST_RECORDS {
            return Err(bad(format!("it has more than {MOST_RECORDS} further records")));
        }
        for further in &self.further {
            if !OF_IMAGES.contains(&further.table.as_str()) {
                return Err(bad(format!("records of the table {:?} are none of an image", further.table)));
            }
            let key = format!("{id}/{}", further.key);
            match split_name(&key) {
                Some((of, name)) if of == id && !name.is_empty() => {}
                _ => return Err(bad(format!("{:?} is no key", further.key))),
            }
            if further.table == NAMES {
                check_name(&further.key).map_err(|e| bad(e.to_string()))?;
            }
            // One that cannot be read would stand in the way of all that is known of the requirements here.
            if further.table == CHANGES {
                let change = RequirementChange::deserialize(&further.value);
                if change.is_err() || change.is_ok_and(|change| change.image != id) {
                    return Err(bad(format!("the requirement change {:?} is none of it", further.key)));
                }
            }
        }
        Ok(image)
    }
}

pub(super) fn wrong(why: &str) -> Error {
    Error::new(ErrorKind::Integrity, OPERATION, format!("{MANIFEST}: {why}")).with("member", MANIFEST)
}

/// The further records of one image in the rows of a table.
pub(super) fn of_image<'a>(
    id: &Sha256,
    table: &'a str,
    rows: &'a [(String, Value)],
) -> impl Iterator<Item = Further> + use<'a> {
    let prefix = format!("{id}/");
    let from = rows.partition_point(|(key, _)| *key < prefix);
    let rows = rows.get(from..).unwrap_or_default().iter();
    rows.map_while(move |(key, value)| {
        let key = key.strip_prefix(&prefix)?.to_owned();
        Some(Further { table: table.to_owned(), key, value: value.clone() })
    })
}
