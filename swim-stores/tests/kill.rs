//! Processes that are killed while they write, and processes that write at the same time. The functions named
//! `child_*` are the other process: they do nothing in an ordinary run.

#![allow(clippy::expect_used, reason = "a test may fail by panicking")]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use support::{Folder, child_argument, spawn_child};
use swim_core::model::{DeviceId, Sha256};
use swim_core::ports::{Clock, Context, ImageStore, JobId, JobStore, NewJob, Silent, WorkerId};
use swim_core::repo::{
    self, ExportOptions, ImageFilter, ImageQuery, ImportOptions, Referrer, Referrers, ScrubOptions, Source,
};
use swim_core::{ErrorKind, Result};
use swim_stores::{FileImages, FileSink, FileSource, MemoryStore, SqliteStore};

/// Kills a test: enough to hit every phase of a loop that takes about a millisecond.
const KILLS: u64 = 25;

fn job(id: &str) -> NewJob {
    NewJob {
        id: JobId(id.into()),
        idempotency_key: id.into(),
        devices: vec![],
        events: vec![],
        due: Timestamp::UNIX_EPOCH,
    }
}

/// What a child said before it was killed after so many milliseconds. Lines that begin with `:` count.
fn killed_after(test: &str, argument: &str, millis: u64) -> Vec<String> {
    let mut child = spawn_child(test, argument);
    let mut output = BufReader::new(child.stdout());
    let mut lines = Vec::new();
    // The time begins with its first line, so that a slow start is not all that is killed.
    let mut line = String::new();
    while output.read_line(&mut line).expect("text") > 0 {
        if let Some(at) = line.find(':') {
            lines.push(line[at + 1..].trim_end().to_owned());
            break;
        }
        line.clear();
    }
    std::thread::sleep(Duration::from_millis(millis));
    child.kill();
    for line in output.lines().map_while(std::result::Result::ok) {
        lines.extend(line.strip_prefix(':').map(str::to_owned));
    }
    lines
}

#[allow(clippy::print_stdout, reason = "this is how the child reports what is durable")]
fn say(line: impl std::fmt::Display) {
    println!(":{line}");
}

#[tokio::test]
async fn child_appends() {
    let Some(path) = child_argument() else { return };
    let store = SqliteStore::open(path).expect("open");
    let id = store.create(job("killed")).await.expect("create");
    let worker = WorkerId(std::process::id().to_string());
    // Its predecessor is dead: a lease that ends at once can be taken at once.
    let lease = store.claim(&worker, Timestamp::UNIX_EPOCH, Duration::ZERO, Some(&id)).await.expect("claim");
    let lease = lease.expect("free");
    let mut next = store.load(&id, 0).await.expect("load").len() as u64;
    loop {
        // Three entries in one append are there together or not at all.
        let events = vec![json!([next, lease.fence]); 3];
        next = store.append(&lease, next, events).await.expect("append").next;
        say(next);
    }
}

#[tokio::test]
async fn what_was_appended_survives_kills() {
    let folder = Folder::new("kill-sqlite");
    let path = folder.join("swim.db");
    let mut told = 0;
    for round in 0..KILLS {
        let lines = killed_after("child_appends", path.to_str().expect("a path"), round % 13);
        told = lines.iter().filter_map(|line| line.parse().ok()).fold(told, u64::max);
        let store = SqliteStore::open(&path).expect("a killed writer leaves a good file");
        let stored = store.load(&JobId("killed".into()), 0).await.expect("load");
        assert!(stored.len() as u64 >= told, "round {round}: {} entries, {told} were acknowledged", stored.len());
        assert_eq!(stored.len() % 3, 0, "round {round}: half an append");
        for (at, entry) in stored.iter().enumerate() {
            assert_eq!(entry.sequence, at as u64);
            assert_eq!(entry.event[0], json!(at / 3 * 3), "round {round}");
        }
    }
    assert!(told > KILLS, "the children did append: {told}");
    let check: String = rusqlite::Connection::open(&path)
        .and_then(|db| db.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .expect("check");
    assert_eq!(check, "ok");
}

/// Does every job that it can get: holds the one device, writes, finishes.
#[tokio::test]
async fn child_works() {
    let Some(path) = child_argument() else { return };
    let store = SqliteStore::open(path).expect("open");
    let worker = WorkerId(std::process::id().to_string());
    let device = DeviceId::new("the-one").expect("a good name");
    let now = Timestamp::from_second(10).expect("in range");
    say("ready");
    while let Some(lease) = store.claim(&worker, now, Duration::from_secs(60), None).await.expect("claim") {
        loop {
            match store.hold_device(&lease, &device).await {
                Ok(()) => break,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Busy),
            }
        }
        let at = store.load(&lease.job, 0).await.expect("load").len() as u64;
        store.append(&lease, at, vec![json!(worker)]).await.expect("append");
        say(&lease.job);
        store.release(&lease, true).await.expect("release");
    }
}

#[tokio::test]
async fn several_processes_share_the_jobs_and_none_is_done_twice() {
    const JOBS: usize = 60;
    let folder = Folder::new("processes");
    let path = folder.join("swim.db");
    let store = SqliteStore::open(&path).expect("open");
    for n in 0..JOBS {
        store.create(job(&format!("job-{n:02}"))).await.expect("create");
    }
    let children: Vec<_> = (0..3).map(|_| spawn_child("child_works", path.to_str().expect("a path"))).collect();
    let mut done = Vec::new();
    for child in children {
        let output = child.output();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).expect("text");
        // The first line follows the test runner's own words on theirs.
        done.extend(text.lines().filter_map(|line| Some(line.split_once(":job-")?.1.to_owned())));
    }
    assert_eq!(done.len(), JOBS, "each once");
    assert_eq!(done.into_iter().collect::<BTreeSet<_>>().len(), JOBS);
    for summary in store.list().await.expect("list") {
        assert!(summary.finished);
        assert_eq!(store.load(&summary.id, 0).await.expect("load").len(), 1);
    }
}

#[derive(Debug)]
struct Epoch;

#[async_trait]
impl Clock for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _: Duration) {}
}

/// An image that is another one for each number, in pieces.
struct Pieces {
    number: u64,
    left: u32,
}

#[async_trait]
impl Source for Pieces {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let seed = [self.number.to_le_bytes(), u64::from(left).to_le_bytes()].concat();
        Ok(Some(seed.repeat(6_250).into()))
    }
}

fn open(folder: &Path) -> (FileImages, SqliteStore) {
    std::fs::create_dir_all(folder).expect("a folder");
    let images = FileImages::open(folder.join("store")).expect("open");
    (images, SqliteStore::open(folder.join("swim.db")).expect("open"))
}

#[tokio::test]
async fn child_imports() {
    let Some(argument) = child_argument() else { return };
    let (folder, first) = argument.split_once('|').expect("a folder and a number");
    let (store, records) = open(Path::new(folder));
    say("ready");
    for number in first.parse().expect("a number").. {
        let source = Pieces { number, left: 12 };
        let options = ImportOptions::new(format!("{number}.bin"));
        let image = repo::import(source, &store, &records, &Epoch, options, &Silent).await;
        let image = image.expect("import");
        say(image.id);
        // Every third is removed again, so that kills hit removals too.
        if number % 3 == 0 {
            repo::remove(&store, &records, &image.id).await.expect("remove");
        }
    }
}

#[tokio::test]
async fn a_killed_import_leaves_nothing_and_shows_nothing() {
    let folder = Folder::new("kill-import");
    let mut totals = (0, 0, 0);
    let mut finished = 0;
    // A busy machine needs more time for an import: the kills come later until some are told, then sooner again.
    let mut patience = 1;
    for round in 0..KILLS {
        // Numbers of its own for each round: what was never finished is never made whole by the next round.
        let argument = format!("{}|{}", folder.path().display(), round * 1_000);
        let lines = killed_after("child_imports", &argument, (3 + round * 7 % 40) * patience);
        finished += lines.len() - 1;
        patience = if lines.len() == 1 { (patience * 2).min(64) } else { (patience / 2).max(1) };
        let (store, records) = open(folder.path());
        // Before the sweep already: whatever is listed is whole.
        for image in repo::images(&records, &ImageFilter::default()).await.expect("list") {
            let bytes = store.read(&image.id, 0, usize::MAX).await.expect("a listed image can be read");
            assert_eq!((Sha256::of(&bytes), bytes.len() as u64), (image.id, image.bytes), "round {round}");
        }
        let swept = repo::sweep(&store, &records).await.expect("sweep");
        totals = (totals.0 + swept.unfinished, totals.1 + swept.unrecorded, totals.2 + swept.removals);
        let incoming = std::fs::read_dir(folder.join("store").join("incoming")).expect("list");
        assert_eq!(incoming.count(), 0, "round {round}: leftovers");
        let recorded = repo::images(&records, &ImageFilter::default()).await.expect("list");
        let recorded: BTreeSet<_> = recorded.into_iter().map(|image| image.id).collect();
        let stored: BTreeSet<_> = store.list().await.expect("list").into_iter().collect();
        assert_eq!(stored, recorded, "round {round}: bytes without a record, or the other way round");
    }
    assert!(finished > 0, "the children did import");
    assert!(totals.0 + totals.1 + totals.2 > 0, "some kill hit the middle of something: {totals:?}");
    say(format!("{finished} imports told, {KILLS} kills left {totals:?} to sweep"));
}

fn context() -> Context {
    Context::new(std::sync::Arc::new(Epoch))
}

struct Nobody;

#[async_trait]
impl Referrers for Nobody {
    async fn of(&self, _: &Sha256) -> Result<Vec<Referrer>> {
        Ok(Vec::new())
    }
}

/// Moves a repository there and back again, scrubs it and deletes from it, until it is killed.
#[tokio::test]
async fn child_moves() {
    let Some(argument) = child_argument() else { return };
    let (folder, round) = argument.split_once('|').expect("a folder and a number");
    let folder = Path::new(folder);
    let (store, records) = open(&folder.join("to"));
    say("ready");
    for number in 0.. {
        let mut source = FileSource::open(folder.join("all.tar")).await.expect("open");
        repo::unpack(&mut source, &store, &records, &context()).await.expect("unpack");
        say("unpacked");
        let sink = FileSink::create(folder.join(format!("out-{round}-{number}.tar"))).await.expect("create");
        repo::export(&store, &records, &ExportOptions::default(), &*sink, &context()).await.expect("export");
        say("exported");
        let scrubbed = repo::scrub(&store, &records, &ScrubOptions::default(), &context()).await.expect("scrub");
        assert!(scrubbed.damaged.is_empty(), "{scrubbed:?}");
        say("scrubbed");
        for image in repo::images(&records, &ImageFilter::default()).await.expect("list") {
            repo::delete(&store, &records, &Epoch, &image.id, &Nobody, None).await.expect("delete");
        }
        say("deleted");
    }
}

#[tokio::test]
async fn a_killed_move_is_completed_and_leaves_nothing_half() {
    let folder = Folder::new("kill-move");
    let (store, records) = open(&folder.join("from"));
    for number in 0..6 {
        let options = ImportOptions::new(format!("{number}.bin"));
        repo::import(Pieces { number, left: 9 }, &store, &records, &Epoch, options, &Silent).await.expect("import");
    }
    let sink = FileSink::create(folder.join("all.tar")).await.expect("create");
    repo::export(&store, &records, &ExportOptions::default(), &*sink, &context()).await.expect("export");
    let all = repo::images(&records, &ImageFilter::default()).await.expect("list");
    let (mut told, mut whole, mut patience) = (0, 0, 1);
    for round in 0..KILLS {
        let argument = format!("{}|{round}", folder.path().display());
        let lines = killed_after("child_moves", &argument, (3 + round * 11 % 90) * patience);
        told += lines.len() - 1;
        patience = if lines.len() == 1 { (patience * 2).min(64) } else { (patience / 2).max(1) };
        let (store, records) = open(&folder.join("to"));
        for image in repo::images(&records, &ImageFilter::default()).await.expect("list") {
            let bytes = store.read(&image.id, 0, usize::MAX).await.expect("a listed image can be read");
            assert_eq!(Sha256::of(&bytes), image.id, "round {round}");
        }
        repo::sweep(&store, &records).await.expect("sweep");
        let incoming = std::fs::read_dir(folder.join("to").join("store").join("incoming")).expect("list");
        assert_eq!(incoming.count(), 0, "round {round}: leftovers");
        let listed = repo::search(&records, &ImageQuery::default()).await.expect("search");
        let listed: BTreeSet<_> = listed.into_iter().map(|image| image.id).collect();
        assert_eq!(listed, store.list().await.expect("list").into_iter().collect(), "round {round}");
        // An archive that has its name is whole, and brings all.
        for entry in std::fs::read_dir(folder.path()).expect("list") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "tar") && !path.ends_with("all.tar") {
                let memory = MemoryStore::new();
                let mut source = FileSource::open(&path).await.expect("open");
                let brought = repo::unpack(&mut source, &memory, &memory, &context()).await.expect("a whole archive");
                assert_eq!(brought.imported.len(), all.len(), "round {round}");
                whole += 1;
                std::fs::remove_file(&path).expect("remove");
            }
        }
        if round % 2 == 0 {
            let mut source = FileSource::open(folder.join("all.tar")).await.expect("open");
            repo::unpack(&mut source, &store, &records, &context()).await.expect("completes");
            assert_eq!(repo::images(&records, &ImageFilter::default()).await.expect("list"), all, "round {round}");
        }
    }
    assert!(told > 0, "the children did something");
    say(format!("{told} steps told, {whole} archives whole after {KILLS} kills"));
}

#[tokio::test]
async fn child_writes_and_waits() {
    let Some(folder) = child_argument() else { return };
    let store = FileImages::open(folder).expect("open");
    let mut writer = store.create().await.expect("create");
    writer.write(Bytes::from(vec![5; 2_000_000])).await.expect("write");
    say("ready");
    std::future::pending::<()>().await;
    drop(writer);
}

#[tokio::test]
async fn a_sweep_spares_the_writer_of_another_process_until_it_is_dead() {
    let folder = Folder::new("sweep-other");
    let store = FileImages::open(folder.path()).expect("open");
    let mut child = spawn_child("child_writes_and_waits", folder.path().to_str().expect("a path"));
    let mut output = BufReader::new(child.stdout());
    let mut line = String::new();
    while !line.contains(":ready") {
        line.clear();
        assert!(output.read_line(&mut line).expect("text") > 0, "the child ended early");
    }
    assert_eq!(store.sweep().await.expect("sweep"), 0, "it lives");
    child.kill();
    assert_eq!(store.sweep().await.expect("sweep"), 1, "it is dead");
}
