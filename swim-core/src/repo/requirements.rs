//! What a person requires of devices for an image: set, taken back, and who did that when.
//!
//! The values and the change that led to them are one record, written at once. Earlier changes are in the table
//! `requirement_changes`; each is copied there before the next one replaces it, so none is lost by a kill.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::find::not_found;
use super::record::{self, IMAGES};
use crate::image::{Image, Overrides, Provenance, RequirementChange, RequirementField, Requirements, changed};
use crate::model::Sha256;
use crate::ports::{Clock, Records};
use crate::{Error, ErrorKind, Result, Retry};

/// Changes by `<sha256>/<time>-<number>`.
const CHANGES: &str = "requirement_changes";

/// Longest name of who made a change.
const LONGEST_NAME: usize = 255;

/// Tries against others who write the same image: each of them lost means that another one came through.
const TRIES: usize = 16;

/// What to set; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SetRequirements {
    /// Least main memory in bytes, 1 to 999999999999999.
    pub ram: Option<u64>,
    /// Least flash in bytes, 1 to 999999999999999.
    pub flash: Option<u64>,
    /// Least version of the boot ROM, e.g. `16.7(3r)`.
    pub boot_rom: Option<String>,
    /// Who sets it, for the audit.
    pub by: Option<String>,
}

impl SetRequirements {
    /// Is there nothing to set?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ram.is_none() && self.flash.is_none() && self.boot_rom.is_none()
    }

    /// Would it be taken?
    ///
    /// # Errors
    /// `InvalidInput` names the field and the value.
    pub fn check(&self) -> Result<()> {
        check_name(self.by.as_deref())?;
        Overrides::default().set(self.ram, self.flash, self.boot_rom.as_deref())
    }
}

/// The requirements of an image with their history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequirementRecord {
    /// The image.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
    /// Defaults, overrides and what holds.
    #[serde(flatten)]
    pub requirements: Requirements,
    /// Every change, the oldest first.
    pub history: Vec<RequirementChange>,
}

/// What an image requires, and who changed that when.
///
/// # Errors
/// `NotFound`, `Store`.
pub async fn requirements(records: &dyn Records, id: &Sha256) -> Result<RequirementRecord> {
    let image = record::get(records, id).await?.ok_or_else(|| not_found(&id.to_string()))?;
    requirements_of(records, image).await
}

/// The same of an image that is at hand, perhaps with what catalogues say
/// ([`Listing::complete`](crate::recommend::Listing::complete)).
///
/// # Errors
/// `Store`.
pub async fn requirements_of(records: &dyn Records, image: Image) -> Result<RequirementRecord> {
    let key = image.id.to_string();
    let prefix = format!("{key}/");
    let mut history = Vec::new();
    for (key, value) in records.all(CHANGES).await?.into_iter().filter(|(key, _)| key.starts_with(&prefix)) {
        let change = serde_json::from_value::<RequirementChange>(value).map_err(|e| {
            Error::new(ErrorKind::Store, "read requirement change", format!("the record {key} cannot be read"))
                .caused_by(e)
        })?;
        history.push(change);
    }
    if let Some(last) = &image.overrides.last
        && !history.contains(last)
    {
        history.push(last.clone());
    }
    history.sort_by_key(|change| (change.at, change.number));
    let requirements = Requirements::of(&image);
    Ok(RequirementRecord { image: image.id, file_name: image.file_name, requirements, history })
}

/// Sets requirements beside the defaults of the image; gives the image as it is then. What is set already makes no change.
///
/// # Errors
/// `InvalidInput` names the field and the value; `NotFound`; `Conflict` (retry now) when others write the image all the
/// time; `Store`.
pub async fn set_requirements(
    records: &dyn Records,
    clock: &dyn Clock,
    id: &Sha256,
    wanted: &SetRequirements,
) -> Result<Image> {
    if wanted.is_empty() {
        let e = Error::new(ErrorKind::InvalidInput, "set requirements", "name ram, flash or boot_rom");
        return Err(e.with("field", "ram"));
    }
    wanted.check()?;
    let by = wanted.by.as_deref();
    change(records, clock, id, by, |set| set.set(wanted.ram, wanted.flash, wanted.boot_rom.as_deref())).await
}

/// Takes back what a person set, of these fields: the defaults hold again.
///
/// # Errors
/// Those of [`set_requirements`].
pub async fn restore_requirements(
    records: &dyn Records,
    clock: &dyn Clock,
    id: &Sha256,
    fields: &[RequirementField],
    by: Option<&str>,
) -> Result<Image> {
    check_name(by)?;
    change(records, clock, id, by, |set| {
        fields.iter().for_each(|field| set.clear(*field));
        Ok(())
    })
    .await
}

async fn change(
    records: &dyn Records,
    clock: &dyn Clock,
    id: &Sha256,
    by: Option<&str>,
    apply: impl Fn(&mut Overrides) -> Result<()> + Send + Sync,
) -> Result<Image> {
    let key = id.to_string();
    for _ in 0..TRIES {
        let old = records.get(IMAGES, &key).await?.ok_or_else(|| not_found(&key))?;
        let mut image = record::read(&key, old.clone())?.ok_or_else(|| not_found(&key))?;
        let as_it_was = image.clone();
        bring_up(&mut image);
        let before = image.overrides.clone();
        apply(&mut image.overrides)?;
        let changes = changed(&before, &image.overrides);
        if changes.is_empty() {
            return Ok(as_it_was);
        }
        keep(records, before.last.as_ref()).await?;
        let last = RequirementChange {
            image: *id,
            file_name: image.file_name.clone(),
            number: before.last.map_or(1, |last| last.number.saturating_add(1)),
            at: clock.now(),
            by: by.map(str::to_owned),
            changes,
        };
        image.overrides.last = Some(last.clone());
        if records.swap(IMAGES, &key, &old, record::write(&image)?).await? {
            keep(records, Some(&last)).await?;
            return Ok(image);
        }
    }
    Err(Error::new(ErrorKind::Conflict, "change requirements", format!("others write image {key} all the time"))
        .with("image", key)
        .retry_when(Retry::Now))
}

/// What the importer of a new image sets: it stands in the first record of the image, which is never seen without it.
pub(super) fn first(wanted: &SetRequirements, image: Sha256, file_name: &str, at: Timestamp) -> Result<Overrides> {
    let mut set = Overrides::default();
    if !wanted.is_empty() {
        set.set(wanted.ram, wanted.flash, wanted.boot_rom.as_deref())?;
        let changes = changed(&Overrides::default(), &set);
        let (by, file_name) = (wanted.by.clone(), file_name.to_owned());
        set.last = Some(RequirementChange { image, file_name, number: 1, at, by, changes });
    }
    Ok(set)
}

/// Copies a change into the table that outlives the image.
pub(super) async fn keep(records: &dyn Records, change: Option<&RequirementChange>) -> Result<()> {
    let Some(change) = change else { return Ok(()) };
    let key = format!("{}/{:.9}-{:09}", change.image, change.at, change.number);
    let value = serde_json::to_value(change)
        .map_err(|e| Error::internal("write requirement change", "it has no JSON form").caused_by(e))?;
    records.put(CHANGES, &key, value).await
}

/// Records of old have what a person set at import in the place of what the image says.
pub(super) fn bring_up(image: &mut Image) {
    let Image { facts, overrides, .. } = image;
    if let Some(field) = facts.min_ram.take_if(|field| field.from == Provenance::User) {
        overrides.ram.get_or_insert(field.value);
    }
    if let Some(field) = facts.min_flash.take_if(|field| field.from == Provenance::User) {
        overrides.flash.get_or_insert(field.value);
    }
}

fn check_name(by: Option<&str>) -> Result<()> {
    match by {
        Some(name) if name.trim().is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) => {
            let shown: String = name.chars().take(40).collect();
            let why =
                "who it is, in 1 to 255 bytes without control characters; leave it out where nobody is to be named";
            Err(Error::invalid("by", format!("{shown:?}"), why))
        }
        _ => Ok(()),
    }
}
