//! Image servers near the devices: an image is brought there once and looked at there, then the devices pull it.

mod compared;
mod ledger;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::whole::compare;
use super::{Attempts, Bucket};
use crate::model::{DeviceId, Direction, Door, ImageServer, Protocol, Sha256};
use crate::platform::PullServices;
use crate::ports::{Context, Note, Push, Receipt, Records, Transfer};
use crate::{Error, ErrorKind, Result};

pub use compared::Compared;
use compared::Ends;
use ledger::Ledger;
pub use ledger::{Staged, Verified};

/// The image servers of a client, and what this process has brought to them.
#[derive(Default)]
pub struct Servers {
    servers: Vec<ImageServer>,
    caps: HashMap<DeviceId, Arc<Bucket>>,
    /// By server and file name.
    staged: Mutex<HashMap<(DeviceId, String), Place>>,
    ledger: Option<Ledger>,
}

/// Which image is on a server under a name, and when that was seen last. The second device waits at this lock for the
/// staging of the first and then finds it done.
type Place = Arc<tokio::sync::Mutex<Option<(Sha256, Duration)>>>;

/// The devices of one job come within it. Later somebody may have tidied up the server.
const LOOK_AGAIN: Duration = Duration::from_secs(600);

/// What staging did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// The image was sent, and read back.
    Sent,
    /// It was there, as the records say.
    Found,
}

/// An image to stage.
#[derive(Clone, Copy, Debug)]
pub struct Staging<'a> {
    /// Which image.
    pub image: &'a Sha256,
    /// Its size.
    pub bytes: u64,
    /// Its file name there.
    pub name: &'a str,
}

impl Servers {
    /// The servers of a client.
    ///
    /// # Errors
    /// `InvalidInput` for a server that cannot be used, or a name that stands twice.
    pub fn new(servers: Vec<ImageServer>) -> Result<Self> {
        for (at, server) in servers.iter().enumerate() {
            server.check().map_err(|e| e.with("server", &server.name))?;
            if servers[..at].iter().any(|other| other.name == server.name) {
                return Err(Error::invalid("servers", &server.name, "two image servers have this name"));
            }
        }
        let cap = |s: &ImageServer| Some((s.name.clone(), Arc::new(Bucket::new(s.bytes_per_second?))));
        let caps = servers.iter().filter_map(cap).collect();
        Ok(Self { servers, caps, staged: Mutex::default(), ledger: None })
    }

    /// The same servers, with durable records of what stands on them. Processes that share the records share the work:
    /// one brings an image, the others wait for it. `worker` is shown to those who wait.
    #[must_use]
    pub fn recorded(&self, records: Arc<dyn Records>, worker: &str) -> Self {
        let ledger = Some(Ledger::new(records, worker.to_owned()));
        Self { servers: self.servers.clone(), caps: self.caps.clone(), staged: Mutex::default(), ledger }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[ImageServer] {
        &self.servers
    }

    /// What the records say of images on servers; nothing where there are no records.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn staged(&self) -> Result<Vec<Staged>> {
        match &self.ledger {
            Some(ledger) => ledger.all().await,
            None => Ok(Vec::new()),
        }
    }

    /// The context of transfers with a server: with its bandwidth cap.
    #[must_use]
    pub fn context(&self, server: &ImageServer, cx: &Context) -> Context {
        match self.caps.get(&server.name) {
            Some(cap) => Context { pace: cx.pace.within(Arc::clone(cap)), ..cx.clone() },
            None => cx.clone(),
        }
    }

    /// Brings an image to a server, unless it is there whole: as this process has just seen, or as the records say and a
    /// look confirms. What an earlier try left there is not sent again where the protocol can resume. Every byte that was
    /// brought is read back and compared: devices trust it.
    ///
    /// # Errors
    /// `Unsupported` when no door can be written to and read from; `Cancelled`, also while it waits for others; `Integrity` when the server gives back other bytes;
    /// `Conflict` when another process took over; those of the transfer and of the records.
    pub async fn stage(
        &self,
        what: Staging<'_>,
        server: &ImageServer,
        services: &PullServices,
        cx: &Context,
    ) -> Result<Brought> {
        let place = {
            let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(staged.entry((server.name.clone(), what.name.to_owned())).or_default())
        };
        let mut seen = match place.try_lock() {
            Ok(seen) => seen,
            Err(_) => {
                let what =
                    format!("waits for another device of this process, for which {} is brought there", what.name);
                cx.notes.note(Note::Staging { server: server.name.clone(), what });
                cx.unless_cancelled("stage", async { Ok(place.lock().await) }).await?
            }
        };
        let fresh = |at: Duration| cx.clock.monotonic().saturating_sub(at) < LOOK_AGAIN;
        if seen.is_some_and(|(image, at)| image == *what.image && fresh(at)) {
            return Ok(Brought::Found);
        }
        *seen = None;
        let cx = self.context(server, cx);
        let site = Site { what, server, services, cx: &cx };
        let brought = match &self.ledger {
            Some(ledger) => ledger.stage(site).await,
            None => site.bring().await.map(|_| Brought::Sent),
        };
        let brought = brought.map_err(|e| e.with("server", &server.name))?;
        *seen = Some((*what.image, cx.clock.monotonic()));
        Ok(brought)
    }
}

impl Servers {
    /// Brings a file to a server through one door and reads it back, whatever was staged before: both receipts.
    ///
    /// # Errors
    /// As [`Servers::stage`].
    pub async fn try_door(
        &self,
        what: Staging<'_>,
        server: &ImageServer,
        door: &Door,
        services: &PullServices,
        cx: &Context,
    ) -> Result<(Receipt, Receipt)> {
        let cx = self.context(server, cx);
        Site { what, server, services, cx: &cx }.through(door).await.map_err(|e| e.with("server", &server.name))
    }

    /// Removes the file that was brought through a door. What SCP has brought goes by SFTP, which its servers speak as well.
    ///
    /// # Errors
    /// `Unsupported` by protocols that remove nothing; `NotFound` when it is not there; those of the connection.
    pub async fn remove(
        &self,
        name: &str,
        server: &ImageServer,
        door: &Door,
        services: &PullServices,
        cx: &Context,
    ) -> Result<()> {
        let by = if door.protocol == Protocol::Scp { Protocol::Sftp } else { door.protocol };
        let adapter = services.find(by, Direction::Push).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "remove", format!("this client does not write by {by}"))
        })?;
        let removed = adapter.remove(&server.as_device(door), &door.path(name), cx).await;
        removed.map_err(|e| e.with("server", &server.name))
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.servers.iter().map(|s| s.name.as_str())).finish()
    }
}

/// One image for one server.
#[derive(Clone, Copy)]
struct Site<'a> {
    what: Staging<'a>,
    server: &'a ImageServer,
    services: &'a PullServices,
    cx: &'a Context,
}

impl Site<'_> {
    /// Through the first door that takes it: which one that was. Network and login failures move on to the next.
    async fn bring(&self) -> Result<Protocol> {
        let mut attempts = Attempts::new();
        for door in &self.server.doors {
            let device = self.server.as_device(door);
            let brought = match attempts.check(door.protocol, &device) {
                Ok(()) => self.through(door).await,
                Err(e) => Err(e),
            };
            match brought {
                Ok(_) => return Ok(door.protocol),
                Err(e) => attempts.failed(door.protocol.to_string(), door.protocol, &device, e)?,
            }
        }
        let nothing =
            || Error::new(ErrorKind::Unsupported, "stage", "none of its protocols can be written to and read from");
        Err(attempts.none_worked().unwrap_or_else(nothing))
    }

    fn adapter(&self, door: &Door, direction: Direction) -> Result<&Arc<dyn Transfer>> {
        self.services.find(door.protocol, direction).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "stage", format!("there is no {direction} by {}", door.protocol))
        })
    }

    /// What was sent, and what was read back.
    async fn through(&self, door: &Door) -> Result<(Receipt, Receipt)> {
        let (push, fetch) = (self.adapter(door, Direction::Push)?, self.adapter(door, Direction::Fetch)?);
        let request = Push {
            device: self.server.as_device(door),
            store: Arc::clone(&self.services.store),
            image: *self.what.image,
            bytes: self.what.bytes,
            path: door.path(self.what.name),
            resume: true,
        };
        let sending = |e: Error| e.with("while", Direction::Push);
        let sent = push.push(request.clone(), self.cx).await.map_err(sending)?;
        let resumed = sent.resumed_from > 0;
        match compare(&request, fetch, self.cx).await {
            // What an earlier try left is damaged where a resume does not look: all of it again.
            Err(e) if resumed && e.kind() == ErrorKind::Integrity => {
                let whole = Push { resume: false, ..request };
                let sent = push.push(whole.clone(), self.cx).await.map_err(sending)?;
                Ok((sent, compare(&whole, fetch, self.cx).await?))
            }
            compared => Ok((sent, compared?)),
        }
    }

    /// Is the image there, as far as can be seen without reading all of it? The door through which it came is asked first.
    async fn look(&self, by: Protocol) -> Result<()> {
        let mut doors: Vec<_> = self.server.doors.iter().collect();
        doors.sort_by_key(|door| door.protocol != by);
        let mut last = None;
        for door in doors {
            let image = (Arc::clone(&self.services.store), *self.what.image, self.what.bytes);
            let looked = match self.adapter(door, Direction::Fetch) {
                Ok(fetch) => {
                    let file = (self.server.as_device(door), door.path(self.what.name));
                    Ends::look(image, fetch, file, self.cx).await
                }
                Err(e) => Err(e),
            };
            match looked {
                Err(e) if super::moves_on(&e) => last = Some(e),
                answer => return answer,
            }
        }
        Err(last.unwrap_or_else(|| Error::internal("look", "an image server without a door")))
    }
}

#[cfg(test)]
mod tests;
