//! Deleting an image that something may still need.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::audit::{self, ImageAudit};
use super::record::{self, IMAGES, questioned, tombstone_of};
use super::remove::bury;
use super::requirements::keep;
use crate::image::Image;
use crate::job::{Entry, JobEvent};
use crate::model::{DeviceId, Sha256};
use crate::ports::{Clock, ImageStore, Index, JobId, JobStore};
use crate::transfer::Staged;
use crate::{Error, ErrorKind, Result, Retry};

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
        audit::note(index, &line("deletion begun", &needed)).await?;
        Ok(needed)
    };
    let overridden = match looked.await {
        Ok(overridden) => overridden,
        Err(e) => {
            index.swap(IMAGES, &key, &question, value.clone()).await?;
            return Err(e);
        }
    };
    let (at, deleted) = audit::written(&line("deleted", &overridden))?;
    if !index.swap(IMAGES, &key, &question, tombstone_of(&at, &deleted)).await? {
        audit::note(index, &line("deletion given up", &overridden)).await?;
        return Err(changed(&key));
    }
    // It is decided: should this be killed, the next sweep writes the line and goes on.
    index.put(audit::LINES, &at, deleted).await?;
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
