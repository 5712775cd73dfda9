//! The scrub: what has rotted is found, what was read by another release is read again.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]
#![allow(clippy::future_not_send, reason = "one thread runs a test")]

mod support;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use support::Folder;
use support::repository::{Needed, Waited, add, cx};
use swim_core::ErrorKind;
use swim_core::model::Sha256;
use swim_core::ports::{ImageStore, Note, NoteSink, Records};
use swim_core::repo::{self, DamageKind, ScrubOptions};
use swim_stores::{FileImages, MemoryStore, SqliteStore};

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
    assert!(scrub().await.unrecorded.is_empty(), "an import is under way");
    store.settle(&Sha256::of(b"nobody's"));
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

#[tokio::test]
async fn what_another_release_has_read_is_read_again() {
    let store = MemoryStore::new();
    let mut options = repo::ImportOptions::new("page.bin");
    options.said.family = Some("c9300".into());
    let page = bytes::Bytes::from_static(b"<!DOCTYPE html><html><title>404</title></html>");
    let import = async |options| {
        repo::import(page.clone(), &store, &store, &Waited::default(), options, &swim_core::ports::Silent).await
    };
    let image = import(options).await.expect("import");
    assert_eq!((image.facts.damage.len(), image.read_by.is_empty()), (1, false));
    let scrub = async || repo::scrub(&store, &store, &ScrubOptions::default(), &cx()).await.expect("scrub").reread;
    assert!(scrub().await.is_empty(), "this release has read it");
    // As a release of before left it.
    let age = async || {
        let id = image.id.to_string();
        let mut old = store.get("images", &id).await.expect("get").expect("there");
        old.as_object_mut().expect("an object").remove("read_by");
        old["facts"].as_object_mut().expect("an object").remove("damage");
        old["facts"]["container"] = json!(null);
        store.put("images", &id, old).await.expect("put");
    };
    age().await;
    assert_eq!(scrub().await, [image.id]);
    let now = repo::image(&store, &image.id.to_string()).await.expect("there");
    assert_eq!(now, image, "damage is known again, and what the importer said stays");
    assert!(scrub().await.is_empty());
    age().await;
    // Another import under another name knows it as well, by the name that it has.
    let again = import(repo::ImportOptions::new("other.bin")).await.expect("import");
    assert_eq!(again, image);
}
