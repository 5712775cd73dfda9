//! What an index keeps of an image: pure, so that every store finds the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::record;
use crate::image::{Field, Image};
use crate::model::Sha256;

/// The text columns of an entry, in their order.
pub const COLUMNS: [&str; 7] =
    ["file_name", "internal_name", "platform", "family", "version", "feature_set", "image_type"];

/// Digits of a number in a [natural](natural) key: longer ones are rare and only sort among themselves.
const DIGITS: usize = 12;

/// Times before the year 0 have negative numbers; with this added none has.
const EPOCH: i128 = 400_000_000_000_000_000_000;

/// What an index keeps of one image: what it is found by, and what it is ordered by.
///
/// ```
/// use swim_core::repo::{ImageEntry, ImageSort};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # use swim_core::{model::Sha256, image::{Image, ImageFacts}};
/// # let digests = runtime.block_on(swim_core::repo::digests(bytes::Bytes::from_static(b"abc")))?;
/// # let image = Image { id: digests.sha256, file_name: "Cat9k_X.bin".into(), bytes: 3, digests,
/// #     facts: ImageFacts::default(), overrides: Default::default(), imported: jiff::Timestamp::UNIX_EPOCH,
/// #     read_by: String::new(), quarantine: None, quarantine_lifted: None };
/// let entry = ImageEntry::of(&image);
/// assert_eq!(entry.column("file_name"), "cat9k_x.bin");
/// assert!(entry.digests.iter().any(|digest| digest == "900150983cd24fb0d6963f7d28e17f72"));
/// assert_eq!(entry.key(ImageSort::FileName), "cat9k_x.bin");
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageEntry {
    /// Which image.
    pub image: Sha256,
    /// Its size.
    pub bytes: u64,
    /// The texts of [`COLUMNS`], [folded](fold); empty where nothing is known. Several spellings of one field are separated by
    /// line feeds, which no folded text has.
    pub text: [String; COLUMNS.len()],
    /// All digests of the bytes, lower-case hexadecimal.
    pub digests: Vec<String>,
    /// The release that it brings, as [`Software`](super::Software) writes it; empty for patches and packages, and where the
    /// version is not known.
    pub release: String,
    /// What it is ordered by, see [`ImageSort`](super::ImageSort).
    pub(super) keys: [String; 5],
}

impl ImageEntry {
    /// The entry of an image, under its first name alone.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        let facts = &image.facts;
        let value = |field: &Option<Field<String>>| field.as_ref().map(|field| fold(&field.value)).unwrap_or_default();
        let name = fold(&image.file_name);
        let (family, image_type) = (value(&facts.family), value(&facts.image_type));
        let version = facts.version.as_ref().map(|field| &field.value);
        let mut spellings: Vec<String> = version.iter().flat_map(|v| [fold(v.as_str()), fold(&v.normal())]).collect();
        spellings.extend(facts.alt_version.iter().map(|field| fold(&field.value)));
        let mut seen = BTreeSet::new();
        spellings.retain(|spelling| seen.insert(spelling.clone()));
        let of_system = image_type.is_empty() || image_type == "image";
        let release = version.filter(|_| of_system).map(release).unwrap_or_default();
        let by_version = natural(&version.map(|v| fold(&v.normal())).unwrap_or_default());
        let keys = [
            format!("{:022}", image.imported.as_nanosecond() + EPOCH),
            name.clone(),
            format!("{family}\n{by_version}"),
            by_version,
            format!("{:020}", image.bytes),
        ];
        Self {
            image: image.id,
            bytes: image.bytes,
            text: [
                name,
                value(&facts.internal_name),
                value(&facts.platform),
                family,
                spellings.join("\n"),
                value(&facts.feature_set),
                image_type,
            ],
            digests: digests(image),
            release,
            keys,
        }
    }

    /// The entry of a record of the table `images`; `None` when it is no image, or one that is being removed.
    #[must_use]
    pub fn of_record(key: &str, value: &Value) -> Option<Self> {
        record::peek(value).filter(|image| image.id.to_string() == key).map(|image| Self::of(&image))
    }

    /// Adds a further name of the image.
    pub fn add_name(&mut self, name: &str) {
        let [names, ..] = &mut self.text;
        names.push('\n');
        names.push_str(&fold(name));
    }

    /// The text of a column; empty for one that there is not.
    #[must_use]
    pub fn column(&self, name: &str) -> &str {
        let at = COLUMNS.iter().position(|column| *column == name);
        at.and_then(|at| self.text.get(at)).map_or("", String::as_str)
    }
}

/// How texts are compared: lower case, without control characters.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).flat_map(char::to_lowercase).collect()
}

/// A release as both images and devices name it: the grammar and the normal spelling.
pub(super) fn release(version: &crate::version::Version) -> String {
    format!("{} {}", scheme(version), version.normal())
}

fn scheme(version: &crate::version::Version) -> String {
    serde_json::to_value(version.scheme()).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Every digest that a record has, also those that later releases add.
fn digests(image: &Image) -> Vec<String> {
    let all = serde_json::to_value(&image.digests).unwrap_or_default();
    let texts = all.as_object().into_iter().flat_map(|map| map.values()).filter_map(Value::as_str);
    texts.filter(|text| !text.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// A text whose order is that of the numbers in it: 17.9 before 17.12.
fn natural(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + DIGITS);
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (number, after) = from.split_at(end);
        let number = number.trim_start_matches('0');
        out.push_str(before);
        out.extend(std::iter::repeat_n('0', DIGITS.saturating_sub(number.len())));
        out.push_str(number);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_in_texts_are_ordered_as_numbers() {
        let mut versions = ["17.12.1", "17.9.4a", "17.9.4", "3.16.4bS", "17.10.1", "17.09.05"];
        versions.sort_by_key(|version| natural(version));
        assert_eq!(versions, ["3.16.4bS", "17.9.4", "17.9.4a", "17.09.05", "17.10.1", "17.12.1"]);
    }

    proptest! {
        #[test]
        fn what_is_folded_stays_as_it_is_and_has_no_lines(text in any::<String>()) {
            let folded = fold(&text);
            prop_assert!(!folded.contains(['\n', '\0']));
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}
