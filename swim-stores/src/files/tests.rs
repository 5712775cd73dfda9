#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use swim_core::ErrorKind;
use swim_core::model::Sha256;
use swim_core::ports::ImageStore;
use swim_core::repo::Source;

use super::failure::write_failed;
use super::{FileImages, FileSource, disk};

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("swim-files-{name}-{}", std::process::id()));
    fs::remove_dir_all(&path).ok();
    fs::create_dir_all(&path).unwrap();
    path
}

async fn write(store: &FileImages, bytes: &'static [u8]) -> Sha256 {
    let id = Sha256::of(bytes);
    let mut writer = store.create().await.unwrap();
    writer.write(Bytes::from_static(bytes)).await.unwrap();
    writer.finish(&id).await.unwrap();
    id
}

#[tokio::test]
async fn the_layout_is_what_the_page_says() {
    let dir = folder("layout");
    let store = FileImages::open(&dir).unwrap();
    let id = write(&store, b"x").await.to_string();
    assert_eq!(fs::read(dir.join("images").join(&id[..2]).join(&id[2..])).unwrap(), b"x");
    assert_eq!(fs::read_dir(dir.join("incoming")).unwrap().count(), 0);
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_dropped_writer_takes_its_file_along_and_a_dead_ones_file_is_swept() {
    let dir = folder("sweep");
    let store = FileImages::open(&dir).unwrap();
    let incoming = || fs::read_dir(dir.join("incoming")).unwrap().count();
    let writer = store.create().await.unwrap();
    assert_eq!(incoming(), 1);
    drop(writer);
    assert_eq!(incoming(), 0);
    // A file without a lock is what a killed process leaves; names that are not ours are not touched.
    fs::write(dir.join("incoming/0123.part"), b"half").unwrap();
    fs::write(dir.join("incoming/notes.txt"), b"mine").unwrap();
    assert_eq!(store.sweep().await.unwrap(), 1);
    assert_eq!(incoming(), 1);
    fs::remove_dir_all(dir).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn links_in_the_store_are_not_followed() {
    use std::os::unix::fs::symlink;
    let dir = folder("links");
    let store = FileImages::open(dir.join("store")).unwrap();
    fs::write(dir.join("outside"), b"secret").unwrap();
    let id = Sha256::of(b"secret");
    let text = id.to_string();
    let place = dir.join("store/images").join(&text[..2]);
    fs::create_dir(&place).unwrap();
    symlink(dir.join("outside"), place.join(&text[2..])).unwrap();
    assert_eq!(store.size(&id).await.unwrap(), None);
    assert_eq!(store.read(&id, 0, 9).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(store.list().await.unwrap(), Vec::new());
    // Writing that image replaces the link, not what it points at.
    write(&store, b"secret").await;
    assert_eq!(store.read(&id, 0, 9).await.unwrap(), "secret");
    store.remove(&id).await.unwrap();
    assert!(dir.join("outside").exists());
    // A linked folder is refused on opening and invisible inside.
    fs::remove_dir(&place).unwrap();
    fs::create_dir(dir.join("elsewhere")).unwrap();
    fs::write(dir.join("elsewhere").join(&text[2..]), b"secret").unwrap();
    symlink(dir.join("elsewhere"), &place).unwrap();
    assert_eq!(store.size(&id).await.unwrap(), None);
    assert_eq!(store.read(&id, 0, 9).await.unwrap_err().kind(), ErrorKind::NotFound);
    store.remove(&id).await.unwrap();
    assert!(dir.join("elsewhere").join(&text[2..]).exists(), "nothing outside is removed");
    fs::create_dir(dir.join("second")).unwrap();
    symlink(dir.join("elsewhere"), dir.join("second/images")).unwrap();
    assert_eq!(FileImages::open(dir.join("second")).unwrap_err().kind(), ErrorKind::Store);
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn an_image_that_another_process_removed_is_gone_though_its_file_is_still_open() {
    let dir = folder("removed");
    let (here, there) = (FileImages::open(&dir).unwrap(), FileImages::open(&dir).unwrap());
    let id = write(&here, b"shared").await;
    assert_eq!(here.read(&id, 0, 9).await.unwrap(), "shared");
    there.remove(&id).await.unwrap();
    assert_eq!(here.read(&id, 0, 9).await.unwrap_err().kind(), ErrorKind::NotFound);
    write(&there, b"shared").await;
    assert_eq!(here.read(&id, 0, 9).await.unwrap(), "shared", "and back");
    fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_truncated_image_is_replaced_by_the_whole_one() {
    let dir = folder("truncated");
    let store = FileImages::open(&dir).unwrap();
    let id = write(&store, b"whole image").await;
    let text = id.to_string();
    fs::write(dir.join("images").join(&text[..2]).join(&text[2..]), b"whole").unwrap();
    write(&store, b"whole image").await;
    assert_eq!(store.read(&id, 0, 99).await.unwrap(), "whole image");
    fs::remove_dir_all(dir).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_says_where_and_how_much() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let cause = disk::write_at(&full, b"four", 0).unwrap_err();
    let error = write_failed("/dev/full".as_ref(), 4096, 4, cause);
    assert_eq!(error.kind(), ErrorKind::NoSpace);
    assert_eq!((error.context("path"), error.context("needed")), (Some("/dev/full"), Some("4")));
    assert_eq!(error.message(), "/dev/full: no space left for 4 more bytes after 4096");
}

#[tokio::test]
async fn a_source_is_a_regular_file() {
    let dir = folder("source");
    let path = dir.join("image.bin");
    fs::write(&path, vec![7; 2 * 1024 * 1024 + 3]).unwrap();
    let mut source = FileSource::open(&path).await.unwrap();
    assert_eq!((source.size_hint(), source.file_name()), (Some(2_097_155), Some("image.bin")));
    let mut sizes = Vec::new();
    while let Some(bytes) = source.next().await.unwrap() {
        sizes.push(bytes.len());
    }
    assert_eq!(sizes, [1_048_576, 1_048_576, 3]);
    assert_eq!(FileSource::open(dir.join("other")).await.unwrap_err().kind(), ErrorKind::NotFound);
    let mut odd = vec![dir.clone()];
    if cfg!(target_os = "linux") {
        odd.push("/dev/zero".into());
        let fifo = dir.join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        odd.push(fifo);
    }
    for path in odd {
        let error = FileSource::open(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(path.to_str().unwrap()), "{error}");
    }
    fs::remove_dir_all(dir).unwrap();
}
