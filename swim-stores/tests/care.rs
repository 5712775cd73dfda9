//! Deletion looks who needs an image.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]
#![allow(clippy::future_not_send, reason = "one thread runs a test")]

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde_json::json;
use support::repository::{Needed, Waited, add, staged};
use swim_core::model::Sha256;
use swim_core::ports::{ImageStore, Index, JobId, Records};
use swim_core::repo::{self, ImageQuery, Referrer, Referrers};
use swim_core::{ErrorKind, Result, Retry};
use swim_stores::MemoryStore;

fn job(n: u32) -> Referrer {
    Referrer::Job { job: JobId(format!("job-{n}")) }
}

async fn delete(
    store: &MemoryStore,
    image: &Sha256,
    needed: &dyn Referrers,
    reason: Option<&str>,
) -> Result<repo::Deleted> {
    repo::delete(store, store, &Waited::default(), image, needed, reason).await
}

#[tokio::test]
async fn what_is_needed_is_not_deleted_and_each_reason_is_named() {
    let store = MemoryStore::new();
    let image = add(&store, &store, "x.bin", "an image").await;
    let inventory = json!({ "device": "sw1", "platform": "ios", "taken": "2026-11-29T00:00:00Z", "boot": {}, "members": [],
        "image": "flash:x.bin" });
    store.put("inventories", "sw1", inventory).await.expect("put");
    let needed = Needed(Mutex::new(vec![job(1), staged(), Referrer::Offer { offer: 7 }]));
    let e = delete(&store, &image.id, &needed, None).await.expect_err("needed");
    assert_eq!((e.kind(), e.context("referrers")), (ErrorKind::Conflict, Some("3")));
    for word in ["x.bin is still needed", "job job-1", "offer 7", "depot has a copy at images/x.bin"] {
        assert!(e.to_string().contains(word), "{word}: {e}");
    }
    // A reason is one for copies only.
    let e = delete(&store, &image.id, &needed, Some("moved")).await.expect_err("needed");
    assert!(e.to_string().contains("job-1") && !e.to_string().contains("depot"), "{e}");
    *needed.0.lock().expect("one thread") = (0..9).map(job).collect();
    let e = delete(&store, &image.id, &needed, None).await.expect_err("needed");
    assert!(e.to_string().contains("job-4") && e.to_string().contains("and 4 more"), "{e}");
    assert_eq!(repo::image(&store, "x.bin").await.expect("still there"), image);
    *needed.0.lock().expect("one thread") = vec![staged()];
    let e = delete(&store, &image.id, &needed, None).await.expect_err("needed");
    assert!(e.to_string().contains("give a reason"), "{e}");
    let deleted = delete(&store, &image.id, &needed, Some("moved")).await.expect("delete");
    assert_eq!((deleted.devices, deleted.used_by.len(), deleted.overridden), (1, 1, vec![staged()]));
    assert_eq!(repo::image(&store, "x.bin").await.expect_err("gone").kind(), ErrorKind::NotFound);
    assert_eq!(store.list().await.expect("list"), []);
    assert_eq!(delete(&store, &image.id, &needed, None).await.expect_err("gone").kind(), ErrorKind::NotFound);
    let audit = repo::image_audit(&store, Some(&image.id)).await.expect("audit");
    let lines: Vec<_> = audit.iter().map(|line| (line.action.as_str(), line.reason.as_deref())).collect();
    assert_eq!(lines, [("deleted", Some("moved")), ("deletion begun", Some("moved"))], "at one time, by their words");
    assert_eq!(audit[0].overridden, [staged()]);
}

/// A job that comes between the first look and the second.
struct Late<'a>(&'a MemoryStore, AtomicU64, String);

#[async_trait]
impl Referrers for Late<'_> {
    async fn of(&self, image: &Sha256) -> Result<Vec<Referrer>> {
        if self.1.fetch_add(1, Ordering::Relaxed) == 0 {
            return Ok(Vec::new());
        }
        // Whoever needs it now finds that it is not there.
        assert_eq!(repo::find(self.0, &image.to_string()).await.expect_err("hidden").kind(), ErrorKind::NotFound);
        assert_eq!(self.0.find(&ImageQuery::default()).await.expect("find"), []);
        if self.2 == "sweep" {
            assert_eq!(repo::sweep(self.0, self.0).await.expect("sweep").questions, 1);
            return Ok(Vec::new());
        }
        Ok(vec![job(1)])
    }
}

#[tokio::test]
async fn who_comes_while_it_is_looked_at_either_is_seen_or_finds_nothing() {
    let store = MemoryStore::new();
    let image = add(&store, &store, "x.bin", "an image").await;
    let late = Late(&store, AtomicU64::new(0), "job".to_owned());
    let e = delete(&store, &image.id, &late, None).await.expect_err("needed");
    assert_eq!((e.kind(), late.1.load(Ordering::Relaxed)), (ErrorKind::Conflict, 2));
    assert_eq!(repo::image(&store, "x.bin").await.expect("back"), image);
    assert_eq!(
        repo::search(&store, &ImageQuery::default()).await.expect("back in the index"),
        std::slice::from_ref(&image)
    );
    // Another process opens the repository meanwhile and takes the question back.
    let e = delete(&store, &image.id, &Late(&store, AtomicU64::new(0), "sweep".to_owned()), None)
        .await
        .expect_err("taken back");
    assert_eq!((e.kind(), e.retry()), (ErrorKind::Conflict, Retry::Now));
    assert_eq!(repo::image(&store, "x.bin").await.expect("still there"), image);
}
