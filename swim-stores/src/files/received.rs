//! A file that is being received: from a device, or uploaded by one.

mod place;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use sha2::Digest;
use swim_core::model::Sha256;
use swim_core::ports::Sink;
use swim_core::{Error, ErrorKind, Result};
use tokio::sync::RwLock;

use self::place::Place;
use super::disk::{self, blocking};
use super::failure::{failed, write_failed};

/// How far the file grows without a gap before that is written down. A killed process loses no more of it.
const NOTED_EVERY: u64 = 4 * 1024 * 1024;

/// Bytes that are read at once for the digest.
const BLOCK: usize = 1024 * 1024;

/// A version that is noted is no longer; entity tags are some dozen characters.
const LONGEST_VERSION: usize = 256;

/// No file has bytes behind it: offsets of file systems are signed.
const LONGEST: u64 = i64::MAX as u64;

const OPERATION: &str = "receive file";

/// Takes a file into `PATH.part` and gives it its name when it is whole; nobody ever sees a part of it under `PATH`, nor a
/// file with another digest than the expected one.
///
/// What an earlier try left is gone on with: how many bytes are there without a gap stands in `PATH.part.have`. It is
/// believed until the machine starts anew, and on systems that do not tell their starts (all but Linux) not at all. A part
/// with which nobody can go on is removed, and so is one for which the disk had no room.
///
/// ```
/// # use swim_core::ports::Sink;
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # let folder = std::env::temp_dir().join(format!("swim-sink-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # runtime.block_on(async {
/// let path = folder.join("running.bin");
/// let sink = swim_stores::FileSink::create(&path).await?;
/// sink.write(3, "def".into()).await?;
/// sink.write(0, "abc".into()).await?;
/// assert!(!path.exists());
/// sink.finish(6).await?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"abcdef");
/// # Ok::<(), swim_core::Error>(())
/// # }).unwrap();
/// # std::fs::remove_dir_all(&folder).unwrap();
/// ```
#[derive(Debug)]
pub struct FileSink {
    place: Place,
    file: Arc<File>,
    expected: Option<Sha256>,
    /// Of the file that has its name.
    digest: Arc<OnceLock<Sha256>>,
    grown: Mutex<Grown>,
    /// Held by what is on its way to the disk, even when nobody waits for it any more.
    moving: Arc<RwLock<()>>,
}

/// What of the file is there.
#[derive(Debug)]
struct Grown {
    /// Bytes from the beginning without a gap.
    whole: u64,
    /// Pieces behind it that came out of order: where they begin and end.
    ahead: BTreeMap<u64, u64>,
    /// How much of it is written down.
    noted: u64,
    /// Of which version of the far file it is.
    version: Option<String>,
    /// The file gets its name, or has it: nothing may touch its bytes any more.
    named: bool,
    /// The disk had no room for it: what comes now is not taken until it begins anew.
    full: bool,
    /// Can somebody go on with a part of it?
    kept: bool,
    /// The same of what begins with the next [clear](Sink::clear).
    kept_next: bool,
}

impl Default for Grown {
    fn default() -> Self {
        let (ahead, version) = (BTreeMap::new(), None);
        Self { whole: 0, ahead, noted: 0, version, named: false, full: false, kept: true, kept_next: true }
    }
}

impl Grown {
    /// A piece arrived.
    fn add(&mut self, start: u64, end: u64) {
        let known = self.ahead.entry(start).or_default();
        *known = end.max(*known);
        while let Some((&start, &end)) = self.ahead.first_key_value()
            && start <= self.whole
        {
            self.whole = self.whole.max(end);
            self.ahead.pop_first();
        }
    }
}

impl FileSink {
    /// Takes a file that will have this path. What an earlier try left is kept.
    ///
    /// # Errors
    /// `Conflict` when there is a file of that name, `Busy` while another sink takes it, `NotFound` for a folder that is
    /// not there, `Store` and `NoSpace` of the file system.
    pub async fn create(path: impl AsRef<Path>) -> Result<Arc<Self>> {
        Self::expecting(path, None).await
    }

    /// The same of a file that must have this SHA-256: that is looked at before it gets its name. One with another is
    /// removed, and [`Sink::finish`] is `Integrity`.
    ///
    /// # Errors
    /// As [`FileSink::create`].
    pub async fn expecting(path: impl AsRef<Path>, expected: Option<Sha256>) -> Result<Arc<Self>> {
        let place = Place::of(path.as_ref());
        blocking(OPERATION, move || {
            let (file, (whole, version)) = place.open()?;
            let grown = Mutex::new(Grown { whole, noted: whole, version, ..Grown::default() });
            let (file, digest, moving) = (Arc::new(file), Arc::default(), Arc::default());
            Ok(Arc::new(Self { place, file, expected, digest, grown, moving }))
        })
        .await
    }

    /// Can somebody go on with a part of the file that begins with the next [clear](Sink::clear)? Otherwise it is removed
    /// when it does not become whole. At the beginning: yes.
    pub fn keep_parts(&self, kept: bool) {
        self.grown().kept_next = kept;
    }

    /// It will not become whole any more: removes what came, unless somebody can go on with it.
    pub async fn give_up(&self) {
        let _moving = self.moving.write().await;
        let grown = self.grown();
        if !grown.named && !grown.kept && self.place.check(&self.file).is_ok() {
            self.place.discard();
        }
    }

    /// The SHA-256 of the file that came, whatever became of its name.
    ///
    /// # Errors
    /// `Store` when it cannot be read.
    pub async fn digest(&self) -> Result<Sha256> {
        if let Some(digest) = self.digest.get() {
            return Ok(*digest);
        }
        let (file, path) = (Arc::clone(&self.file), self.place.path.clone());
        blocking(OPERATION, move || digest(&file).map_err(|cause| failed(OPERATION, &path, cause))).await
    }

    /// May its bytes still change?
    fn check_open(&self) -> Result<()> {
        let (named, full) = {
            let grown = self.grown();
            (grown.named, grown.full)
        };
        let shown = self.place.path.display();
        let (kind, message) = match (named, full) {
            (false, false) => return Ok(()),
            (true, _) => (ErrorKind::Conflict, format!("{shown} is whole")),
            (_, true) => (ErrorKind::NoSpace, format!("{shown}: no space left, and what came of it was removed")),
        };
        Err(Error::new(kind, OPERATION, message).with("path", shown))
    }

    fn grown(&self) -> MutexGuard<'_, Grown> {
        // A panic elsewhere leaves plain numbers behind: they are still true.
        self.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn put(&self, offset: u64, bytes: Bytes) -> Result<()> {
        let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= LONGEST).ok_or_else(|| {
            Error::invalid("offset", offset, &format!("{} bytes from there end behind byte {LONGEST}", bytes.len()))
        })?;
        let moving = Arc::clone(&self.moving).read_owned().await;
        self.check_open()?;
        let (file, part) = (Arc::clone(&self.file), self.place.part.clone());
        let _moving = blocking(OPERATION, move || {
            disk::write_at(&file, &bytes, offset).map_err(|cause| write_failed(&part, offset, bytes.len(), cause))?;
            Ok(moving)
        })
        .await?;
        let mut grown = self.grown();
        grown.add(offset, end);
        if grown.whole - grown.noted < NOTED_EVERY {
            return Ok(());
        }
        // Notes are written one after the other, and none behind a clear.
        grown.noted = grown.whole;
        self.place
            .note(grown.whole, grown.version.as_deref())
            .map_err(|cause| failed(OPERATION, &self.place.have, cause))
    }

    /// Gives the room back. What begins now begins at 0.
    async fn empty(&self, full: bool) -> Result<()> {
        let _moving = self.moving.write().await;
        let mut grown = self.grown();
        if grown.named {
            drop(grown);
            return self.check_open();
        }
        let (kept, kept_next) = (grown.kept_next, grown.kept_next);
        *grown = Grown { full, kept, kept_next, ..Grown::default() };
        let emptied = self.place.forget().and_then(|()| self.file.set_len(0));
        emptied.map_err(|cause| failed(OPERATION, &self.place.part, cause))
    }

    /// A part of a file for which there is no room will never be whole, and takes the room of others.
    async fn unless_full(&self, done: Result<()>) -> Result<()> {
        let Err(e) = done else { return Ok(()) };
        if e.kind() == ErrorKind::NoSpace && !std::mem::replace(&mut self.grown().full, true) {
            // The full disk is what must be told.
            let _ = self.empty(true).await;
        }
        Err(e)
    }

    async fn name(&self, bytes: u64) -> Result<()> {
        let moving = Arc::clone(&self.moving).write_owned().await;
        self.check_open()?;
        let there = self.grown().whole;
        if there < bytes {
            let message = format!("{there} of {bytes} bytes are there");
            return Err(Error::new(ErrorKind::Interrupted, OPERATION, message).with("path", self.place.path.display()));
        }
        let (file, place, expected) = (Arc::clone(&self.file), self.place.clone(), self.expected);
        let known = Arc::clone(&self.digest);
        // Before: who gives up waiting does not stop what was begun.
        self.grown().named = true;
        let named = blocking(OPERATION, move || {
            let _moving = moving;
            let broken = |cause| failed(OPERATION, &place.part, cause);
            place.check(&file)?;
            file.set_len(bytes).map_err(broken)?;
            if let Some(expected) = expected {
                let digest = digest(&file).map_err(broken)?;
                if digest != expected {
                    place.discard();
                    let message = format!("the file has the SHA-256 {digest}, not {expected}: it was not kept");
                    let e = Error::new(ErrorKind::Integrity, OPERATION, message);
                    return Err(e.with("file", place.path.display()));
                }
                let _ = known.set(digest);
            }
            file.sync_all().map_err(broken)?;
            place.publish()
        })
        .await;
        self.grown().named = named.is_ok();
        named
    }
}

fn digest(file: &File) -> std::io::Result<Sha256> {
    let (mut hash, mut buffer, mut offset) = (sha2::Sha256::new(), vec![0; BLOCK], 0);
    loop {
        let count = disk::read_at(file, &mut buffer, offset)?;
        hash.update(&buffer[..count]);
        offset += count as u64;
        if count < BLOCK {
            return Ok(Sha256::new(hash.finalize().into()));
        }
    }
}

#[async_trait]
impl Sink for FileSink {
    async fn have(&self) -> Result<u64> {
        Ok(self.grown().whole)
    }

    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        let (file, part) = (Arc::clone(&self.file), self.place.part.clone());
        let there = usize::try_from(self.grown().whole.saturating_sub(offset)).unwrap_or(usize::MAX);
        blocking(OPERATION, move || {
            let mut buffer = vec![0; length.min(there)];
            let count = disk::read_at(&file, &mut buffer, offset).map_err(|cause| failed(OPERATION, &part, cause))?;
            buffer.truncate(count);
            Ok(buffer.into())
        })
        .await
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        let written = self.put(offset, bytes).await;
        self.unless_full(written).await
    }

    async fn finish(&self, bytes: u64) -> Result<()> {
        let named = self.name(bytes).await;
        self.unless_full(named).await
    }

    async fn clear(&self) -> Result<()> {
        self.empty(false).await
    }

    async fn version(&self) -> Result<Option<String>> {
        Ok(self.grown().version.clone())
    }

    async fn note_version(&self, version: &str) -> Result<()> {
        // It goes into the note with the next bytes.
        let fits = version.len() <= LONGEST_VERSION && !version.chars().any(char::is_control);
        self.grown().version = fits.then(|| version.to_owned());
        Ok(())
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        let grown = self.grown();
        if grown.named || self.place.check(&self.file).is_err() {
            return;
        }
        // Nothing to go on with: nothing stays.
        if grown.whole == 0 || grown.full || !grown.kept {
            self.place.discard();
            return;
        }
        if grown.whole > grown.noted
            && let Err(cause) = self.place.note(grown.whole, grown.version.as_deref())
        {
            tracing::warn!(path = %self.place.have.display(), %cause, "a part that was received will be received again");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
