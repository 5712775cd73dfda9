//! A file that is being received: from a device, or uploaded by one.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::ports::Sink;
use swim_core::{Error, ErrorKind, Result};
use tokio::sync::RwLock;

use super::disk::{self, blocking};
use super::failure::{failed, write_failed};

/// How far the file grows without a gap before that is written down. A killed process loses no more of it.
const NOTED_EVERY: u64 = 4 * 1024 * 1024;

/// Changes at every start of the machine. What was written but not flushed is lost then, so notes of an earlier start
/// are not believed.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// A version that is noted is no longer; entity tags are some dozen characters.
const LONGEST_VERSION: usize = 256;

/// Takes a file into `PATH.part` and gives it its name when it is whole; nobody ever sees a part of it under `PATH`.
///
/// What an earlier try left is gone on with: how many bytes are there without a gap stands in `PATH.part.have`. It is
/// believed until the machine starts anew, and on systems that do not tell their starts (all but Linux) not at all.
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
    grown: Mutex<Grown>,
    /// Held by what is on its way to the disk, even when nobody waits for it any more.
    moving: Arc<RwLock<()>>,
}

/// The three names of a file that is being received.
#[derive(Clone, Debug)]
struct Place {
    path: PathBuf,
    part: PathBuf,
    have: PathBuf,
}

/// What of the file is there.
#[derive(Debug, Default)]
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

impl Place {
    fn of(path: &Path) -> Self {
        let with = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        Self { path: path.to_owned(), part: with(".part"), have: with(".part.have") }
    }

    /// How much of the part an earlier try left without a gap, and of which version of the far file.
    fn left(&self, file: &File) -> (u64, Option<String>) {
        let (Ok(note), Ok(boot), Ok(facts)) =
            (std::fs::read_to_string(&self.have), std::fs::read_to_string(BOOT), file.metadata())
        else {
            return (0, None);
        };
        let mut fields = note.trim_end().splitn(3, ' ');
        let bytes = fields.next().and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        if fields.next() != Some(boot.trim()) || bytes > facts.len() {
            return (0, None);
        }
        (bytes, fields.next().map(str::to_owned))
    }

    fn note(&self, bytes: u64, version: Option<&str>) -> io::Result<()> {
        match std::fs::read_to_string(BOOT) {
            Ok(boot) => {
                let version = version.map(|v| format!(" {v}")).unwrap_or_default();
                std::fs::write(&self.have, format!("{bytes} {}{version}\n", boot.trim()))
            }
            Err(_) => Ok(()),
        }
    }
}

const OPERATION: &str = "receive file";

impl FileSink {
    /// Takes a file that will have this path. What an earlier try left is kept.
    ///
    /// # Errors
    /// `Conflict` when there is a file of that name, `Busy` while another sink takes it, `NotFound` for a folder that is
    /// not there, `Store` and `NoSpace` of the file system.
    pub async fn create(path: impl AsRef<Path>) -> Result<Arc<Self>> {
        let place = Place::of(path.as_ref());
        blocking(OPERATION, move || Self::open(place)).await
    }

    fn open(place: Place) -> Result<Arc<Self>> {
        let shown = place.path.display();
        if place.path.file_name().is_none() {
            return Err(Error::invalid("file", shown, "it must name a file"));
        }
        if place.path.symlink_metadata().is_ok() {
            let message = format!("{shown} is there already");
            return Err(Error::new(ErrorKind::Conflict, OPERATION, message).with("path", shown));
        }
        // A link in its place would let the bytes land anywhere.
        if place.part.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            let message = format!("{} is no file", place.part.display());
            return Err(Error::new(ErrorKind::Conflict, OPERATION, message).with("path", place.part.display()));
        }
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&place.part);
        let file = open.map_err(|cause| {
            let kind = if disk::is_absent(&cause) { ErrorKind::NotFound } else { ErrorKind::Store };
            let e = Error::new(kind, OPERATION, format!("{}: it cannot be written", place.part.display()));
            e.with("path", place.part.display()).caused_by(cause)
        })?;
        if let Err(cause) = file.try_lock() {
            let message = format!("{shown} is being received by somebody else");
            return Err(Error::new(ErrorKind::Busy, OPERATION, message).with("path", shown).caused_by(cause));
        }
        let (whole, version) = place.left(&file);
        let grown = Grown { whole, noted: whole, version, ..Grown::default() };
        let (file, moving) = (Arc::new(file), Arc::default());
        Ok(Arc::new(Self { place, file, grown: Mutex::new(grown), moving }))
    }

    /// May its bytes still change?
    fn check_open(&self) -> Result<()> {
        if !self.grown().named {
            return Ok(());
        }
        let shown = self.place.path.display();
        Err(Error::new(ErrorKind::Conflict, OPERATION, format!("{shown} is whole")).with("path", shown))
    }

    fn grown(&self) -> MutexGuard<'_, Grown> {
        // A panic elsewhere leaves plain numbers behind: they are still true.
        self.grown.lock().unwrap_or_else(PoisonError::into_inner)
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
        let moving = Arc::clone(&self.moving).read_owned().await;
        self.check_open()?;
        let (file, part, end) = (Arc::clone(&self.file), self.place.part.clone(), offset + bytes.len() as u64);
        blocking(OPERATION, move || {
            let _moving = moving;
            let written = disk::write_at(&file, &bytes, offset);
            written.map_err(|cause| write_failed(&part, offset, bytes.len(), cause))
        })
        .await?;
        let (whole, version) = {
            let mut grown = self.grown();
            grown.add(offset, end);
            if grown.whole - grown.noted < NOTED_EVERY {
                return Ok(());
            }
            grown.noted = grown.whole;
            (grown.whole, grown.version.clone())
        };
        self.place.note(whole, version.as_deref()).map_err(|cause| failed(OPERATION, &self.place.have, cause))
    }

    async fn finish(&self, bytes: u64) -> Result<()> {
        let moving = Arc::clone(&self.moving).write_owned().await;
        self.check_open()?;
        let there = self.grown().whole;
        if there < bytes {
            let message = format!("{} of {bytes} bytes are there", there);
            return Err(Error::new(ErrorKind::Interrupted, OPERATION, message).with("path", self.place.path.display()));
        }
        let (file, place) = (Arc::clone(&self.file), self.place.clone());
        // Before: who gives up waiting does not stop what was begun.
        self.grown().named = true;
        let named = blocking(OPERATION, move || {
            let _moving = moving;
            let or = |path: &Path| {
                let path = path.to_owned();
                move |cause| failed(OPERATION, &path, cause)
            };
            file.set_len(bytes).and_then(|()| file.sync_all()).map_err(or(&place.part))?;
            // Not over a file that came there meanwhile; a hard link never replaces one.
            std::fs::hard_link(&place.part, &place.path).map_err(|cause| match cause.kind() {
                io::ErrorKind::AlreadyExists => {
                    let message = format!("{} is there already", place.path.display());
                    Error::new(ErrorKind::Conflict, OPERATION, message).with("path", place.path.display())
                }
                _ => failed(OPERATION, &place.path, cause),
            })?;
            // It has its name now, whatever comes.
            let tidy = || {
                std::fs::remove_file(&place.part).map_err(or(&place.part))?;
                match std::fs::remove_file(&place.have) {
                    Err(cause) if !disk::is_absent(&cause) => return Err(failed(OPERATION, &place.have, cause)),
                    _ => {}
                }
                let folder =
                    place.path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
                disk::flush_folder(folder).map_err(or(folder))
            };
            Ok(tidy())
        })
        .await;
        self.grown().named = named.is_ok();
        named?
    }

    async fn clear(&self) -> Result<()> {
        let _moving = self.moving.write().await;
        self.check_open()?;
        *self.grown() = Grown::default();
        let cleared = self.file.set_len(0).and_then(|()| self.place.note(0, None));
        cleared.map_err(|cause| failed(OPERATION, &self.place.part, cause))
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
        if grown.named {
            return;
        }
        // Nothing came: nothing stays.
        if self.file.metadata().is_ok_and(|facts| facts.len() == 0) {
            let _ = std::fs::remove_file(&self.place.part);
            let _ = std::fs::remove_file(&self.place.have);
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("swim-received-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn only_what_is_there_without_a_gap_is_gone_on_with() {
        let folder = Folder::new("gap");
        let path = folder.0.join("x.bin");
        let sink = FileSink::create(&path).await.unwrap();
        sink.write(0, Bytes::from(vec![1; 100])).await.unwrap();
        sink.write(200, Bytes::from(vec![3; 100])).await.unwrap();
        assert_eq!(sink.finish(300).await.unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(FileSink::create(&path).await.unwrap_err().kind(), ErrorKind::Busy);
        sink.note_version("etag \"v 1\"").await.unwrap();
        drop(sink);
        let sink = FileSink::create(&path).await.unwrap();
        assert_eq!(sink.have().await.unwrap(), 100);
        assert_eq!(sink.version().await.unwrap().as_deref(), Some("etag \"v 1\""));
        sink.write(100, Bytes::from(vec![2; 150])).await.unwrap();
        sink.finish(250).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), [vec![1; 100], vec![2; 150]].concat());
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
        assert_eq!(FileSink::create(&path).await.unwrap_err().kind(), ErrorKind::Conflict);
    }

    #[tokio::test]
    async fn what_has_its_name_is_not_touched_any_more_even_when_nobody_waited_for_it() {
        let folder = Folder::new("named");
        let path = folder.0.join("x.bin");
        let sink = FileSink::create(&path).await.unwrap();
        sink.write(0, Bytes::from(vec![1; 100])).await.unwrap();
        // Begun, and given up.
        tokio::select! {
            biased;
            done = sink.finish(100) => done.unwrap(),
            () = std::future::ready(()) => {}
        }
        assert_eq!(sink.clear().await.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(sink.write(0, Bytes::from(vec![2; 100])).await.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(std::fs::read(&path).unwrap(), [1; 100]);
        drop(sink);
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_part_that_is_forgotten_is_of_no_version() {
        let folder = Folder::new("version");
        let path = folder.0.join("x.bin");
        let sink = FileSink::create(&path).await.unwrap();
        for bad in ["two\nlines".to_owned(), "long".repeat(100)] {
            sink.note_version(&bad).await.unwrap();
            assert_eq!(sink.version().await.unwrap(), None);
        }
        sink.note_version("modified then").await.unwrap();
        sink.write(0, Bytes::from(vec![1; 5 << 20])).await.unwrap();
        sink.clear().await.unwrap();
        assert_eq!(sink.version().await.unwrap(), None);
        sink.write(0, Bytes::from(vec![1; 10])).await.unwrap();
        drop(sink);
        let sink = FileSink::create(&path).await.unwrap();
        assert_eq!((sink.have().await.unwrap(), sink.version().await.unwrap()), (10, None));
    }

    #[tokio::test]
    async fn notes_of_another_start_of_the_machine_are_not_believed() {
        let folder = Folder::new("boot");
        let path = folder.0.join("x.bin");
        drop(FileSink::create(&path).await.unwrap());
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
        std::fs::write(folder.0.join("x.bin.part"), [0; 64]).unwrap();
        std::fs::write(folder.0.join("x.bin.part.have"), "64 another-start\n").unwrap();
        assert_eq!(FileSink::create(&path).await.unwrap().have().await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_is_refused() {
        let folder = Folder::new("place");
        for (path, kind) in [("no/such/x.bin", ErrorKind::NotFound), ("..", ErrorKind::InvalidInput)] {
            assert_eq!(FileSink::create(folder.0.join(path)).await.unwrap_err().kind(), kind, "{path}");
        }
        std::os::unix::fs::symlink("/dev/null", folder.0.join("y.bin.part")).unwrap();
        assert_eq!(FileSink::create(folder.0.join("y.bin")).await.unwrap_err().kind(), ErrorKind::Conflict);
    }

    proptest! {
        #[test]
        fn the_part_without_a_gap_is_what_a_bitmap_says(pieces in prop::collection::vec((0u64..60, 1u64..20), 0..20)) {
            let (mut grown, mut naive) = (Grown::default(), [false; 80]);
            for (start, length) in pieces {
                grown.add(start, start + length);
                naive[start as usize..(start + length) as usize].fill(true);
                let whole = naive.iter().take_while(|there| **there).count() as u64;
                prop_assert_eq!(grown.whole, whole);
            }
        }
    }
}
