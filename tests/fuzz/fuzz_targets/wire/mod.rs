//! What the targets with a network share: streams in memory, a file that is computed, a sink that counts.
#![allow(dead_code)]

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::model::{Device, DeviceId, Endpoint, HostKeyPolicy, Login, PlatformId, Secret, SecretRef, Sha256};
use swim_core::ports::{
    Accept, Accepted, Context, Dialed, ImageStore, ImageWriter, Listener, Network, Offer, Push, Secrets, Sink,
};
use swim_core::{Error, ErrorKind, Result};
use swim_protocols::clock::TokioClock;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// Bytes on the way in a stream.
const ROOM: usize = 64 * 1024;
/// Longer than every deadline together: time is not real here, so nothing may need more.
const FOR_EVER: Duration = Duration::from_secs(48 * 3600);

/// Runs the work of one input in paused time, and says when it does not end.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(FOR_EVER, work).await.expect("it never ends") })
}

pub fn context() -> Context {
    Context::new(Arc::new(TokioClock::system()))
}

/// A place for a file of at most so many bytes.
pub fn place(most: u64, sink: &Arc<Memory>) -> Accept {
    Accept {
        device: device(),
        name: "x.bin".to_owned(),
        sink: Arc::clone(sink) as Arc<dyn Sink>,
        most,
        source: None,
        lifetime: Duration::from_secs(3600),
    }
}

/// A network with doors, and with servers that are ready to be dialled.
pub struct Wire {
    doors: Mutex<Vec<mpsc::UnboundedSender<DuplexStream>>>,
    servers: Mutex<VecDeque<DuplexStream>>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { doors: Mutex::default(), servers: Mutex::default() })
    }

    /// Connects to what listens since the beginning.
    pub fn knock(&self) -> DuplexStream {
        knock(self.doors.lock().expect("unpoisoned").first())
    }

    /// Connects to what else has begun to listen; it may have gone.
    pub fn knock_last(&self) -> Option<DuplexStream> {
        let doors = self.doors.lock().expect("unpoisoned");
        doors.get(1..)?.last().map(|door| knock(Some(door)))
    }

    /// The other end of the next connection that is dialled.
    pub fn server(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(ROOM);
        self.servers.lock().expect("unpoisoned").push_back(theirs);
        ours
    }
}

#[async_trait]
impl Network for Wire {
    async fn dial(&self, to: &Endpoint) -> Result<Dialed> {
        let stream = self.servers.lock().expect("unpoisoned").pop_front();
        let stream = stream.ok_or_else(|| Error::new(ErrorKind::Unreachable, "dial", to.to_string()))?;
        Ok(Dialed { stream: Box::new(stream), local: None, peer: None })
    }

    async fn listen(&self, _: &Endpoint) -> Result<Box<dyn Listener>> {
        let (knock, door) = mpsc::unbounded_channel();
        self.doors.lock().expect("unpoisoned").push(knock);
        Ok(Box::new(Door(tokio::sync::Mutex::new(door))))
    }
}

fn knock(door: Option<&mpsc::UnboundedSender<DuplexStream>>) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(ROOM);
    let _ = door.expect("something listens").send(theirs);
    ours
}

#[derive(Debug)]
struct Door(tokio::sync::Mutex<mpsc::UnboundedReceiver<DuplexStream>>);

#[async_trait]
impl Listener for Door {
    fn local(&self) -> Endpoint {
        Endpoint { host: "192.0.2.1".to_owned(), port: 1 }
    }

    async fn accept(&self) -> Result<Accepted> {
        match self.0.lock().await.recv().await {
            Some(stream) => {
                let peer = Endpoint { host: "192.0.2.2".to_owned(), port: 2 };
                Ok(Accepted { stream: Box::new(stream), peer, local: None })
            }
            None => std::future::pending().await,
        }
    }
}

/// The byte of the file at a place.
pub fn byte(at: u64) -> u8 {
    (at * 7 >> 2) as u8
}

/// One file of so many bytes.
#[derive(Debug)]
pub struct Pattern(pub u64);

#[async_trait]
impl ImageStore for Pattern {
    async fn create(&self) -> Result<Box<dyn ImageWriter>> {
        Err(Error::new(ErrorKind::Unsupported, "create", "this store only reads"))
    }

    async fn size(&self, _: &Sha256) -> Result<Option<u64>> {
        Ok(Some(self.0))
    }

    async fn read(&self, _: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
        let end = offset.saturating_add(length as u64).min(self.0);
        Ok((offset.min(end)..end).map(byte).collect())
    }

    async fn remove(&self, _: &Sha256) -> Result<()> {
        Ok(())
    }

    async fn list(&self) -> Result<Vec<Sha256>> {
        Ok(Vec::new())
    }

    async fn sweep(&self) -> Result<u64> {
        Ok(0)
    }
}

/// What came, and whether it was called whole.
#[derive(Debug, Default)]
pub struct Memory {
    pub bytes: Mutex<Vec<u8>>,
    pub whole: Mutex<Option<u64>>,
}

impl Memory {
    pub fn with(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { bytes: Mutex::new(bytes), whole: Mutex::default() })
    }

    pub fn length(&self) -> u64 {
        self.bytes.lock().expect("unpoisoned").len() as u64
    }

    pub fn whole(&self) -> Option<u64> {
        *self.whole.lock().expect("unpoisoned")
    }
}

/// More than any input can claim rightly.
const SINK: u64 = 1 << 20;

#[async_trait]
impl Sink for Memory {
    async fn have(&self) -> Result<u64> {
        Ok(self.length())
    }

    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        let bytes = self.bytes.lock().expect("unpoisoned");
        let from = usize::try_from(offset).expect("it was written").min(bytes.len());
        Ok(Bytes::copy_from_slice(&bytes[from..from.saturating_add(length).min(bytes.len())]))
    }

    async fn write(&self, offset: u64, new: Bytes) -> Result<()> {
        assert!(self.whole().is_none(), "a write into a whole file");
        let end = offset.checked_add(new.len() as u64).expect("no place beyond all");
        assert!(end <= SINK, "{end} bytes were never allowed");
        let mut bytes = self.bytes.lock().expect("unpoisoned");
        if (bytes.len() as u64) < end {
            bytes.resize(end as usize, 0);
        }
        bytes[offset as usize..end as usize].copy_from_slice(&new);
        Ok(())
    }

    async fn finish(&self, length: u64) -> Result<()> {
        let mut bytes = self.bytes.lock().expect("unpoisoned");
        assert!(bytes.len() as u64 >= length, "a whole file with a hole");
        bytes.truncate(length as usize);
        *self.whole.lock().expect("unpoisoned") = Some(length);
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        self.bytes.lock().expect("unpoisoned").clear();
        Ok(())
    }
}

/// The same secret for every name.
#[derive(Debug)]
pub struct OneSecret;

#[async_trait]
impl Secrets for OneSecret {
    async fn resolve(&self, _: &SecretRef) -> Result<Secret<String>> {
        Ok(Secret::new("open sesame".to_owned()))
    }
}

pub fn device() -> Device {
    Device::new(
        DeviceId::new("r1").expect("a name"),
        Endpoint { host: "192.0.2.2".to_owned(), port: 2 },
        PlatformId("ios".to_owned()),
        Login::password("admin", "secret"),
        HostKeyPolicy::FirstUse,
    )
}

pub fn offer(bytes: u64) -> Offer {
    Offer {
        device: device(),
        store: Arc::new(Pattern(bytes)),
        image: Sha256::of(b"pattern"),
        bytes,
        name: "x.bin".to_owned(),
        source: None,
        uses: 1,
        lifetime: Duration::from_secs(3600),
    }
}

pub fn push(bytes: u64) -> Push {
    let (store, image) = (Arc::new(Pattern(bytes)), Sha256::of(b"pattern"));
    Push { device: device(), store, image, bytes, path: "x.bin".to_owned(), resume: true }
}
