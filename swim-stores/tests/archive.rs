//! A repository that is moved: what arrives, what stays, and what is refused.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::Folder;
use swim_core::image::Image;
use swim_core::model::Sha256;
use swim_core::ports::{Clock, Context, ImageStore, Records, Silent};
use swim_core::repo::{self, ExportOptions, Exported, ImageFilter, ImportOptions, Source, Unpacked};
use swim_core::{ErrorKind, Result};
use swim_stores::{FileImages, FileSink, FileSource, MemoryStore, SqliteStore};

#[derive(Debug)]
struct At(i64);

#[async_trait]
impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0).expect("in range")
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, _: Duration) {}
}

fn cx() -> Context {
    Context::new(Arc::new(At(1_000_000)))
}

/// Bytes that come in pieces of this length.
struct InPieces(Bytes, usize);

#[async_trait]
impl Source for InPieces {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let piece = self.0.split_to(self.1.min(self.0.len()));
        Ok((!piece.is_empty()).then_some(piece))
    }
}

async fn add(store: &MemoryStore, at: i64, name: &str, bytes: impl Into<Bytes>) -> Image {
    repo::import(bytes.into(), store, store, &At(at), ImportOptions::new(name), &Silent).await.expect("import")
}

/// A change of what an image requires.
fn change(image: &Image, ram: u64) -> Value {
    json!({"image": image.id, "file_name": image.file_name, "number": 1, "at": "2026-11-29T00:00:00Z",
        "changes": [{"field": "ram", "from": null, "to": ram}]})
}

/// Three images, one of them under two names and one with a history.
async fn filled() -> MemoryStore {
    let store = MemoryStore::new();
    add(&store, 1, "cat9k_iosxe.17.09.04a.SPA.bin", vec![7; 70_000]).await;
    let one = add(&store, 2, "one byte.bin", "x").await;
    add(&store, 3, "again.bin", "x").await;
    add(&store, 4, "block.bin", vec![9; 1024]).await;
    store.put("requirement_changes", &format!("{}/1", one.id), change(&one, 5)).await.expect("put");
    store.put("devices", "sw1", json!({"login": "stays here"})).await.expect("put");
    store
}

async fn exported(store: &MemoryStore) -> (Vec<u8>, Exported) {
    let folder = Folder::new("archive");
    let sink = FileSink::create(folder.join("all.tar")).await.expect("create");
    let done = repo::export(store, store, &ExportOptions::default(), &*sink, &cx()).await.expect("export");
    (std::fs::read(folder.join("all.tar")).expect("read"), done)
}

async fn unpacked(store: &MemoryStore, archive: impl Into<Bytes>, piece: usize) -> Result<Unpacked> {
    repo::unpack(&mut InPieces(archive.into(), piece), store, store, &cx()).await
}

async fn everything(store: &MemoryStore) -> Vec<(Image, Bytes, Vec<String>)> {
    let mut out = Vec::new();
    for image in repo::images(store, &ImageFilter::default()).await.expect("list") {
        let bytes = store.read(&image.id, 0, usize::MAX).await.expect("read");
        assert_eq!(Sha256::of(&bytes), image.id);
        out.push((image.clone(), bytes, repo::names(store, &image.id).await.expect("names")));
    }
    out
}

#[tokio::test]
async fn what_was_exported_arrives_and_nothing_else() {
    let from = filled().await;
    let (archive, done) = exported(&from).await;
    assert_eq!((done.images, done.bytes), (3, archive.len() as u64));
    assert!(!archive.windows(10).any(|part| part == b"stays here"), "devices are no images");
    for piece in [1, 511, 512, 1_000_000] {
        let to = MemoryStore::new();
        let brought = unpacked(&to, archive.clone(), piece).await.expect("unpack");
        assert_eq!((brought.imported.len(), brought.present, brought.records), (3, 0, 2));
        assert_eq!(everything(&to).await, everything(&from).await, "also when it was imported, and every name");
        assert_eq!(
            to.all("requirement_changes").await.expect("all"),
            from.all("requirement_changes").await.expect("all")
        );
        let again = unpacked(&to, archive.clone(), piece).await.expect("again");
        assert_eq!(
            again,
            {
                let mut none = Unpacked::default();
                none.present = 3;
                none
            },
            "it is all there"
        );
    }
}

#[tokio::test]
async fn any_tar_lists_it_and_any_sha256sum_checks_its_manifest() {
    let folder = Folder::new("archive-tar");
    let (archive, done) = exported(&filled().await).await;
    std::fs::write(folder.join("all.tar"), archive).expect("write");
    let run = |program: &str, arguments: &[&str]| {
        let output =
            std::process::Command::new(program).args(arguments).current_dir(folder.path()).output().expect(program);
        assert!(output.status.success(), "{program}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let listed = run("tar", &["tf", "all.tar"]);
    assert_eq!(listed.lines().take(2).collect::<Vec<_>>(), ["manifest.json", "manifest.sha256"]);
    assert_eq!(listed.lines().filter(|line| line.starts_with("images/")).count(), 3);
    run("tar", &["xf", "all.tar"]);
    assert!(run("sha256sum", &["manifest.json"]).starts_with(&done.manifest.to_string()));
    run("sha256sum", &["-c", "manifest.sha256"]);
    for image in listed.lines().filter_map(|line| line.strip_prefix("images/")) {
        assert!(run("sha256sum", &[&format!("images/{image}")]).starts_with(image));
    }
}

#[tokio::test]
async fn chosen_images_alone_go() {
    let store = filled().await;
    let folder = Folder::new("archive-some");
    let one = repo::image(&store, "again.bin").await.expect("find");
    let export = async |name: &str, images| {
        let sink = FileSink::create(folder.join(name)).await.expect("create");
        repo::export(&store, &store, &ExportOptions::of(images), &*sink, &cx()).await
    };
    assert_eq!(export("one.tar", vec![one.id, one.id]).await.expect("export").images, 1);
    assert_eq!(export("none.tar", vec![Sha256::of(b"nobody")]).await.expect_err("none").kind(), ErrorKind::NotFound);
    assert!(!folder.join("none.tar").exists());
    let to = MemoryStore::new();
    let mut source = FileSource::open(folder.join("one.tar")).await.expect("open");
    repo::unpack(&mut source, &to, &to, &cx()).await.expect("unpack");
    assert_eq!(repo::images(&to, &ImageFilter::default()).await.expect("list"), [one]);
}

#[tokio::test]
async fn what_is_known_here_stays_and_what_differs_is_told() {
    let (archive, _) = exported(&filled().await).await;
    let to = MemoryStore::new();
    let mine = add(&to, 99, "mine.bin", "x").await;
    let mut record = serde_json::to_value(&mine).expect("JSON");
    record["facts"]["family"] = json!({"value": "mine", "from": "user"});
    to.put("images", &mine.id.to_string(), record.clone()).await.expect("put");
    to.put("requirement_changes", &format!("{}/1", mine.id), change(&mine, 6)).await.expect("put");
    let brought = unpacked(&to, archive, 1000).await.expect("unpack");
    assert_eq!((brought.imported.len(), brought.present), (2, 1));
    let told: Vec<_> = brought.conflicts.iter().map(|c| (c.what.as_str(), c.image, c.file_name.as_str())).collect();
    assert_eq!(told, [("facts.family", mine.id, "mine.bin"), ("requirement_changes/1", mine.id, "mine.bin")]);
    assert_eq!((&brought.conflicts[0].here["value"], &brought.conflicts[0].there), (&json!("mine"), &Value::Null));
    assert_eq!(to.get("images", &mine.id.to_string()).await.expect("get"), Some(record), "as it was");
    assert_eq!(repo::names(&to, &mine.id).await.expect("names"), ["mine.bin", "again.bin", "one byte.bin"]);
}

#[tokio::test]
async fn a_damaged_image_leaves_in_no_archive_and_is_healed_by_one() {
    let folder = Folder::new("archive-rot");
    let (archive, _) = exported(&filled().await).await;
    let store = FileImages::open(folder.join("store")).expect("open");
    let records = SqliteStore::open(folder.join("swim.db")).expect("open");
    repo::unpack(&mut InPieces(archive.clone().into(), 4096), &store, &records, &cx()).await.expect("unpack");
    let id = repo::image(&records, "block.bin").await.expect("find").id;
    let (first, rest) = {
        let text = id.to_string();
        (text[..2].to_owned(), text[2..].to_owned())
    };
    std::fs::write(folder.join("store").join("images").join(first).join(rest), vec![8; 1024]).expect("rot");
    let sink = FileSink::create(folder.join("bad.tar")).await.expect("create");
    let e = repo::export(&store, &records, &ExportOptions::default(), &*sink, &cx()).await.expect_err("rotten");
    assert_eq!((e.kind(), e.context("image")), (ErrorKind::Integrity, Some(id.to_string().as_str())));
    assert!(!folder.join("bad.tar").exists());
    let found = repo::scrub(&store, &records, &repo::ScrubOptions::default(), &cx()).await.expect("scrub");
    assert_eq!(found.damaged.len(), 1);
    assert_eq!(repo::sound(&records, &id).await.expect_err("damaged").kind(), ErrorKind::Integrity);
    let brought = repo::unpack(&mut InPieces(archive.into(), 4096), &store, &records, &cx()).await.expect("unpack");
    assert_eq!((brought.healed, brought.present), (vec![id], 2));
    repo::sound(&records, &id).await.expect("whole again");
    assert_eq!(Sha256::of(&store.read(&id, 0, 2000).await.expect("read")), id);
}

/// One header of a member, and its sum made right again.
fn renamed(archive: &[u8], from: &str, name: &str, kind: u8) -> Vec<u8> {
    let mut out = archive.to_vec();
    let at = archive.windows(from.len()).position(|part| part == from.as_bytes()).expect("there");
    let header = &mut out[at..at + 512];
    header[..100].fill(0);
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[156] = kind;
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    out
}

#[tokio::test]
async fn what_is_no_archive_of_a_repository_is_refused_by_its_member() {
    let from = filled().await;
    let (archive, _) = exported(&from).await;
    let block = format!("images/{}", repo::image(&from, "block.bin").await.expect("find").id);
    let refused = async |archive: Vec<u8>, words: &str| {
        let to = MemoryStore::new();
        let e = unpacked(&to, archive, 4096).await.expect_err(words);
        assert_eq!(e.kind(), ErrorKind::Integrity, "{e}");
        assert!(e.to_string().contains(words), "{words}: {e}");
        assert!(everything(&to).await.len() < 3);
    };
    for name in ["../../etc/passwd", "/etc/passwd", "images/../x", "images/x", &block.to_uppercase(), "images/"] {
        refused(renamed(&archive, &block, name, b'0'), &format!("{name:?}")).await;
    }
    refused(renamed(&archive, &block, &block, b'2'), "no regular file").await;
    refused(renamed(&archive, "manifest.json", "README", b'0'), "README").await;
    refused(renamed(&archive, "manifest.sha256", "manifest.sum", b'0'), "manifest.sum").await;
    // Another size than the manifest says, other bytes, and a manifest that somebody has changed.
    let mut other = archive.clone();
    let at = archive.windows(64).position(|part| part == [9; 64]).expect("the image");
    other[at] = 8;
    refused(other, &block).await;
    let mut other = archive.clone();
    let at = archive.windows(9).position(|part| part == b"block.bin").expect("the record");
    other[at] = b'B';
    refused(other, "manifest.json").await;
    // Cut off anywhere.
    for at in (0..archive.len() - 1024).step_by(509).chain([0, 1, 511, 512, archive.len() - 1024]) {
        let e = unpacked(&MemoryStore::new(), archive[..at].to_vec(), 4096).await.expect_err("cut");
        assert_eq!(e.kind(), ErrorKind::Integrity, "{at}: {e}");
    }
    refused(b"this is a text".to_vec(), "shorter than any").await;
    refused(vec![0; 1024], "manifest.json").await;
}

/// An archive with this manifest and no images.
fn with_manifest(manifest: &Value) -> Vec<u8> {
    let text = serde_json::to_vec(manifest).expect("JSON");
    let line = format!("{}  manifest.json\n", Sha256::of(&text)).into_bytes();
    let mut out = Vec::new();
    for (name, bytes) in [("manifest.json", text), ("manifest.sha256", line)] {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[156] = b'0';
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend(header);
        out.extend(&bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

#[tokio::test]
async fn a_manifest_is_not_believed_before_it_is_checked() {
    let store = filled().await;
    let image = repo::image(&store, "block.bin").await.expect("find");
    let record = serde_json::to_value(&image).expect("JSON");
    let manifest = |record: &Value, further: Value| json!({ "format": 1, "exported": "2026-11-29T00:00:00Z", "images": [{ "record": record, "further": further }] });
    let changed = |field: &str, value: Value| {
        let mut record = record.clone();
        record[field] = value;
        manifest(&record, json!([]))
    };
    let name = |key: &str| manifest(&record, json!([{ "table": "image_names", "key": key, "value": {} }]));
    let mut twice = manifest(&record, json!([]));
    let one = twice["images"][0].clone();
    twice["images"].as_array_mut().expect("a list").push(one);
    for (manifest, words) in [
        (changed("file_name", json!("../x")), "folders"),
        (changed("file_name", json!("a\nb")), "control"),
        (changed("bytes", json!(0)), "no bytes"),
        (changed("id", json!("0".repeat(64))), "not its id"),
        (changed("id", json!(7)), "record.id = 7"),
        (name("a/b"), "folders"),
        (name(""), "no key"),
        (manifest(&record, json!([{ "table": "devices", "key": "sw1", "value": {} }])), "devices"),
        (twice, "twice"),
        (json!({ "format": 1 }), "exported = (absent)"),
        (json!([]), "manifest.json"),
        (manifest(&record, json!([])), "the archive ends without it"),
    ] {
        let to = MemoryStore::new();
        let e = unpacked(&to, with_manifest(&manifest), 4096).await.expect_err(words);
        assert_eq!(e.kind(), ErrorKind::Integrity, "{e}");
        assert!(e.report().to_string().contains(words), "{words}: {e}");
        assert_eq!(to.all("devices").await.expect("all"), []);
    }
    let later = json!({ "format": 2, "exported": "2026-11-29T00:00:00Z", "images": [] });
    let e = unpacked(&MemoryStore::new(), with_manifest(&later), 4096).await.expect_err("later");
    assert_eq!(e.kind(), ErrorKind::Unsupported);
    let none = json!({ "format": 1, "exported": "2026-11-29T00:00:00Z", "images": [] });
    assert_eq!(unpacked(&MemoryStore::new(), with_manifest(&none), 4096).await.expect("empty"), Unpacked::default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes are, nothing panics, and what is there afterwards is whole.
    #[test]
    fn any_bytes_are_read_without_harm(
        noise in proptest::collection::vec(any::<u8>(), 0..3000),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            unpacked(&MemoryStore::new(), noise.clone(), 700).await.expect_err("noise");
            let (mut archive, _) = exported(&filled().await).await;
            for (at, byte) in &changes {
                let at = at.index(archive.len());
                archive[at] = *byte;
            }
            let to = MemoryStore::new();
            if let Err(e) = unpacked(&to, archive, 10_000).await {
                prop_assert_eq!(e.kind(), ErrorKind::Integrity);
            }
            for image in to.list().await.expect("list") {
                prop_assert_eq!(Sha256::of(&to.read(&image, 0, usize::MAX).await.expect("read")), image);
            }
            Ok(())
        })?;
    }
}
