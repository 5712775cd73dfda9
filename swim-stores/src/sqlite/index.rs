//! The index of images and of what devices use, kept in the transaction of each record.
//!
//! - `image_index`: a row an image, with its texts and the keys of every order. `image_text` is the trigram index of the texts:
//!   three characters or more are looked up in it, fewer are compared with the narrow rows of `image_index`.
//! - `image_digests`: ids and digests, found by their first digits.
//! - `known_names`: every name of an image, the first one and further ones.
//! - `software`: what devices name, each once, with the number of devices that run it, which triggers count.
//! - `uses`: which device uses which software, and how.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use std::collections::BTreeSet;
use swim_core::Result;
use swim_core::model::DeviceId;
use swim_core::repo::{How, ImageEntry, ImageSort, Software, fold, split_name, uses};

use super::failure::failed;
use super::records::parse;

/// The tables.
pub(super) const SCHEMA: &str = "
    CREATE TABLE image_index (
        ordinal       INTEGER PRIMARY KEY,
        image         TEXT NOT NULL UNIQUE,
        bytes         INTEGER NOT NULL,
        release       TEXT NOT NULL,
        file_name     TEXT NOT NULL,
        internal_name TEXT NOT NULL,
        platform      TEXT NOT NULL,
        family        TEXT NOT NULL,
        version       TEXT NOT NULL,
        feature_set   TEXT NOT NULL,
        image_type    TEXT NOT NULL,
        by_imported   TEXT NOT NULL,
        by_file_name  TEXT NOT NULL,
        by_family     TEXT NOT NULL,
        by_version    TEXT NOT NULL,
        by_bytes      TEXT NOT NULL
    ) STRICT;
    CREATE INDEX images_by_imported ON image_index (by_imported, image);
    CREATE INDEX images_by_file_name ON image_index (by_file_name, image);
    CREATE INDEX images_by_family ON image_index (by_family, image);
    CREATE INDEX images_by_version ON image_index (by_version, image);
    CREATE INDEX images_by_bytes ON image_index (by_bytes, image);
    CREATE INDEX images_by_group ON image_index (image_type, family, bytes);
    CREATE INDEX images_by_release ON image_index (family, release);
    CREATE VIRTUAL TABLE image_text USING fts5 (
        file_name, internal_name, platform, family, version, feature_set, image_type,
        tokenize = 'trigram case_sensitive 1', content = '', contentless_delete = 1
    );
    CREATE TABLE image_digests (
        digest TEXT NOT NULL,
        image  INTEGER NOT NULL,
        PRIMARY KEY (digest, image)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX digests_of ON image_digests (image);
    CREATE TABLE known_names (
        name  TEXT NOT NULL,
        image TEXT NOT NULL,
        said  TEXT NOT NULL,
        first INTEGER NOT NULL,
        PRIMARY KEY (name, image, said, first)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX names_of ON known_names (image, first DESC, name);
    CREATE TABLE software (
        ordinal INTEGER PRIMARY KEY,
        said    TEXT NOT NULL,
        name    TEXT NOT NULL,
        -- -1: not known.
        bytes   INTEGER NOT NULL,
        family  TEXT NOT NULL,
        release TEXT NOT NULL,
        devices INTEGER NOT NULL DEFAULT 0,
        uses    INTEGER NOT NULL DEFAULT 0,
        UNIQUE (said, bytes, name, family, release)
    ) STRICT;
    CREATE INDEX software_by_name ON software (name, bytes) WHERE name <> '';
    CREATE INDEX software_by_release ON software (family, release) WHERE name = '';
    CREATE INDEX software_by_devices ON software (devices) WHERE devices > 0;
    CREATE TABLE uses (
        device   TEXT NOT NULL,
        how      INTEGER NOT NULL,
        software INTEGER NOT NULL REFERENCES software (ordinal),
        PRIMARY KEY (device, how, software)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX uses_of ON uses (software, device, how);
    CREATE TRIGGER use_begins AFTER INSERT ON uses BEGIN
        UPDATE software SET uses = uses + 1, devices = devices + (NEW.how = 0) WHERE ordinal = NEW.software;
    END;
    CREATE TRIGGER use_ends AFTER DELETE ON uses BEGIN
        UPDATE software SET uses = uses - 1, devices = devices - (OLD.how = 0) WHERE ordinal = OLD.software;
        DELETE FROM software WHERE ordinal = OLD.software AND uses = 0;
    END;
";

const OPERATION: &str = "index record";

/// Takes every record of before there was an index into it.
pub(super) fn build(db: &Connection) -> Result<()> {
    let mut rows = db
        .prepare("SELECT name, key, value FROM records WHERE name IN ('images', 'image_names', 'inventories')")
        .map_err(failed(OPERATION))?;
    let mut rows = rows.query([]).map_err(failed(OPERATION))?;
    while let Some(row) = rows.next().map_err(failed(OPERATION))? {
        let (table, key, text) =
            (|| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))()
                .map_err(failed(OPERATION))?;
        keep(db, &table, &key, Some(&parse(OPERATION, &text)?))?;
    }
    Ok(())
}

/// Keeps what the index holds of a record that was written (or removed: `None`).
pub(super) fn keep(db: &Connection, table: &str, key: &str, value: Option<&Value>) -> Result<()> {
    match table {
        "images" => keep_image(db, key, value.and_then(|value| ImageEntry::of_record(key, value)).as_ref()),
        "image_names" => keep_name(db, key, value.is_some()),
        "inventories" => keep_uses(db, key, value),
        _ => Ok(()),
    }
}

/// As SQLite counts bytes. What does not fit is no real size.
fn stored(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn run(db: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<usize> {
    db.prepare_cached(sql).and_then(|mut statement| statement.execute(parameters)).map_err(failed(OPERATION))
}

fn ordinal(db: &Connection, image: &str) -> Result<Option<i64>> {
    db.prepare_cached("SELECT ordinal FROM image_index WHERE image = ?1")
        .and_then(|mut find| find.query_row([image], |row| row.get(0)).optional())
        .map_err(failed(OPERATION))
}

fn keep_image(db: &Connection, image: &str, entry: Option<&ImageEntry>) -> Result<()> {
    let known = ordinal(db, image)?;
    run(db, "DELETE FROM known_names WHERE image = ?1 AND first = 1", [image])?;
    if let Some(known) = known {
        run(db, "DELETE FROM image_digests WHERE image = ?1", [known])?;
    }
    let Some(entry) = entry else {
        if let Some(known) = known {
            run(db, "DELETE FROM image_text WHERE rowid = ?1", [known])?;
            run(db, "DELETE FROM image_index WHERE ordinal = ?1", [known])?;
        }
        return Ok(());
    };
    let text = |column| entry.column(column);
    let key = |sort| entry.key(sort);
    run(
        db,
        "INSERT OR REPLACE INTO image_index VALUES
            (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        params![
            known,
            image,
            stored(entry.bytes),
            entry.release,
            text("file_name"),
            text("internal_name"),
            text("platform"),
            text("family"),
            text("version"),
            text("feature_set"),
            text("image_type"),
            key(ImageSort::Imported),
            key(ImageSort::FileName),
            key(ImageSort::Family),
            key(ImageSort::Version),
            key(ImageSort::Bytes),
        ],
    )?;
    let known = known.unwrap_or_else(|| db.last_insert_rowid());
    for digest in &entry.digests {
        run(db, "INSERT OR IGNORE INTO image_digests VALUES (?1, ?2)", params![digest, known])?;
    }
    run(db, "INSERT OR REPLACE INTO known_names VALUES (?1, ?2, ?1, 1)", params![text("file_name"), image])?;
    keep_text(db, image, known)
}

fn keep_name(db: &Connection, key: &str, there: bool) -> Result<()> {
    let Some((image, name)) = split_name(key) else { return Ok(()) };
    let (image, folded) = (image.to_string(), fold(name));
    if there {
        run(db, "INSERT OR REPLACE INTO known_names VALUES (?1, ?2, ?3, 0)", params![folded, image, name])?;
    } else {
        let gone = "DELETE FROM known_names WHERE name = ?1 AND image = ?2 AND said = ?3 AND first = 0";
        run(db, gone, params![folded, image, name])?;
    }
    match ordinal(db, &image)? {
        Some(known) => keep_text(db, &image, known),
        None => Ok(()),
    }
}

/// The texts of an image, with all its names.
fn keep_text(db: &Connection, image: &str, ordinal: i64) -> Result<()> {
    let names = "UPDATE image_index SET file_name =
            (SELECT group_concat(name, char(10)) FROM (SELECT name FROM known_names WHERE image = ?1 ORDER BY first DESC, name))
        WHERE ordinal = ?2";
    run(db, names, params![image, ordinal])?;
    let columns = "file_name, internal_name, platform, family, version, feature_set, image_type";
    let text = format!(
        "INSERT OR REPLACE INTO image_text (rowid, {columns}) SELECT ordinal, {columns} FROM image_index WHERE ordinal = ?1"
    );
    run(db, &text, [ordinal]).map(|_| ())
}

fn keep_uses(db: &Connection, device: &str, inventory: Option<&Value>) -> Result<()> {
    let new = match inventory {
        Some(inventory) if DeviceId::new(device).is_ok() => uses(inventory),
        _ => BTreeSet::new(),
    };
    let mut missing: BTreeSet<(i64, Row)> = new.iter().map(|(how, software)| (code(*how), Row::of(software))).collect();
    let old = old_uses(db, device)?;
    for (how, software, row) in old {
        if !missing.remove(&(how, row)) {
            let gone = "DELETE FROM uses WHERE device = ?1 AND how = ?2 AND software = ?3";
            run(db, gone, params![device, how, software])?;
        }
    }
    for (how, row) in missing {
        let Row { said, name, bytes, family, release } = row;
        let named = params![said, bytes, name, family, release];
        let new = "INSERT INTO software (said, bytes, name, family, release) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
        run(db, new, named)?;
        let begins = "INSERT INTO uses SELECT ?6, ?7, ordinal FROM software
            WHERE said = ?1 AND bytes = ?2 AND name = ?3 AND family = ?4 AND release = ?5";
        run(db, begins, params![said, bytes, name, family, release, device, how])?;
    }
    Ok(())
}

/// Software as it is stored.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    said: String,
    name: String,
    bytes: i64,
    family: String,
    release: String,
}

impl Row {
    fn of(software: &Software) -> Self {
        Self {
            said: software.said.clone(),
            name: software.name.clone(),
            bytes: software.bytes.map_or(-1, stored),
            family: software.family.clone(),
            release: software.release.clone(),
        }
    }
}

fn old_uses(db: &Connection, device: &str) -> Result<Vec<(i64, i64, Row)>> {
    let mut select = db
        .prepare_cached(
            "SELECT how, software, said, name, bytes, family, release FROM uses JOIN software ON ordinal = software
             WHERE device = ?1",
        )
        .map_err(failed(OPERATION))?;
    let rows = select
        .query_map([device], |row| {
            let software = Row {
                said: row.get(2)?,
                name: row.get(3)?,
                bytes: row.get(4)?,
                family: row.get(5)?,
                release: row.get(6)?,
            };
            Ok((row.get(0)?, row.get(1)?, software))
        })
        .map_err(failed(OPERATION))?;
    rows.collect::<rusqlite::Result<_>>().map_err(failed(OPERATION))
}

/// How it is used, as a number: 0 is running, which the triggers count.
pub(super) fn code(how: How) -> i64 {
    How::ALL.iter().position(|other| *other == how).and_then(|at| i64::try_from(at).ok()).unwrap_or(i64::MAX)
}
