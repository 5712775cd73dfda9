//! Records in SQLite.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use serde_json::Value;
use swim_core::ports::Records;
use swim_core::{Error, ErrorKind, Result};

use super::SqliteStore;
use super::failure::failed;
use super::index;

/// Reads JSON that this library wrote.
pub(super) fn parse(operation: &str, text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|cause| Error::new(ErrorKind::Store, operation, "what is stored is not JSON").caused_by(cause))
}

#[async_trait]
impl Records for SqliteStore {
    async fn put(&self, table: &str, key: &str, value: Value) -> Result<()> {
        let (name, key) = (table.to_owned(), key.to_owned());
        self.write("put record", move |db| {
            db.prepare_cached("INSERT OR REPLACE INTO records (name, key, value) VALUES (?1, ?2, ?3)")
                .and_then(|mut put| put.execute(params![name, key, value.to_string()]))
                .map_err(failed("put record"))?;
            index::keep(db, &name, &key, Some(&value))
        })
        .await
    }

    async fn put_new(&self, table: &str, key: &str, value: Value) -> Result<bool> {
        let (name, key) = (table.to_owned(), key.to_owned());
        self.write("put record", move |db| {
            let rows = db
                .prepare_cached("INSERT INTO records (name, key, value) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
                .and_then(|mut put| put.execute(params![name, key, value.to_string()]))
                .map_err(failed("put record"))?;
            if rows == 1 {
                index::keep(db, &name, &key, Some(&value))?;
            }
            Ok(rows == 1)
        })
        .await
    }

    async fn swap(&self, table: &str, key: &str, old: &Value, new: Value) -> Result<bool> {
        // Every value was written by this code, so what is equal is written alike.
        let (name, key, old) = (table.to_owned(), key.to_owned(), old.to_string());
        self.write("swap record", move |db| {
            let rows = db
                .prepare_cached("UPDATE records SET value = ?4 WHERE name = ?1 AND key = ?2 AND value = ?3")
                .and_then(|mut swap| swap.execute(params![name, key, old, new.to_string()]))
                .map_err(failed("swap record"))?;
            if rows == 1 {
                index::keep(db, &name, &key, Some(&new))?;
            }
            Ok(rows == 1)
        })
        .await
    }

    async fn get(&self, table: &str, key: &str) -> Result<Option<Value>> {
        let (name, key) = (table.to_owned(), key.to_owned());
        self.read("get record", move |db| {
            let text: Option<String> = db
                .prepare_cached("SELECT value FROM records WHERE name = ?1 AND key = ?2")
                .and_then(|mut get| get.query_row(params![name, key], |row| row.get(0)).optional())
                .map_err(failed("get record"))?;
            text.map(|text| parse("get record", &text)).transpose()
        })
        .await
    }

    async fn all(&self, table: &str) -> Result<Vec<(String, Value)>> {
        let name = table.to_owned();
        self.read("list records", move |db| {
            let mut all = db
                .prepare_cached("SELECT key, value FROM records WHERE name = ?1 ORDER BY key")
                .map_err(failed("list records"))?;
            let rows = all
                .query_map(params![name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
                .map_err(failed("list records"))?;
            rows.map(|row| {
                let (key, text) = row.map_err(failed("list records"))?;
                Ok((key, parse("list records", &text)?))
            })
            .collect()
        })
        .await
    }

    async fn remove(&self, table: &str, key: &str) -> Result<bool> {
        let (name, key) = (table.to_owned(), key.to_owned());
        self.write("remove record", move |db| {
            let rows = db
                .prepare_cached("DELETE FROM records WHERE name = ?1 AND key = ?2")
                .and_then(|mut remove| remove.execute(params![name, key]))
                .map_err(failed("remove record"))?;
            if rows == 1 {
                index::keep(db, &name, &key, None)?;
            }
            Ok(rows == 1)
        })
        .await
    }
}
