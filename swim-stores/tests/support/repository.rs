//! A repository to take care of: a clock that waits for nobody, images, and who needs them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use swim_core::Result;
use swim_core::image::Image;
use swim_core::model::{DeviceId, Sha256};
use swim_core::ports::{Clock, Context, ImageStore, Records, Silent};
use swim_core::repo::{self, ImportOptions, Referrer, Referrers};

/// A clock that goes on as it is waited for.
#[derive(Debug, Default)]
pub struct Waited(AtomicU64);

#[async_trait]
impl Clock for Waited {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
    async fn sleep(&self, duration: Duration) {
        self.0.fetch_add(u64::try_from(duration.as_nanos()).expect("short"), Ordering::Relaxed);
    }
}

pub fn cx() -> Context {
    Context::new(Arc::new(Waited::default()))
}

pub async fn add(store: &dyn ImageStore, records: &dyn Records, name: &str, bytes: impl Into<Bytes>) -> Image {
    let (clock, options) = (Waited::default(), ImportOptions::new(name));
    repo::import(bytes.into(), store, records, &clock, options, &Silent).await.expect("import")
}

/// Whoever is in the list needs every image.
#[derive(Default)]
pub struct Needed(pub Mutex<Vec<Referrer>>);

#[async_trait]
impl Referrers for Needed {
    async fn of(&self, _: &Sha256) -> Result<Vec<Referrer>> {
        Ok(self.0.lock().expect("one thread").clone())
    }
}

pub fn staged() -> Referrer {
    Referrer::Staged { server: DeviceId::new("depot").expect("a name"), path: "images/x.bin".to_owned() }
}
