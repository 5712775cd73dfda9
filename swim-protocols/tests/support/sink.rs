//! A file that is being received.

#![allow(dead_code, clippy::unwrap_used, unreachable_pub)]

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use swim_core::model::Device;
use swim_core::ports::{Fetch, Sink};
use swim_core::{Error, ErrorKind, Result};

/// Writes where it is told and counts.
#[derive(Debug)]
pub struct FileSink {
    file: File,
    /// Bytes that were written to it.
    pub written: AtomicU64,
    /// Was it told that the file is whole?
    pub finished: AtomicBool,
    /// What is there without a gap, and the pieces behind it: where they begin and end.
    grown: Mutex<(u64, BTreeMap<u64, u64>)>,
    version: Mutex<Option<String>>,
}

impl FileSink {
    /// A sink over a file, with what is in it.
    pub fn at(path: impl AsRef<Path>) -> Arc<Self> {
        Self::open(path).unwrap()
    }

    /// The same, where the file may be impossible.
    pub fn open(path: impl AsRef<Path>) -> Result<Arc<Self>> {
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path).map_err(failed)?;
        let grown = Mutex::new((file.metadata().map_err(failed)?.len(), BTreeMap::new()));
        Ok(Arc::new(Self {
            file,
            written: AtomicU64::new(0),
            finished: AtomicBool::new(false),
            grown,
            version: Mutex::default(),
        }))
    }

    /// Has it seen the end?
    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }
}

/// A fetch of a path into a sink.
pub fn fetch(device: Device, path: &str, sink: &Arc<FileSink>) -> Fetch {
    let sink: Arc<dyn Sink> = Arc::clone(sink) as Arc<dyn Sink>;
    Fetch { device, path: path.to_owned(), query: None, sink, bytes: None, most: 1 << 30 }
}

fn failed(e: std::io::Error) -> Error {
    let kind = if e.kind() == std::io::ErrorKind::StorageFull { ErrorKind::NoSpace } else { ErrorKind::Store };
    Error::new(kind, "write", "the sink").caused_by(e)
}

#[async_trait]
impl Sink for FileSink {
    async fn have(&self) -> Result<u64> {
        Ok(self.grown.lock().unwrap().0)
    }

    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        let mut bytes = vec![0; length];
        let count = self.file.read_at(&mut bytes, offset).map_err(failed)?;
        bytes.truncate(count);
        Ok(bytes.into())
    }

    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.write_all_at(&bytes, offset).map_err(failed)?;
        let mut grown = self.grown.lock().unwrap();
        grown.1.insert(offset, offset + bytes.len() as u64);
        while let Some((&start, &end)) = grown.1.first_key_value() {
            if start > grown.0 {
                break;
            }
            grown.0 = grown.0.max(end);
            grown.1.pop_first();
        }
        Ok(())
    }

    async fn finish(&self, bytes: u64) -> Result<()> {
        self.finished.store(true, Ordering::Relaxed);
        self.file.set_len(bytes).map_err(failed)
    }

    async fn clear(&self) -> Result<()> {
        *self.grown.lock().unwrap() = (0, BTreeMap::new());
        *self.version.lock().unwrap() = None;
        self.file.set_len(0).map_err(failed)
    }

    async fn version(&self) -> Result<Option<String>> {
        Ok(self.version.lock().unwrap().clone())
    }

    async fn note_version(&self, version: &str) -> Result<()> {
        *self.version.lock().unwrap() = Some(version.to_owned());
        Ok(())
    }
}
