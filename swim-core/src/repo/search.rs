//! Answers that an index gives.

use serde::{Deserialize, Serialize};

use super::find::{not_found, several};
use super::query::{Condition, ImageQuery};
use super::record::{self, NAMES};
use crate::image::{IMAGE_TYPES, Image, PLATFORMS};
use crate::ports::Index;
use crate::{Error, Result};

/// How many images there are of one type and family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Group {
    /// The type, lower case; `None` where it is not known.
    pub image_type: Option<String>,
    /// The family, lower case; `None` where it is not known.
    pub family: Option<String>,
    /// How many.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Group {
    /// A group; an empty text is one that is not known.
    #[must_use]
    pub fn new(image_type: &str, family: &str, images: u64, bytes: u64) -> Self {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self { image_type: known(image_type), family: known(family), images, bytes }
    }
}

/// The images of one type: a folder with a folder for each family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TypeGroup {
    /// The type; `None` where it is not known.
    pub image_type: Option<String>,
    /// How many.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
    /// By family.
    pub families: Vec<FamilyGroup>,
}

/// The images of one family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FamilyGroup {
    /// The family; `None` where it is not known.
    pub family: Option<String>,
    /// How many.
    pub images: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The images that a query lets through, in its order.
///
/// # Errors
/// `InvalidInput` for a platform or type that is neither known nor of an image, with those that are known; `Store`.
pub async fn search(index: &dyn Index, query: &ImageQuery) -> Result<Vec<Image>> {
    let rows = index.find(query).await?;
    if rows.is_empty() {
        check_words(index, query).await?;
    }
    rows.into_iter().filter_map(|(key, value)| record::read(&key, value).transpose()).collect()
}

/// A slip of the pen is no empty answer.
async fn check_words(index: &dyn Index, query: &ImageQuery) -> Result<()> {
    let (platform, image_type) = (query.platform.clone(), query.image_type.clone());
    let only = |platform, image_type| ImageQuery { platform, image_type, limit: Some(1), ..ImageQuery::default() };
    for (field, word, named, known, only) in [
        ("platform", "platform", &query.platform, &PLATFORMS[..], only(platform, None)),
        ("image_type", "type", &query.image_type, &IMAGE_TYPES[..], only(None, image_type)),
    ] {
        // The images of which it is not known are asked for by `=`.
        let Some(named) = named.as_deref().filter(|named| *named != "=") else { continue };
        let is_known = |condition: &Condition| known.iter().any(|one| condition.holds(one));
        if only.conditions().iter().all(is_known) || !index.find(&only).await?.is_empty() {
            continue;
        }
        let known = known.join(", ");
        let why = format!("no image is of such a {word}, and none of that name is known; there are {known}");
        return Err(Error::invalid(field, format!("{named:?}"), &why));
    }
    Ok(())
}

/// The images by type, then by family.
///
/// # Errors
/// `Store`.
pub async fn grouped(index: &dyn Index) -> Result<Vec<TypeGroup>> {
    let mut out: Vec<TypeGroup> = Vec::new();
    for Group { image_type, family, images, bytes } in index.groups().await? {
        let family = FamilyGroup { family, images, bytes };
        match out.last_mut().filter(|last| last.image_type == image_type) {
            Some(last) => {
                last.images += images;
                last.bytes += bytes;
                last.families.push(family);
            }
            None => out.push(TypeGroup { image_type, images, bytes, families: vec![family] }),
        }
    }
    Ok(out)
}

/// The images that have this name, as their first one or as a further one; oldest first.
///
/// # Errors
/// `Store`.
pub async fn named(index: &dyn Index, name: &str) -> Result<Vec<Image>> {
    let query = ImageQuery { file_name: Some(format!("={name}")), ..ImageQuery::default() };
    let mut found = Vec::new();
    for image in search(index, &query).await? {
        // The index knows names in any case; whoever names an image writes it as it is.
        if image.file_name == name || index.get(NAMES, &record::name_key(&image.id, name)).await?.is_some() {
            found.push(image);
        }
    }
    Ok(found)
}

/// One image, as [`image`](super::image) finds it, without looking at all the others.
///
/// # Errors
/// As [`image`](super::image).
pub async fn find(index: &dyn Index, wanted: &str) -> Result<Image> {
    if let Ok(id) = wanted.parse() {
        return record::get(index, &id).await?.ok_or_else(|| not_found(wanted));
    }
    let mut found = named(index, wanted).await?;
    let digits = wanted.to_ascii_lowercase();
    if found.is_empty() && ImageQuery::digits(&digits).is_some() {
        let begun = ImageQuery { text: Some(digits.clone()), ..ImageQuery::default() };
        found = search(index, &begun).await?;
        found.retain(|image| image.id.to_string().starts_with(&digits));
    }
    match found.as_slice() {
        [] => Err(not_found(wanted)),
        [_] => Ok(found.remove(0)),
        _ => Err(several(wanted, found.iter())),
    }
}
