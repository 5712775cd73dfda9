//! The store.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::model::Sha256;
use swim_core::ports::{ImageStore, ImageWriter, Opened as Held};
use swim_core::{Error, ErrorKind, Result};

use super::disk::{self, blocking};
use super::failure::failed;
use super::opened::Opened;
use super::pending::{Pending, is_held};
use super::pieces::Pieces;
use super::{sweep, writer};

/// Images as content-addressed files. Clones share the open files, and the pieces that
/// several transfers read at about the same time.
///
/// ```
/// use swim_core::{model::Sha256, ports::ImageStore};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> swim_core::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("swim-images-doc-{}", std::process::id()));
/// let store = swim_stores::FileImages::open(&folder)?;
/// let mut writer = store.create().await?;
/// writer.write("an image".into()).await?;
/// let id = Sha256::of(b"an image");
/// writer.finish(&id).await?;
/// assert_eq!(store.read(&id, 3, 5).await?, "image");
/// # std::fs::remove_dir_all(&folder).ok();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct FileImages {
    folders: Folders,
    opened: Arc<Opened>,
    pieces: Arc<Pieces>,
    pending: Arc<Pending>,
}

/// Where things are.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    pub(super) images: Arc<PathBuf>,
    pub(super) incoming: Arc<PathBuf>,
}

impl Folders {
    /// The file of an image, and the folder that it is in.
    pub(super) fn place(&self, image: &Sha256) -> (PathBuf, PathBuf) {
        let text = image.to_string();
        let (first, rest) = text.split_at(2);
        let folder = self.images.join(first);
        let file = folder.join(rest);
        (folder, file)
    }
}

impl FileImages {
    /// Opens the store in a folder, or makes it. Several processes may have it open.
    ///
    /// # Errors
    /// `Store` when the folders cannot be made, or when `images` or `incoming` is a link or no folder.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let (images, incoming) = (folder.join("images"), folder.join("incoming"));
        std::fs::create_dir_all(folder).map_err(|cause| failed("open image store", folder, cause))?;
        for path in [&images, &incoming] {
            make_folder(path)?;
        }
        disk::flush_folder(folder).map_err(|cause| failed("open image store", folder, cause))?;
        let folders = Folders { images: Arc::new(images), incoming: Arc::new(incoming) };
        Ok(Self { folders, opened: Arc::default(), pieces: Arc::default(), pending: Arc::default() })
    }

    pub(super) const fn folders(&self) -> &Folders {
        &self.folders
    }

    pub(super) fn unsettled(&self) -> &Pending {
        &self.pending
    }

    /// Nothing of an image is kept in memory any more: the next read is of what is on the disk.
    pub(super) fn forget(&self, image: &Sha256) {
        self.opened.forget(image);
        self.pieces.forget(image);
    }
}

/// Makes a folder, unless it is there; a link to a folder is refused.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    let operation = "open image store";
    match std::fs::create_dir(path) {
        Ok(()) => return Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(failed(operation, path, cause)),
    }
    let found = path.symlink_metadata().map_err(|cause| failed(operation, path, cause))?;
    if found.is_dir() {
        return Ok(());
    }
    let message = format!("{}: not a folder (links are not followed)", path.display());
    Err(Error::new(ErrorKind::Store, operation, message).with("path", path.display()))
}

/// Is the folder of an image a real one? (A link there is as good as nothing.)
fn is_real(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|found| found.is_dir())
}

fn size(folders: &Folders, image: &Sha256) -> Result<Option<u64>> {
    let (folder, path) = folders.place(image);
    if !is_real(&folder) {
        return Ok(None);
    }
    match path.symlink_metadata() {
        Ok(found) => Ok(found.is_file().then_some(found.len())),
        Err(cause) if disk::is_absent(&cause) => Ok(None),
        Err(cause) => Err(failed("look for image", &path, cause)),
    }
}

/// The file of an image, which is kept open.
fn open(images: &FileImages, image: &Sha256) -> Result<(Arc<File>, Metadata)> {
    let operation = "read image";
    let FileImages { folders, opened, .. } = images;
    let (folder, path) = folders.place(image);
    let failed = |cause| failed(operation, &path, cause);
    let kept = match opened.get(image) {
        Some(file) => {
            let metadata = file.metadata().map_err(failed)?;
            // Another process may have removed it since.
            disk::is_named(&metadata).then_some((file, metadata))
        }
        None => None,
    };
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let found = if is_real(&folder) { disk::open_regular(&path).map_err(failed)? } else { None };
    let Some((file, metadata)) = found else {
        images.forget(image);
        let message = format!("image {image} is not in the store");
        return Err(Error::new(ErrorKind::NotFound, operation, message).with("path", path.display()));
    };
    let file = Arc::new(file);
    opened.keep(image, Arc::clone(&file));
    Ok((file, metadata))
}

fn read(images: &FileImages, image: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
    let (file, metadata) = open(images, image)?;
    let failed = |cause| failed("read image", &images.folders.place(image).1, cause);
    // Never more memory than there are bytes, whatever the caller asks for.
    let there = usize::try_from(metadata.len().saturating_sub(offset)).unwrap_or(usize::MAX);
    let length = length.min(there);
    let from_file = |offset, length| disk::read_new(&file, offset, length).map(Bytes::from);
    let end = offset.saturating_add(length as u64);
    match images.pieces.get(image, offset, end, metadata.len(), from_file).map_err(failed)? {
        Some(shared) => Ok(shared),
        None => from_file(offset, length).map_err(failed),
    }
}

fn remove(folders: &Folders, image: &Sha256) -> Result<()> {
    let (folder, path) = folders.place(image);
    if !is_real(&folder) {
        return Ok(());
    }
    match std::fs::remove_file(&path) {
        Ok(()) => disk::flush_folder(&folder).map_err(|cause| failed("remove image", &folder, cause)),
        Err(cause) if disk::is_absent(&cause) => Ok(()),
        Err(cause) => Err(failed("remove image", &path, cause)),
    }
}

/// All regular files whose folder and name make an address; anything else is not ours.
fn list(folders: &Folders) -> Result<Vec<Sha256>> {
    let mut found = Vec::new();
    for folder in entries(&folders.images)? {
        if !is_real(&folder) {
            continue;
        }
        for file in entries(&folder)? {
            let is_file = file.symlink_metadata().is_ok_and(|found| found.is_file());
            let names = (folder.file_name().and_then(|n| n.to_str()), file.file_name().and_then(|n| n.to_str()));
            if let ((Some(first), Some(rest)), true) = (names, is_file)
                && first.len() == 2
                && let Ok(image) = Sha256::from_str(&format!("{first}{rest}"))
                // Hexadecimal has two cases, addresses have one.
                && image.to_string().ends_with(rest)
            {
                found.push(image);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The paths in a folder; none when the folder is gone.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |cause| failed("list images", folder, cause);
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect(),
        Err(cause) if disk::is_absent(&cause) => Ok(Vec::new()),
        Err(cause) => Err(failed(cause)),
    }
}

#[async_trait]
impl ImageStore for FileImages {
    async fn create(&self) -> Result<Box<dyn ImageWriter>> {
        let images = self.clone();
        let writer = blocking("create image", move || writer::FileWriter::create(images)).await?;
        Ok(Box::new(writer))
    }

    async fn size(&self, image: &Sha256) -> Result<Option<u64>> {
        let (folders, image) = (self.folders.clone(), *image);
        blocking("look for image", move || size(&folders, &image)).await
    }

    async fn read(&self, image: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
        let (images, image) = (self.clone(), *image);
        blocking("read image", move || read(&images, &image, offset, length)).await
    }

    async fn opened(&self, image: &Sha256) -> Result<Option<Held>> {
        let (images, image) = (self.clone(), *image);
        let (file, _) = blocking("read image", move || open(&images, &image)).await?;
        // Files are never written again once they have their name.
        Ok(Some(file))
    }

    async fn remove(&self, image: &Sha256) -> Result<()> {
        let (images, image) = (self.clone(), *image);
        blocking("remove image", move || {
            images.forget(&image);
            remove(&images.folders, &image)
        })
        .await
    }

    async fn list(&self) -> Result<Vec<Sha256>> {
        let folders = self.folders.clone();
        blocking("list images", move || list(&folders)).await
    }

    async fn pending(&self, image: &Sha256) -> Result<bool> {
        let (folders, image) = (self.folders.clone(), *image);
        blocking("look for image", move || is_held(&folders.place(&image).1)).await
    }

    fn settle(&self, image: &Sha256) {
        self.pending.settle(image);
    }

    async fn sweep(&self) -> Result<u64> {
        let incoming = Arc::clone(&self.folders.incoming);
        blocking("sweep images", move || sweep::sweep(&incoming)).await
    }
}
