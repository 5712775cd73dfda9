//! The repository: found, grouped, in use, deleted, moved and scrubbed.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use swim_core::image::Image;
use swim_core::model::{DeviceId, Sha256};
use swim_core::ports::{Context, Index, NoteSink};
use swim_core::repo::{
    self, Damage, Deleted, ExportOptions, Exported, ImageAudit, ImageQuery, InUse, Referrer, Referrers, ScrubOptions,
    ScrubReport, TypeGroup, Unpacked, Usage,
};
use swim_core::transfer::Staged;
use swim_core::{Error, Result};
use swim_stores::{FileSink, FileSource};

use super::{Client, some};

/// Uses that [`Client::image_info`] shows of so many devices.
const SHOWN: u32 = 20;

/// Everything that is known of an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageInfo {
    /// The image.
    pub image: Image,
    /// Every name that it was imported under, the first one first.
    pub names: Vec<String>,
    /// How many devices use it.
    pub devices: u64,
    /// How the first of them by name use it; [`Client::devices_using`] tells of all.
    pub usage: Vec<Usage>,
    /// Its copies on image servers.
    pub staged: Vec<Staged>,
    /// What a scrub found wrong with its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
    /// What still needs it.
    pub referrers: Vec<Referrer>,
}

impl Client {
    pub(super) fn index(&self) -> &dyn Index {
        &*self.adapters().index
    }

    /// The images that a query lets through: by parts of any field, in any order, page by page.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> swim::Result<()> {
    /// use swim::core::repo::{ImageQuery, ImageSort};
    /// # let folder = std::env::temp_dir().join(format!("swim-search-{}", std::process::id()));
    /// let client = swim::Client::open(swim::Config::new(&folder)).await?;
    /// for version in ["03.12.02.S.154-2.S2", "03.13.01.S.154-3.S1", "03.16.05.S.155-3.S5"] {
    ///     let file = folder.join(format!("isr4300-universalk9.{version}.SPA.bin"));
    ///     std::fs::write(&file, version).unwrap();
    ///     client.import(&file, swim::ImportOptions::default()).await?;
    /// }
    /// let query = ImageQuery { version: Some("3.1".into()), sort: ImageSort::Version, limit: Some(2), ..Default::default() };
    /// let page = client.search(&query).await?;
    /// let versions: Vec<_> = page.iter().map(|i| i.facts.version.as_ref().unwrap().value.normal()).collect();
    /// assert_eq!(versions, ["3.12.2S", "3.13.1S"]);
    /// let next = client.search(&ImageQuery { after: page.last().cloned().map(Box::new), ..query }).await?;
    /// assert_eq!(next.len(), 1);
    /// # drop(client);
    /// # let _ = std::fs::remove_dir_all(folder);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of the store.
    pub async fn search(&self, query: &ImageQuery) -> Result<Vec<Image>> {
        repo::search(self.index(), query).await
    }

    /// How many images there are of each type, and of each family in it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn image_groups(&self) -> Result<Vec<TypeGroup>> {
        repo::grouped(self.index()).await
    }

    /// Everything that is known of an image.
    ///
    /// # Errors
    /// As [`Client::image`].
    pub async fn image_info(&self, wanted: &str) -> Result<ImageInfo> {
        let image = repo::find(self.index(), wanted).await?;
        let id = image.id;
        let staged = self.adapters().services.servers.staged().await?;
        Ok(ImageInfo {
            names: repo::names(self.records(), &id).await?,
            devices: self.index().users(&id).await?,
            usage: self.index().usage(&id, None, Some(SHOWN)).await?,
            staged: staged.into_iter().filter(|staged| staged.sha256 == id).collect(),
            damage: repo::damage_of(self.records(), &id).await?,
            referrers: self.of(&id).await?,
            image,
        })
    }

    /// Which devices use an image, and how, by their last inventories: of at most `limit` devices behind `after`, by name.
    ///
    /// # Errors
    /// As [`Client::image`].
    pub async fn devices_using(&self, image: &str, after: Option<&DeviceId>, limit: Option<u32>) -> Result<Vec<Usage>> {
        at_least_one("limit", limit)?;
        let image = repo::find(self.index(), image).await?;
        self.index().usage(&image.id, after, limit).await
    }

    /// The software that most devices run, imported or not, by their last inventories.
    ///
    /// # Errors
    /// `InvalidInput` for none; those of the store.
    pub async fn top_images(&self, count: u32) -> Result<Vec<InUse>> {
        at_least_one("count", Some(count))?;
        self.index().most_used(count).await
    }

    /// Deletes an image, unless something still needs it: an unfinished job, an open offer of this client, a copy on an image
    /// server. With a reason the last of these is overridden, which [`Client::image_audit`] tells. Devices that use it keep
    /// their copies, and are named in the answer.
    ///
    /// # Errors
    /// As [`Client::image`]; `Conflict` with what needs it.
    pub async fn delete_image(&self, wanted: &str, reason: Option<&str>) -> Result<Deleted> {
        if reason.is_some_and(|reason| reason.trim().is_empty()) {
            return Err(Error::invalid("reason", "\"\"", "say why it is deleted all the same"));
        }
        let id = repo::find(self.index(), wanted).await?.id;
        let (client, reason) = (self.clone(), reason.map(str::to_owned));
        // In a task of its own: a caller that goes away must not leave an image half deleted.
        let deleting = tokio::spawn(async move {
            let a = client.adapters();
            repo::delete(&*a.services.store, &*a.index, &*a.clock, &id, &client, reason.as_deref()).await
        });
        deleting.await.map_err(|e| Error::internal("delete image", "the deletion ended").caused_by(e))?
    }

    /// Who deleted which image, and why although something needed it; oldest first. Of one image, also of one that is gone:
    /// by its id, its first digits (four or more) or its file name.
    ///
    /// # Errors
    /// As [`Client::image`], for what neither is nor was there; those of the store.
    pub async fn image_audit(&self, image: Option<&str>) -> Result<Vec<ImageAudit>> {
        let Some(wanted) = image else { return repo::image_audit(self.records(), None).await };
        let lines = repo::image_audit_of(self.records(), wanted).await?;
        // Of a whole id nothing more is to be found out: it may be one of long ago.
        if lines.is_empty() && wanted.parse::<Sha256>().is_err() {
            let id = self.image(wanted).await?.id;
            return repo::image_audit(self.records(), Some(&id)).await;
        }
        Ok(lines)
    }

    /// Writes the repository, or some `images` of it, into one file that is not there yet; `notes` are told how far it is.
    /// [`Client::import_repository`] reads it.
    ///
    /// # Errors
    /// As [`Client::image`]; `InvalidInput` for an empty list; `Conflict` when the file is there; `Integrity` when an image is
    /// damaged; `NoSpace`.
    pub async fn export_repository(
        &self,
        path: impl Into<PathBuf>,
        images: Option<&[String]>,
        notes: Arc<dyn NoteSink>,
    ) -> Result<Exported> {
        some("images", images)?;
        let mut chosen = Vec::new();
        for wanted in images.unwrap_or_default() {
            chosen.push(repo::find(self.index(), wanted).await?.id);
        }
        let sink = FileSink::create(path.into()).await.map_err(|e| e.doing("export repository"))?;
        sink.keep_parts(false);
        let cx = self.context(notes);
        let store = &**self.images_store();
        let done = repo::export(store, self.records(), &ExportOptions::of(chosen), &*sink, &cx).await;
        if done.is_err() {
            sink.give_up().await;
        }
        done.map_err(|e| e.doing("export repository"))
    }

    /// Reads a file of [`Client::export_repository`] into the repository: what is here already is kept as it is, and what
    /// contradicts it is in the answer. Called again after a kill it completes what is missing.
    ///
    /// # Errors
    /// `NotFound`; `Integrity` with the member that is wrong; `NoSpace`.
    pub async fn import_repository(&self, path: impl Into<PathBuf>, notes: Arc<dyn NoteSink>) -> Result<Unpacked> {
        let path = path.into();
        let shown = path.display().to_string();
        let mut source = FileSource::open(path).await?;
        let done = repo::unpack(&mut source, &**self.images_store(), self.records(), &self.context(notes)).await;
        done.map_err(|e| e.of_file(&shown))
    }

    /// Reads every image again and tells which ones have rotted, see [`swim_core::repo::scrub`]. Dropped in the middle it is
    /// gone on with by the next call.
    ///
    /// # Errors
    /// `InvalidInput` for a rate of 0; those of the store. What is wrong with an image is in the report.
    pub async fn scrub(&self, options: &ScrubOptions, notes: Arc<dyn NoteSink>) -> Result<ScrubReport> {
        repo::scrub(&**self.images_store(), self.records(), options, &self.context(notes)).await
    }

    fn context(&self, notes: Arc<dyn NoteSink>) -> Context {
        Context::new(Arc::clone(&self.adapters().clock)).noting(notes)
    }

    /// Refuses an image that must reach no device: one that is damaged, or is not there any more.
    pub(super) async fn usable(&self, image: &Sha256) -> Result<()> {
        repo::find(self.index(), &image.to_string()).await?;
        repo::sound(self.records(), image).await
    }
}

fn at_least_one(field: &str, most: Option<u32>) -> Result<()> {
    if most == Some(0) { Err(Error::invalid(field, 0, "1 or more")) } else { Ok(()) }
}

#[async_trait]
impl Referrers for Client {
    async fn of(&self, image: &Sha256) -> Result<Vec<Referrer>> {
        let mut all = repo::jobs_with(self.jobs(), image).await?;
        all.extend(self.offers_of(image));
        let staged = self.adapters().services.servers.staged().await?;
        all.extend(staged.into_iter().filter(|staged| staged.sha256 == *image).map(Referrer::from));
        Ok(all)
    }
}
