//! Lists of known good values that come and go while the disk is full: no image that a list in force speaks against is free.

#![allow(clippy::expect_used, reason = "a test may fail by panicking")]
#![allow(clippy::future_not_send, reason = "one thread runs a test")]

mod support;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::repository::add;
use swim_core::catalog::{Authenticity, known_good};
use swim_core::model::Sha256;
use swim_core::ports::Records;
use swim_core::repo::{self, ImageFilter};
use swim_core::{Effect, Error, ErrorKind, Result};
use swim_stores::MemoryStore;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Records whose writes fail, from one of them to another.
#[derive(Clone, Debug)]
struct Full(MemoryStore, Arc<AtomicU64>, Range<u64>);

impl Full {
    fn new(store: &MemoryStore, fail: Range<u64>) -> Self {
        Self(store.clone(), Arc::default(), fail)
    }

    fn room(&self) -> Result<()> {
        match self.2.contains(&self.1.fetch_add(1, Ordering::Relaxed)) {
            true => Err(Error::new(ErrorKind::NoSpace, "write record", "the disk is full")),
            false => Ok(()),
        }
    }

    fn writes(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Records for Full {
    async fn put(&self, table: &str, key: &str, value: Value) -> Result<()> {
        self.room()?;
        self.0.put(table, key, value).await
    }
    async fn put_new(&self, table: &str, key: &str, value: Value) -> Result<bool> {
        self.room()?;
        self.0.put_new(table, key, value).await
    }
    async fn swap(&self, table: &str, key: &str, old: &Value, new: Value) -> Result<bool> {
        self.room()?;
        self.0.swap(table, key, old, new).await
    }
    async fn get(&self, table: &str, key: &str) -> Result<Option<Value>> {
        self.0.get(table, key).await
    }
    async fn all(&self, table: &str) -> Result<Vec<(String, Value)>> {
        self.0.all(table).await
    }
    async fn remove(&self, table: &str, key: &str) -> Result<bool> {
        self.room()?;
        Records::remove(&self.0, table, key).await
    }
}

/// `b again.bin` is a further name of `b.bin`.
async fn two() -> MemoryStore {
    let store = MemoryStore::new();
    for (name, bytes) in [("a.bin", "a"), ("b.bin", "b"), ("b again.bin", "b")] {
        add(&store, &store, name, bytes).await;
    }
    store
}

/// A list that has another digest for a file.
async fn import(records: &dyn Records, name: &str, file: &str, digest: &str) -> Result<()> {
    let list = json!({ "bulkHash": [{ "filename": file, "sha512": digest.repeat(128) }] }).to_string();
    let list = known_good(list.as_bytes()).expect("a list");
    repo::import_known_good(records, name, list, Authenticity::Unsigned, NOW).await.map(drop)
}

/// Is `b` held back, whoever asks? `a` never is.
async fn held(records: &dyn Records, at: &str) -> bool {
    let b = Sha256::of(b"b");
    repo::cleared(records, &Sha256::of(b"a"), "push").await.expect("no list speaks against it");
    let listed = repo::images(records, &ImageFilter::default()).await.expect("list");
    let listed = listed.iter().find(|image| image.id == b).expect("there").quarantined().is_some();
    let refused = match repo::cleared(records, &b, "push").await {
        Ok(()) => false,
        Err(e) => {
            assert_eq!(e.kind(), ErrorKind::Blocked, "{at}: {e}");
            true
        }
    };
    let image = repo::standing(records, &b).await.expect("there");
    assert_eq!((listed, image.quarantined().is_some()), (refused, refused), "{at}");
    refused
}

/// Lets one write after the other fail, alone and with all that follow. `sound` looks at what is left, first while the disk is
/// full, then with room.
async fn at_every_write(
    start: impl AsyncFn() -> MemoryStore,
    work: impl AsyncFn(&dyn Records) -> Result<()>,
    sound: impl AsyncFn(&MemoryStore, &dyn Records, &str),
) -> u64 {
    let store = start().await;
    let counting = Full::new(&store, 0..0);
    work(&counting).await.expect("with room");
    sound(&store, &store, "with room").await;
    for n in 0..counting.writes() {
        for last in [n + 1, u64::MAX] {
            let (store, at) = (start().await, format!("writes {n}..{last}"));
            let e = work(&Full::new(&store, n..last)).await.expect_err(&at);
            assert_eq!(e.kind(), ErrorKind::NoSpace, "{at}: {e}");
            sound(&store, &Full::new(&store, 0..u64::MAX), &at).await;
            sound(&store, &store, &at).await;
            repo::judge_pending(&store, NOW + SignedDuration::from_hours(2)).await.expect("judge");
            assert_eq!(store.all("known_good_pending").await.expect("all"), [], "{at}");
            sound(&store, &store, &at).await;
        }
    }
    counting.writes()
}

async fn lists(store: &MemoryStore) -> usize {
    repo::known_good_lists(store).await.expect("lists").len()
}

#[tokio::test]
async fn a_list_that_comes_to_a_full_disk_holds_back_what_it_contradicts_as_soon_as_it_is_there() {
    for file in ["b.bin", "b again.bin"] {
        let work = async |records: &dyn Records| import(records, "vendor", file, "0").await;
        let sound = async |store: &MemoryStore, records: &dyn Records, at: &str| {
            assert_eq!(held(records, at).await, lists(store).await == 1, "{file}, {at}");
        };
        assert!(at_every_write(two, work, sound).await >= 5);
    }
}

#[tokio::test]
async fn a_list_that_goes_on_a_full_disk_holds_nothing_back_any_more() {
    let start = async || {
        let store = two().await;
        import(&store, "vendor", "b.bin", "0").await.expect("import");
        store
    };
    let work = async |records: &dyn Records| repo::remove_known_good(records, "vendor", NOW).await.map(drop);
    let sound = async |store: &MemoryStore, records: &dyn Records, at: &str| {
        assert_eq!(held(records, at).await, lists(store).await == 1, "{at}");
    };
    assert!(at_every_write(start, work, sound).await >= 5);
}

#[tokio::test]
async fn what_a_person_lifted_is_held_back_by_another_list_on_a_full_disk() {
    let start = async || {
        let store = two().await;
        import(&store, "vendor", "b.bin", "0").await.expect("import");
        repo::lift_quarantine(&store, &Sha256::of(b"b"), "Ada", "our own", NOW).await.expect("lift");
        assert!(!held(&store, "lifted").await);
        store
    };
    // It comes in the place of the one that was lifted, or it says the same.
    for (digest, counts) in [("1", true), ("0", false)] {
        let work = async |records: &dyn Records| import(records, "vendor", "b.bin", digest).await;
        let sound = async |store: &MemoryStore, records: &dyn Records, at: &str| {
            let list = store.get("known_good", "vendor").await.expect("get").expect("there").to_string();
            let there = list.contains(&digest.repeat(128));
            assert_eq!(held(records, at).await, counts && there, "{digest}, {at}");
        };
        assert!(at_every_write(start, work, sound).await >= 3);
    }
}

#[tokio::test]
async fn who_asks_for_an_image_writes_down_what_an_error_left_undone_and_a_person_can_lift_it() {
    let (store, b) = (two().await, Sha256::of(b"b"));
    let record = async || repo::image(&store, "b.bin").await.expect("there");
    let e = import(&Full::new(&store, 2..u64::MAX), "vendor", "b.bin", "0").await.expect_err("full");
    assert_eq!((e.kind(), e.effect(), e.context("name")), (ErrorKind::NoSpace, Effect::Applied, Some("vendor")), "{e}");
    assert!(e.to_string().contains("the list vendor is in force all the same"), "{e}");
    assert!(record().await.quarantined().is_none());
    repo::lift_quarantine(&store, &b, "Ada", "our own", NOW).await.expect("lift");
    assert!(record().await.quarantine_lifted.is_some() && !held(&store, "lifted").await);

    // A removal that failed after it had removed is ended by the next one.
    import(&store, "west", "b.bin", "1").await.expect("import");
    assert!(!held(&store, "the first list that contradicts is the one that counts").await);
    repo::remove_known_good(&store, "vendor", NOW).await.expect("remove");
    assert!(record().await.quarantined().is_some());
    let e = repo::remove_known_good(&Full::new(&store, 2..u64::MAX), "west", NOW).await.expect_err("full");
    assert!(e.to_string().contains("the list west is removed all the same"), "{e}");
    let e = repo::remove_known_good(&store, "west", NOW).await.expect_err("gone");
    assert_eq!(e.kind(), ErrorKind::NotFound, "{e}");
    assert!(record().await.contradicted().is_none());
}
