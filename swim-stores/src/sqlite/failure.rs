//! SQLite's failures in our terms.

use std::path::Path;
use std::time::Duration;

use rusqlite::{ErrorCode, ffi};
use swim_core::{Error, ErrorKind, Retry};

/// Another process held the file longer than `busy_timeout`; it will not do so for long.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// An error of SQLite during `operation`. Inside a statement the path is not known; the thread adds it.
pub(super) fn failed(operation: &str) -> impl Fn(rusqlite::Error) -> Error + '_ {
    move |cause| {
        // Its shared memory cannot be given a size: SQLite has no word of its own for why.
        let unsized_memory = cause.sqlite_error().is_some_and(|e| e.extended_code == ffi::SQLITE_IOERR_SHMSIZE);
        let (kind, message, retry) = match cause.sqlite_error_code() {
            _ if unsized_memory => (ErrorKind::NoSpace, "no space left for the database", Retry::Never),
            Some(ErrorCode::DiskFull) => (ErrorKind::NoSpace, "no space left for the database", Retry::Never),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                (ErrorKind::Store, "another process is writing to the database", Retry::After(BUSY_RETRY))
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
                (ErrorKind::Store, "the database may not be written", Retry::Never)
            }
            Some(ErrorCode::CannotOpen) => (ErrorKind::Store, "the database cannot be opened", Retry::Never),
            Some(ErrorCode::NotADatabase) => (ErrorKind::InvalidInput, "the file is not a database", Retry::Never),
            Some(ErrorCode::DatabaseCorrupt) => (ErrorKind::Store, "the database is damaged", Retry::Never),
            _ => (ErrorKind::Store, "the database failed", Retry::Never),
        };
        Error::new(kind, operation, message).retry_when(retry).caused_by(cause)
    }
}

/// The same error with the file that it is about.
pub(super) fn at(path: &Path, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Store | ErrorKind::NoSpace => error.with("path", path.display()),
        _ => error,
    }
}
