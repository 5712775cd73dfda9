//! Blocking work on files: positional access, locks, flushes.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use swim_core::{Error, Result};

/// Runs blocking work on tokio's threads for it.
pub(super) async fn blocking<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(cause) => Err(Error::internal(operation, "a blocking task ended without an answer").caused_by(cause)),
    }
}

/// Reads until `buffer` is full or the file ends; returns how much there was.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read_once(file, rest, offset.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Up to `length` bytes from `offset`; less only where the file ends. The memory for them is not cleared first where the system
/// can write into it as it is: that would cost as much as half the copy.
pub(super) fn read_new(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let at = offset.saturating_add(bytes.len() as u64);
        match append(file, &mut bytes, at) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(unix)]
fn append(file: &File, bytes: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
    Ok(rustix::io::pread(file, rustix::buffer::spare_capacity(bytes), offset)?)
}

#[cfg(windows)]
fn append(file: &File, bytes: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
    let had = bytes.len();
    bytes.resize(bytes.capacity(), 0);
    let count = read_once(file, &mut bytes[had..], offset);
    bytes.truncate(had + *count.as_ref().unwrap_or(&0));
    count
}

/// Writes all of `bytes` at `offset`.
pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        match write_once(file, rest, offset.saturating_add(done as u64)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_once(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(windows)]
fn write_once(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}

/// Opens a regular file for reading, never through a link: what was looked at and what was opened must be one file.
/// `None` when there is no regular file of that name.
pub(super) fn open_regular(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    // Looked at first, because opening a FIFO would wait for a writer.
    let before = match path.symlink_metadata() {
        Ok(before) => before,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    if !before.is_file() {
        return Ok(None);
    }
    let file = match OpenOptions::new().read(true).open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let after = file.metadata()?;
    Ok((after.is_file() && same_file(&before, &after)).then_some((file, after)))
}

/// Not there, or below something that is no folder.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Removes a file that may be gone already.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if is_absent(&error) => Ok(()),
        removed => removed,
    }
}

/// The same opening, but never of what a link leads to.
#[cfg(unix)]
pub(super) fn never_through_a_link(options: &mut OpenOptions) -> &OpenOptions {
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
}

#[cfg(not(unix))]
pub(super) fn never_through_a_link(options: &mut OpenOptions) -> &OpenOptions {
    options
}

/// One way to give a file another name that must be free.
type Renaming = fn(&Path, &Path) -> io::Result<()>;

/// Gives a file another name, and never takes that name from another file. In one step where the file system can; with a
/// hard link where it cannot; and where it has no links either (some network file systems), after a look.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    rename_by(&[in_one_step, by_link, after_a_look], from, to)
}

fn rename_by(ways: &[Renaming], from: &Path, to: &Path) -> io::Result<()> {
    let mut last = io::ErrorKind::Unsupported.into();
    for way in ways {
        match way(from, to) {
            Err(error) if cannot(&error) => last = error,
            done => return done,
        }
    }
    Err(last)
}

/// Does the file system not know what it was asked for? (For links Linux says that as `EPERM`, for flags as `EINVAL`.)
fn cannot(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, TooManyLinks, Unsupported};
    matches!(error.kind(), InvalidInput | PermissionDenied | TooManyLinks | Unsupported)
}

#[cfg(target_os = "linux")]
fn in_one_step(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(target_os = "linux"))]
fn in_one_step(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn by_link(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::hard_link(from, to)?;
    // It has its name, whatever comes.
    if let Err(cause) = std::fs::remove_file(from) {
        tracing::warn!(path = %from.display(), %cause, "a file has its name, and its old name stays");
    }
    Ok(())
}

fn after_a_look(from: &Path, to: &Path) -> io::Result<()> {
    match to.symlink_metadata() {
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if is_absent(&error) => std::fs::rename(from, to),
        Err(error) => Err(error),
    }
}

/// How many names a file has; one, where that is not told.
#[cfg(unix)]
pub(super) fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
pub(super) fn links(_: &Metadata) -> u64 {
    1
}

#[cfg(unix)]
pub(super) fn same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
pub(super) fn same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Does an open file still have a name? Files that were removed stay readable through open handles.
#[cfg(unix)]
pub(super) fn is_named(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 0
}

#[cfg(not(unix))]
pub(super) fn is_named(_: &Metadata) -> bool {
    true
}

/// Makes the names in a folder durable.
pub(super) fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn cannot_link(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn no_flags(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::InvalidInput.into())
    }

    #[test]
    fn what_is_read_anew_is_what_there_is() {
        let path = std::env::temp_dir().join(format!("swim-read-new-{}", std::process::id()));
        std::fs::write(&path, b"0123456789").unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(read_new(&file, 2, 5).unwrap(), b"23456");
        assert_eq!(read_new(&file, 7, 100).unwrap(), b"789");
        assert_eq!(read_new(&file, 10, 1).unwrap(), b"");
        assert_eq!(read_new(&file, 0, 0).unwrap(), b"");
        assert!(read_new(&File::create(path.with_extension("out")).unwrap(), 0, 1).is_err());
        std::fs::remove_file(path.with_extension("out")).unwrap();
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_name_is_given_on_every_file_system_and_never_taken_from_another_file() {
        let folder = std::env::temp_dir().join(format!("swim-names-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (from, to) = (folder.join("x.part"), folder.join("x"));
        let all: [&[Renaming]; 3] = [
            &[in_one_step, by_link, after_a_look],
            &[no_flags, by_link, after_a_look],
            &[no_flags, cannot_link, after_a_look],
        ];
        for ways in all {
            std::fs::write(&from, b"new").unwrap();
            rename_by(ways, &from, &to).unwrap();
            assert!(!from.exists());
            std::fs::write(&from, b"newer").unwrap();
            assert_eq!(rename_by(ways, &from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(
                (std::fs::read(&from).unwrap(), std::fs::read(&to).unwrap()),
                (b"newer".to_vec(), b"new".to_vec())
            );
            std::fs::remove_file(&to).unwrap();
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
