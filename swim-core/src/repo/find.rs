//! Finding images.

use super::query::ImageQuery;
use super::record::{self, NAMES, split_name};
use super::unjudged;
use crate::image::{Field, IMAGE_TYPES, Image, image_type, platform_id, platform_named};
use crate::model::Sha256;
use crate::ports::Records;
use crate::version::Version;
use crate::{Error, ErrorKind, Result};

/// Fewest digits of an id that may stand for the whole.
pub(super) const SHORTEST_PREFIX: usize = 4;

/// Which images to list. All that is given must hold; a field that an image does not have holds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFilter {
    /// Part of the file name, in any case.
    pub text: Option<String>,
    /// The platform, e.g. `ios_xe`, also `iosxe` or `IOS-XE`.
    pub platform: Option<String>,
    /// The product family, e.g. `cat9k`.
    pub family: Option<String>,
    /// The version, in any spelling; the build does not count.
    pub version: Option<String>,
    /// `image`, `smu`, ..., also in a word of names: `xe-bundle`.
    pub image_type: Option<String>,
}

impl ImageFilter {
    fn holds(&self, image: &Image) -> bool {
        let facts = &image.facts;
        let text = |wanted: &Option<String>, field: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| field.is_some_and(|field| field.eq_ignore_ascii_case(wanted)))
        };
        let platform = self.platform.as_deref().map(|named| platform_id(named).to_owned());
        let kind = self.image_type.as_deref().map(|named| image_type(named).unwrap_or(named).to_owned());
        let version = |wanted: &str| {
            facts.version.as_ref().is_some_and(|Field { value, .. }| {
                let read = Version::parse(value.scheme(), wanted);
                value.as_str().eq_ignore_ascii_case(wanted) || read.is_ok_and(|read| read.same_release(value))
            })
        };
        let name = image.file_name.to_lowercase();
        self.text.as_ref().is_none_or(|part| name.contains(&part.to_lowercase()))
            && text(&platform, value(facts.platform.as_ref()))
            && text(&self.family, value(facts.family.as_ref()))
            && self.version.as_deref().is_none_or(version)
            && text(&kind, value(facts.image_type.as_ref()))
    }

    /// A platform or type that is neither known nor of an image is a slip of the pen, and no empty answer.
    fn check(&self, images: &[Image]) -> Result<()> {
        if let Some(named) = self.image_type.as_deref().filter(|named| image_type(named).is_none()) {
            let mut of = images.iter().filter_map(|image| value(image.facts.image_type.as_ref()));
            let is_known = |known: &str| known.eq_ignore_ascii_case(named);
            if !of.any(is_known) && !IMAGE_TYPES.into_iter().any(is_known) {
                let why = format!("there is no such type; there are {}", IMAGE_TYPES.join(", "));
                return Err(Error::invalid("image_type", format!("{named:?}"), &why));
            }
        }
        let Some(named) = self.platform.as_deref() else { return Ok(()) };
        let of = images.iter().filter_map(|image| image.facts.platform.as_ref());
        let defined: Vec<String> = of.map(|field| field.value.clone()).collect();
        platform_named("platform", named, &defined).map(|_| ())
    }
}

fn value(field: Option<&Field<String>>) -> Option<&str> {
    field.map(|field| field.value.as_str())
}

/// The images that a filter lets through, oldest first.
///
/// # Errors
/// `InvalidInput` for a platform or type that is neither known nor of an image, with those that are; `Store`.
pub async fn images(records: &dyn Records, filter: &ImageFilter) -> Result<Vec<Image>> {
    let mut found = unjudged::all(records).await?;
    filter.check(&found)?;
    found.retain(|image| filter.holds(image));
    found.sort_by_key(|image| (image.imported, image.id));
    Ok(found)
}

/// Every name that an image was imported under, the first one first, the others by name.
///
/// # Errors
/// `NotFound`, `Store`.
pub async fn names(records: &dyn Records, id: &Sha256) -> Result<Vec<String>> {
    let image = record::get(records, id).await?.ok_or_else(|| not_found(&id.to_string()))?;
    let mut names = vec![image.file_name];
    names.extend(further_names(records).await?.into_iter().filter(|(of, _)| of == id).map(|(_, name)| name));
    Ok(names)
}

/// One image: by its id, by a file name that it was imported under, or by the first digits of its id (four or more).
///
/// # Errors
/// `NotFound`; `InvalidInput` when it could be several, naming them; `Store`.
pub async fn image(records: &dyn Records, wanted: &str) -> Result<Image> {
    if let Ok(id) = wanted.parse() {
        return record::get(records, &id).await?.ok_or_else(|| not_found(wanted));
    }
    let all = record::all(records).await?;
    let renamed = further_names(records).await?;
    let named = |image: &&Image| {
        image.file_name == wanted || renamed.iter().any(|(id, name)| *id == image.id && name == wanted)
    };
    let digits = wanted.to_ascii_lowercase();
    let is_prefix = ImageQuery::digits(&digits).is_some();
    let mut found: Vec<&Image> = all.iter().filter(named).collect();
    if found.is_empty() && is_prefix {
        found = all.iter().filter(|image| image.id.to_string().starts_with(&digits)).collect();
    }
    match found.as_slice() {
        [] => Err(not_found(wanted)),
        [one] => Ok((*one).clone()),
        found => Err(several(wanted, found.iter().copied())),
    }
}

async fn further_names(records: &dyn Records) -> Result<Vec<(Sha256, String)>> {
    let rows = records.all(NAMES).await?;
    Ok(rows.iter().filter_map(|(key, _)| split_name(key)).map(|(id, name)| (id, name.to_owned())).collect())
}

pub(super) fn several<'a>(wanted: &str, found: impl Iterator<Item = &'a Image>) -> Error {
    any_of(wanted, found.map(|image| image.id.to_string()))
}

pub(super) fn any_of(wanted: &str, ids: impl Iterator<Item = String>) -> Error {
    let ids: Vec<_> = ids.collect();
    let why = format!("it could be any of {} images: {}", ids.len(), ids.join(", "));
    Error::invalid("image", format!("{wanted:?}"), &why)
}

pub(super) fn not_found(wanted: &str) -> Error {
    let short = (1..SHORTEST_PREFIX).contains(&wanted.len()) && wanted.bytes().all(|digit| digit.is_ascii_hexdigit());
    let what = if short { "the beginning of an id has four digits or more" } else { "import it first" };
    Error::new(ErrorKind::NotFound, "find image", format!("there is no image {wanted:?}: {what}")).with("image", wanted)
}
