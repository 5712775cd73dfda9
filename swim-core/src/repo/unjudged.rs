//! Lists that came or went, as long as not all images have been judged since: a kill in between must not leave an image free
//! that a list speaks against.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::known_good::{LISTS, rejudge};
use crate::Result;
use crate::model::Sha256;
use crate::ports::Records;

/// Marks by the time when they were made. They stand before the list does.
const TABLE: &str = "known_good_pending";

/// A mark whose list never came is of somebody who died before: nobody takes so long between the two.
const LONGEST: Duration = Duration::from_secs(3600);

/// Says that a list is about to come (its record) or to go (nothing). The key takes the mark away again.
pub(super) async fn mark(records: &dyn Records, name: &str, list: Option<&Value>, now: Timestamp) -> Result<String> {
    let key = format!("{:022} {name}", now.as_nanosecond());
    records.put(TABLE, &key, json!({ "name": name, "list": list.map(print), "at": now })).await?;
    Ok(key)
}

/// All images are judged since.
pub(super) async fn clear(records: &dyn Records, key: &str) -> Result<()> {
    records.remove(TABLE, key).await.map(drop)
}

fn print(list: &Value) -> String {
    Sha256::of(list.to_string().as_bytes()).to_string()
}

/// Judges all images, when somebody died who had to. Were there any to judge?
///
/// # Errors
/// `Conflict` (retry now) when lists and names change all the time; those of the store.
pub async fn judge_pending(records: &dyn Records, now: Timestamp) -> Result<bool> {
    let marks = records.all(TABLE).await?;
    if marks.is_empty() {
        return Ok(false);
    }
    // What is there now is what is judged by below, so only marks of that are done with.
    let mut done = Vec::new();
    for (key, mark) in marks {
        let name = mark.get("name").and_then(Value::as_str).unwrap_or_default();
        let there = records.get(LISTS, name).await?.as_ref().map(print);
        let made: Option<Timestamp> = mark.get("at").and_then(Value::as_str).and_then(|at| at.parse().ok());
        let old = made.is_none_or(|made| now.duration_since(made).unsigned_abs() > LONGEST);
        if old || there.as_deref() == mark.get("list").and_then(Value::as_str) {
            done.push(key);
        }
    }
    rejudge(records, now).await?;
    for key in done {
        clear(records, &key).await?;
    }
    Ok(true)
}
