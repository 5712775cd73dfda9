//! Failures of the file system in our terms.

use std::io;
use std::path::Path;

use swim_core::{Error, ErrorKind};

/// A failure of `operation` on `path`.
pub(super) fn failed(operation: &str, path: &Path, cause: io::Error) -> Error {
    let (kind, what) = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (ErrorKind::NoSpace, "no space left"),
        io::ErrorKind::PermissionDenied => (ErrorKind::Store, "permission denied"),
        _ => (ErrorKind::Store, "the file system failed"),
    };
    Error::new(kind, operation, format!("{}: {what}", path.display())).with("path", path.display()).caused_by(cause)
}

/// A failure to write `needed` bytes at `offset`: a full disk says how much there was to write.
pub(super) fn write_failed(path: &Path, offset: u64, needed: usize, cause: io::Error) -> Error {
    let operation = "write image";
    let full = matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    if !full {
        return failed(operation, path, cause).with("offset", offset);
    }
    let message = format!("{}: no space left for {needed} more bytes after {offset}", path.display());
    Error::new(ErrorKind::NoSpace, operation, message)
        .with("path", path.display())
        .with("needed", needed)
        .with("written", offset)
        .caused_by(cause)
}
