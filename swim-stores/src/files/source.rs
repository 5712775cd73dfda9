//! A local file as the source of an import.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::repo::Source;
use swim_core::{Error, ErrorKind, Result};

use super::disk::{self, blocking};
use super::failure::failed;

/// Bytes a read: as in the store, large enough that handing it to a thread costs little.
const BLOCK: usize = 1024 * 1024;

const OPERATION: &str = "read file";

/// A regular file on this machine.
#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
    file: Arc<File>,
    bytes: u64,
    offset: u64,
}

impl FileSource {
    /// Opens a file. A link to a regular file is followed: it is the operator's, not the store's.
    ///
    /// # Errors
    /// `NotFound` when it is not there; `InvalidInput` that names the path when it is a folder, FIFO, socket or device, or could
    /// be no file's;
    /// `Store` when it cannot be read.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        blocking(OPERATION, move || open(path)).await
    }

    /// The last part of the path: the file's name.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.path.file_name().and_then(|name| name.to_str())
    }
}

fn open(path: PathBuf) -> Result<FileSource> {
    let unreadable = |cause: std::io::Error| {
        if disk::is_absent(&cause) {
            Error::new(ErrorKind::NotFound, OPERATION, format!("{}: no such file", path.display()))
                .with("path", path.display())
                .caused_by(cause)
        } else if matches!(cause.kind(), std::io::ErrorKind::InvalidFilename | std::io::ErrorKind::InvalidInput) {
            Error::invalid("path", path.display(), "no file can have this name").caused_by(cause)
        } else {
            failed(OPERATION, &path, cause)
        }
    };
    let not_regular = || Error::invalid("path", path.display(), "not a regular file");
    // Looked at before it is opened: opening a FIFO waits for a writer, and opening a device may do things.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(not_regular());
    }
    let file = File::open(&path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(not_regular());
    }
    Ok(FileSource { path, file: Arc::new(file), bytes: metadata.len(), offset: 0 })
}

#[async_trait]
impl Source for FileSource {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let (file, path, offset) = (Arc::clone(&self.file), self.path.clone(), self.offset);
        let bytes = blocking(OPERATION, move || {
            let mut buffer = vec![0; BLOCK];
            let count = disk::read_at(&file, &mut buffer, offset).map_err(|cause| failed(OPERATION, &path, cause))?;
            buffer.truncate(count);
            Ok(Bytes::from(buffer))
        })
        .await?;
        self.offset += bytes.len() as u64;
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    fn size_hint(&self) -> Option<u64> {
        Some(self.bytes)
    }
}
