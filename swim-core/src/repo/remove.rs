//! Removing images, and what kills left behind.

use super::damage;
use super::record::{self, IMAGES, NAMES, split_name, tombstone};
use crate::Result;
use crate::model::Sha256;
use crate::ports::{ImageStore, Records};

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
            bury(store, records, &id).await?;
            swept.removals += 1;
        } else if let Some(record) = record::in_question(&value)
            // A deletion that is under way elsewhere finds that it was taken back, and can be made again.
            && records.swap(IMAGES, &key, &value, record.clone()).await?
        {
            swept.questions += 1;
        }
    }
    for id in store.list().await? {
        // Taking the key decides against an importer that is about to take it.
        let known = records.get(IMAGES, &id.to_string()).await?.is_some();
        if !known && !store.pending(&id).await? && unrecorded(store, records, &id).await? {
            swept.unrecorded += 1;
        }
    }
    Ok(swept)
}

/// An image that has its bytes and not yet its record: no sweep takes it for a leftover until this is dropped.
pub(super) struct Pending<'a> {
    pub(super) store: &'a dyn ImageStore,
    pub(super) image: Sha256,
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
    records.remove(IMAGES, &id.to_string()).await?;
    Ok(())
}
