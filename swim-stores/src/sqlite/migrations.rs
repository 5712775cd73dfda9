//! Opening the file and bringing its tables up to date.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use swim_core::{Error, ErrorKind, Result};

use super::failure::{at, failed};
use super::index;

/// `SWIM` in ASCII: tells our files from other programs' databases.
const APPLICATION_ID: i64 = 0x5357_494D;

/// How long a call waits for another process. Their transactions take a flush to disk, some milliseconds; five
/// seconds stand for a disk that is very slow, and are short enough to notice a process that hangs.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pause between attempts where SQLite does not wait by itself (the switch to WAL).
const WAL_PAUSE: Duration = Duration::from_millis(20);

/// A step from one version to the next.
struct Migration {
    script: &'static str,
    /// What no script can do.
    then: Option<fn(&Connection) -> Result<()>>,
}

/// One a version; the file's `user_version` is how many of them it has seen. Released ones never change.
const MIGRATIONS: &[Migration] = &[
    Migration { script: JOBS_AND_RECORDS, then: None },
    Migration { script: index::SCHEMA, then: Some(index::build) },
];

const JOBS_AND_RECORDS: &str = "
    CREATE TABLE jobs (
        ordinal         INTEGER PRIMARY KEY AUTOINCREMENT,
        id              TEXT NOT NULL UNIQUE,
        idempotency_key TEXT NOT NULL UNIQUE,
        -- Times are two numbers, seconds and nanoseconds of jiff's Timestamp, because one 64-bit number is too small.
        due_s           INTEGER NOT NULL,
        due_ns          INTEGER NOT NULL,
        finished        INTEGER NOT NULL DEFAULT 0,
        fence           INTEGER NOT NULL DEFAULT 0,
        worker          TEXT,
        until_s         INTEGER,
        until_ns        INTEGER
    ) STRICT;
    CREATE INDEX jobs_open ON jobs (due_s, due_ns, ordinal) WHERE finished = 0;
    CREATE TABLE job_devices (
        job    INTEGER NOT NULL REFERENCES jobs (ordinal) ON DELETE CASCADE,
        device TEXT NOT NULL,
        PRIMARY KEY (job, device)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE journal (
        job      INTEGER NOT NULL REFERENCES jobs (ordinal) ON DELETE CASCADE,
        sequence INTEGER NOT NULL,
        event    TEXT NOT NULL,
        PRIMARY KEY (job, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE held_devices (
        device TEXT PRIMARY KEY,
        job    INTEGER NOT NULL REFERENCES jobs (ordinal) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX held_by ON held_devices (job);
    CREATE TABLE records (
        name  TEXT NOT NULL,
        key   TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (name, key)
    ) STRICT, WITHOUT ROWID;
";

/// Opens the file with the settings that durability needs, and migrates it.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    open(path).map_err(|error| at(path, error))
}

fn open(path: &Path) -> Result<Connection> {
    let operation = "open database";
    // No URI: a file name with `?` is a file name.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed(operation))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed(operation))?;
    // Before anything is written: another program's file stays as it is.
    check_owner(&connection, path)?;
    to_wal(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed(operation))?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed(operation))?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

fn number(connection: &Connection, pragma: &str) -> Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(failed("open database"))
}

fn check_owner(connection: &Connection, path: &Path) -> Result<()> {
    if number(connection, "application_id")? == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed("open database"))?;
    // Another process that makes the file right now commits its tables and the id together.
    if tables == 0 || number(connection, "application_id")? == APPLICATION_ID {
        return Ok(());
    }
    Err(Error::invalid("database", path.display(), "this database belongs to another program"))
}

fn to_wal(connection: &Connection) -> Result<()> {
    let operation = "open database";
    let started = Instant::now();
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                let message = format!("the file system does not allow write-ahead logging (journal mode is {mode})");
                return Err(Error::new(ErrorKind::Store, operation, message));
            }
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && started.elapsed() < BUSY_TIMEOUT =>
            {
                std::thread::sleep(WAL_PAUSE);
            }
            Err(error) => return Err(failed(operation)(error)),
        }
    }
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<()> {
    let operation = "migrate database";
    let newest = MIGRATIONS.len() as i64;
    if number(connection, "user_version")? == newest {
        return Ok(());
    }
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed(operation))?;
    // Read again under the lock: another process may have migrated in the meantime.
    let version = number(&change, "user_version")?;
    let Ok(done) = usize::try_from(version) else {
        return Err(Error::new(ErrorKind::Store, operation, format!("the database has the version {version}")));
    };
    if version > newest {
        let message = format!(
            "{} was written by a newer version of this library: it has version {version}, at most {newest} is known here",
            path.display()
        );
        return Err(Error::new(ErrorKind::Unsupported, operation, message).with("path", path.display()));
    }
    for migration in MIGRATIONS.get(done..).unwrap_or_default() {
        change.execute_batch(migration.script).map_err(failed(operation))?;
        if let Some(then) = migration.then {
            then(&change)?;
        }
    }
    change.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed(operation))?;
    change.pragma_update(None, "user_version", newest).map_err(failed(operation))?;
    change.commit().map_err(failed(operation))
}
