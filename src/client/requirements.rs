//! What images require of devices: shown, set beside the defaults, taken back.

use swim_core::image::{Image, RequirementField};
use swim_core::repo::{self, RequirementRecord, SetRequirements};
use swim_core::{Error, Result};

use super::{Client, some};
use crate::ImportOptions;

impl Client {
    /// What an image requires of devices: what the image or a catalogue says, what a person set, what holds, and every
    /// change with who made it and when. `wanted` is as in [`Client::image`].
    ///
    /// # Errors
    /// Those of [`Client::image`].
    pub async fn requirements(&self, wanted: &str) -> Result<RequirementRecord> {
        let image = self.image(wanted).await?;
        self.required_by(image).await
    }

    /// What a catalogue says of them is looked up, not kept: the next catalogue may say otherwise.
    async fn required_by(&self, mut image: Image) -> Result<RequirementRecord> {
        self.listing_of(&image).await?.complete(&mut image);
        repo::requirements_of(self.records(), image).await
    }

    /// Sets requirements of an image beside its defaults; what `set` leaves out stays. Analysis and recommendation go by
    /// them from now on.
    ///
    /// # Errors
    /// Those of [`Client::image`]; `InvalidInput` names the field and the value that is out of its range.
    pub async fn set_requirements(&self, wanted: &str, set: &SetRequirements) -> Result<RequirementRecord> {
        set.check()?;
        let id = self.image(wanted).await?.id;
        let image = repo::set_requirements(self.records(), &*self.adapters().clock, &id, set).await?;
        self.required_by(image).await
    }

    /// Takes back what a person set, of some fields or (`None`) of all: the defaults hold again. `by` is who does it.
    ///
    /// # Errors
    /// Those of [`Client::image`]; `InvalidInput` for an empty list.
    pub async fn restore_requirements(
        &self,
        wanted: &str,
        fields: Option<&[RequirementField]>,
        by: Option<&str>,
    ) -> Result<RequirementRecord> {
        some("fields", fields)?;
        let id = self.image(wanted).await?.id;
        let fields = fields.unwrap_or(&RequirementField::ALL);
        let image = repo::restore_requirements(self.records(), &*self.adapters().clock, &id, fields, by).await?;
        self.required_by(image).await
    }
}

/// What an import sets, checked before anything is read.
pub(super) fn of_import(options: &ImportOptions) -> Result<Option<SetRequirements>> {
    let mut set = SetRequirements::default();
    (set.ram, set.flash, set.boot_rom) = (options.min_ram, options.min_flash, options.min_boot_rom.clone());
    if set.is_empty() {
        return Ok(None);
    }
    set.check().map_err(|e| {
        let (field, value) = (e.context("field").unwrap_or_default(), e.context("value").unwrap_or_default());
        let why = e.message().split_once(": ").map_or("", |(_, why)| why);
        Error::invalid(&format!("min_{field}"), value, why)
    })?;
    Ok(Some(set))
}
