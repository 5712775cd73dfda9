//! One image being written.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use swim_core::model::Sha256;
use swim_core::ports::ImageWriter;
use swim_core::{Error, ErrorKind, Result};
use tokio::task::JoinHandle;

use super::disk::{self, blocking};
use super::failure::{failed, write_failed};
use super::store::{FileImages, make_folder};

/// What files of writers end in.
pub(super) const SUFFIX: &str = ".part";

/// Bytes a write. The cost of handing work to a thread (tens of microseconds) is then a few per cent of the write,
/// and an upload keeps two of these in memory.
const BLOCK: usize = 1024 * 1024;

/// Tries to make a file that nobody else has. Names are 64 random bits and a sweep has microseconds to interfere, so
/// more than one means that something else is wrong.
const ATTEMPTS: usize = 8;

/// The file in `incoming`, removed on drop unless it got its final name.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    file: Arc<File>,
    renamed: bool,
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.renamed
            && let Err(cause) = std::fs::remove_file(&self.path)
            && !disk::is_absent(&cause)
        {
            tracing::warn!(path = %self.path.display(), %cause, "an unfinished image stays until the next sweep");
        }
    }
}

#[derive(Debug)]
pub(super) struct FileWriter {
    images: FileImages,
    part: Part,
    /// Bytes that are not yet a block.
    gathered: BytesMut,
    /// Where the next block goes.
    offset: u64,
    /// The block that a thread is writing.
    pending: Option<JoinHandle<Result<()>>>,
    /// A call failed or was dropped half-way: what is in the file is not what was given.
    broken: bool,
}

impl FileWriter {
    pub(super) fn create(images: FileImages) -> Result<Self> {
        let part = make_part(&images.folders().incoming)?;
        Ok(Self { images, part, gathered: BytesMut::new(), offset: 0, pending: None, broken: false })
    }

    /// Waits for the block that is being written.
    async fn settle(&mut self) -> Result<()> {
        let Some(pending) = self.pending.as_mut() else { return Ok(()) };
        let done = pending.await;
        self.pending = None;
        done.map_err(|cause| {
            Error::internal("write image", "a blocking task ended without an answer").caused_by(cause)
        })?
    }

    /// Hands a block to a thread, once the one before is written.
    async fn flush(&mut self, block: Bytes) -> Result<()> {
        self.settle().await?;
        let (file, path, offset) = (Arc::clone(&self.part.file), self.part.path.clone(), self.offset);
        self.offset += block.len() as u64;
        self.pending = Some(tokio::task::spawn_blocking(move || {
            disk::write_at(&file, &block, offset).map_err(|cause| write_failed(&path, offset, block.len(), cause))
        }));
        Ok(())
    }

    async fn take(&mut self, mut bytes: Bytes) -> Result<()> {
        while !bytes.is_empty() {
            if self.gathered.is_empty() && bytes.len() >= BLOCK {
                let block = bytes.split_to(BLOCK);
                self.flush(block).await?;
                continue;
            }
            let room = BLOCK - self.gathered.len();
            self.gathered.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if self.gathered.len() == BLOCK {
                let block = self.gathered.split().freeze();
                self.flush(block).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ImageWriter for FileWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        refuse_broken(self.broken, &self.part.path)?;
        self.broken = true;
        self.take(bytes).await?;
        self.broken = false;
        Ok(())
    }

    async fn finish(mut self: Box<Self>, address: &Sha256) -> Result<()> {
        refuse_broken(self.broken, &self.part.path)?;
        if !self.gathered.is_empty() {
            let rest = self.gathered.split().freeze();
            self.flush(rest).await?;
        }
        self.settle().await?;
        let Self { images, part, .. } = *self;
        let address = *address;
        blocking("finish image", move || publish(&images, part, &address)).await
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        // Bytes that cannot be written are no matter here; the thread must only be done with the file.
        drop(self.settle().await);
        let mut part = self.part;
        blocking("abort image", move || {
            // Dropping would remove it as well, but could not say that it failed.
            part.renamed = true;
            match std::fs::remove_file(&part.path) {
                Err(cause) if !disk::is_absent(&cause) => Err(failed("abort image", &part.path, cause)),
                _ => Ok(()),
            }
        })
        .await
    }
}

fn refuse_broken(broken: bool, path: &Path) -> Result<()> {
    if !broken {
        return Ok(());
    }
    let message = format!("{}: an earlier write did not come to its end", path.display());
    Err(Error::new(ErrorKind::Store, "write image", message).with("path", path.display()))
}

/// Makes a file that is locked by us and that has a name.
fn make_part(incoming: &Path) -> Result<Part> {
    let operation = "create image";
    for _ in 0..ATTEMPTS {
        let name = format!("{:016x}{SUFFIX}", RandomState::new().hash_one(std::process::id()));
        let path = incoming.join(name);
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => continue,
            Err(cause) => return Err(failed(operation, &path, cause)),
        };
        let part = Part { path, file: Arc::new(file), renamed: false };
        part.file.lock().map_err(|cause| failed(operation, &part.path, cause))?;
        let metadata = part.file.metadata().map_err(|cause| failed(operation, &part.path, cause))?;
        // A sweep between the creation and the lock took it for a leftover: another try.
        if disk::is_named(&metadata) {
            return Ok(part);
        }
    }
    let message = format!("{}: no file could be made", incoming.display());
    Err(Error::new(ErrorKind::Store, operation, message).with("path", incoming.display()))
}

/// Makes the file durable and gives it its name.
fn publish(images: &FileImages, mut part: Part, address: &Sha256) -> Result<()> {
    let (operation, folders) = ("finish image", images.folders());
    let (folder, path) = folders.place(address);
    part.file.sync_all().map_err(|cause| failed(operation, &part.path, cause))?;
    make_folder(&folder)?;
    // What is there has the same bytes, unless it has rotted: nobody can tell without reading it, so it is replaced.
    std::fs::rename(&part.path, &path).map_err(|cause| failed(operation, &path, cause))?;
    part.renamed = true;
    images.unsettled().hold(address, Arc::clone(&part.file));
    images.forget(address);
    for folder in [&folder, &*folders.images, &*folders.incoming] {
        disk::flush_folder(folder).map_err(|cause| failed(operation, folder, cause))?;
    }
    Ok(())
}
