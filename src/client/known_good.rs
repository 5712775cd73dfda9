//! Lists of known good values, and the quarantine of images that contradict one.

use std::path::Path;

use serde::Serialize;
use swim_core::Result;
use swim_core::catalog::{self, Judgement};
use swim_core::image::Image;
use swim_core::repo::{self, KnownGoodList, Rejudged};

use super::Client;
use super::signed::{SignedFile, read_signed};

/// A list of known good values that was taken, and what it means for the images.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KnownGoodTaken {
    /// The list.
    pub list: KnownGoodList,
    /// What became of the images.
    pub images: Rejudged,
}

/// What a list says of an image.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SaidOf {
    /// The list.
    pub list: String,
    /// What it says.
    #[serde(flatten)]
    pub says: Judgement,
}

impl Client {
    /// Takes a list of known good values from a file, in the place of the one of its name, and judges every image by it.
    ///
    /// # Errors
    /// `NotFound`; those of [`Proof::judge`](catalog::Proof::judge); `InvalidInput` for what is no such list; `Conflict` for one that is not signed
    /// by the certificate that has signed the one that is here; those of the store.
    pub async fn import_known_good(&self, path: impl AsRef<Path>, how: &SignedFile) -> Result<KnownGoodTaken> {
        let (document, proof, name) = read_signed(path.as_ref(), how).await?;
        let now = self.adapters().clock.now();
        let authenticity = proof.judge(&document, now)?;
        let list = catalog::known_good(&document)?;
        let (list, images) = repo::import_known_good(self.records(), &name, list, authenticity, now).await?;
        Ok(KnownGoodTaken { list, images })
    }

    /// The lists of known good values.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn known_good(&self) -> Result<Vec<KnownGoodList>> {
        repo::known_good_lists(self.records()).await
    }

    /// What each list says of an image.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn known_good_of(&self, image: &str) -> Result<Vec<SaidOf>> {
        let image = self.image(image).await?;
        let said = repo::judgements(self.records(), &image.id).await?;
        Ok(said.into_iter().map(|(list, says)| SaidOf { list, says }).collect())
    }

    /// Removes a list of known good values and judges every image by those that are left.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn remove_known_good(&self, name: &str) -> Result<Rejudged> {
        repo::remove_known_good(self.records(), name, self.adapters().clock.now()).await
    }

    /// Lifts the quarantine of an image: a person takes the responsibility, with a reason. Both are kept.
    ///
    /// # Errors
    /// `InvalidInput` without a person or a reason; `NotFound`; `Conflict` when it is in no quarantine.
    pub async fn lift_quarantine(&self, image: &str, by: &str, reason: &str) -> Result<Image> {
        let image = self.image(image).await?;
        repo::lift_quarantine(self.records(), &image.id, by, reason, self.adapters().clock.now()).await
    }
}
