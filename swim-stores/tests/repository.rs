//! The image repository over the stores: imports, names, removals, and what must not stay.

#![allow(clippy::expect_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use support::Folder;
use swim_core::image::{Image, Provenance};
use swim_core::model::{Algorithm, Sha256};
use swim_core::ports::{Clock, ImageStore, Note, NoteSink, Records, Silent};
use swim_core::repo::{self, ImageFilter, ImportOptions, Source, Swept};
use swim_core::{Error, ErrorKind, Result, Retry};
use swim_stores::{FileImages, FileSource, MemoryStore, SqliteStore};

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

async fn import(store: &MemoryStore, at: i64, name: &str, bytes: &'static str) -> Result<Image> {
    repo::import(Bytes::from(bytes), store, store, &At(at), ImportOptions::new(name), &Silent).await
}

async fn is_empty(store: &MemoryStore) -> bool {
    store.list().await.expect("list").is_empty() && store.all("images").await.expect("all").is_empty()
}

#[tokio::test]
async fn an_import_knows_what_it_read() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<Note>>);
    impl NoteSink for Heard {
        fn note(&self, note: Note) {
            self.0.lock().expect("one thread").push(note);
        }
    }
    const NAME: &str = "cat9k_iosxe.17.09.04a.SPA.bin";
    let (folder, heard) = (Folder::new("import"), Heard::default());
    let store = FileImages::open(folder.join("images")).expect("open");
    let records = SqliteStore::open(folder.join("swim.db")).expect("open");
    let bytes: Vec<u8> = (0..1_500_000_u32).flat_map(u32::to_le_bytes).take(2_500_000).collect();
    std::fs::write(folder.join("x.bin"), &bytes).expect("a file");
    let source = FileSource::open(folder.join("x.bin")).await.expect("open");
    let image = repo::import(source, &store, &records, &At(7), ImportOptions::new(NAME), &heard).await.expect("import");
    assert_eq!((image.id, image.bytes, image.imported), (Sha256::of(&bytes), 2_500_000, At(7).now()));
    assert_eq!(image.digests.sha256, image.id);
    let family = image.facts.family.as_ref().expect("the name says it");
    assert_eq!((family.value.as_str(), &family.from), ("cat9k", &Provenance::FileName));
    assert!(store.read(&image.id, 0, usize::MAX).await.expect("read") == bytes);
    assert_eq!(repo::image(&records, &image.id.to_string()).await.expect("find"), image);
    let notes = heard.0.into_inner().expect("one thread");
    assert_eq!(notes.last(), Some(&Note::Bytes { done: 2_500_000, total: Some(2_500_000) }));
}

#[tokio::test]
async fn the_same_bytes_are_one_image_with_all_its_names() {
    let store = MemoryStore::new();
    let first = import(&store, 1, "first.bin", "cat9k image").await.expect("import");
    for (at, name) in [(2, "second.bin"), (3, "first.bin"), (4, "another.bin"), (5, "second.bin")] {
        assert_eq!(import(&store, at, name, "cat9k image").await.expect("import"), first);
    }
    assert_eq!(repo::names(&store, &first.id).await.expect("names"), ["first.bin", "another.bin", "second.bin"]);
    assert_eq!(repo::images(&store, &ImageFilter::default()).await.expect("list"), std::slice::from_ref(&first));
    assert_eq!(repo::image(&store, "second.bin").await.expect("find"), first);
}

#[tokio::test]
async fn a_further_name_says_what_the_first_one_does_not() {
    let store = MemoryStore::new();
    import(&store, 1, "download(1)", "bytes of no known form").await.expect("import");
    let image = import(&store, 2, "cat9k_iosxe.17.09.05.SPA.bin", "bytes of no known form").await.expect("import");
    let version = image.facts.version.as_ref().expect("the further name says it");
    assert_eq!((version.value.as_str(), &version.from), ("17.9.5", &Provenance::FileName));
    assert_eq!(image.file_name, "download(1)");
    let image = import(&store, 3, "cat9k_iosxe.17.09.06.SPA.bin", "bytes of no known form").await.expect("import");
    assert_eq!(image.facts.version.as_ref().map(|version| version.value.as_str()), Some("17.9.5"));
    let remark = "its further name cat9k_iosxe.17.09.06.SPA.bin: it says version 17.9.6, the name that it is kept under says 17.9.5";
    assert!(image.facts.remarks.iter().any(|said| said == remark), "{:?}", image.facts.remarks);
}

#[tokio::test]
async fn found_by_id_prefix_or_name_and_never_by_guess() {
    let store = MemoryStore::new();
    let name = "cat9k_iosxe.17.09.04a.SPA.bin";
    let a = import(&store, 2, name, "cat9k a").await.expect("import");
    let b = import(&store, 1, "b.bin", "isr4300 b").await.expect("import");
    let twin = import(&store, 3, "b.bin", "isr4300 twin").await.expect("import");
    assert_eq!(repo::image(&store, &a.id.to_string()[..6].to_uppercase()).await.expect("prefix"), a);
    assert_eq!(repo::image(&store, name).await.expect("name"), a);
    for nobody in ["", "abc", "a", "A.BIN", "zzzz", &Sha256::of(b"nobody").to_string(), &a.id.to_string()[..3]] {
        assert_eq!(repo::image(&store, nobody).await.expect_err(nobody).kind(), ErrorKind::NotFound, "{nobody}");
    }
    let unclear = repo::image(&store, "b.bin").await.expect_err("two images");
    assert_eq!(unclear.kind(), ErrorKind::InvalidInput);
    for one in [&b, &twin] {
        assert!(unclear.message().contains(&one.id.to_string()), "{unclear}");
    }
    let list = async |filter| repo::images(&store, &filter).await.expect("list");
    assert_eq!(list(ImageFilter::default()).await, [b.clone(), a.clone(), twin.clone()], "oldest first");
    let family = Some("CAT9K".to_owned());
    assert_eq!(list(ImageFilter { family, ..ImageFilter::default() }).await, std::slice::from_ref(&a));
    let text = Some("B.b".to_owned());
    assert_eq!(list(ImageFilter { text, ..ImageFilter::default() }).await, [b, twin]);
    let platform = Some("ios_xr".to_owned());
    assert_eq!(list(ImageFilter { platform, ..ImageFilter::default() }).await, [], "an absent fact holds nothing");
    let filter = ImageFilter { image_type: Some("foo".to_owned()), ..ImageFilter::default() };
    let e = repo::images(&store, &filter).await.expect_err("no such type");
    assert_eq!(e.context("field"), Some("image_type"), "{e}");
    let filter = ImageFilter { platform: Some("ios_xy".to_owned()), ..ImageFilter::default() };
    let slip = repo::images(&store, &filter).await.expect_err("a slip");
    assert_eq!((slip.kind(), slip.context("field")), (ErrorKind::InvalidInput, Some("platform")));
}

#[tokio::test]
async fn what_fails_leaves_nothing() {
    struct Breaks(u32);
    #[async_trait]
    impl Source for Breaks {
        async fn next(&mut self) -> Result<Option<Bytes>> {
            self.0 += 1;
            let cause = std::io::Error::other("cable pulled");
            let error = || Error::new(ErrorKind::Interrupted, "download", "the server went away").caused_by(cause);
            if self.0 < 3 { Ok(Some(Bytes::from(vec![1; 700_000]))) } else { Err(error()) }
        }
    }
    struct Short(Bytes);
    #[async_trait]
    impl Source for Short {
        async fn next(&mut self) -> Result<Option<Bytes>> {
            self.0.next().await
        }
        fn size_hint(&self) -> Option<u64> {
            Some(100)
        }
    }
    let folder = Folder::new("import-fails");
    let (store, records) = (FileImages::open(folder.path()).expect("open"), MemoryStore::new());
    let options = || ImportOptions::new("x.bin");
    let broken = repo::import(Breaks(0), &store, &records, &At(0), options(), &Silent).await;
    let broken = broken.expect_err("the source broke");
    assert_eq!(broken.report().to_string(), "download: the server went away: cable pulled");
    let short = Short(Bytes::from("only this"));
    let short = repo::import(short, &store, &records, &At(0), options(), &Silent).await;
    assert_eq!(short.expect_err("too short").kind(), ErrorKind::Integrity);
    let empty = repo::import(Bytes::new(), &store, &records, &At(0), options(), &Silent).await;
    assert_eq!(empty.expect_err("empty").kind(), ErrorKind::InvalidInput);
    let wrong = options().expecting(Algorithm::Sha512, "00".repeat(64));
    let wrong = repo::import(Bytes::from("x"), &store, &records, &At(0), wrong, &Silent).await;
    assert_eq!(wrong.expect_err("another digest").kind(), ErrorKind::Integrity);
    assert_eq!(std::fs::read_dir(folder.join("incoming")).expect("list").count(), 0);
    assert!(store.list().await.expect("list").is_empty());
    assert!(records.all("images").await.expect("all").is_empty());
    let right = options().expecting(Algorithm::Md5, " 9DD4E461268C8034F5C8564E155C67A6\n");
    repo::import(Bytes::from("x"), &store, &records, &At(0), right, &Silent).await.expect("in any case");
}

/// A file that somebody appends to without end: it was followed until the disk was full.
#[tokio::test]
async fn a_source_that_grows_is_left() {
    struct Grows(u32);
    #[async_trait]
    impl Source for Grows {
        async fn next(&mut self) -> Result<Option<Bytes>> {
            self.0 += 1;
            assert!(self.0 < 100, "it is read for ever");
            Ok(Some(Bytes::from("more")))
        }
        fn size_hint(&self) -> Option<u64> {
            Some(10)
        }
    }
    let store = MemoryStore::new();
    let grown = repo::import(Grows(0), &store, &store, &At(0), ImportOptions::new("a.bin"), &Silent).await;
    assert_eq!(grown.expect_err("too long").kind(), ErrorKind::Integrity);
    assert!(is_empty(&store).await);
}

#[tokio::test]
async fn a_name_is_a_name() {
    let store = MemoryStore::new();
    for bad in ["", ".", "..", "a/b", "/etc/passwd", "a\\b", "a\nb", "a\0", &"x".repeat(256)] {
        let error = import(&store, 0, bad, "bytes").await.expect_err(bad);
        assert_eq!((error.kind(), error.context("field")), (ErrorKind::InvalidInput, Some("file_name")));
    }
    assert!(is_empty(&store).await);
}

#[tokio::test]
async fn removing_takes_everything_and_a_new_import_starts_afresh() {
    let store = MemoryStore::new();
    let image = import(&store, 1, "a.bin", "cat9k a").await.expect("import");
    import(&store, 1, "b.bin", "cat9k a").await.expect("import");
    let other = import(&store, 1, "c.bin", "cat9k c").await.expect("import");
    assert!(repo::remove(&store, &store, &image.id).await.expect("remove"));
    assert!(!repo::remove(&store, &store, &image.id).await.expect("remove"), "once only");
    assert_eq!(store.list().await.expect("list"), [other.id]);
    assert_eq!(repo::images(&store, &ImageFilter::default()).await.expect("list"), [other]);
    assert_eq!(repo::names(&store, &image.id).await.expect_err("gone").kind(), ErrorKind::NotFound);
    let again = import(&store, 9, "new.bin", "cat9k a").await.expect("import");
    assert_eq!(repo::names(&store, &again.id).await.expect("names"), ["new.bin"], "old names do not come back");
}

#[tokio::test]
async fn a_sweep_ends_what_kills_left_and_touches_nothing_else() {
    let store = MemoryStore::new();
    let kept = import(&store, 1, "kept.bin", "cat9k kept").await.expect("import");
    // Killed between the bytes and the record.
    let orphan = Sha256::of(b"orphan").to_string();
    store.put("images_coming", &orphan, serde_json::json!({})).await.expect("put");
    let mut writer = ImageStore::create(&store).await.expect("create");
    writer.write(Bytes::from("orphan")).await.expect("write");
    writer.finish(&Sha256::of(b"orphan")).await.expect("finish");
    // Killed in the middle of a removal.
    let gone = import(&store, 1, "gone.bin", "cat9k gone").await.expect("import");
    store.put("images", &gone.id.to_string(), serde_json::json!({"removing": true})).await.expect("put");
    assert_eq!(repo::image(&store, "gone.bin").await.expect_err("half removed").kind(), ErrorKind::NotFound);
    let late = import(&store, 2, "gone.bin", "cat9k gone").await.expect_err("being removed");
    assert_eq!((late.kind(), late.retry()), (ErrorKind::Conflict, Retry::Now));

    let swept = repo::sweep(&store, &store).await.expect("sweep");
    assert_eq!((swept.unfinished, swept.unrecorded, swept.removals), (0, 1, 1));
    assert_eq!(store.list().await.expect("list"), [kept.id]);
    assert_eq!(repo::images(&store, &ImageFilter::default()).await.expect("list"), [kept]);
    assert_eq!(repo::sweep(&store, &store).await.expect("sweep"), Swept::default());
    import(&store, 2, "gone.bin", "cat9k gone").await.expect("free again");
}

/// Whoever puts an older copy of the database back, or loses it, has the images still.
#[tokio::test]
async fn images_whose_records_were_lost_are_kept() {
    let (images, before, after) = (MemoryStore::new(), MemoryStore::new(), MemoryStore::new());
    let import = async |records: &MemoryStore, name: &str| {
        let how = ImportOptions::new(name);
        repo::import(Bytes::from("cat9k image"), &images, records, &At(1), how, &Silent).await.expect("import")
    };
    let image = import(&before, "cat9k.bin").await;
    let swept = repo::sweep(&images, &after).await.expect("sweep");
    assert_eq!((swept.unrecorded, swept.kept), (0, 1));
    assert_eq!(images.list().await.expect("list"), [image.id]);
    assert_eq!(import(&after, "cat9k.bin").await, image);
    assert_eq!(repo::sweep(&images, &after).await.expect("sweep"), Swept::default());
    assert!(after.all("images_coming").await.expect("all").is_empty(), "no mark stays");
}

/// Nobody sees an image without what its importer says that it requires.
#[tokio::test]
async fn requirements_of_an_import_are_in_its_first_record() {
    let store = MemoryStore::new();
    let mut how = ImportOptions::new("cat9k.bin");
    how.required.ram = Some(7);
    let image = repo::import(Bytes::from("x"), &store, &store, &At(1), how.clone(), &Silent).await.expect("import");
    assert_eq!((image.overrides.ram, image.overrides.last.as_ref().map(|change| change.number)), (Some(7), Some(1)));
    how.required.ram = Some(8);
    let image = repo::import(Bytes::from("x"), &store, &store, &At(2), how.clone(), &Silent).await.expect("import");
    assert_eq!(image.overrides.ram, Some(8));
    let told = repo::requirements(&store, &image.id).await.expect("requirements");
    assert_eq!(told.history.iter().map(|change| change.number).collect::<Vec<_>>(), [1, 2]);
    how.required.ram = Some(0);
    let e = repo::import(Bytes::from("y"), &store, &store, &At(3), how, &Silent).await.expect_err("no such memory");
    assert_eq!(e.kind(), ErrorKind::InvalidInput);
}

/// A process opens the repository while another one looks at an image that it has just written.
#[cfg(unix)]
#[tokio::test]
async fn a_sweep_spares_an_image_that_is_about_to_get_its_record() {
    let folder = Folder::new("sweep-pending");
    let records = MemoryStore::new();
    let (one, two) = (FileImages::open(folder.path()).expect("open"), FileImages::open(folder.path()).expect("open"));
    let id = Sha256::of(b"image");
    let written = async |store: &FileImages| {
        records.put("images_coming", &id.to_string(), serde_json::json!({})).await.expect("put");
        let mut writer = store.create().await.expect("create");
        writer.write(Bytes::from("image")).await.expect("write");
        writer.finish(&id).await.expect("finish");
    };
    written(&one).await;
    assert_eq!(repo::sweep(&two, &records).await.expect("sweep"), Swept::default());
    assert_eq!(two.size(&id).await.expect("size"), Some(5), "it is somebody's");
    // Its import failed, or its process is dead.
    one.settle(&id);
    assert_eq!(repo::sweep(&two, &records).await.expect("sweep").unrecorded, 1);
    written(&one).await;
    drop(one);
    assert_eq!(repo::sweep(&two, &records).await.expect("sweep").unrecorded, 1);
    assert_eq!(two.size(&id).await.expect("size"), None);
    // An import that is over holds nothing.
    let image = repo::import(Bytes::from("image"), &two, &records, &At(0), ImportOptions::new("x.bin"), &Silent).await;
    assert!(!two.pending(&image.expect("import").id).await.expect("pending"));
}
