//! Durable records that are not jobs: images, devices, host keys, inventories. JSON by table and key.

use std::fmt;

use async_trait::async_trait;
use serde_json::Value;

use crate::Result;

/// A small durable map of tables. Tables in use: `images`, `devices`, `inventories`, `host_keys`, `certificates`, `plans`,
/// `staged`, `requirement_changes`, `settings`, `known_good`, `known_good_pending`, `catalogs`, `collections`, `image_names`,
/// `image_damage`, `image_audit`, `scrub`.
#[async_trait]
pub trait Records: Send + Sync + fmt::Debug {
    /// Writes a record, replacing the old one.
    async fn put(&self, table: &str, key: &str, value: Value) -> Result<()>;
    /// Writes a record only if the key is free; `false` when it was taken.
    async fn put_new(&self, table: &str, key: &str, value: Value) -> Result<bool>;
    /// Writes a record only if it is still `old` (compare and set); `false` when it is another one or gone.
    async fn swap(&self, table: &str, key: &str, old: &Value, new: Value) -> Result<bool>;
    /// Reads a record.
    async fn get(&self, table: &str, key: &str) -> Result<Option<Value>>;
    /// All records of a table, by key.
    async fn all(&self, table: &str) -> Result<Vec<(String, Value)>>;
    /// Removes a record; `false` when it was not there.
    async fn remove(&self, table: &str, key: &str) -> Result<bool>;
}
