//! Deletions, exports, imports and scrubs that are cut off at every point.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]
#![allow(clippy::future_not_send, reason = "one thread runs a test")]

mod support;

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::repository::{Needed, Waited, add, cx, staged};
use swim_core::Result;
use swim_core::catalog::{Authenticity, known_good};
use swim_core::model::{DeviceId, Sha256};
use swim_core::ports::{ImageStore, ImageWriter, Index, Records, Sink};
use swim_core::repo::{self, ExportOptions, Group, ImageFilter, ImageQuery, InUse, ScrubOptions, Usage};
use swim_core::testing::KillSwitch;
use swim_stores::MemoryStore;

/// A store that is struck dead at a point: before or after any change.
#[derive(Clone, Debug)]
struct Mortal(MemoryStore, KillSwitch);

#[derive(Debug)]
struct MortalWriter(Box<dyn ImageWriter>, KillSwitch);

#[async_trait]
impl ImageWriter for MortalWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.1.point("before write").await;
        self.0.write(bytes).await
    }
    async fn finish(self: Box<Self>, address: &Sha256) -> Result<()> {
        let Self(writer, switch) = *self;
        switch.point("before finish").await;
        writer.finish(address).await?;
        switch.point("after finish").await;
        Ok(())
    }
    async fn abort(self: Box<Self>) -> Result<()> {
        self.0.abort().await
    }
}

#[async_trait]
impl ImageStore for Mortal {
    async fn create(&self) -> Result<Box<dyn ImageWriter>> {
        Ok(Box::new(MortalWriter(self.0.create().await?, self.1.clone())))
    }
    async fn size(&self, image: &Sha256) -> Result<Option<u64>> {
        self.0.size(image).await
    }
    async fn read(&self, image: &Sha256, offset: u64, length: usize) -> Result<Bytes> {
        self.1.point("read").await;
        self.0.read(image, offset, length).await
    }
    async fn remove(&self, image: &Sha256) -> Result<()> {
        self.1.point("before remove of bytes").await;
        ImageStore::remove(&self.0, image).await?;
        self.1.point("after remove of bytes").await;
        Ok(())
    }
    async fn list(&self) -> Result<Vec<Sha256>> {
        self.0.list().await
    }
    async fn sweep(&self) -> Result<u64> {
        self.0.sweep().await
    }
}

impl Mortal {
    async fn change<T>(&self, what: &str, change: impl Future<Output = Result<T>>) -> Result<T> {
        self.1.point(&format!("before {what}")).await;
        let done = change.await;
        self.1.point(&format!("after {what}")).await;
        done
    }
}

#[async_trait]
impl Records for Mortal {
    async fn put(&self, table: &str, key: &str, value: Value) -> Result<()> {
        self.change("put", self.0.put(table, key, value)).await
    }
    async fn put_new(&self, table: &str, key: &str, value: Value) -> Result<bool> {
        self.change("put_new", self.0.put_new(table, key, value)).await
    }
    async fn swap(&self, table: &str, key: &str, old: &Value, new: Value) -> Result<bool> {
        self.change("swap", self.0.swap(table, key, old, new)).await
    }
    async fn get(&self, table: &str, key: &str) -> Result<Option<Value>> {
        self.0.get(table, key).await
    }
    async fn all(&self, table: &str) -> Result<Vec<(String, Value)>> {
        self.0.all(table).await
    }
    async fn remove(&self, table: &str, key: &str) -> Result<bool> {
        self.change("remove", Records::remove(&self.0, table, key)).await
    }
}

#[async_trait]
impl Index for Mortal {
    async fn find(&self, query: &ImageQuery) -> Result<Vec<(String, Value)>> {
        self.0.find(query).await
    }
    async fn groups(&self) -> Result<Vec<Group>> {
        self.0.groups().await
    }
    async fn usage(&self, image: &Sha256, after: Option<&DeviceId>, limit: Option<u32>) -> Result<Vec<Usage>> {
        self.0.usage(image, after, limit).await
    }
    async fn users(&self, image: &Sha256) -> Result<u64> {
        self.0.users(image).await
    }
    async fn most_used(&self, count: u32) -> Result<Vec<InUse>> {
        self.0.most_used(count).await
    }
}

/// A file in memory, which has its name when it is finished.
#[derive(Debug, Default)]
struct File(Mutex<(Vec<u8>, bool)>, Option<KillSwitch>);

#[async_trait]
impl Sink for File {
    async fn have(&self) -> Result<u64> {
        Ok(self.0.lock().expect("one thread").0.len() as u64)
    }
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes> {
        let file = self.0.lock().expect("one thread");
        Ok(file.0.iter().skip(offset as usize).take(length).copied().collect())
    }
    async fn write(&self, offset: u64, bytes: Bytes) -> Result<()> {
        if let Some(switch) = &self.1 {
            switch.point("before write to the file").await;
        }
        let mut file = self.0.lock().expect("one thread");
        let end = offset as usize + bytes.len();
        if file.0.len() < end {
            file.0.resize(end, 0);
        }
        file.0[offset as usize..end].copy_from_slice(&bytes);
        Ok(())
    }
    async fn finish(&self, bytes: u64) -> Result<()> {
        let mut file = self.0.lock().expect("one thread");
        assert_eq!(file.0.len() as u64, bytes, "no hole and no rest");
        file.1 = true;
        Ok(())
    }
    async fn clear(&self) -> Result<()> {
        self.0.lock().expect("one thread").0.clear();
        Ok(())
    }
}

/// Runs work that is struck at each of its points, one after the other; `after` looks at what is left, and says how many
/// points there were.
async fn at_every_point(
    work: impl AsyncFn(Mortal),
    after: impl AsyncFn(MemoryStore, &str),
    start: impl AsyncFn() -> MemoryStore,
) -> u64 {
    let counting = KillSwitch::new(None);
    work(Mortal(start().await, counting.clone())).await;
    for point in 0..counting.count() {
        let (store, switch) = (start().await, counting.armed(point));
        tokio::select! {
            biased;
            () = switch.fired() => {}
            () = work(Mortal(store.clone(), switch.clone())) => {}
        }
        after(store, &switch.label().unwrap_or_default()).await;
    }
    counting.count()
}

async fn three() -> MemoryStore {
    let store = MemoryStore::new();
    add(&store, &store, "a.bin", vec![1; 300_000]).await;
    add(&store, &store, "b.bin", "b").await;
    add(&store, &store, "b again.bin", "b").await;
    add(&store, &store, "c.bin", vec![3; 140_000]).await;
    store
}

async fn sound(store: &MemoryStore) -> Vec<String> {
    let mut names = Vec::new();
    for image in repo::images(store, &ImageFilter::default()).await.expect("list") {
        let bytes = store.read(&image.id, 0, usize::MAX).await.expect("what is listed can be read");
        assert_eq!(Sha256::of(&bytes), image.id);
        names.extend(repo::names(store, &image.id).await.expect("names"));
    }
    names.sort_unstable();
    names
}

const ALL: [&str; 4] = ["a.bin", "b again.bin", "b.bin", "c.bin"];

#[tokio::test]
async fn a_deletion_that_is_struck_at_any_point_is_done_or_undone() {
    let b = Sha256::of(b"b");
    let work = async |m: Mortal| {
        let needed = Needed(Mutex::new(vec![staged()]));
        repo::delete(&m, &m, &Waited::default(), &b, &needed, Some("moved")).await.expect("delete");
    };
    let after = async |store: MemoryStore, point: &str| {
        let before = sound(&store).await;
        repo::sweep(&store, &store).await.expect("sweep");
        let names = sound(&store).await;
        assert!(names == ALL || names == ["a.bin", "c.bin"], "{point}: {names:?}");
        // What was gone stays gone, unless it was only asked about.
        assert!(names.len() >= before.len(), "{point}: {before:?}, then {names:?}");
        let stored = store.list().await.expect("list").len();
        assert_eq!(stored, repo::search(&store, &ImageQuery::default()).await.expect("search").len(), "{point}");
        if names == ALL {
            work(Mortal(store.clone(), KillSwitch::new(None))).await;
        }
        assert_eq!(sound(&store).await, ["a.bin", "c.bin"], "{point}");
    };
    let points = at_every_point(work, after, three).await;
    assert!(points >= 15, "{points}");
}

#[tokio::test]
async fn an_export_that_is_struck_at_any_point_has_no_name_and_is_made_again() {
    let from = three().await;
    let counting = KillSwitch::new(None);
    let export = async |switch: KillSwitch, file: &File| {
        let m = Mortal(from.clone(), switch);
        repo::export(&m, &m, &ExportOptions::default(), file, &cx()).await
    };
    let whole = File(Mutex::default(), Some(counting.clone()));
    export(counting.clone(), &whole).await.expect("export");
    assert!(counting.count() >= 15, "{}", counting.count());
    let whole = whole.0.into_inner().expect("one thread").0;
    for point in 0..counting.count() {
        let switch = counting.armed(point);
        let mut file = File(Mutex::default(), Some(switch.clone()));
        tokio::select! {
            biased;
            () = switch.fired() => {}
            done = export(switch.clone(), &file) => panic!("{done:?}"),
        }
        assert!(!file.0.lock().expect("one thread").1, "{:?}", switch.label());
        file.1 = None;
        export(KillSwitch::new(None), &file).await.expect("again");
        let again = file.0.into_inner().expect("one thread");
        assert!(again.1 && again.0 == whole, "{:?}", switch.label());
    }
}

#[tokio::test]
async fn an_import_that_is_struck_at_any_point_is_completed_by_the_next() {
    let (from, file) = (three().await, File::default());
    repo::export(&from, &from, &ExportOptions::default(), &file, &cx()).await.expect("export");
    let archive = Bytes::from(file.0.into_inner().expect("one thread").0);
    let work = async |m: Mortal| {
        repo::unpack(&mut archive.clone(), &m, &m, &cx()).await.expect("unpack");
    };
    let after = async |store: MemoryStore, point: &str| {
        let before = sound(&store).await;
        repo::sweep(&store, &store).await.expect("sweep");
        assert_eq!(sound(&store).await, before, "{point}: a sweep takes no image");
        let stored = store.list().await.expect("list").len();
        assert_eq!(stored, repo::search(&store, &ImageQuery::default()).await.expect("search").len(), "{point}");
        work(Mortal(store.clone(), KillSwitch::new(None))).await;
        assert_eq!(sound(&store).await, ALL, "{point}");
    };
    let points = at_every_point(work, after, async || MemoryStore::new()).await;
    assert!(points >= 20, "{points}");
}

#[tokio::test]
async fn a_scrub_that_is_struck_at_any_point_finds_the_same() {
    let start = async || {
        let store = three().await;
        let mut writer = store.create().await.expect("create");
        writer.write("not b".into()).await.expect("write");
        writer.finish(&Sha256::of(b"b")).await.expect("rot");
        store
    };
    let work = async |m: Mortal| {
        let report = repo::scrub(&m, &m, &ScrubOptions::default(), &cx()).await.expect("scrub");
        assert!(report.finished);
        assert_eq!(
            (report.images, report.damaged.len(), report.damaged[0].image),
            (3, 1, Sha256::of(b"b")),
            "once each"
        );
    };
    let after = async |store: MemoryStore, point: &str| {
        let marked = repo::damage_of(&store, &Sha256::of(b"b")).await.expect("damage");
        work(Mortal(store.clone(), KillSwitch::new(None))).await;
        let again = repo::damage_of(&store, &Sha256::of(b"b")).await.expect("damage");
        assert!(again.is_some() && (marked.is_none() || marked == again), "{point}");
        assert_eq!(store.get("scrub", "position").await.expect("get"), None, "{point}");
    };
    let points = at_every_point(work, after, start).await;
    assert!(points >= 15, "{points}");
}

#[tokio::test]
async fn a_list_that_is_struck_at_any_point_leaves_no_image_free_that_it_speaks_against() {
    let now = Timestamp::UNIX_EPOCH;
    let import = async |records: &dyn Records, digest: &str| {
        let list = json!({ "bulkHash": [{ "filename": "b.bin", "sha512": digest.repeat(128) }] }).to_string();
        let list = known_good(list.as_bytes()).expect("a list");
        repo::import_known_good(records, "vendor", list, Authenticity::Unsigned, now).await.expect("import");
    };
    let held = async |store: &MemoryStore| repo::image(store, "b.bin").await.expect("there").quarantined().is_some();
    let come = async |m: Mortal| import(&m, "0").await;
    let after = async |store: MemoryStore, point: &str| {
        repo::judge_pending(&store, now).await.expect("judge");
        let lists = repo::known_good_lists(&store).await.expect("lists").len();
        assert_eq!(held(&store).await, lists == 1, "{point}");
        // The mark of who died before the list came or went is done with later: it may still be at work.
        let later = now + SignedDuration::from_hours(2);
        repo::judge_pending(&store, later).await.expect("judge");
        assert_eq!(store.all("known_good_pending").await.expect("all"), [], "{point}");
        assert_eq!(held(&store).await, lists == 1, "{point}");
    };
    assert!(at_every_point(come, after, three).await >= 4);
    // And one that goes holds nothing back any more.
    let begun = async || {
        let store = three().await;
        import(&store, "0").await;
        store
    };
    let go = async |m: Mortal| {
        repo::remove_known_good(&m, "vendor", now).await.expect("remove");
    };
    assert!(at_every_point(go, after, begun).await >= 4);
}
