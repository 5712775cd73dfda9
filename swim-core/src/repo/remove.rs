//! Removing images, and what kills left behind.

use std::collections::BTreeSet;

use serde_json::json;

use super::audit::noted;
use super::damage;
use super::record::{self, IMAGES, NAMES, split_name, tombstone};
use crate::Result;
use crate::model::Sha256;
use crate::ports::{ImageStore, Records};

/// Images whose bytes come before their records, by id. Only what stands here and has no record is what a killed import left:
/// other bytes without a record may be those of a database that was lost, or of one that an older copy took the place of.
const COMING: &str = "images_coming";

/// Removes an image: bytes, record and names. `false` when there was none. Whether something still needs it is the
/// caller's question: see [`delete`](super::delete()). After a kill the next [`sweep`] brings it to its end.
///
/// # Errors
/// Those of the stores.
pub async fn remove(store: &dyn ImageStore, records: &dyn Records, id: &Sha256) -> Result<bool> {
    let there = record::get(records, id).await?.is_some();
    if there {
        records.put(IMAGES, &id.to_string(), tombstone()).await?;
        bury(store, records, id).await?;
    }
    Ok(there)
}

/// What [`sweep`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Leftovers of killed writers.
    pub unfinished: u64,
    /// Whole images without a record: the import was killed just before its end.
    pub unrecorded: u64,
    /// Whole images without a record that no import here began. They are kept: their records may have been lost, and importing
    /// the same files again gives them new ones.
    pub kept: u64,
    /// Removals that were killed half-way.
    pub removals: u64,
    /// Deletions that were killed before they were decided: the image is there again.
    pub questions: u64,
}

/// Removes what killed imports and removals left. To be called when the repository is opened. Imports that are under
/// way elsewhere are safe: their files are locked until their records are written. Where a store has no locks, one that is just
/// about to write its record either wins, or fails with `Conflict` and can be made again.
///
/// # Errors
/// Those of the stores.
pub async fn sweep(store: &dyn ImageStore, records: &dyn Records) -> Result<Swept> {
    let mut swept = Swept { unfinished: store.sweep().await?, ..Swept::default() };
    for (key, value) in records.all(IMAGES).await? {
        if record::is_tombstone(&value)
            && let Ok(id) = key.parse()
        {
            noted(records, &value).await?;
            bury(store, records, &id).await?;
            swept.removals += 1;
        } else if let Some(record) = record::in_question(&value)
            // A deletion that is under way elsewhere finds that it was taken back, and can be made again.
            && records.swap(IMAGES, &key, &value, record.clone()).await?
        {
            swept.questions += 1;
        }
    }
    let coming: BTreeSet<String> = records.all(COMING).await?.into_iter().map(|(key, _)| key).collect();
    for id in store.list().await? {
        let key = id.to_string();
        if records.get(IMAGES, &key).await?.is_some() {
            if coming.contains(&key) {
                records.remove(COMING, &key).await?;
            }
        } else if store.pending(&id).await? {
            // Somebody else's, and about to get its record.
        } else if !coming.contains(&key) {
            tracing::warn!(image = %id, "no record names this image; it is kept");
            swept.kept += 1;
        } else if unrecorded(store, records, &id).await? {
            // Taking the key has decided against an importer that was about to take it.
            swept.unrecorded += 1;
        }
    }
    Ok(swept)
}

/// An image that has its bytes and not yet its record: no sweep takes it for a leftover until this is dropped.
pub(super) struct Pending<'a> {
    store: &'a dyn ImageStore,
    image: Sha256,
}

impl<'a> Pending<'a> {
    /// To be had before the bytes are visible.
    pub(super) async fn announce(store: &'a dyn ImageStore, records: &dyn Records, image: Sha256) -> Result<Self> {
        records.put(COMING, &image.to_string(), json!({})).await?;
        Ok(Self { store, image })
    }

    /// It has its record. A mark that stays is the next sweep's.
    pub(super) async fn arrived(self, records: &dyn Records) {
        if let Err(cause) = records.remove(COMING, &self.image.to_string()).await {
            tracing::warn!(%cause, image = %self.image, "the mark of an import stays");
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.store.settle(&self.image);
    }
}

/// Removes the bytes of an image that has no record. `false` when it has one.
pub(super) async fn unrecorded(store: &dyn ImageStore, records: &dyn Records, id: &Sha256) -> Result<bool> {
    let alone = records.put_new(IMAGES, &id.to_string(), tombstone()).await?;
    if alone {
        bury(store, records, id).await?;
    }
    Ok(alone)
}

/// Removes what belongs to a tombstone, and the tombstone last.
pub(super) async fn bury(store: &dyn ImageStore, records: &dyn Records, id: &Sha256) -> Result<()> {
    store.remove(id).await?;
    for (key, _) in records.all(NAMES).await? {
        if split_name(&key).is_some_and(|(of, _)| of == *id) {
            records.remove(NAMES, &key).await?;
        }
    }
    damage::clear(records, id).await?;
    records.remove(COMING, &id.to_string()).await?;
    records.remove(IMAGES, &id.to_string()).await?;
    Ok(())
}
