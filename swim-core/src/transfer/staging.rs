//! Image servers near the devices: an image is brought there once and looked at there, then the devices pull it.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::Bucket;
use crate::model::{Device, DeviceId, Direction, Door, ImageServer, Sha256};
use crate::platform::PullServices;
use crate::ports::{Context, Fetch, ImageStore, Push, Sink, Transfer};
use crate::{Error, ErrorKind, Result};

/// The image servers of a client, and what this process has brought to them.
#[derive(Default)]
pub struct Servers {
    servers: Vec<ImageServer>,
    caps: HashMap<DeviceId, Arc<Bucket>>,
    staged: Mutex<HashMap<(DeviceId, Sha256), Done>>,
}

/// Is an image on a server? The second device waits at this lock for the staging of the first and then finds it done.
type Done = Arc<tokio::sync::Mutex<bool>>;

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
        Ok(Self { servers, caps, staged: Mutex::default() })
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[ImageServer] {
        &self.servers
    }

    /// The context of transfers with a server: with its bandwidth cap.
    #[must_use]
    pub fn context(&self, server: &ImageServer, cx: &Context) -> Context {
        match self.caps.get(&server.name) {
            Some(cap) => Context { pace: cx.pace.within(Arc::clone(cap)), ..cx.clone() },
            None => cx.clone(),
        }
    }

    /// Brings an image to a server, unless this process knows that it is there whole. What an earlier try left there is
    /// not sent again where the protocol can resume. Every byte is then read back and compared: devices trust it.
    ///
    /// # Errors
    /// `Unsupported` when no door can be written to and read from; `Integrity` when the server gives back other bytes;
    /// those of the transfer.
    pub async fn stage(
        &self,
        what: Staging<'_>,
        server: &ImageServer,
        services: &PullServices,
        cx: &Context,
    ) -> Result<()> {
        let place = {
            let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(staged.entry((server.name.clone(), *what.image)).or_default())
        };
        let mut done = place.lock().await;
        if !*done {
            let cx = self.context(server, cx);
            bring(what, server, services, &cx).await.map_err(|e| e.with("server", &server.name))?;
            *done = true;
        }
        Ok(())
    }
}

impl Servers {
    /// Brings a file to a server through one door and reads it back, whatever was staged before.
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
    ) -> Result<()> {
        let cx = self.context(server, cx);
        through(what, server, door, services, &cx).await.map_err(|e| e.with("server", &server.name))
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.servers.iter().map(|s| s.name.as_str())).finish()
    }
}

/// Through the first door that takes it. Network and login failures move on to the next.
async fn bring(what: Staging<'_>, server: &ImageServer, services: &PullServices, cx: &Context) -> Result<()> {
    let mut last = None;
    for door in &server.doors {
        match through(what, server, door, services, cx).await {
            Err(e) if super::moves_on(e.kind()) => last = Some(e),
            ended => return ended,
        }
    }
    let nothing =
        || Error::new(ErrorKind::Unsupported, "stage", "none of its protocols can be written to and read from");
    Err(last.unwrap_or_else(nothing))
}

async fn through(
    what: Staging<'_>,
    server: &ImageServer,
    door: &Door,
    services: &PullServices,
    cx: &Context,
) -> Result<()> {
    let adapter = |direction| {
        services.find(door.protocol, direction).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "stage", format!("there is no {direction} by {}", door.protocol))
        })
    };
    let (push, fetch) = (adapter(Direction::Push)?, adapter(Direction::Fetch)?);
    let request = Push {
        device: server.as_device(door),
        store: Arc::clone(&services.store),
        image: *what.image,
        bytes: what.bytes,
        path: door.path(what.name),
        resume: true,
    };
    let resumed = push.push(request.clone(), cx).await?.resumed_from > 0;
    match compare(&request, fetch, cx).await {
        // What an earlier try left is damaged where a resume does not look: all of it again.
        Err(e) if resumed && e.kind() == ErrorKind::Integrity => {
            let whole = Push { resume: false, ..request };
            push.push(whole.clone(), cx).await?;
            compare(&whole, fetch, cx).await
        }
        compared => compared,
    }
}

/// Reads back what was pushed and compares every byte.
async fn compare(pushed: &Push, fetch: &Arc<dyn Transfer>, cx: &Context) -> Result<()> {
    let compared = Compared::with(Arc::clone(&pushed.store), pushed.image, pushed.bytes);
    compared.fetch(fetch, pushed.device.clone(), pushed.path.clone(), cx).await
}

/// Takes bytes and compares them with an image, without keeping them.
#[derive(Debug)]
pub struct Compared {
    store: Arc<dyn ImageStore>,
    image: Sha256,
    bytes: u64,
    seen: AtomicU64,
}

impl Compared {
    /// Compares with an image of the store, of this size.
    #[must_use]
    pub fn with(store: Arc<dyn ImageStore>, image: Sha256, bytes: u64) -> Self {
        Self { store, image, bytes, seen: AtomicU64::new(0) }
    }

    /// Reads the file at `path` of a device or server through an adapter.
    ///
    /// # Errors
    /// `Integrity` when it is not this image; those of the transfer.
    pub async fn fetch(self, from: &Arc<dyn Transfer>, device: Device, path: String, cx: &Context) -> Result<()> {
        let compared = Arc::new(self);
        let (sink, bytes) = (Arc::clone(&compared) as Arc<dyn Sink>, compared.bytes);
        from.fetch(Fetch { device, path, sink, bytes: Some(bytes), most: bytes }, cx).await?;
        if compared.seen.load(Ordering::Relaxed) == bytes {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Integrity, "compare", "fewer bytes came back than the image has"))
    }
}

#[async_trait]
impl Sink for Compared {
    async fn have(&self) -> Result<u64> {
        Ok(0)
    }

    async fn read(&self, _: u64, _: usize) -> Result<Bytes> {
        Ok(Bytes::new())
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        let mut at = 0;
        while at < bytes.len() {
            let ours = self.store.read(&self.image, offset + at as u64, bytes.len() - at).await?;
            if ours.is_empty() || ours[..] != bytes[at..at + ours.len()] {
                let message = format!("what came back differs from the image behind byte {offset}");
                return Err(Error::new(ErrorKind::Integrity, "compare", message));
            }
            at += ours.len();
        }
        self.seen.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    async fn finish(&self, _: u64) -> Result<()> {
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        self.seen.store(0, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
