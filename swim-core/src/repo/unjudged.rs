//! Lists that came or went, as long as not all images have been judged since: a kill or a full disk in between must not leave an
//! image free that a list speaks against. While a mark stands, whoever asks for an image judges it by the lists that are there.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::find;
use super::known_good::{self, LISTS, Rejudged, rejudge};
use super::record::{self, NAMES};
use crate::Result;
use crate::image::Image;
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

/// When the last list came or went of which not all images are marked yet.
async fn pending(records: &dyn Records) -> Result<Option<Timestamp>> {
    let marks = records.all(TABLE).await?;
    let since = marks.iter().map(|(_, mark)| made(mark).unwrap_or(Timestamp::UNIX_EPOCH)).max();
    Ok(since)
}

fn made(mark: &Value) -> Option<Timestamp> {
    mark.get("at").and_then(Value::as_str)?.parse().ok()
}

/// An image as the lists that are there have it: its record may not say so yet, and says it from now on where there is room.
///
/// # Errors
/// `NotFound`; those of the store.
pub async fn standing(records: &dyn Records, id: &Sha256) -> Result<Image> {
    // The mark first: it goes after the record is written.
    let since = pending(records).await?;
    let mut image = record::get(records, id).await?.ok_or_else(|| find::not_found(&id.to_string()))?;
    let Some(since) = since else { return Ok(image) };
    let lists = known_good::lists(records).await?;
    let names = find::names(records, id).await?;
    if !known_good::judge(&mut image, &known_good::indexed(&lists), &names, since) {
        return Ok(image);
    }
    match known_good::settle(records, image.clone(), since).await {
        Ok(image) => Ok(image),
        Err(error) => {
            tracing::warn!(%error, image = %id, "its quarantine could not be written down");
            Ok(image)
        }
    }
}

/// All images as the lists that are there have them. Writes nothing.
pub(super) async fn all(records: &dyn Records) -> Result<Vec<Image>> {
    let since = pending(records).await?;
    let mut images = record::all(records).await?;
    let Some(since) = since else { return Ok(images) };
    let (lists, names) = (known_good::lists(records).await?, records.all(NAMES).await?);
    let (lists, mut further) = (known_good::indexed(&lists), known_good::by_image(&names));
    for image in &mut images {
        let mut names = vec![image.file_name.clone()];
        names.extend(further.remove(&image.id).unwrap_or_default());
        known_good::judge(image, &lists, &names, since);
    }
    Ok(images)
}

/// Judges all images, when somebody died or failed who had to. Were there any to judge?
///
/// # Errors
/// `Conflict` (retry now) when lists and names change all the time; those of the store.
pub async fn judge_pending(records: &dyn Records, now: Timestamp) -> Result<bool> {
    let any = pending(records).await?.is_some();
    if any {
        judge(records, None, now).await?;
    }
    Ok(any)
}

/// Judges all images, and takes away the caller's own mark and those of others who did not come so far.
pub(super) async fn judge(records: &dyn Records, own: Option<&str>, now: Timestamp) -> Result<Rejudged> {
    // What is there now is what is judged by below, so only marks of that are done with.
    let mut done: Vec<String> = own.map(str::to_owned).into_iter().collect();
    for (key, mark) in records.all(TABLE).await?.into_iter().filter(|(key, _)| Some(key.as_str()) != own) {
        let name = mark.get("name").and_then(Value::as_str).unwrap_or_default();
        let there = records.get(LISTS, name).await?.as_ref().map(print);
        let old = made(&mark).is_none_or(|made| now.duration_since(made).unsigned_abs() > LONGEST);
        if old || there.as_deref() == mark.get("list").and_then(Value::as_str) {
            done.push(key);
        }
    }
    let judged = rejudge(records, now).await?;
    for key in done {
        clear(records, &key).await?;
    }
    Ok(judged)
}
