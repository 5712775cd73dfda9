//! From a link to an image of the repository.

use std::sync::Arc;

use serde::Serialize;

use super::{Entry, Grant, Resuming};
use crate::Result;
use crate::image::{Field, Image, ImageFacts, Provenance};
use crate::model::Algorithm;
use crate::ports::{Catalog, Context, ImageStore, Records};
use crate::repo::{self, ImportOptions};

const MIB: u64 = 1024 * 1024;

/// An image that was brought from the vendor.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Fetched {
    /// The image.
    pub image: Image,
    /// What was compared with the catalogue: `size`, `md5`, `sha512`. Without a digest among them nothing shows that these
    /// are the vendor's bytes.
    pub checked: Vec<String>,
    /// The bytes at which the download went on after a break.
    pub resumed: Vec<u64>,
}

/// Imports what was granted: size and digests of the catalogue are insisted on, and nothing stays of what has others. What
/// only the catalogue knows (memory, flash, feature set) is added to the facts, marked as its.
///
/// # Errors
/// `Integrity` when size or a digest is another one; those of [`Resuming`] and of [`repo::import`].
pub async fn fetch(
    catalog: &Arc<dyn Catalog>,
    grant: &Grant,
    store: &dyn ImageStore,
    records: &dyn Records,
    cx: &Context,
) -> Result<Fetched> {
    let entry = &grant.image.entry;
    let mut source = Resuming::open(Arc::clone(catalog), grant.link.clone(), entry.size, cx.clone()).await?;
    let mut how = ImportOptions::new(&entry.filename);
    let mut checked: Vec<_> = entry.size.iter().map(|_| "size".to_owned()).collect();
    let published =
        [(Algorithm::Md5, &entry.md5), (Algorithm::Sha256, &entry.sha256), (Algorithm::Sha512, &entry.sha512)];
    for (algorithm, digest) in published {
        if let Some(digest) = digest {
            how = how.expecting(algorithm, digest.clone());
            checked.push(algorithm.name().to_owned());
        }
    }
    if checked.iter().all(|what| what == "size") {
        source = source.in_one_piece();
    }
    let image = repo::import(&mut source, store, records, &*cx.clock, how, &*cx.notes).await?;
    let known = repo::change(records, &image.id, |image| complete(&mut image.facts, entry)).await?;
    Ok(Fetched { image: known.unwrap_or(image), checked, resumed: source.resumed().to_vec() })
}

/// Adds what is absent; what the bytes or a person said stays.
fn complete(facts: &mut ImageFacts, entry: &Entry) -> bool {
    let before = facts.clone();
    let mebibytes = |mib: &Option<u64>| mib.and_then(|mib| mib.checked_mul(MIB)).map(said);
    facts.min_ram = facts.min_ram.take().or_else(|| mebibytes(&entry.requires.ram_mib));
    facts.min_flash = facts.min_flash.take().or_else(|| mebibytes(&entry.requires.flash_mib));
    facts.feature_set = facts.feature_set.take().or_else(|| entry.feature_set.clone().map(said));
    facts.k9 = facts.k9.take().or_else(|| entry.crypto.k9.map(said));
    *facts != before
}

const fn said<T>(value: T) -> Field<T> {
    Field::new(value, Provenance::Catalogue)
}
