//! Deleting an image that something may still need.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::find::any_of;
use super::query::ImageQuery;
use super::record::{self, IMAGES, last_line, questioned, tombstone_of};
use super::remove::bury;
use super::requirements::keep;
use crate::image::Image;
use crate::job::{Entry, JobEvent};
use crate::model::{DeviceId, Sha256};
use crate::ports::{Clock, ImageStore, Index, JobId, JobStore, Records};
use crate::transfer::Staged;
use crate::{Error, ErrorKind, Result, Retry};

/// Lines of the audit, by time.
const AUDIT: &str = "image_audit";

/// Referrers that an error names; more are counted.
const NAMED: usize = 5;

/// Devices that an answer names; more are counted.
const DEVICES: u32 = 20;

/// What still needs an image of the repository. Devices that use it are none: they have a copy of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Referrer {
    /// An unfinished job brings it to devices, or goes back to it.
    Job {
        /// Which job.
        job: JobId,
    },
    /// It is offered to a device.
    Offer {
        /// The number of the offer.
        offer: u64,
    },
    /// A copy is on an image server: it could not be compared with anything any more.
    Staged {
        /// The server.
        server: DeviceId,
        /// The path there.
        path: String,
    },
}

impl Referrer {
    /// May an image be deleted in spite of it, with a reason?
    #[must_use]
    pub const fn yields(&self) -> bool {
        matches!(self, Self::Staged { .. })
    }
}

impl fmt::Display for Referrer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job { job } => write!(f, "job {job} is not finished (cancel it first)"),
            Self::Offer { offer } => write!(f, "offer {offer} is open (withdraw it first)"),
            Self::Staged { server, path } => write!(f, "image server {server} has a copy at {path}"),
        }
    }
}

impl From<Staged> for Referrer {
    fn from(staged: Staged) -> Self {
        Self::Staged { server: staged.server, path: staged.path }
    }
}

/// Who knows what still needs an image.
#[async_trait]
pub trait Referrers: Send + Sync {
    /// Everything that needs it now.
    async fn of(&self, image: &Sha256) -> Result<Vec<Referrer>>;
}

/// The unfinished jobs that need an image.
///
/// # Errors
/// Those of the store.
pub async fn jobs_with(jobs: &dyn JobStore, image: &Sha256) -> Result<Vec<Referrer>> {
    let mut out = Vec::new();
    for job in jobs.list().await?.into_iter().filter(|job| !job.finished) {
        let first = jobs.load(&job.id, 0).await?.into_iter().next();
        // What cannot be read may be about any image.
        let needs = match first.map(|stored| Entry::from_json(stored.event)) {
            Some(Ok(Entry { event: JobEvent::Submitted { plan, .. }, .. })) => plan.goal.image == *image,
            _ => true,
        };
        if needs {
            out.push(Referrer::Job { job: job.id });
        }
    }
    Ok(out)
}

/// A line of the audit of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageAudit {
    /// When.
    pub at: Timestamp,
    /// Which image.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
    /// What was done: `deletion begun`, `deleted`, `deletion given up`, `quarantined`, `quarantine ended`, `quarantine lifted`.
    pub action: String,
    /// Who did it, where a person is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The reason that somebody gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What needed it all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<Referrer>,
}

/// The audit of the repository, oldest first; of one image, where it is given.
///
/// # Errors
/// `Store`.
pub async fn image_audit(records: &dyn Records, image: Option<&Sha256>) -> Result<Vec<ImageAudit>> {
    let read = |(key, value): (String, Value)| {
        ImageAudit::deserialize(&value).map_err(|cause| {
            Error::new(ErrorKind::Store, "read audit", format!("line {key} cannot be read")).caused_by(cause)
        })
    };
    let mut lines = records.all(AUDIT).await?.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    lines.retain(|line| image.is_none_or(|image| line.image == *image));
    Ok(lines)
}

/// The audit of one image, also of one that is gone: by its id, by the first digits of it (four or more), or by its file
/// name, under which there may have been several.
///
/// # Errors
/// `InvalidInput` for digits that are those of several images, naming them; `Store`.
pub async fn image_audit_of(records: &dyn Records, wanted: &str) -> Result<Vec<ImageAudit>> {
    if let Ok(id) = wanted.parse() {
        return image_audit(records, Some(&id)).await;
    }
    let mut lines = image_audit(records, None).await?;
    if lines.iter().any(|line| line.file_name == wanted) {
        lines.retain(|line| line.file_name == wanted);
        return Ok(lines);
    }
    let digits = wanted.to_ascii_lowercase();
    let is_prefix = ImageQuery::digits(&digits).is_some();
    lines.retain(|line| is_prefix && line.image.to_string().starts_with(&digits));
    let ids: BTreeSet<Sha256> = lines.iter().map(|line| line.image).collect();
    if ids.len() > 1 {
        return Err(any_of(wanted, ids.iter().map(Sha256::to_string)));
    }
    Ok(lines)
}

async fn note(records: &dyn Records, line: &ImageAudit) -> Result<()> {
    let (key, value) = written(line)?;
    records.put(AUDIT, &key, value).await
}

fn written(line: &ImageAudit) -> Result<(String, Value)> {
    let value = serde_json::to_value(line)
        .map_err(|cause| Error::internal("write audit", "a line has no JSON form").caused_by(cause))?;
    // Two lines of one image in one nanosecond differ in what they say.
    Ok((format!("{:022} {} {}", line.at.as_nanosecond(), line.image, line.action), value))
}

/// Writes the line that a killed removal left unwritten, if it did.
pub(super) async fn noted(records: &dyn Records, tombstone: &Value) -> Result<()> {
    match last_line(tombstone) {
        Some((key, line)) => records.put(AUDIT, key, line.clone()).await,
        None => Ok(()),
    }
}

/// What was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deleted {
    /// Which image.
    pub image: Sha256,
    /// Its file name.
    pub file_name: String,
    /// How many devices use it: they keep their copies.
    pub devices: u64,
    /// Some of them, by name.
    pub used_by: Vec<DeviceId>,
    /// What needed it all the same.
    pub overridden: Vec<Referrer>,
}

/// Deletes an image from the repository, unless something still needs it. With a reason some referrers are overridden (see
/// [`Referrer::yields`]); that is audited.
///
/// Nobody finds the image while it is looked whether something needs it, and that is looked at again afterwards: a job that
/// is submitted meanwhile either is seen here, or finds no image. Killed in the middle it is done or undone by the next
/// [`sweep`](super::sweep).
///
/// # Errors
/// - `NotFound`: there is no such image.
/// - `Conflict`: something needs it, each named; or (retry now) somebody else is deleting or changing it.
/// - Those of the stores.
pub async fn delete(
    store: &dyn ImageStore,
    index: &dyn Index,
    clock: &dyn Clock,
    image: &Sha256,
    referrers: &dyn Referrers,
    reason: Option<&str>,
) -> Result<Deleted> {
    let key = image.to_string();
    let found = index.get(IMAGES, &key).await?;
    let there = match &found {
        Some(value) => record::read(&key, value.clone())?.map(|image| (value, image)),
        None => None,
    };
    let Some((value, Image { file_name, overrides, .. })) = there else {
        let message = format!("there is no image {key}, or it is being deleted");
        return Err(Error::new(ErrorKind::NotFound, OPERATION, message).with("image", &key));
    };
    let forced = reason.is_some();
    allowed(&key, &file_name, &referrers.of(image).await?, forced)?;
    let users = index.usage(image, None, Some(DEVICES)).await?;
    let devices = index.users(image).await?;
    let mut used_by: Vec<DeviceId> = users.into_iter().map(|usage| usage.device).collect();
    used_by.dedup();
    let line = |action: &str, overridden: &[Referrer]| ImageAudit {
        at: clock.now(),
        image: *image,
        file_name: file_name.clone(),
        action: action.to_owned(),
        by: None,
        reason: reason.map(str::to_owned),
        overridden: overridden.to_vec(),
    };
    let question = questioned(value);
    if !index.swap(IMAGES, &key, value, question.clone()).await? {
        return Err(changed(&key));
    }
    let looked = async {
        let needed = referrers.of(image).await?;
        allowed(&key, &file_name, &needed, forced)?;
        note(index, &line("deletion begun", &needed)).await?;
        Ok(needed)
    };
    let overridden = match looked.await {
        Ok(overridden) => overridden,
        Err(e) => {
            index.swap(IMAGES, &key, &question, value.clone()).await?;
            return Err(e);
        }
    };
    let (at, deleted) = written(&line("deleted", &overridden))?;
    if !index.swap(IMAGES, &key, &question, tombstone_of(&at, &deleted)).await? {
        note(index, &line("deletion given up", &overridden)).await?;
        return Err(changed(&key));
    }
    // It is decided: should this be killed, the next sweep writes the line and goes on.
    index.put(AUDIT, &at, deleted).await?;
    keep(index, overrides.last.as_ref()).await?;
    bury(store, index, image).await?;
    Ok(Deleted { image: *image, file_name, devices, used_by, overridden })
}

const OPERATION: &str = "delete image";

/// Refuses when something needs it that does not yield, or yields and no reason was given.
fn allowed(key: &str, file_name: &str, referrers: &[Referrer], forced: bool) -> Result<()> {
    let blocking: Vec<&Referrer> = referrers.iter().filter(|referrer| !(forced && referrer.yields())).collect();
    if blocking.is_empty() {
        return Ok(());
    }
    let mut named: Vec<String> = blocking.iter().take(NAMED).map(ToString::to_string).collect();
    if blocking.len() > NAMED {
        named.push(format!("and {} more", blocking.len() - NAMED));
    }
    let hint = if blocking.iter().all(|referrer| referrer.yields()) {
        "; give a reason to delete it all the same"
    } else {
        ""
    };
    let message = format!("{file_name} is still needed: {}{hint}", named.join("; "));
    Err(Error::new(ErrorKind::Conflict, OPERATION, message).with("image", key).with("referrers", blocking.len()))
}

fn changed(key: &str) -> Error {
    Error::new(ErrorKind::Conflict, OPERATION, format!("image {key} was changed at the same time"))
        .with("image", key)
        .retry_when(Retry::Now)
}
