//! Which images devices should run, and whether they have the latest one.

use swim_core::image::Image;
use swim_core::model::{Device, DeviceId, Inventory};
use swim_core::recommend::{Candidate, Detail, HasLatest, Listing, Recommendation, Recommender, Settings, supported};
use swim_core::{Error, ErrorKind, Result, repo};

use super::{Client, Listed, json, parse};

/// The record of the settings, in the table `settings`.
const SETTINGS: &str = "recommendation";

impl Client {
    /// What is recommended for each device, by its last inventory: no device is asked. Without `settings` those that are
    /// kept hold ([`Client::recommendation_settings`]). With [`Detail::All`] images for other hardware are listed as well.
    ///
    /// A device that was never inspected, or whose platform has no recommendation, is in the result with its error.
    ///
    /// # Errors
    /// `NotFound` for a device that is not known, `InvalidInput` for one that is named twice; those of the store.
    pub async fn recommend(
        &self,
        devices: &[DeviceId],
        settings: Option<Settings>,
        detail: Detail,
    ) -> Result<Vec<Recommendation>> {
        let settings = match settings {
            Some(settings) => settings,
            None => self.recommendation_settings().await?,
        };
        let known = self.known(devices).await?;
        let mut recommender = Recommender::new(self.candidates().await?, settings, detail);
        let mut out = Vec::new();
        for device in known {
            let inventory = self.last_inventory(&device).await;
            let answer = inventory.and_then(|inventory| {
                let platform = self.platform(&device)?;
                recommender.recommend(&device, &inventory, platform.definition())
            });
            out.push(answer.unwrap_or_else(|e| Recommendation::failed(device.id, settings, &e)));
        }
        Ok(out)
    }

    /// Does this device have the latest image? By its last inventory, and by the settings but for
    /// `higher_than_current`. *Unknown* is an answer, with the reason.
    ///
    /// # Errors
    /// `NotFound` for a device that is not known; those of the store.
    pub async fn has_latest(&self, device: &DeviceId, settings: Option<Settings>) -> Result<HasLatest> {
        let settings = match settings {
            Some(settings) => settings,
            None => self.recommendation_settings().await?,
        };
        let settings = HasLatest::settings(settings);
        let mut answers = self.recommend(std::slice::from_ref(device), Some(settings), Detail::Near).await?;
        let answer = answers.pop().ok_or_else(|| Error::internal("recommend", "there is no answer"))?;
        Ok(HasLatest::of(answer))
    }

    /// The settings that hold where none are given: the guide's, until others are set.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recommendation_settings(&self) -> Result<Settings> {
        match self.records().get("settings", SETTINGS).await? {
            Some(kept) => parse(kept),
            None => Ok(Settings::default()),
        }
    }

    /// Keeps settings for every later recommendation of all processes on this data.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn set_recommendation_settings(&self, settings: &Settings) -> Result<()> {
        self.records().put("settings", SETTINGS, json(settings)?).await
    }

    /// What the open catalogues say of an image.
    pub(super) async fn listing_of(&self, image: &Image) -> Result<Listing> {
        let (sha256, digests) = (image.id.to_string(), &image.digests);
        let same = |said: &Option<String>, own: &str| said.as_ref().is_some_and(|said| said.eq_ignore_ascii_case(own));
        // Catalogues are long: most entries are not worth to be read whole.
        let mut listed = self.catalog(None).await?;
        listed.retain(|Listed { entry, .. }| {
            entry.filename.eq_ignore_ascii_case(&image.file_name)
                || same(&entry.sha256, &sha256)
                || same(&entry.sha512, &digests.sha512)
                || same(&entry.md5, &digests.md5)
        });
        Ok(Listing::of(image, listed.iter().map(|one| Candidate::listed(&one.catalog, &one.entry))))
    }

    async fn candidates(&self) -> Result<Vec<Candidate>> {
        let mut images = repo::images(self.records(), &repo::ImageFilter::default()).await?;
        // What a scrub found is no fact of the file: the right bytes end it.
        for damage in repo::damages(self.records()).await? {
            if let Some(image) = images.iter_mut().find(|image| image.id == damage.image) {
                image.facts.damage.push(format!("what is in the repository has rotted: {damage}"));
            }
        }
        let mut candidates: Vec<Candidate> = images.iter().map(Candidate::from).collect();
        candidates.extend(self.catalog(None).await?.iter().map(|one| Candidate::listed(&one.catalog, &one.entry)));
        Ok(candidates)
    }

    async fn last_inventory(&self, device: &Device) -> Result<Inventory> {
        supported(&device.platform)?;
        match self.records().get("inventories", device.id.as_str()).await? {
            Some(inventory) => parse(inventory),
            None => {
                let message = format!("{} was never inspected: inspect it first", device.id);
                Err(Error::new(ErrorKind::NotFound, "recommend", message).with("device", &device.id))
            }
        }
    }
}
