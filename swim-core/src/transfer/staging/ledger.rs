//! Durable records of what stands on image servers, and of who is bringing something there.
//!
//! A record is written by compare and set alone, and never removed: its number grows with every owner, so who was away for
//! too long finds that its turn is over.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Brought, Site};
use crate::model::{DeviceId, Protocol, Sha256};
use crate::ports::{Context, Note, Records};
use crate::{Error, ErrorKind, Result, Retry};

const TABLE: &str = "staged";

/// How long a turn lasts without renewal: it survives a pause of the process of that length, and frees the place of a
/// killed one soon. The same as a job's lease.
const TURN: Duration = Duration::from_secs(30);

/// A turn is renewed five times in its span.
const RENEW: Duration = Duration::from_secs(6);

/// How often those who wait look: staging takes minutes.
const WAIT: Duration = Duration::from_secs(2);

/// So many refusals of a turn that nobody else has had are no race: who was faster has raised the record's number.
const REFUSALS: u32 = 5;

/// How it was proven that the file is the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verified {
    /// Every byte was read back and compared.
    EveryByte,
}

/// An image on an image server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Staged {
    /// The server.
    pub server: DeviceId,
    /// Its host name or address then.
    pub host: String,
    /// The path there, as the door shows it through which it came.
    pub path: String,
    /// By which protocol it came.
    pub protocol: Protocol,
    /// Which image.
    pub sha256: Sha256,
    /// Its size.
    pub bytes: u64,
    /// When it was verified.
    pub at: Timestamp,
    /// How it was verified.
    pub verified: Verified,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum State {
    /// Nothing is known of the file.
    Free,
    /// Somebody brings something.
    Taken { by: String, until: Timestamp },
    /// It is there.
    Staged(Staged),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    /// Grows with every turn.
    fence: u64,
    #[serde(flatten)]
    state: State,
}

/// The records, in the hands of one worker.
#[derive(Clone)]
pub(super) struct Ledger {
    records: Arc<dyn Records>,
    worker: String,
}

/// A record as it was read: written over only while it is still this, with whatever another version wrote into it.
struct Seen {
    value: Value,
    entry: Entry,
}

/// A turn: the record as this worker has written it.
struct Turn<'a> {
    ledger: &'a Ledger,
    key: String,
    entry: Entry,
}

/// Takes of a turn that the store refused although nobody had one meanwhile.
#[derive(Default)]
struct Refused {
    fence: u64,
    times: u32,
}

impl Refused {
    /// Once more, of the turn after this one: how often by now.
    fn again(&mut self, fence: u64) -> u32 {
        let before = if self.fence == fence { self.times } else { 0 };
        *self = Self { fence, times: before + 1 };
        self.times
    }
}

impl Ledger {
    pub(super) fn new(records: Arc<dyn Records>, worker: String) -> Self {
        Self { records, worker }
    }

    /// All that is recorded as being on servers.
    pub(super) async fn all(&self) -> Result<Vec<Staged>> {
        let all = self.records.all(TABLE).await?;
        let seen = all.into_iter().map(|(key, value)| read(&key, value)).collect::<Result<Vec<_>>>()?;
        Ok(seen
            .into_iter()
            .filter_map(|seen| if let State::Staged(there) = seen.entry.state { Some(there) } else { None })
            .collect())
    }

    /// Finds the image where it is recorded and still is, waits for a worker that brings it, or brings it.
    pub(super) async fn stage(&self, site: Site<'_>) -> Result<Brought> {
        let Some(mut turn) = self.turn(site).await? else { return Ok(Brought::Found) };
        site.tell(format!("{} is brought there", site.what.name));
        let brought = turn.during(site.bring(), site.cx).await;
        match brought {
            Ok(protocol) => {
                turn.write(State::Staged(site.staged(protocol))).await?;
                Ok(Brought::Sent)
            }
            Err(e) => {
                // Others need not wait for the end of the turn. When that cannot be written, they do.
                if let Err(e) = turn.write(State::Free).await {
                    tracing::debug!(error = %e, "a place on an image server was not given back");
                }
                Err(e)
            }
        }
    }

    /// Waits for the turn to bring the image; `None` when it is there.
    async fn turn(&self, site: Site<'_>) -> Result<Option<Turn<'_>>> {
        // The name of a server has no white space.
        let key = format!("{} {}", site.server.name, site.what.name);
        let mut waits = false;
        let mut refused = Refused::default();
        loop {
            let value = self.records.get(TABLE, &key).await?;
            let seen = value.map(|value| read(&key, value)).transpose()?;
            match seen.as_ref().map(|seen| &seen.entry.state) {
                Some(State::Taken { by, until }) if *until > site.cx.clock.now() => {
                    if !std::mem::replace(&mut waits, true) {
                        site.tell(format!("waits for {by}, which brings {} there", site.what.name));
                    }
                    site.cx.sleep(WAIT).await?;
                    continue;
                }
                Some(State::Staged(there)) if there.sha256 == *site.what.image && there.bytes == site.what.bytes => {
                    match site.still(there).await? {
                        Ok(()) => {
                            site.tell(format!("{} is there since {}", there.path, there.at));
                            return Ok(None);
                        }
                        Err(why) => {
                            tracing::warn!(server = %there.server, path = there.path, why, "a record of staging is stale");
                            site.tell(format!("{} is no longer what it was: {why}", there.path));
                        }
                    }
                }
                _ => {}
            }
            let fence = seen.as_ref().map_or(0, |seen| seen.entry.fence);
            if let Some(turn) = self.take(&key, seen, site.cx).await? {
                return Ok(Some(turn));
            }
            // Somebody was faster; the next look shows who.
            if refused.again(fence) == REFUSALS {
                let message = format!(
                    "the record of {key} was not taken {REFUSALS} times although nobody else took it: the store of \
                     records does not give back what was written, or refuses it"
                );
                return Err(Error::new(ErrorKind::Store, "stage", message).with("table", TABLE).with("record", &key));
            }
            site.cx.sleep(WAIT).await?;
        }
    }

    /// Takes the turn after this record; `None` when it is no longer this one.
    async fn take(&self, key: &str, after: Option<Seen>, cx: &Context) -> Result<Option<Turn<'_>>> {
        let state = State::Taken { by: self.worker.clone(), until: end_of_turn(cx) };
        let entry = Entry { fence: after.as_ref().map_or(0, |seen| seen.entry.fence) + 1, state };
        let taken = match &after {
            None => self.records.put_new(TABLE, key, write(&entry)?).await?,
            Some(after) => self.records.swap(TABLE, key, &after.value, write(&entry)?).await?,
        };
        Ok(taken.then(|| Turn { ledger: self, key: key.to_owned(), entry }))
    }
}

impl Turn<'_> {
    /// Does the work while the turn is kept.
    async fn during<T>(&mut self, work: impl Future<Output = Result<T>> + Send, cx: &Context) -> Result<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = cx.clock.sleep(RENEW) => {
                    let by = self.ledger.worker.clone();
                    self.write(State::Taken { by, until: end_of_turn(cx) }).await?;
                }
            }
        }
    }

    async fn write(&mut self, state: State) -> Result<()> {
        let entry = Entry { fence: self.entry.fence, state };
        let (old, new) = (write(&self.entry)?, write(&entry)?);
        if !self.ledger.records.swap(TABLE, &self.key, &old, new).await? {
            // Both sent the same bytes to the same place, and the other one reads them back.
            return Err(Error::new(ErrorKind::Conflict, "stage", "another worker took over while this one was away")
                .with("record", &self.key)
                .retry_when(Retry::After(WAIT)));
        }
        self.entry = entry;
        Ok(())
    }
}

impl Site<'_> {
    fn staged(&self, protocol: Protocol) -> Staged {
        Staged {
            server: self.server.name.clone(),
            host: self.server.host.clone(),
            path: self.server.door(protocol).map(|door| door.path(self.what.name)).unwrap_or_default(),
            protocol,
            sha256: *self.what.image,
            bytes: self.what.bytes,
            at: self.cx.clock.now(),
            verified: Verified::EveryByte,
        }
    }

    /// Is what is recorded still true? Why not, or an error when nobody can tell.
    async fn still(&self, there: &Staged) -> Result<std::result::Result<(), String>> {
        let now = self.staged(there.protocol);
        if now.host != there.host || now.path != there.path {
            return Ok(Err(format!("the server was at {} and the file at {}", there.host, there.path)));
        }
        match self.look(there.protocol).await {
            Ok(()) => Ok(Ok(())),
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::Integrity | ErrorKind::NoSpace) => {
                Ok(Err(e.message().to_owned()))
            }
            Err(e) => Err(e),
        }
    }

    fn tell(&self, what: String) {
        self.cx.notes.note(Note::Staging { server: self.server.name.clone(), what });
    }
}

fn end_of_turn(cx: &Context) -> Timestamp {
    let now = cx.clock.now();
    now.checked_add(TURN).unwrap_or(now)
}

fn read(key: &str, value: Value) -> Result<Seen> {
    let entry = Entry::deserialize(&value).map_err(|e| {
        let message = format!("the record {key} of staging cannot be read");
        Error::new(ErrorKind::Store, "read record", message).with("table", TABLE).with("record", key).caused_by(e)
    })?;
    Ok(Seen { value, entry })
}

fn write(entry: &Entry) -> Result<Value> {
    serde_json::to_value(entry)
        .map_err(|e| Error::internal("write record", "a record of staging cannot be written").caused_by(e))
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("worker", &self.worker).finish_non_exhaustive()
    }
}
