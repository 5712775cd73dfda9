//! Ports in memory, for the tests of this crate.
#![allow(dead_code, unreachable_pub)]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use swim_core::model::{Secret, SecretRef, Sha256};
use swim_core::ports::{ImageStore, ImageWriter, Records, Secrets};
use swim_core::{Error, ErrorKind, Result};

/// Records in a map.
#[derive(Debug, Default)]
pub struct MemoryRecords(Mutex<BTreeMap<(String, String), Value>>);

#[async_trait]
impl Records for MemoryRecords {
    async fn put(&self, table: &str, key: &str, value: Value) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((table.into(), key.into()), value);
        Ok(())
    }

    async fn put_new(&self, table: &str, key: &str, value: Value) -> Result<bool> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (table.to_owned(), key.to_owned());
        let free = !map.contains_key(&place);
        map.entry(place).or_insert(value);
        Ok(free)
    }

    async fn swap(&self, table: &str, key: &str, old: &Value, new: Value) -> Result<bool> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = map.get_mut(&(table.into(), key.into())).filter(|here| *here == old);
        Ok(here.map(|here| *here = new).is_some())
    }

    async fn get(&self, table: &str, key: &str) -> Result<Option<Value>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(table.into(), key.into())).cloned())
    }

    async fn all(&self, table: &str) -> Result<Vec<(String, Value)>> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(map.iter().filter(|((t, _), _)| t == table).map(|((_, k), v)| (k.clone(), v.clone())).collect())
    }

    async fn remove(&self, table: &str, key: &str) -> Result<bool> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(table.into(), key.into())).is_some())
    }
}

/// Secrets in a map.
#[derive(Debug, Default)]
pub struct MemorySecrets(pub HashMap<String, String>);

impl MemorySecrets {
    /// Secrets by name.
    #[must_use]
    pub fn new(secrets: &[(&str, &str)]) -> Self {
        Self(secrets.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }
}

#[async_trait]
impl Secrets for MemorySecrets {
    async fn resolve(&self, name: &SecretRef) -> Result<Secret<String>> {
        let missing = || Error::new(ErrorKind::NotFound, "resolve secret", format!("there is no secret {name}"));
        self.0.get(&name.0).cloned().map(Secret::new).ok_or_else(missing)
    }
}

/// One image whose bytes are computed, so that a large one takes no memory.
#[derive(Debug)]
pub struct PatternStore {
    /// Its size.
    pub bytes: u64,
}

impl PatternStore {
    /// The bytes from `offset`: a pattern without a short period, so that a shifted or swapped block shows.
    #[must_use]
    pub fn pattern(offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 16);
        let mut word = offset / 8;
        let skip = (offset % 8) as usize;
        while bytes.len() < length + skip {
            bytes.extend_from_slice(&word.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17).to_le_bytes());
            word += 1;
        }
        bytes.drain(..skip);
        bytes.truncate(length);
        bytes
    }
}

#[async_trait]
impl ImageStore for PatternStore {
    async fn create(&self) -> Result<Box<dyn ImageWriter>> {
        Err(Error::new(ErrorKind::Unsupported, "create", "this store only reads"))
    }

    async fn size(&self, _: &Sha256) -> Result<Option<u64>> {
        Ok(Some(self.bytes))
    }

    async fn read(&self, _: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
        let left = self.bytes.saturating_sub(offset);
        Ok(Self::pattern(offset, length.min(usize::try_from(left).unwrap_or(usize::MAX))).into())
    }

    async fn remove(&self, _: &Sha256) -> Result<()> {
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Sha256>> {
        Ok(Vec::new())
    }

    async fn sweep(&self) -> Result<u64> {
        Ok(0)
    }
}
