//! What to look for among the images.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::entry::{COLUMNS, ImageEntry, fold};
use super::find::SHORTEST_PREFIX;
use crate::image::{Image, image_type, platform_id};
use crate::model::Sha256;
use crate::version::{Scheme, Version};

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
///
/// A `version` that can be read finds in every spelling what its normal spelling begins: `17.09.4` finds 17.9.4 and 17.9.4a, as
/// `17.9.4` does, `9.16.4` finds 9.16(4)67, `152-7.E1` finds what `15.2(7)E1` does; `=17.09.4` finds 17.9.4 alone. One with its
/// build, `17.09.04.0.5148`, finds its release. A shorter one with padding, `17.09`, finds what begins with `17.9.`. A `platform`
/// may be written as in names of files or as vendors do (`iosxe`, `IOS-XE`), and so may an `image_type` (`xe-bundle`).
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
    /// Of `image`, `smu`, ..., or a word that names have for it.
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
    /// Texts, folded, of which one must stand in the field. Line feeds stand before and behind each spelling of a field: a text
    /// that begins or ends with one is the beginning or the end of a spelling.
    pub texts: Vec<String>,
}

impl Condition {
    /// Is one of the texts in the field?
    #[must_use]
    pub fn holds(&self, field: &str) -> bool {
        let field = format!("\n{field}\n");
        self.texts.iter().any(|text| field.contains(text))
    }
}

/// What finds a version whatever its spelling, by the normal spellings of the platform, where it is known, or of any. A text
/// that is not the whole field is the beginning of others.
fn spellings(version: &str, platform: Option<&str>, whole: bool) -> Vec<String> {
    let of = platform.and_then(|named| Scheme::of_platform(named.trim_start_matches('=')).ok());
    let schemes = of.map_or_else(|| Scheme::ALL.to_vec(), |scheme| vec![scheme]);
    let unpadded = unpadded(version);
    let short = unpadded.as_ref().is_some_and(|plain| plain.ends_with('.'));
    let read = schemes.into_iter().filter_map(|scheme| Version::parse(scheme, version).ok());
    let mut out: Vec<String> = read
        .map(|version| {
            let normal = version.normal();
            // Nothing begins with a build. What is short has another beginning below.
            let release = Version::parse(version.scheme(), &normal).ok().and_then(|release| version.compare(&release));
            let begins = !whole && !short && release == Some(Ordering::Equal);
            format!("\n{}{}", fold(&normal), if begins { "" } else { "\n" })
        })
        .collect();
    out.extend(unpadded.filter(|_| !whole).map(|plain| format!("\n{}", fold(&plain))));
    out.sort_unstable();
    out.dedup();
    out
}

/// Without the zeros before the numbers of a padded text, whether it is a version or a part of one; of one or two numbers with
/// a dot behind them: 17.09 is not the beginning of 17.90. `None`: it has no such zeros.
fn unpadded(version: &str) -> Option<String> {
    let text = version.trim_end_matches('.');
    let parts: Vec<&str> = text.split('.').collect();
    let plain = |part: &&str| {
        let number = part.trim_start_matches('0');
        if number.starts_with(|c: char| c.is_ascii_digit()) { number.to_owned() } else { format!("0{number}") }
    };
    let numbers = parts.iter().all(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    let padded = parts.iter().any(|part| part.starts_with('0') && part.len() > 1);
    let cut = parts.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let dot = if cut || text.len() < version.len() { "." } else { "" };
    (numbers && padded).then(|| parts.iter().map(plain).collect::<Vec<_>>().join(".") + dot)
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
        let conditions = all.map(|(column, text)| {
            let (whole, text) = text.strip_prefix('=').map_or((false, text), |whole| (true, whole));
            let mut folded = fold(text);
            match column {
                "platform" => folded = fold(platform_id(text)),
                // Names have words of their own.
                "image_type" => folded = image_type(&folded).map(str::to_owned).unwrap_or(folded),
                _ => {}
            }
            let mut texts = vec![if whole { format!("\n{folded}\n") } else { folded }];
            if column == "version" {
                texts.extend(spellings(text, self.platform.as_deref(), whole));
                texts.dedup();
            }
            Condition { column, texts }
        });
        conditions.filter(|condition| condition.texts.iter().all(|text| !text.is_empty())).collect()
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn holds(query: &ImageQuery, field: &str) -> bool {
        query.conditions().iter().all(|condition| condition.holds(field))
    }

    #[test]
    fn a_version_is_found_in_every_spelling() {
        let version = |text: &str| ImageQuery { version: Some(text.to_owned()), ..ImageQuery::default() };
        for (asked, field, found) in [
            ("17.09.04", "17.9.4", true),
            ("17.09.4", "17.9.4", true),
            ("17.9.4", "17.09.04\n17.9.4", true),
            ("=17.09.04", "17.9.4", true),
            ("17.09.04", "17.09.04a\n17.9.4a", true),
            ("17.09.4", "17.09.04a\n17.9.4a", true),
            ("17.9.4", "17.09.04a\n17.9.4a", true),
            ("=17.09.04", "17.09.04a\n17.9.4a", false),
            ("=17.9.4", "17.09.04a\n17.9.4a", false),
            ("17.09.04", "17.9.3", false),
            ("17.09.04.", "17.9.4a", false),
            ("17.09.04.0.5148", "17.09.04\n17.9.4", true),
            ("17.09.04.0.5148", "17.09.04a\n17.9.4a", false),
            ("03.16.04", "03.16.04b.S\n3.16.4bs", true),
            ("03.16.04b", "03.16.04b.S\n3.16.4bs", true),
            ("9.16.4", "9.16(4)67", true),
            ("9.16(4)", "9.16(4)67", true),
            ("=9.16.4", "9.16(4)67", false),
            ("9.16(4.67)", "9.16(4)67", true),
            ("10.2.3", "10.2(3)", true),
            ("10.2.3", "10.2.3.f\n10.2(3)(f)", true),
            ("10.2.3", "10.2(4)", false),
            ("152-7.E1", "15.2(7)e1", true),
            ("152-7.E1", "15.2(7)e1a", true),
            ("15.2(7)E1", "15.2(7)e1a", true),
            ("=152-7.E1", "15.2(7)e1a", false),
            ("3.12.02S", "3.12.2s", true),
            ("03.12.02.S", "3.12.2s", true),
            ("152-7.E10", "15.2(7)e10", true),
            ("17.09", "17.9.4", true),
            ("17.09", "17.90.1", false),
            ("17.09", "7.17.9.4", false),
            ("=17.09", "17.9.4", false),
            ("17.9", "17.09.04\n17.9.4", true),
            ("3.1", "3.12.2s", true),
            ("18", "17.9.4", false),
            ("=", "", true),
            ("=", "17.9.4", false),
        ] {
            assert_eq!(holds(&version(asked), field), found, "{asked} {field:?}");
        }
        let nxos = ImageQuery { platform: Some("=nxos".to_owned()), ..version("9.3.7a") };
        let condition = nxos.conditions().into_iter().find(|condition| condition.column == "version").unwrap();
        assert!(condition.holds("9.3(7a)") && !condition.holds("9.3(7b)"));
    }

    #[test]
    fn a_platform_may_be_written_as_names_and_vendors_do() {
        let platform = |text: &str| ImageQuery { platform: Some(text.to_owned()), ..ImageQuery::default() };
        for asked in ["iosxe", "IOS-XE", "ios_xe", "ios", "=iosxe"] {
            assert!(holds(&platform(asked), "ios_xe"), "{asked}");
        }
        assert!(!holds(&platform("=ios"), "ios_xe") && !holds(&platform("iosxe"), "ios"));
    }

    #[test]
    fn a_type_may_be_in_the_words_of_names() {
        let typed = |text: &str| ImageQuery { image_type: Some(text.to_owned()), ..ImageQuery::default() };
        for (asked, field) in [
            ("xe-bundle", "image"),
            ("XE-Bundle", "image"),
            ("=xe-smu", "smu"),
            ("xr-pie", "package"),
            ("pack", "package"),
        ] {
            assert!(holds(&typed(asked), field) && !holds(&typed(asked), "epld"), "{asked}");
        }
        assert!(!holds(&typed("foo"), "image") && holds(&typed("="), ""));
    }
}
