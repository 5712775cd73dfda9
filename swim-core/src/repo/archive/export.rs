//! Writing an archive.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Digest;

use super::manifest::{FORMAT, Manifest, OF_IMAGES, Packed, of_image};
use super::{DIGEST, IMAGES, MANIFEST, PIECE, digest_line, tar};
use crate::image::Image;
use crate::model::Sha256;
use crate::ports::{Context, ImageStore, Note, Records, Sink};
use crate::repo::{damage, record};
use crate::{Error, ErrorKind, Result};

/// Which images go into an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportOptions {
    /// These; all of them when it is empty.
    pub images: Vec<Sha256>,
}

impl ExportOptions {
    /// These images; all of them when there are none.
    #[must_use]
    pub const fn of(images: Vec<Sha256>) -> Self {
        Self { images }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exported {
    /// How many images.
    pub images: u64,
    /// The size of the archive.
    pub bytes: u64,
    /// The SHA-256 of its manifest, which names that of every image.
    pub manifest: Sha256,
}

/// Writes images, and all that is recorded of them, into one archive. Every image is hashed on its way: none leaves damaged.
/// The file gets its name when all of it is durable; an export that ended before is made again.
///
/// # Errors
/// - `NotFound`: an image is not there, or was deleted meanwhile.
/// - `Integrity`: an image is damaged; it is named.
/// - `Cancelled`; those of the stores and of the file (`NoSpace`).
pub async fn export(
    store: &dyn ImageStore,
    records: &dyn Records,
    options: &ExportOptions,
    sink: &dyn Sink,
    cx: &Context,
) -> Result<Exported> {
    let images = chosen(records, options).await?;
    for (image, _) in &images {
        damage::sound(records, &image.id).await?;
    }
    let total: u64 = images.iter().map(|(image, _)| image.bytes).sum();
    let manifest = manifest(records, &images, cx).await?;
    let digest = Sha256::of(&manifest);
    let modified = cx.clock.now().as_second();
    sink.clear().await?;
    let mut out = Out { sink, at: 0, modified };
    out.member(MANIFEST, manifest.into()).await?;
    out.member(DIGEST, digest_line(&digest).into()).await?;
    let mut done = 0;
    for (image, _) in &images {
        pack(store, image, &mut out, &mut done, total, cx).await?;
    }
    // Two blocks of zeros are the end.
    out.write(Bytes::from_static(&[0; 2 * tar::BLOCK])).await?;
    sink.finish(out.at).await?;
    Ok(Exported { images: images.len() as u64, bytes: out.at, manifest: digest })
}

/// The images and their records, by id.
async fn chosen(records: &dyn Records, options: &ExportOptions) -> Result<Vec<(Image, Value)>> {
    let mut out = Vec::new();
    if options.images.is_empty() {
        for (key, value) in records.all(record::IMAGES).await? {
            if let Some(image) = record::read(&key, value.clone())? {
                out.push((image, value));
            }
        }
        return Ok(out);
    }
    let mut wanted = options.images.clone();
    wanted.sort_unstable();
    wanted.dedup();
    for id in wanted {
        let key = id.to_string();
        let gone =
            || Error::new(ErrorKind::NotFound, OPERATION, format!("there is no image {key}")).with("image", &key);
        let value = records.get(record::IMAGES, &key).await?.ok_or_else(gone)?;
        let image = record::read(&key, value.clone())?.ok_or_else(gone)?;
        out.push((image, value));
    }
    Ok(out)
}

const OPERATION: &str = "export repository";

async fn manifest(records: &dyn Records, images: &[(Image, Value)], cx: &Context) -> Result<Vec<u8>> {
    let mut tables = Vec::new();
    for table in OF_IMAGES {
        tables.push((*table, records.all(table).await?));
    }
    let packed = images.iter().map(|(image, record)| Packed {
        record: record.clone(),
        further: tables.iter().flat_map(|(table, rows)| of_image(&image.id, table, rows)).collect(),
    });
    let manifest = Manifest { format: FORMAT, exported: cx.clock.now(), images: packed.collect() };
    serde_json::to_vec(&manifest)
        .map_err(|cause| Error::internal(OPERATION, "the manifest has no JSON form").caused_by(cause))
}

async fn pack(
    store: &dyn ImageStore,
    image: &Image,
    out: &mut Out<'_>,
    done: &mut u64,
    total: u64,
    cx: &Context,
) -> Result<()> {
    out.header(&format!("{IMAGES}{}", image.id), image.bytes).await?;
    let (mut digest, mut offset) = (sha2::Sha256::new(), 0);
    while offset < image.bytes {
        let piece = cx.unless_cancelled(OPERATION, store.read(&image.id, offset, PIECE)).await?;
        if piece.is_empty() {
            break;
        }
        digest.update(&piece);
        offset += piece.len() as u64;
        *done += piece.len() as u64;
        out.write(piece).await?;
        cx.notes.note(Note::Bytes { done: *done, total: Some(total) });
    }
    let found = Sha256::new(digest.finalize().into());
    if found != image.id || offset != image.bytes {
        let message = format!(
            "{} ({}) is damaged: {offset} bytes of {} with SHA-256 {found}; import the file again",
            image.file_name, image.id, image.bytes
        );
        return Err(Error::new(ErrorKind::Integrity, OPERATION, message).with("image", image.id));
    }
    out.pad(image.bytes).await
}

/// The archive as far as it is written.
struct Out<'a> {
    sink: &'a dyn Sink,
    at: u64,
    modified: i64,
}

impl Out<'_> {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let length = bytes.len() as u64;
        self.sink.write(self.at, bytes).await?;
        self.at += length;
        Ok(())
    }

    async fn header(&mut self, name: &str, bytes: u64) -> Result<()> {
        self.write(Bytes::copy_from_slice(&tar::header(name, bytes, self.modified))).await
    }

    async fn pad(&mut self, bytes: u64) -> Result<()> {
        let zeros: &'static [u8] = &[0; tar::BLOCK];
        let padding = usize::try_from(tar::padding(bytes)).unwrap_or(0);
        self.write(Bytes::from_static(zeros.get(..padding).unwrap_or_default())).await
    }

    async fn member(&mut self, name: &str, bytes: Bytes) -> Result<()> {
        let length = bytes.len() as u64;
        self.header(name, length).await?;
        self.write(bytes).await?;
        self.pad(length).await
    }
}
