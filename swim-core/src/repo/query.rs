//! What to look for among the images.

use serde::{Deserialize, Serialize};

use super::entry::{COLUMNS, ImageEntry, fold};
use super::find::SHORTEST_PREFIX;
use crate::image::Image;
use crate::model::Sha256;

/// What images are ordered by. Those that are alike in it are ordered by their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImageSort {
    /// The time of the import, oldest first.
    #[default]
    Imported,
    /// The first file name, in lower case.
    FileName,
    /// The family, then the version.
    Family,
    /// The version by the numbers in its normal spelling, whatever the platform: an order to look things up in, not one
    /// that says what is newer (see [`Version::compare`](crate::version::Version::compare)).
    Version,
    /// The size, smallest first.
    Bytes,
}

impl ImageSort {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Imported, Self::FileName, Self::Family, Self::Version, Self::Bytes];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::FileName => "file_name",
            Self::Family => "family",
            Self::Version => "version",
            Self::Bytes => "bytes",
        }
    }
}

impl ImageEntry {
    /// What it is ordered by: compared byte by byte.
    #[must_use]
    pub fn key(&self, sort: ImageSort) -> &str {
        let at = ImageSort::ALL.iter().position(|other| *other == sort);
        at.and_then(|at| self.keys.get(at)).map_or("", String::as_str)
    }
}

/// Which images to list, in which order, and how many. All that is given must hold.
///
/// The texts are parts of fields, in any case: `version: "3.1"` finds 3.12.02S and 3.13.01S, in the spelling of the file as in
/// the normal one. With `=` before it a text is the whole field: `platform: "=ios"` finds no `ios_xe`; `"="` alone finds the
/// images of which the field is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageQuery {
    /// Part of any field. Ids and digests are found by their first digits, four or more.
    pub text: Option<String>,
    /// Of the file name, or of a further name of the same image.
    pub file_name: Option<String>,
    /// Of the name that the bytes tell.
    pub internal_name: Option<String>,
    /// Of the platform, e.g. `ios_xe`.
    pub platform: Option<String>,
    /// Of the product family, e.g. `cat9k`.
    pub family: Option<String>,
    /// Of the version, or of its other number.
    pub version: Option<String>,
    /// Of the feature set, e.g. `universalk9`.
    pub feature_set: Option<String>,
    /// Of `image`, `smu`, ...
    pub image_type: Option<String>,
    /// The order.
    pub sort: ImageSort,
    /// The other way round.
    pub descending: bool,
    /// At most so many.
    pub limit: Option<u32>,
    /// Those behind this one: the last image of the page before, which may have been removed meanwhile.
    pub after: Option<Box<Image>>,
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// One of [`COLUMNS`].
    pub column: &'static str,
    /// The text, folded.
    pub text: String,
    /// Is it the whole field, or a part of it?
    pub whole: bool,
}

impl Condition {
    fn holds(&self, field: &str) -> bool {
        if self.whole { field.split('\n').any(|spelling| spelling == self.text) } else { field.contains(&self.text) }
    }
}

impl ImageQuery {
    /// The part of any field, folded; `None` when it lets everything through.
    #[must_use]
    pub fn anywhere(&self) -> Option<String> {
        self.text.as_deref().map(fold).filter(|text| !text.is_empty())
    }

    /// The first digits of a digest that a text may be.
    #[must_use]
    pub fn digits(text: &str) -> Option<&str> {
        (text.len() >= SHORTEST_PREFIX && text.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(text)
    }

    /// The conditions on columns.
    #[must_use]
    pub fn conditions(&self) -> Vec<Condition> {
        let given = [
            &self.file_name,
            &self.internal_name,
            &self.platform,
            &self.family,
            &self.version,
            &self.feature_set,
            &self.image_type,
        ];
        let all = COLUMNS.into_iter().zip(given).filter_map(|(column, text)| Some((column, text.as_deref()?)));
        let conditions = all.map(|(column, text)| match text.strip_prefix('=') {
            Some(whole) => Condition { column, text: fold(whole), whole: true },
            None => Condition { column, text: fold(text), whole: false },
        });
        conditions.filter(|condition| condition.whole || !condition.text.is_empty()).collect()
    }

    /// Behind what the answer begins: the key of the order, and the image.
    #[must_use]
    pub fn start(&self) -> Option<(String, Sha256)> {
        let last = self.after.as_deref()?;
        Some((ImageEntry::of(last).key(self.sort).to_owned(), last.id))
    }

    /// Does an image fit the texts?
    #[must_use]
    pub fn holds(&self, entry: &ImageEntry) -> bool {
        let anywhere = self.anywhere().is_none_or(|part| {
            let digits = Self::digits(&part);
            entry.text.iter().any(|field| field.contains(&part))
                || digits.is_some_and(|digits| entry.digests.iter().any(|digest| digest.starts_with(digits)))
        });
        anywhere && self.conditions().iter().all(|condition| condition.holds(entry.column(condition.column)))
    }

    /// The answer from all entries: those that fit, in their order, from the start on, no more than the limit. What a store
    /// without an index does, and what an index is measured by.
    #[must_use]
    pub fn select(&self, mut entries: Vec<ImageEntry>) -> Vec<ImageEntry> {
        let place = |entry: &ImageEntry| (entry.key(self.sort).to_owned(), entry.image);
        let start = self.start();
        entries.retain(|entry| {
            let behind = start.as_ref().is_none_or(|start| {
                let here = place(entry);
                if self.descending { here < *start } else { here > *start }
            });
            behind && self.holds(entry)
        });
        entries.sort_by_cached_key(place);
        if self.descending {
            entries.reverse();
        }
        entries.truncate(self.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));
        entries
    }
}
