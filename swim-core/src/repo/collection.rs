//! The virtual image repository: sources from which images are collected, once or again and again.
//!
//! A source is a record of the table `collections`. Whoever runs it claims it first, so that of several processes one does;
//! a claim of a process that died runs out.

use std::time::Duration;

use jiff::Timestamp;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::image::parse_filename;
use crate::model::{DeviceId, HostKeyPolicy, Location, Login, Schedule, Sha256, TlsTrust};
use crate::ports::Records;
use crate::{Error, ErrorKind, ErrorRecord, Result};

/// The table of sources, by name.
pub(super) const COLLECTIONS: &str = "collections";

/// A claim holds so long unless it is renewed: who dies holds others up for no longer, and a machine that swaps loses none.
const CLAIM: Duration = Duration::from_secs(120);

/// How often a claim is to be [renewed](renew): four times in its life.
pub const RENEW_EVERY: Duration = Duration::from_secs(30);

/// Outcomes that are kept of a run; their counts are always whole.
const KEPT: usize = 1000;

/// Patterns of names of one source.
const PATTERNS: usize = 100;

/// From where images are collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CollectFrom {
    /// A URL: one file, or a folder (it ends in a slash) whose listing is read: FTP, FTPS, HTTP, HTTPS.
    Url {
        /// Without a password or a query: it is kept.
        url: String,
        /// A login by the names of secrets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<Login>,
        /// What to do about the SSH host key.
        #[serde(default, skip_serializing_if = "HostKeyPolicy::is_default")]
        host_key: HostKeyPolicy,
        /// What to do about the certificate.
        #[serde(default, skip_serializing_if = "TlsTrust::is_default")]
        tls: TlsTrust,
    },
    /// A file of the machine that collects.
    File {
        /// Its path.
        path: String,
    },
    /// The running images of devices: a baseline.
    Devices {
        /// Which; absent: all that are known when it runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        devices: Option<Vec<DeviceId>>,
    },
}

impl CollectFrom {
    /// The URL, understood, when it is one.
    ///
    /// # Errors
    /// `InvalidInput` for one that carries what must not be kept.
    pub fn location(&self) -> Result<Option<Location>> {
        let Self::Url { url, .. } = self else { return Ok(None) };
        let at: Location = url.parse()?;
        let secret = at.password.is_some() || at.query.is_some();
        if secret || at.user.is_some() {
            let why = "a source is kept: its URL must have no login and no query; name a login by the names of secrets";
            return Err(Error::invalid("from.url", "(not shown)", why));
        }
        Ok(Some(at))
    }
}

/// A source of images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// The operator's name of it; unique.
    pub name: DeviceId,
    /// From where.
    pub from: CollectFrom,
    /// Of a folder: only files whose name fits one of these patterns (`*` and `?`). Default: those that are named like an
    /// image of a platform that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Fetch also what the repository has under the same name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// When it runs by itself; default: only when it is asked for.
    #[serde(default, skip_serializing_if = "Schedule::is_default")]
    pub schedule: Schedule,
}

impl Collection {
    /// A source with nothing special, which runs when it is asked for.
    #[must_use]
    pub fn new(name: DeviceId, from: CollectFrom) -> Self {
        Self { name, from, only: Vec::new(), again: false, schedule: Schedule::default() }
    }

    /// Checks what can be checked without looking there.
    ///
    /// # Errors
    /// `InvalidInput` names the field.
    pub fn check(&self) -> Result<()> {
        self.from.location()?;
        self.schedule.check()?;
        if self.only.len() > PATTERNS {
            return Err(Error::invalid("only", self.only.len(), &format!("at most {PATTERNS} patterns")));
        }
        match &self.from {
            CollectFrom::Url { tls, .. } => tls.check(),
            CollectFrom::File { path } if path.is_empty() => {
                Err(Error::invalid("from.file.path", "\"\"", "the path of a file"))
            }
            // It would be kept with its login, and never be found.
            CollectFrom::File { path } if path.contains("://") => Err(Error::invalid(
                "from.file.path",
                "(not shown)",
                "the path of a file of this machine: this is a URL",
            )),
            CollectFrom::File { path } if path.ends_with('/') => {
                Err(Error::invalid("from.file.path", format!("{path:?}"), "it names a folder: name a file of it"))
            }
            CollectFrom::File { .. } => Ok(()),
            CollectFrom::Devices { devices } => {
                let devices = devices.as_deref();
                if devices.is_some_and(<[_]>::is_empty) {
                    let why = "name some, or leave it out for all that are known when it runs";
                    return Err(Error::invalid("from.devices.devices", "[]", why));
                }
                DeviceId::once("from.devices.devices", devices.unwrap_or_default())
            }
        }
    }

    /// Those of a listing that are taken.
    #[must_use]
    pub fn picked(&self, names: Vec<String>) -> Vec<String> {
        let patterns: Vec<Regex> = self.only.iter().filter_map(|pattern| fitting(pattern)).collect();
        let fits = |name: &String| match self.only.is_empty() {
            true => parse_filename(name).platform.is_some(),
            false => patterns.iter().any(|pattern| pattern.is_match(name)),
        };
        names.into_iter().filter(fits).collect()
    }
}

/// `*` stands for any characters and `?` for one.
fn fitting(pattern: &str) -> Option<Regex> {
    let escaped = regex::escape(pattern).replace("\\*", ".*").replace("\\?", ".");
    Regex::new(&format!("(?s)^{escaped}$")).ok()
}

/// What came of one file or device of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It is in the repository now.
    Imported,
    /// The repository had it.
    Known,
    /// It cannot be taken from there, by what it is: a device in install mode.
    Refused,
    /// It could not be taken this time.
    Failed,
}

/// One file or device of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// The file's name, or the device.
    pub what: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The image, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Sha256>,
    /// Why it was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

impl Item {
    /// Of a file or device that ended so.
    #[must_use]
    pub fn new(what: impl Into<String>, ended: Result<(Outcome, Sha256)>) -> Self {
        let what = what.into();
        match ended {
            Ok((outcome, image)) => Self { what, outcome, image: Some(image), error: None },
            Err(e) => {
                let outcome = if e.kind() == ErrorKind::Unsupported { Outcome::Refused } else { Outcome::Failed };
                Self { what, outcome, image: None, error: Some(e.record()) }
            }
        }
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Run {
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How many were imported.
    pub imported: u64,
    /// How many were there.
    pub known: u64,
    /// How many cannot be taken.
    pub refused: u64,
    /// How many failed.
    pub failed: u64,
    /// What came of each; of very many of the first thousand.
    pub results: Vec<Item>,
    /// Why nothing could be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

impl Run {
    /// What came of the items, or why there are none.
    #[must_use]
    pub fn new(began: Timestamp, ended: Timestamp, items: Result<Vec<Item>>) -> Self {
        let (mut results, error) = match items {
            Ok(items) => (items, None),
            Err(e) => (Vec::new(), Some(e.record())),
        };
        let count = |outcome| results.iter().filter(|item| item.outcome == outcome).count() as u64;
        let (imported, known) = (count(Outcome::Imported), count(Outcome::Known));
        let (refused, failed) = (count(Outcome::Refused), count(Outcome::Failed));
        results.truncate(KEPT);
        Self { began, ended, imported, known, refused, failed, results, error }
    }
}

/// A source and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Collected {
    /// The source.
    pub source: Collection,
    /// When it runs next; `None`: when it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Who runs it, and until when that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<(String, Timestamp)>,
    /// Runs so far.
    #[serde(default)]
    pub runs: u64,
    /// Images that it brought so far.
    #[serde(default)]
    pub imported: u64,
    /// The last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Run>,
}

/// Keeps a source, or replaces the one of its name; what that one brought stays counted.
///
/// # Errors
/// `InvalidInput`; those of the store; `Busy` when others change it all the time.
pub async fn add(records: &dyn Records, source: Collection, now: Timestamp) -> Result<Collected> {
    source.check()?;
    let due = source.schedule.first(now)?;
    let new = Collected { source: source.clone(), due, claimed: None, runs: 0, imported: 0, last: None };
    if records.put_new(COLLECTIONS, source.name.as_str(), write(&new)?).await? {
        return Ok(new);
    }
    change(records, &source.name, |old| {
        (old.source, old.due) = (source.clone(), due);
        Ok(())
    })
    .await
}

/// The sources, by name.
///
/// # Errors
/// Those of the store.
pub async fn all(records: &dyn Records) -> Result<Vec<Collected>> {
    records.all(COLLECTIONS).await?.into_iter().map(|(name, value)| read(&name, value)).collect()
}

/// Forgets a source; its images stay. Was there one?
///
/// # Errors
/// Those of the store.
pub async fn remove(records: &dyn Records, name: &DeviceId) -> Result<bool> {
    records.remove(COLLECTIONS, name.as_str()).await
}

/// Takes a source to run it. When it is due it is due no more, but at its next time. `when_due`: only if it is.
///
/// # Errors
/// `NotFound`; `Busy` while another runs it; `Blocked` when it is not due; those of the store.
pub async fn claim(
    records: &dyn Records,
    name: &DeviceId,
    worker: &str,
    now: Timestamp,
    when_due: bool,
) -> Result<Collected> {
    change(records, name, |it| {
        if let Some((by, until)) = &it.claimed
            && *until > now
        {
            let message = format!("{name} is being collected by {by}");
            return Err(Error::new(ErrorKind::Busy, "collect", message).with("collection", name));
        }
        let due = it.due.is_some_and(|due| due <= now);
        if when_due && !due {
            return Err(Error::new(ErrorKind::Blocked, "collect", format!("{name} is not due")));
        }
        if due {
            // What was missed while nobody was there is made up for once, not once for each time.
            it.due = it.source.schedule.next_after(now)?;
        }
        it.claimed = Some((worker.to_owned(), until(now)));
        Ok(())
    })
    .await
}

/// Holds a claim on.
///
/// # Errors
/// `LeaseLost` when it is another's, or the source is gone; those of the store.
pub async fn renew(records: &dyn Records, name: &DeviceId, worker: &str, now: Timestamp) -> Result<()> {
    change(records, name, |it| {
        ours(it, worker)?;
        it.claimed = Some((worker.to_owned(), until(now)));
        Ok(())
    })
    .await
    .map(|_| ())
}

/// Gives a claim back without a run: nobody waits for what was given up.
///
/// # Errors
/// As [`renew`].
pub async fn release(records: &dyn Records, name: &DeviceId, worker: &str) -> Result<()> {
    change(records, name, |it| {
        ours(it, worker)?;
        it.claimed = None;
        Ok(())
    })
    .await
    .map(|_| ())
}

/// Ends a run and keeps what came of it.
///
/// # Errors
/// As [`renew`].
pub async fn end(records: &dyn Records, name: &DeviceId, worker: &str, run: &Run) -> Result<Collected> {
    change(records, name, |it| {
        ours(it, worker)?;
        it.claimed = None;
        it.runs += 1;
        it.imported += run.imported;
        it.last = Some(run.clone());
        Ok(())
    })
    .await
}

fn until(now: Timestamp) -> Timestamp {
    now.checked_add(CLAIM).unwrap_or(Timestamp::MAX)
}

fn ours(it: &Collected, worker: &str) -> Result<()> {
    if it.claimed.as_ref().is_some_and(|(by, _)| by == worker) {
        return Ok(());
    }
    let message = format!("{} is collected by another now", it.source.name);
    Err(Error::new(ErrorKind::LeaseLost, "collect", message).with("collection", &it.source.name))
}

/// Changes a record as long as nobody else changes it meanwhile; a claim is what settles who goes on.
async fn change(
    records: &dyn Records,
    name: &DeviceId,
    work: impl Fn(&mut Collected) -> Result<()> + Send + Sync,
) -> Result<Collected> {
    /// Two processes meet now and then; more in a row means that something else is wrong.
    const TRIES: usize = 20;
    for _ in 0..TRIES {
        let old = records.get(COLLECTIONS, name.as_str()).await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "collect", format!("there is no collection {name}"))
                .with("collection", name)
        })?;
        let mut it = read(name.as_str(), old.clone())?;
        work(&mut it)?;
        if records.swap(COLLECTIONS, name.as_str(), &old, write(&it)?).await? {
            return Ok(it);
        }
    }
    Err(Error::new(ErrorKind::Busy, "collect", format!("{name} is changed by others all the time")))
}

fn read(name: &str, value: Value) -> Result<Collected> {
    serde_json::from_value(value).map_err(|e| {
        Error::new(ErrorKind::Store, "read collection", format!("the record of collection {name} cannot be read"))
            .caused_by(e)
    })
}

fn write(it: &Collected) -> Result<Value> {
    serde_json::to_value(it).map_err(|e| Error::internal("write collection", "it has no JSON form").caused_by(e))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn url(url: &str) -> Collection {
        let from = CollectFrom::Url {
            url: url.into(),
            login: None,
            host_key: HostKeyPolicy::default(),
            tls: TlsTrust::default(),
        };
        Collection::new(DeviceId::new("depot").unwrap(), from)
    }

    fn names(source: &Collection, names: &[&str]) -> Vec<String> {
        source.picked(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn of_a_folder_what_fits_is_taken() {
        let mut source = url("http://h/images/");
        let listing = ["README.txt", "cat9k_iosxe.17.09.04a.SPA.bin", "c2960x-universalk9-mz.152-7.E10.bin"];
        assert_eq!(names(&source, &listing), listing[1..]);
        source.only = vec!["*.txt".into(), "c????x-*".into()];
        assert_eq!(names(&source, &listing), ["README.txt", "c2960x-universalk9-mz.152-7.E10.bin"]);
        source.only = vec!["(.*".into()];
        assert_eq!(names(&source, &listing), [""; 0], "a pattern is no regular expression");
    }

    #[test]
    fn what_must_not_be_kept_is_refused_without_being_repeated() {
        for text in ["http://u:hunter2@h/x", "http://u@h/x", "http://h/x?sig=hunter2", "hunter2"] {
            let e = url(text).check().unwrap_err();
            assert!(!format!("{e:?}").contains("hunter2"), "{e:?}");
        }
        url("ftp://h/x.bin").check().unwrap();
    }
}
