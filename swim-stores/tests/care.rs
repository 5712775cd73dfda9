//! Care of the repository: deletion that looks who needs an image, the scrub, and both cut off at every point.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]
#![allow(clippy::future_not_send, reason = "one thread runs a test")]

mod support;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use support::Folder;
use swim_core::image::Image;
use swim_core::model::{DeviceId, Sha256};
use swim_core::ports::{Clock, Context, ImageStore, ImageWriter, Index, JobId, Note, NoteSink, Records, Silent, Sink};
use swim_core::repo::{
    self, DamageKind, ExportOptions, Group, ImageFilter, ImageQuery, ImportOptions, InUse, Referrer, Referrers,
    ScrubOptions, Usage,
};
use swim_core::testing::KillSwitch;
use swim_core::{ErrorKind, Result, Retry};
use swim_stores::{FileImages, MemoryStore, SqliteStore};

/// A clock that goes on as it is waited for.
#[derive(Debug, Default)]
struct Waited(AtomicU64);

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

fn cx() -> Context {
    Context::new(Arc::new(Waited::default()))
}

async fn add(store: &dyn ImageStore, records: &dyn Records, name: &str, bytes: impl Into<Bytes>) -> Image {
    let (clock, options) = (Waited::default(), ImportOptions::new(name));
    repo::import(bytes.into(), store, records, &clock, options, &Silent).await.expect("import")
}

/// Whoever is in the list needs every image.
#[derive(Default)]
struct Needed(Mutex<Vec<Referrer>>);

#[async_trait]
impl Referrers for Needed {
    async fn of(&self, _: &Sha256) -> Result<Vec<Referrer>> {
        Ok(self.0.lock().expect("one thread").clone())
    }
}

fn job(n: u32) -> Referrer {
    Referrer::Job { job: JobId(format!("job-{n}")) }
}

fn staged() -> Referrer {
    Referrer::Staged { server: DeviceId::new("depot").expect("a name"), path: "images/x.bin".to_owned() }
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

fn place(folder: &Folder, id: &Sha256) -> PathBuf {
    let text = id.to_string();
    folder.join("store").join("images").join(&text[..2]).join(&text[2..])
}

#[tokio::test]
async fn rot_is_found_told_and_healed() {
    let folder = Folder::new("scrub");
    let store = FileImages::open(folder.join("store")).expect("open");
    let records = SqliteStore::open(folder.join("swim.db")).expect("open");
    let bytes = |n: u8| vec![n; 300_000];
    let mut images = Vec::new();
    for n in 0..5 {
        images.push(add(&store, &records, &format!("{n}.bin"), bytes(n)).await);
    }
    let scrub = async || repo::scrub(&store, &records, &ScrubOptions::default(), &cx()).await.expect("scrub");
    let clean = scrub().await;
    assert_eq!((clean.images, clean.bytes, clean.finished), (5, 1_500_000, true));
    assert!(clean.damaged.is_empty() && clean.unrecorded.is_empty());
    // Read before, so that the file is open and a piece of it in memory.
    store.read(&images[0].id, 0, 1 << 20).await.expect("read");
    let mut rotten = bytes(0);
    rotten[299_999] ^= 1;
    std::fs::write(place(&folder, &images[0].id), &rotten).expect("rot");
    std::fs::write(place(&folder, &images[1].id), &bytes(1)[..1000]).expect("cut off");
    std::fs::write(place(&folder, &images[2].id), [bytes(2), vec![2]].concat()).expect("grown");
    std::fs::remove_file(place(&folder, &images[3].id)).expect("lost");
    let mut writer = store.create().await.expect("create");
    writer.write("nobody's".into()).await.expect("write");
    writer.finish(&Sha256::of(b"nobody's")).await.expect("finish");
    let found = scrub().await;
    assert_eq!((found.images, found.finished), (5, true));
    assert_eq!(found.unrecorded, [Sha256::of(b"nobody's")]);
    let mut told: Vec<_> = found.damaged.iter().map(|d| (d.file_name.as_str(), d.kind, d.found, d.bytes)).collect();
    told.sort_by_key(|(name, ..)| (*name).to_owned());
    let grown = [bytes(2), vec![2]].concat();
    assert_eq!(
        told,
        [
            ("0.bin", DamageKind::Changed, Some(Sha256::of(&rotten)), 300_000),
            ("1.bin", DamageKind::Changed, Some(Sha256::of(&bytes(1)[..1000])), 1000),
            ("2.bin", DamageKind::Changed, Some(Sha256::of(&grown)), 300_001),
            ("3.bin", DamageKind::Missing, None, 0),
        ]
    );
    for image in &images[..4] {
        assert_eq!(repo::sound(&records, &image.id).await.expect_err("damaged").kind(), ErrorKind::Integrity);
    }
    repo::sound(&records, &images[4].id).await.expect("sound");
    // The right bytes again: what was open and in memory is not believed any more.
    for n in 0..4 {
        let again = add(&store, &records, "again.bin", bytes(n)).await;
        assert_eq!(again.file_name, format!("{n}.bin"), "the image that it was");
        assert!(store.read(&again.id, 0, 1 << 20).await.expect("read") == bytes(n));
        repo::sound(&records, &again.id).await.expect("sound");
    }
    assert!(scrub().await.damaged.is_empty());
    // Put right by hand: the next scrub takes the mark away.
    std::fs::write(place(&folder, &images[4].id), &rotten).expect("rot");
    assert_eq!(scrub().await.damaged.len(), 1);
    std::fs::write(place(&folder, &images[4].id), bytes(4)).expect("right");
    assert_eq!(scrub().await.healed, [images[4].id]);
    repo::sound(&records, &images[4].id).await.expect("sound");
    let deleted = repo::delete(&store, &records, &Waited::default(), &images[0].id, &Needed::default(), None).await;
    assert_eq!(deleted.expect("delete").file_name, "0.bin");
}

#[derive(Default)]
struct Heard(Mutex<Vec<Note>>);

impl NoteSink for Heard {
    fn note(&self, note: Note) {
        self.0.lock().expect("one thread").push(note);
    }
}

#[tokio::test]
async fn a_scrub_keeps_its_rate_and_goes_on_where_it_was() {
    let store = MemoryStore::new();
    for n in 0..10_u8 {
        add(&store, &store, &format!("{n}.bin"), vec![n; 200_000]).await;
    }
    let heard = Arc::new(Heard::default());
    let cx = cx().noting(Arc::clone(&heard) as Arc<dyn NoteSink>);
    let mut options = ScrubOptions::default();
    options.bytes_per_second = Some(100_000);
    options.seconds = Some(7);
    let first = repo::scrub(&store, &store, &options, &cx).await.expect("scrub");
    assert!(!first.finished && (2..=5).contains(&first.images), "{first:?}");
    let took = cx.clock.monotonic();
    options.seconds = None;
    let second = repo::scrub(&store, &store, &options, &cx).await.expect("scrub");
    assert!(second.finished && second.images == 10 && second.bytes == 2_000_000, "{second:?}");
    assert!(took >= Duration::from_secs(5) && cx.clock.monotonic() >= Duration::from_secs(19), "{:?}", cx.clock);
    let notes = heard.0.lock().expect("one thread").clone();
    assert_eq!(notes.last(), Some(&Note::Bytes { done: 2_000_000, total: Some(2_000_000) }));
    options.bytes_per_second = Some(0);
    assert_eq!(repo::scrub(&store, &store, &options, &cx).await.expect_err("zero").kind(), ErrorKind::InvalidInput);
    cx.cancel.cancel();
    let stopped = repo::scrub(&store, &store, &ScrubOptions::default(), &cx).await.expect_err("cancelled");
    assert_eq!(stopped.kind(), ErrorKind::Cancelled);
}

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
