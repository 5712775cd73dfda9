//! Records in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use swim_core::Result;
use swim_core::ports::Records;

use super::MemoryStore;

pub(super) type Tables = BTreeMap<String, BTreeMap<String, Value>>;

#[async_trait]
impl Records for MemoryStore {
    async fn put(&self, table: &str, key: &str, value: Value) -> Result<()> {
        self.locked(|state| state.records.entry(table.to_owned()).or_default().insert(key.to_owned(), value));
        Ok(())
    }

    async fn put_new(&self, table: &str, key: &str, value: Value) -> Result<bool> {
        Ok(self.locked(|state| {
            let table = state.records.entry(table.to_owned()).or_default();
            let free = !table.contains_key(key);
            if free {
                table.insert(key.to_owned(), value);
            }
            free
        }))
    }

    async fn swap(&self, table: &str, key: &str, old: &Value, new: Value) -> Result<bool> {
        Ok(self.locked(|state| {
            let here = state.records.get_mut(table).and_then(|table| table.get_mut(key)).filter(|here| *here == old);
            here.map(|here| *here = new).is_some()
        }))
    }

    async fn get(&self, table: &str, key: &str) -> Result<Option<Value>> {
        Ok(self.locked(|state| state.records.get(table).and_then(|table| table.get(key)).cloned()))
    }

    async fn all(&self, table: &str) -> Result<Vec<(String, Value)>> {
        Ok(self.locked(|state| {
            let rows = state.records.get(table).into_iter().flatten();
            rows.map(|(key, value)| (key.clone(), value.clone())).collect()
        }))
    }

    async fn remove(&self, table: &str, key: &str) -> Result<bool> {
        Ok(self.locked(|state| state.records.get_mut(table).and_then(|table| table.remove(key)).is_some()))
    }
}
