//! What is seen first is remembered and insisted on: host keys and certificates.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use swim_core::model::Endpoint;
use swim_core::ports::Records;
use swim_core::{Error, ErrorKind, Result};

const OPERATION: &str = "remember first use";

/// Remembers what is seen at a place. `None` when it is the first; otherwise what was remembered before, to be compared.
pub(crate) async fn remember<T: Serialize + DeserializeOwned + Sync>(
    records: &dyn Records,
    table: &str,
    at: &Endpoint,
    seen: &T,
) -> Result<Option<T>> {
    let value = serde_json::to_value(seen)
        .map_err(|e| Error::internal(OPERATION, "what was seen cannot be written down").caused_by(e))?;
    if records.put_new(table, &at.to_string(), value).await? {
        return Ok(None);
    }
    match remembered(records, table, at).await? {
        // It was removed between the two calls: somebody is just accepting a new one by hand.
        None => Err(Error::new(ErrorKind::Conflict, OPERATION, "what is remembered is being changed; try again")),
        known => Ok(known),
    }
}

/// What is remembered of a place.
pub(crate) async fn remembered<T: DeserializeOwned>(
    records: &dyn Records,
    table: &str,
    at: &Endpoint,
) -> Result<Option<T>> {
    let value = records.get(table, &at.to_string()).await?;
    value.map(|value| serde_json::from_value(value).map_err(|e| unreadable(table, at, e))).transpose()
}

/// The record is there and cannot be understood.
pub(crate) fn unreadable(table: &str, at: &Endpoint, why: impl fmt::Display) -> Error {
    let message = format!("the record of {at} in the table {table} cannot be read: {why}");
    Error::new(ErrorKind::Store, OPERATION, message)
}
