//! The suite of `ImageStore`.

use bytes::Bytes;

use super::refused;
use crate::ErrorKind;
use crate::model::Sha256;
use crate::ports::ImageStore;

/// Longer than any block that a store is likely to use, and no multiple of one.
const LONG: usize = 3 * 1024 * 1024 + 17;

/// Asserts the contract of [`ImageStore`] on an empty store.
pub async fn image_store(store: &dyn ImageStore) {
    absent(store).await;
    visible_only_after_finish(store).await;
    ranges(store).await;
    chunks(store).await;
    twice(store).await;
    abort_and_drop(store).await;
    sweep_spares_live_writers(store).await;
    list_and_remove(store).await;
}

async fn absent(store: &dyn ImageStore) {
    let nobody = Sha256::of(b"nobody wrote this");
    assert_eq!(store.size(&nobody).await.expect("size of what is absent"), None);
    refused(store.read(&nobody, 0, 1).await, ErrorKind::NotFound, "read of what is absent");
    store.remove(&nobody).await.expect("removing what is absent is fine");
    assert_eq!(store.list().await.expect("list"), Vec::new(), "the suite wants an empty store");
}

async fn visible_only_after_finish(store: &dyn ImageStore) {
    let bytes = pattern(LONG, 1);
    let id = Sha256::of(&bytes);
    let mut writer = store.create().await.expect("create");
    writer.write(bytes.clone()).await.expect("write");
    assert_eq!(store.size(&id).await.expect("size"), None, "visible before finish");
    assert_eq!(store.list().await.expect("list"), Vec::new(), "listed before finish");
    writer.finish(&id).await.expect("finish");
    assert_eq!(store.size(&id).await.expect("size"), Some(LONG as u64));
    assert_eq!(store.list().await.expect("list"), vec![id]);
}

async fn ranges(store: &dyn ImageStore) {
    let bytes = pattern(LONG, 2);
    let id = write(store, &bytes, LONG).await;
    let end = LONG as u64;
    for (offset, length) in [(0, 1), (0, LONG), (0, usize::MAX), (1_048_575, 2), (end - 1, 1), (end - 5, 100), (7, 0)] {
        let start = usize::try_from(offset).expect("small");
        let want = bytes.slice(start..start.saturating_add(length).min(LONG));
        let got = store.read(&id, offset, length).await.expect("read");
        assert!(got == want, "read({offset}, {length}) gave {} bytes, wanted {}", got.len(), want.len());
    }
    for offset in [end, end + 1, u64::MAX] {
        assert!(store.read(&id, offset, 10).await.expect("read past the end").is_empty());
    }
    store.remove(&id).await.expect("remove");
    refused(store.read(&id, 0, 1).await, ErrorKind::NotFound, "read after remove");
}

async fn chunks(store: &dyn ImageStore) {
    // Order and completeness do not depend on how the bytes are cut; an empty write changes nothing.
    let bytes = pattern(300_001, 3);
    for chunk in [1_000, 65_536, 300_001] {
        let id = write(store, &bytes, chunk).await;
        assert_eq!(store.read(&id, 0, usize::MAX).await.expect("read"), bytes, "in chunks of {chunk}");
        store.remove(&id).await.expect("remove");
    }
    let none = write(store, &Bytes::new(), 1).await;
    assert_eq!(store.size(&none).await.expect("size"), Some(0), "an empty image is an image to the store");
    store.remove(&none).await.expect("remove");
}

async fn twice(store: &dyn ImageStore) {
    let bytes = pattern(100_000, 4);
    let id = Sha256::of(&bytes);
    let mut first = store.create().await.expect("create");
    let mut second = store.create().await.expect("two writers at once");
    first.write(bytes.slice(..60_000)).await.expect("write");
    second.write(bytes.clone()).await.expect("write");
    first.write(bytes.slice(60_000..)).await.expect("write");
    first.finish(&id).await.expect("finish");
    second.finish(&id).await.expect("the second one finds it there");
    assert_eq!(store.read(&id, 0, usize::MAX).await.expect("read"), bytes);
    let found = store.list().await.expect("list");
    assert_eq!(found.iter().filter(|i| **i == id).count(), 1, "once only");
    store.remove(&id).await.expect("remove");
}

async fn abort_and_drop(store: &dyn ImageStore) {
    let bytes = pattern(2 * 1024 * 1024, 5);
    let mut aborted = store.create().await.expect("create");
    aborted.write(bytes.clone()).await.expect("write");
    aborted.abort().await.expect("abort");
    let mut dropped = store.create().await.expect("create");
    dropped.write(bytes.clone()).await.expect("write");
    drop(dropped);
    store.sweep().await.expect("sweep");
    assert_eq!(store.size(&Sha256::of(&bytes)).await.expect("size"), None);
    assert_eq!(store.sweep().await.expect("sweep"), 0, "a second sweep finds nothing");
}

async fn sweep_spares_live_writers(store: &dyn ImageStore) {
    let bytes = pattern(1_500_000, 6);
    let id = Sha256::of(&bytes);
    let mut writer = store.create().await.expect("create");
    writer.write(bytes.slice(..1_200_000)).await.expect("write");
    assert_eq!(store.sweep().await.expect("sweep"), 0, "a live writer is no leftover");
    writer.write(bytes.slice(1_200_000..)).await.expect("write");
    writer.finish(&id).await.expect("finish");
    assert_eq!(store.sweep().await.expect("sweep"), 0, "an image is no leftover");
    assert_eq!(store.read(&id, 0, usize::MAX).await.expect("read"), bytes);
    store.remove(&id).await.expect("remove");
}

async fn list_and_remove(store: &dyn ImageStore) {
    for old in store.list().await.expect("list") {
        store.remove(&old).await.expect("remove");
    }
    let mut ids = Vec::new();
    for seed in 10..20 {
        ids.push(write(store, &pattern(10, seed), 10).await);
    }
    let mut found = store.list().await.expect("list");
    found.sort_unstable();
    ids.sort_unstable();
    assert_eq!(found, ids);
    for id in &ids {
        store.remove(id).await.expect("remove");
        store.remove(id).await.expect("removing twice is fine");
        assert_eq!(store.size(id).await.expect("size"), None);
    }
    assert_eq!(store.list().await.expect("list"), Vec::new());
}

async fn write(store: &dyn ImageStore, bytes: &Bytes, chunk: usize) -> Sha256 {
    let id = Sha256::of(bytes);
    let mut writer = store.create().await.expect("create");
    for start in (0..bytes.len()).step_by(chunk) {
        writer.write(bytes.slice(start..(start + chunk).min(bytes.len()))).await.expect("write");
        writer.write(Bytes::new()).await.expect("an empty write");
    }
    writer.finish(&id).await.expect("finish");
    id
}

/// Bytes that differ at every offset that a wrong block could come from.
fn pattern(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        // xorshift64: no period shorter than the longest image here.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}
