//! Where a received file lands: its names while it comes, and how it gets its own.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use swim_core::{Error, ErrorKind, Result};

use super::OPERATION;
use crate::files::disk;
use crate::files::failure::failed;

/// Changes at every start of the machine. What was written but not flushed is lost then, so notes of an earlier start
/// are not believed.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// Longer than any note: a number, a start, and the longest version.
const LONGEST_NOTE: u64 = 512;

/// How often a part that somebody takes away between our look and our lock is opened again.
const TRIES: u32 = 16;

/// What an earlier try left of a part: how much without a gap, and of which version of the far file.
type Left = (u64, Option<String>);

/// The names of a file that is being received.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) part: PathBuf,
    pub(super) have: PathBuf,
    /// A note before it has its name. Shorter than that: what is noted once can be noted again.
    new: PathBuf,
}

impl Place {
    pub(super) fn of(path: &Path) -> Self {
        let with = |suffix: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        Self { path: path.to_owned(), part: with(".part"), have: with(".part.have"), new: with(".part.new") }
    }

    /// The part, locked and ours alone, and what an earlier try left of it.
    pub(super) fn open(&self) -> Result<(File, Left)> {
        let shown = self.path.display();
        if self.path.file_name().is_none() {
            return Err(Error::invalid(
                "file",
                format!("{:?}", self.path.display().to_string()),
                "it must name a file",
            ));
        }
        for _ in 0..TRIES {
            if self.path.symlink_metadata().is_ok() {
                return Err(self.taken());
            }
            let file = self.open_part()?;
            if !self.claim(&file)? {
                continue;
            }
            let left = self.left(&file);
            if left.0 == 0 {
                self.forget().map_err(|cause| failed(OPERATION, &self.have, cause))?;
            }
            return Ok((file, left));
        }
        let message = format!("{} is taken away again and again", self.part.display());
        Err(Error::new(ErrorKind::Busy, OPERATION, message).with("path", shown))
    }

    pub(super) fn open_part(&self) -> Result<File> {
        // A link in its place would let the bytes land anywhere.
        if self.part.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            let message = format!("{} is no file", self.part.display());
            return Err(Error::new(ErrorKind::Conflict, OPERATION, message).with("path", self.part.display()));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        disk::never_through_a_link(&mut options).open(&self.part).map_err(|cause| {
            let kind = if disk::is_absent(&cause) { ErrorKind::NotFound } else { ErrorKind::Store };
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
            let message = match folder {
                Some(folder) => format!("{}: the folder {} is not there", self.path.display(), folder.display()),
                None => format!("{}: it cannot be written", self.part.display()),
            };
            let e = Error::new(kind, OPERATION, message);
            e.with("path", self.part.display()).caused_by(cause)
        })
    }

    /// Locks what was opened as the part. Between both, another receiver may have given it its name or removed it: then it
    /// is not the part any more, and `false`. So is one with a second name: a process died when the file had its name and
    /// was a part still. What was received then is under that name and must stay as it is; it only stops being a part.
    pub(super) fn claim(&self, file: &File) -> Result<bool> {
        let shown = self.path.display();
        match file.try_lock() {
            Ok(()) => {}
            Err(cause @ TryLockError::WouldBlock) => {
                let message = format!("{shown} is being received by somebody else");
                return Err(Error::new(ErrorKind::Busy, OPERATION, message).with("path", shown).caused_by(cause));
            }
            Err(TryLockError::Error(cause)) => {
                let message = format!("{}: the file system cannot lock it", self.part.display());
                return Err(Error::new(ErrorKind::Store, OPERATION, message).with("path", shown).caused_by(cause));
            }
        }
        match self.links(file).map_err(|cause| failed(OPERATION, &self.part, cause))? {
            None => Ok(false),
            Some(0 | 1) if self.path.symlink_metadata().is_ok() => Err(self.taken()),
            Some(0 | 1) => Ok(true),
            Some(_) => {
                std::fs::remove_file(&self.part).map_err(|cause| failed(OPERATION, &self.part, cause))?;
                Ok(false)
            }
        }
    }

    /// How many names the open file has, when that of the part is one of them.
    fn links(&self, file: &File) -> io::Result<Option<u64>> {
        let named = match self.part.symlink_metadata() {
            Err(cause) if disk::is_absent(&cause) => return Ok(None),
            named => named?,
        };
        let open = file.metadata()?;
        Ok(disk::same_file(&named, &open).then(|| disk::links(&open)))
    }

    /// Is the open file still the part, and nothing else?
    pub(super) fn check(&self, file: &File) -> Result<()> {
        match self.links(file).map_err(|cause| failed(OPERATION, &self.part, cause))? {
            Some(0 | 1) => Ok(()),
            _ => {
                let message = format!("{} was moved, replaced or linked by somebody else", self.part.display());
                Err(Error::new(ErrorKind::Conflict, OPERATION, message).with("path", self.part.display()))
            }
        }
    }

    /// Gives the part its name, never over a file that came there meanwhile. What fails behind that changes nothing: it has
    /// its name.
    pub(super) fn publish(&self) -> Result<()> {
        disk::rename_new(&self.part, &self.path).map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => self.taken(),
            _ => failed(OPERATION, &self.path, cause),
        })?;
        let folder = self.path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        if let Err(cause) = self.forget().and_then(|()| disk::flush_folder(folder)) {
            tracing::warn!(path = %self.path.display(), %cause, "the file was received, and what is left was not tidied up");
        }
        Ok(())
    }

    /// Removes the part.
    pub(super) fn discard(&self) {
        let removed = disk::remove_if_there(&self.part).and_then(|()| self.forget());
        if let Err(cause) = removed {
            tracing::warn!(path = %self.part.display(), %cause, "a part that nobody can go on with stays");
        }
    }

    fn left(&self, file: &File) -> Left {
        let (Ok(Some((note, _))), Ok(boot), Ok(facts)) =
            (disk::open_regular(&self.have), std::fs::read_to_string(BOOT), file.metadata())
        else {
            return (0, None);
        };
        let mut text = String::new();
        if note.take(LONGEST_NOTE).read_to_string(&mut text).is_err() {
            return (0, None);
        }
        let mut fields = text.trim_end().splitn(3, ' ');
        let bytes = fields.next().and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        if fields.next() != Some(boot.trim()) || bytes > facts.len() {
            return (0, None);
        }
        (bytes, fields.next().map(str::to_owned))
    }

    /// Writes down how much of the part is there, and of which version of the far file. What stands in the place of the note is replaced and never written to: it
    /// may be a link.
    pub(super) fn note(&self, bytes: u64, version: Option<&str>) -> io::Result<()> {
        let Ok(boot) = std::fs::read_to_string(BOOT) else { return Ok(()) };
        let version = version.map(|v| format!(" {v}")).unwrap_or_default();
        disk::remove_if_there(&self.new)?;
        let written = OpenOptions::new().write(true).create_new(true).open(&self.new).and_then(|mut note| {
            note.write_all(format!("{bytes} {}{version}\n", boot.trim()).as_bytes())?;
            std::fs::rename(&self.new, &self.have)
        });
        if written.is_err() {
            let _ = disk::remove_if_there(&self.new);
        }
        written
    }

    /// Removes the note: nothing of the part is there.
    pub(super) fn forget(&self) -> io::Result<()> {
        disk::remove_if_there(&self.new)?;
        disk::remove_if_there(&self.have)
    }

    fn taken(&self) -> Error {
        let shown = self.path.display();
        Error::new(ErrorKind::Conflict, OPERATION, format!("{shown} is there already")).with("path", shown)
    }
}
