//! Lists of known good values, and the quarantine of images that contradict one.
//!
//! A list is one record of the table `known_good`, by its name; the quarantine stands in the record of the image. Images are
//! judged when they come, under each name that they come with, and all of them again when a list comes or goes.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::audit::{self, ImageAudit};
use super::record::{self, NAMES};
use super::{change, find, unjudged};
use crate::catalog::{Authenticity, Index, Judgement, KnownGood, KnownValue};
use crate::image::{Image, Lifted, Quarantine};
use crate::model::{Digests, Sha256};
use crate::ports::Records;
use crate::{Effect, Error, ErrorKind, Result, Retry};

/// Lists by name.
pub(super) const LISTS: &str = "known_good";
/// Rounds of judging: others must change lists or names in each of them.
const ROUNDS: u32 = 20;
/// The longest name of a list or a person, and the longest reason.
const LONGEST: usize = 1000;

/// A list as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    name: String,
    shape: String,
    #[serde(default)]
    format: Option<String>,
    imported: Timestamp,
    authenticity: Authenticity,
    #[serde(default)]
    remarks: Vec<String>,
    values: Vec<KnownValue>,
}

/// A list without its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KnownGoodList {
    /// Its name.
    pub name: String,
    /// The shape that it was published in.
    pub shape: String,
    /// What it calls its form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// When it came.
    pub imported: Timestamp,
    /// Who signed it, or that nobody did.
    pub authenticity: Authenticity,
    /// How many files it has.
    pub values: usize,
    /// What of it was not understood and passed over, and what came of its taking the place of another.
    #[serde(default)]
    pub remarks: Vec<String>,
}

impl Kept {
    fn summary(&self) -> KnownGoodList {
        KnownGoodList {
            name: self.name.clone(),
            shape: self.shape.clone(),
            format: self.format.clone(),
            imported: self.imported,
            authenticity: self.authenticity.clone(),
            values: self.values.len(),
            remarks: self.remarks.clone(),
        }
    }
}

/// An image, as far as a judgement names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Which image.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
}

/// What became of the images when a list came or went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rejudged {
    /// Images that are as the lists have them.
    pub good: u64,
    /// Images that no list says anything of.
    pub not_listed: u64,
    /// Images that are in quarantine now.
    pub quarantined: Vec<Judged>,
    /// Images that were, and are not any more.
    pub released: Vec<Judged>,
}

/// Keeps a list, in the place of the one of that name, and judges every image by it. Lists carry no date, so that an old one
/// could be played again: what files the one before had and this one has not is a remark.
///
/// # Errors
/// `InvalidInput` for a bad name; `Conflict` when the list that is here is signed and this one is not by the same
/// certificate: that one must be removed first; those of the store. When they come after the list was written, they say so:
/// the list is in force then, and [`cleared`](super::cleared) judges by it.
pub async fn import_known_good(
    records: &dyn Records,
    name: &str,
    list: KnownGood,
    authenticity: Authenticity,
    now: Timestamp,
) -> Result<(KnownGoodList, Rejudged)> {
    said("name", name)?;
    let before = records.get(LISTS, name).await?;
    let old = before.as_ref().map(|before| read(name, before.clone())).transpose()?;
    let conflict = |message: String| Error::new(ErrorKind::Conflict, "import list", message).with("name", name);
    if let Some(old) = old.as_ref().filter(|old| !authenticity.may_replace(&old.authenticity)) {
        let message = format!(
            "the list {name} that is here is {}, this one is {authenticity}: remove that one first, or give this one \
             another name",
            old.authenticity
        );
        return Err(conflict(message));
    }
    let KnownGood { shape, format, values, mut remarks } = list;
    remarks.extend(old.and_then(|old| gone(&old.values, &values)));
    let kept = Kept { name: name.to_owned(), shape, format, imported: now, authenticity, remarks, values };
    let (summary, fresh) = (kept.summary(), written(&kept)?);
    let mark = unjudged::mark(records, name, Some(&fresh), now).await?;
    let settled = match &before {
        Some(before) => records.swap(LISTS, name, before, fresh).await?,
        None => records.put_new(LISTS, name, fresh).await?,
    };
    if !settled {
        unjudged::clear(records, &mark).await?;
        return Err(conflict(format!("another list {name} came at the same time")).retry_when(Retry::Now));
    }
    let judged = unjudged::judge(records, Some(&mark), now).await;
    Ok((summary, judged.map_err(|e| already(e, name, "in force"))?))
}

/// The list has come or gone all the same, and counts for every image that is asked for.
fn already(error: Error, name: &str, what: &str) -> Error {
    error
        .under(&format!("the list {name} is {what} all the same, but not every image is marked by that yet"))
        .with("name", name)
        .effected(Effect::Applied)
}

/// What the list before had and this one has not.
fn gone(before: &[KnownValue], now: &[KnownValue]) -> Option<String> {
    let there: HashSet<&str> = now.iter().map(|value| value.file_name.as_str()).collect();
    let gone: BTreeSet<&str> =
        before.iter().map(|value| value.file_name.as_str()).filter(|name| !there.contains(name)).collect();
    let first = gone.first()?;
    Some(match gone.len() {
        1 => format!("a file of the list before is not in this one, {first}: is it an older one?"),
        many => format!("{many} files of the list before are not in this one, first {first}: is it an older one?"),
    })
}

/// Removes a list and judges every image by those that are left.
///
/// # Errors
/// `NotFound`; those of the store. When they come after the list was removed, they say so.
pub async fn remove_known_good(records: &dyn Records, name: &str, now: Timestamp) -> Result<Rejudged> {
    let mark = unjudged::mark(records, name, None, now).await?;
    if !records.remove(LISTS, name).await? {
        // It may have gone in an earlier call, which failed after that.
        unjudged::judge(records, Some(&mark), now).await?;
        let message = format!("there is no list of known good values {name:?}");
        return Err(Error::new(ErrorKind::NotFound, "find list", message).with("name", name));
    }
    unjudged::judge(records, Some(&mark), now).await.map_err(|e| already(e, name, "removed"))
}

/// The lists, by name.
///
/// # Errors
/// Those of the store.
pub async fn known_good_lists(records: &dyn Records) -> Result<Vec<KnownGoodList>> {
    Ok(lists(records).await?.iter().map(Kept::summary).collect())
}

/// What each list says of an image.
///
/// # Errors
/// `NotFound`; those of the store.
pub async fn judgements(records: &dyn Records, image: &Sha256) -> Result<Vec<(String, Judgement)>> {
    let names = find::names(records, image).await?;
    let found = find::image(records, &image.to_string()).await?;
    let judged = |list: Kept| (list.name, Index::new(&list.values).judge(&names, &found.digests));
    Ok(lists(records).await?.into_iter().map(judged).collect())
}

/// Lifts the quarantine of an image: a person takes the responsibility. It stays lifted as long as the lists say the same.
///
/// # Errors
/// `InvalidInput` without a person or a reason; `NotFound`; `Conflict` when it is in no quarantine; those of the store.
pub async fn lift_quarantine(
    records: &dyn Records,
    image: &Sha256,
    by: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Image> {
    said("by", by)?;
    said("reason", reason)?;
    let lifted = Lifted { at: now, by: by.to_owned(), reason: reason.to_owned() };
    let before = unjudged::standing(records, image).await?;
    if before.quarantined().is_none() {
        let message = format!("{} is in no quarantine", before.file_name);
        return Err(Error::new(ErrorKind::Conflict, "lift quarantine", message).with("image", image));
    }
    note(records, &before, now, "quarantine lifted", Some((by, reason))).await?;
    // Only what the person saw: a list that came meanwhile counts anew.
    let lift = |image: &mut Image| image.quarantine == before.quarantine && image.lift(lifted.clone());
    let after = change(records, image, lift).await?.unwrap_or(before);
    if after.quarantined().is_some() {
        let message = format!("{}: the lists have changed at the same time; look again", after.file_name);
        return Err(Error::new(ErrorKind::Conflict, "lift quarantine", message).with("image", image));
    }
    Ok(after)
}

/// The quarantine that the lists put an image with these names into.
pub(super) async fn quarantine(
    records: &dyn Records,
    names: &[String],
    digests: &Digests,
    now: Timestamp,
) -> Result<Option<Quarantine>> {
    Ok(verdict(&indexed(&lists(records).await?), names, digests, now))
}

/// Writes down that an image came into quarantine as it came.
pub(super) async fn entered(records: &dyn Records, image: &Image, now: Timestamp) -> Result<()> {
    match image.quarantined() {
        Some(_) => note(records, image, now, "quarantined", None).await,
        None => Ok(()),
    }
}

/// Judges an image that has come, or come under a new name, once more: a list may have come at the same time.
pub(super) async fn settle(records: &dyn Records, image: Image, now: Timestamp) -> Result<Image> {
    let mut image = image;
    let mut rows = records.all(LISTS).await?;
    for _ in 0..ROUNDS {
        let lists = read_all(&rows)?;
        if lists.is_empty() && image.contradicted().is_none() {
            return Ok(image);
        }
        let names = find::names(records, &image.id).await.unwrap_or_else(|_| vec![image.file_name.clone()]);
        image = judge_one(records, &indexed(&lists), &image.id, &names, now).await?.unwrap_or(image);
        // What somebody else judged by newer lists meanwhile must not be taken back by older ones.
        let now_there = records.all(LISTS).await?;
        if now_there == rows {
            return Ok(image);
        }
        rows = now_there;
    }
    Err(restless())
}

/// Judges all images by what is there, until that is the same at the end as it was at the beginning: who judges by older
/// lists or names last would take back what somebody else judged by newer ones.
pub(super) async fn rejudge(records: &dyn Records, now: Timestamp) -> Result<Rejudged> {
    let mut rows = (records.all(LISTS).await?, records.all(NAMES).await?);
    let mut all = Rejudged::default();
    for _ in 0..ROUNDS {
        let done = judge_all(records, &rows, now).await?;
        all = Rejudged {
            quarantined: done.quarantined,
            released: all.released.into_iter().chain(done.released).collect(),
            ..done
        };
        let now_there = (records.all(LISTS).await?, records.all(NAMES).await?);
        if now_there == rows {
            return Ok(all);
        }
        rows = now_there;
    }
    Err(restless())
}

/// Lists or names changed in each of many rounds.
fn restless() -> Error {
    let message = "lists and names of images change all the time: the images are judged when that ends";
    Error::new(ErrorKind::Conflict, "judge images", message).retry_when(Retry::Now)
}

type Rows = Vec<(String, Value)>;

async fn judge_all(records: &dyn Records, (lists, names): &(Rows, Rows), now: Timestamp) -> Result<Rejudged> {
    let lists = read_all(lists)?;
    let lists = indexed(&lists);
    let mut further = by_image(names);
    let mut done = Rejudged::default();
    for before in record::all(records).await? {
        let mut names = vec![before.file_name.clone()];
        names.extend(further.remove(&before.id).unwrap_or_default());
        let Some(after) = judge_one(records, &lists, &before.id, &names, now).await? else { continue };
        let judged = Judged { image: after.id, file_name: after.file_name.clone() };
        if after.quarantined().is_some() {
            done.quarantined.push(judged);
            continue;
        }
        if before.quarantined().is_some() {
            done.released.push(judged);
        }
        if spoken_for(&lists, &names, &after.digests) {
            done.good += 1;
        } else if after.contradicted().is_none() {
            done.not_listed += 1;
        }
    }
    Ok(done)
}

/// The further names of each image.
pub(super) fn by_image(names: &[(String, Value)]) -> HashMap<Sha256, Vec<String>> {
    let mut further: HashMap<Sha256, Vec<String>> = HashMap::new();
    for (id, name) in names.iter().filter_map(|(key, _)| record::split_name(key)) {
        further.entry(id).or_default().push(name.to_owned());
    }
    further
}

/// Judges an image under these names, and writes down what becomes of it.
pub(super) async fn judge_one(
    records: &dyn Records,
    lists: &[(&str, Index<'_>)],
    id: &Sha256,
    names: &[String],
    now: Timestamp,
) -> Result<Option<Image>> {
    let Some(before) = record::get(records, id).await? else { return Ok(None) };
    let after = change(records, id, |image| judge(image, lists, names, now)).await?;
    if let Some(after) = &after {
        match (before.quarantined().is_some(), after.quarantined().is_some()) {
            (false, true) => note(records, after, now, "quarantined", None).await?,
            (true, false) => note(records, after, now, "quarantine ended", None).await?,
            _ => {}
        }
    }
    Ok(after)
}

/// Puts an image with these names into quarantine, or ends it, as the lists say. Is it another than before?
pub(super) fn judge(image: &mut Image, lists: &[(&str, Index<'_>)], names: &[String], now: Timestamp) -> bool {
    let fresh = verdict(lists, names, &image.digests, now);
    let same = match (&fresh, image.contradicted()) {
        (None, None) => true,
        // What a person lifted stays lifted while it is the same contradiction.
        (Some(fresh), Some(old)) => (&fresh.list, &fresh.reasons) == (&old.list, &old.reasons),
        // That no list here knows the image does not make it good.
        (None, Some(old)) => old.elsewhere && !spoken_for(lists, names, &image.digests),
        _ => false,
    };
    if !same {
        (image.quarantine, image.quarantine_lifted) = (fresh, None);
    }
    !same
}

fn spoken_for(lists: &[(&str, Index<'_>)], names: &[String], digests: &Digests) -> bool {
    lists.iter().any(|(_, list)| matches!(list.judge(names, digests), Judgement::Matches { .. }))
}

/// The first list that contradicts wins.
pub(super) fn verdict(
    lists: &[(&str, Index<'_>)],
    names: &[String],
    digests: &Digests,
    now: Timestamp,
) -> Option<Quarantine> {
    lists.iter().find_map(|(name, list)| match list.judge(names, digests) {
        Judgement::Contradicts { listed_as, differs } => Some(Quarantine {
            since: now,
            list: (*name).to_owned(),
            reasons: differs.into_iter().map(|differs| format!("{listed_as}: {differs}")).collect(),
            elsewhere: false,
            lifted: None,
        }),
        _ => None,
    })
}

pub(super) fn indexed(lists: &[Kept]) -> Vec<(&str, Index<'_>)> {
    lists.iter().map(|list| (list.name.as_str(), Index::new(&list.values))).collect()
}

pub(super) async fn lists(records: &dyn Records) -> Result<Vec<Kept>> {
    read_all(&records.all(LISTS).await?)
}

fn read_all(rows: &[(String, Value)]) -> Result<Vec<Kept>> {
    rows.iter().map(|(key, value)| read(key, value.clone())).collect()
}

fn read(name: &str, value: Value) -> Result<Kept> {
    serde_json::from_value(value).map_err(|cause| {
        let message = format!("the record of the list {name} cannot be read");
        Error::new(ErrorKind::Store, "read list", message).with("name", name).caused_by(cause)
    })
}

fn written(kept: &Kept) -> Result<Value> {
    serde_json::to_value(kept)
        .map_err(|cause| Error::internal("write list", "a list has no JSON form").caused_by(cause))
}

/// A line of the audit of images.
async fn note(
    records: &dyn Records,
    image: &Image,
    now: Timestamp,
    action: &str,
    by: Option<(&str, &str)>,
) -> Result<()> {
    let reasons = image.contradicted().map(|q| format!("{}: {}", q.list, q.reasons.join("; ")));
    let line = ImageAudit {
        at: now,
        image: image.id,
        file_name: image.file_name.clone(),
        action: action.to_owned(),
        by: by.map(|(by, _)| by.to_owned()),
        reason: by.map(|(_, reason)| reason.to_owned()).or(reasons),
        overridden: Vec::new(),
    };
    audit::note(records, &line).await
}

fn said(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
        let shown: String = text.chars().take(60).collect();
        return Err(Error::invalid(
            field,
            format!("{shown:?}"),
            "it must be said, in at most 1000 bytes without control characters",
        ));
    }
    Ok(())
}
