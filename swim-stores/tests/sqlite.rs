//! What is particular to the SQLite store: whose files it opens, and what calls that share a transaction do to
//! each other.

#![allow(clippy::expect_used, reason = "a test may fail by panicking")]

mod support;

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;
use support::Folder;
use swim_core::ErrorKind;
use swim_core::ports::{JobId, JobStore, NewJob, Records, WorkerId};
use swim_stores::SqliteStore;

fn job(id: &str) -> NewJob {
    NewJob {
        id: JobId(id.into()),
        idempotency_key: id.into(),
        devices: vec![],
        events: vec![],
        due: Timestamp::UNIX_EPOCH,
    }
}

fn pragma(db: &Connection, name: &str) -> String {
    db.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        .map(|value| match value {
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        })
        .expect("a pragma")
}

#[test]
fn a_newer_file_is_refused_and_stays_as_it_is() {
    let folder = Folder::new("sqlite-newer");
    let path = folder.join("swim.db");
    drop(SqliteStore::open(&path).expect("open"));
    let db = Connection::open(&path).expect("open");
    db.pragma_update(None, "user_version", 1_000).expect("pragma");
    let error = SqliteStore::open(&path).expect_err("newer");
    assert_eq!((error.kind(), error.context("path")), (ErrorKind::Unsupported, path.to_str()));
    assert!(error.message().contains("newer version of this library: it has version 1000"), "{error}");
    assert_eq!(pragma(&db, "user_version"), "Integer(1000)");
}

#[test]
fn other_programs_files_are_refused_and_stay_as_they_are() {
    let folder = Folder::new("sqlite-foreign");
    let path = folder.join("foreign.db");
    let db = Connection::open(&path).expect("open");
    db.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").expect("their table");
    assert_eq!(SqliteStore::open(&path).expect_err("foreign").kind(), ErrorKind::InvalidInput);
    assert_eq!(pragma(&db, "journal_mode"), "delete", "not even the journal mode changed");
    let text = folder.join("notes.txt");
    std::fs::write(&text, "not a database, but longer than a header of one, so that it is looked at. ".repeat(20))
        .expect("a file");
    let before = std::fs::read(&text).expect("read");
    assert_eq!(SqliteStore::open(&text).expect_err("text").kind(), ErrorKind::InvalidInput);
    assert_eq!(std::fs::read(&text).expect("read"), before);
    let error = SqliteStore::open(folder.join("no/such/folder/swim.db")).expect_err("no folder");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.context("path").is_some());
}

#[test]
fn many_may_open_a_new_file_at_once() {
    let folder = Folder::new("sqlite-race");
    for round in 0..5 {
        let path = folder.join(&format!("{round}.db"));
        std::thread::scope(|scope| {
            let opens: Vec<_> = (0..6).map(|_| scope.spawn(|| SqliteStore::open(&path))).collect();
            for open in opens {
                open.join().expect("no panic").expect("open");
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_calls_take_nothing_of_the_others_with_them() {
    let folder = Folder::new("sqlite-batch");
    let store = SqliteStore::open(folder.join("swim.db")).expect("open");
    let id = store.create(job("batch")).await.expect("create");
    let lease = store.claim(&WorkerId("w".into()), Timestamp::UNIX_EPOCH, Duration::from_secs(9), None).await;
    let lease = lease.expect("claim").expect("free");
    // Two hundred calls at once share a few transactions; those at a wrong position are refused.
    let calls = (0..200_u32).map(|n| {
        let (store, lease, id) = (store.clone(), lease.clone(), id.clone());
        tokio::spawn(async move {
            if n % 2 == 0 {
                store.request(&id, json!(n)).await.map(|_| n)
            } else {
                store.append(&lease, 1_000_000, vec![json!("never"); 3]).await.map(|_| n)
            }
        })
    });
    let mut kept = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        match call.await.expect("no panic") {
            Ok(n) => kept.push(json!(n)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict),
        }
    }
    let mut stored: Vec<_> = store.load(&id, 0).await.expect("load").into_iter().map(|s| s.event).collect();
    stored.sort_by_key(|event| event.as_u64());
    assert_eq!(stored.len(), 100);
    assert_eq!(stored, kept);
}

#[tokio::test]
async fn a_file_that_is_busy_for_long_says_so_and_works_again() {
    let folder = Folder::new("sqlite-busy");
    let path = folder.join("swim.db");
    let store = SqliteStore::open(&path).expect("open");
    store.put("t", "k", json!(1)).await.expect("put");
    let other = Connection::open(&path).expect("open");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    assert_eq!(store.get("t", "k").await.expect("readers do not wait"), Some(json!(1)));
    let error = store.put("t", "k", json!(2)).await.expect_err("locked");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(matches!(error.retry(), swim_core::Retry::After(_)), "{error:?}");
    other.execute_batch("ROLLBACK").expect("unlock");
    store.put("t", "k", json!(3)).await.expect("free again");
    assert_eq!(store.get("t", "k").await.expect("get"), Some(json!(3)));
}

#[tokio::test]
async fn a_full_disk_is_no_space_and_the_store_goes_on() {
    let folder = Folder::new("sqlite-full");
    let path = folder.join("swim.db");
    let store = SqliteStore::open(&path).expect("open");
    let link = Connection::open(&path).expect("open");
    // There is no small disk to fill here: a file that may not grow gives the same SQLITE_FULL.
    let pages = link.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0)).expect("pages");
    store.limit_pages(u32::try_from(pages).expect("few") + 4).await.expect("limit");
    let error = store.put("t", "large", json!("x".repeat(1 << 20))).await.expect_err("full");
    assert_eq!((error.kind(), error.context("path")), (ErrorKind::NoSpace, path.to_str()));
    store.put("t", "small", json!(1)).await.expect("what fits still fits");
    assert_eq!(store.get("t", "large").await.expect("get"), None);
}
