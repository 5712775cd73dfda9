use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("swim-received-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn only_what_is_there_without_a_gap_is_gone_on_with() {
    let folder = Folder::new("gap");
    let path = folder.0.join("x.bin");
    let sink = FileSink::create(&path).await.unwrap();
    sink.write(0, Bytes::from(vec![1; 100])).await.unwrap();
    sink.write(200, Bytes::from(vec![3; 100])).await.unwrap();
    assert_eq!(sink.finish(300).await.unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(FileSink::create(&path).await.unwrap_err().kind(), ErrorKind::Busy);
    sink.note_version("etag \"v 1\"").await.unwrap();
    drop(sink);
    let sink = FileSink::create(&path).await.unwrap();
    assert_eq!(sink.have().await.unwrap(), 100);
    assert_eq!(sink.version().await.unwrap().as_deref(), Some("etag \"v 1\""));
    sink.write(100, Bytes::from(vec![2; 150])).await.unwrap();
    sink.finish(250).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), [vec![1; 100], vec![2; 150]].concat());
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
    assert_eq!(FileSink::create(&path).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn what_has_its_name_is_not_touched_any_more_even_when_nobody_waited_for_it() {
    let folder = Folder::new("named");
    let path = folder.0.join("x.bin");
    let sink = FileSink::create(&path).await.unwrap();
    sink.write(0, Bytes::from(vec![1; 100])).await.unwrap();
    // Begun, and given up.
    tokio::select! {
        biased;
        done = sink.finish(100) => done.unwrap(),
        () = std::future::ready(()) => {}
    }
    assert_eq!(sink.clear().await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(sink.write(0, Bytes::from(vec![2; 100])).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(std::fs::read(&path).unwrap(), [1; 100]);
    drop(sink);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[tokio::test]
async fn a_part_that_is_forgotten_is_of_no_version() {
    let folder = Folder::new("version");
    let path = folder.0.join("x.bin");
    let sink = FileSink::create(&path).await.unwrap();
    for bad in ["two\nlines".to_owned(), "long".repeat(100)] {
        sink.note_version(&bad).await.unwrap();
        assert_eq!(sink.version().await.unwrap(), None);
    }
    sink.note_version("modified then").await.unwrap();
    sink.write(0, Bytes::from(vec![1; 5 << 20])).await.unwrap();
    sink.clear().await.unwrap();
    assert_eq!(sink.version().await.unwrap(), None);
    sink.write(0, Bytes::from(vec![1; 10])).await.unwrap();
    drop(sink);
    let sink = FileSink::create(&path).await.unwrap();
    assert_eq!((sink.have().await.unwrap(), sink.version().await.unwrap()), (10, None));
}

#[tokio::test]
async fn notes_of_another_start_of_the_machine_are_not_believed() {
    let folder = Folder::new("boot");
    let path = folder.0.join("x.bin");
    drop(FileSink::create(&path).await.unwrap());
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
    std::fs::write(folder.0.join("x.bin.part"), [0; 64]).unwrap();
    std::fs::write(folder.0.join("x.bin.part.have"), "64 another-start\n").unwrap();
    assert_eq!(FileSink::create(&path).await.unwrap().have().await.unwrap(), 0);
}

#[tokio::test]
async fn a_place_that_cannot_be_is_refused() {
    let folder = Folder::new("place");
    for (path, kind) in [("no/such/x.bin", ErrorKind::NotFound), ("..", ErrorKind::InvalidInput)] {
        assert_eq!(FileSink::create(folder.0.join(path)).await.unwrap_err().kind(), kind, "{path}");
    }
    std::os::unix::fs::symlink("/dev/null", folder.0.join("y.bin.part")).unwrap();
    assert_eq!(FileSink::create(folder.0.join("y.bin")).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_file_that_kept_the_name_of_its_part_is_not_written_over() {
    // A process was killed between both names; the file was put away since.
    let folder = Folder::new("killed");
    let (path, archive) = (folder.0.join("x.bin"), folder.0.join("archive.bin"));
    let sink = FileSink::create(&path).await.unwrap();
    sink.write(0, Bytes::from(vec![1; 6 << 20])).await.unwrap();
    drop(sink);
    std::fs::hard_link(folder.0.join("x.bin.part"), &archive).unwrap();
    let sink = FileSink::create(&path).await.unwrap();
    assert_eq!(sink.have().await.unwrap(), 0);
    sink.write(0, Bytes::from(vec![2; 100])).await.unwrap();
    sink.finish(100).await.unwrap();
    assert!(std::fs::read(&archive).unwrap() == vec![1; 6 << 20]);
    assert_eq!(std::fs::read(&path).unwrap(), [2; 100]);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 2);
}

#[tokio::test]
async fn who_opened_the_part_before_it_got_its_name_does_not_get_it() {
    let folder = Folder::new("race");
    let path = folder.0.join("x.bin");
    let place = Place::of(&path);
    let first = FileSink::create(&path).await.unwrap();
    first.write(0, Bytes::from_static(b"first")).await.unwrap();
    let late = place.open_part().unwrap();
    assert_eq!(place.claim(&late).unwrap_err().kind(), ErrorKind::Busy);
    first.finish(5).await.unwrap();
    drop(first);
    assert!(!place.claim(&late).unwrap(), "it is the published file");
    assert_eq!(place.open().unwrap_err().kind(), ErrorKind::Conflict);
    // The same with a part that its owner removed.
    let path = folder.0.join("y.bin");
    let place = Place::of(&path);
    let first = FileSink::create(&path).await.unwrap();
    let late = place.open_part().unwrap();
    drop(first);
    assert!(!place.claim(&late).unwrap(), "it has no name any more");
    assert_eq!(place.open().unwrap().1, (0, None));
}

#[tokio::test]
async fn a_part_that_somebody_replaced_gets_no_name() {
    let folder = Folder::new("replaced");
    let path = folder.0.join("x.bin");
    let sink = FileSink::create(&path).await.unwrap();
    sink.write(0, Bytes::from_static(b"ours")).await.unwrap();
    std::fs::rename(folder.0.join("x.bin.part"), folder.0.join("away")).unwrap();
    std::fs::write(folder.0.join("x.bin.part"), b"theirs").unwrap();
    assert_eq!(sink.finish(4).await.unwrap_err().kind(), ErrorKind::Conflict);
    drop(sink);
    assert!(!path.exists());
    assert_eq!(std::fs::read(folder.0.join("x.bin.part")).unwrap(), b"theirs");
}

#[tokio::test]
async fn a_file_with_another_digest_never_has_its_name() {
    let folder = Folder::new("digest");
    let path = folder.0.join("x.bin");
    let sink = FileSink::expecting(&path, Some(Sha256::of(b"right"))).await.unwrap();
    sink.write(0, Bytes::from_static(b"wrong")).await.unwrap();
    // Seen from outside all the time, even when nobody waits for the end.
    let watched = std::thread::spawn({
        let path = path.clone();
        move || (0..2000).any(|_| path.exists())
    });
    assert_eq!(sink.finish(5).await.unwrap_err().kind(), ErrorKind::Integrity);
    drop(sink);
    assert!(!watched.join().unwrap());
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
    let sink = FileSink::expecting(&path, Some(Sha256::of(b"right"))).await.unwrap();
    sink.write(0, Bytes::from_static(b"right and more")).await.unwrap();
    sink.finish(5).await.unwrap();
    assert_eq!(sink.digest().await.unwrap(), Sha256::of(b"right"));
    assert_eq!(std::fs::read(&path).unwrap(), b"right");
}

#[tokio::test]
async fn what_cannot_be_tidied_up_does_not_unmake_the_file() {
    let folder = Folder::new("tidy");
    let path = folder.0.join("x.bin");
    let sink = FileSink::create(&path).await.unwrap();
    sink.write(0, Bytes::from_static(b"abc")).await.unwrap();
    std::fs::create_dir(folder.0.join("x.bin.part.have")).unwrap();
    sink.finish(3).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"abc");
    assert_eq!(sink.write(0, Bytes::from_static(b"x")).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn bytes_at_impossible_places_are_refused() {
    let folder = Folder::new("far");
    let sink = FileSink::create(folder.0.join("x.bin")).await.unwrap();
    for offset in [u64::MAX, u64::MAX - 2, i64::MAX as u64, i64::MAX as u64 - 2] {
        let e = sink.write(offset, Bytes::from_static(b"abc")).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::InvalidInput, "{offset}");
        assert!(e.to_string().contains(&offset.to_string()), "{e}");
    }
}

#[tokio::test]
async fn a_note_is_never_written_through_a_link() {
    let folder = Folder::new("link");
    let victim = folder.0.join("victim");
    std::fs::write(&victim, "precious").unwrap();
    for name in ["x.bin.part.have", "x.bin.part.new"] {
        std::os::unix::fs::symlink(&victim, folder.0.join(name)).unwrap();
        let sink = FileSink::create(folder.0.join("x.bin")).await.unwrap();
        std::os::unix::fs::symlink(&victim, folder.0.join(name)).unwrap();
        sink.write(0, Bytes::from(vec![1; 6 << 20])).await.unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious", "{name}");
        sink.clear().await.unwrap();
    }
    let sink = FileSink::create(folder.0.join("x.bin")).await.unwrap();
    sink.write(0, Bytes::from_static(b"abc")).await.unwrap();
    sink.finish(3).await.unwrap();
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 2);
}

#[tokio::test]
async fn a_part_with_which_nobody_can_go_on_does_not_stay() {
    let folder = Folder::new("kept");
    let path = folder.0.join("x.bin");
    let sink = FileSink::create(&path).await.unwrap();
    sink.write(0, Bytes::from_static(b"one that resumes")).await.unwrap();
    // Another way is tried, and does not begin: the part is that of the first one.
    sink.keep_parts(false);
    drop(sink);
    let sink = FileSink::create(&path).await.unwrap();
    assert_eq!(sink.have().await.unwrap(), 16);
    sink.keep_parts(false);
    sink.clear().await.unwrap();
    sink.write(0, Bytes::from_static(b"one that does not")).await.unwrap();
    drop(sink);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
}

/// `/dev/full` has no room, as a disk that is full.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_part_for_which_there_is_no_room_does_not_stay() {
    let folder = Folder::new("full");
    let path = folder.0.join("x.bin");
    let mut sink = FileSink::create(&path).await.unwrap();
    sink.write(0, Bytes::from(vec![1; 5 << 20])).await.unwrap();
    let part = std::mem::replace(
        &mut Arc::get_mut(&mut sink).unwrap().file,
        Arc::new(std::fs::OpenOptions::new().read(true).write(true).open("/dev/full").unwrap()),
    );
    assert_eq!(sink.write(5 << 20, Bytes::from_static(b"abc")).await.unwrap_err().kind(), ErrorKind::NoSpace);
    Arc::get_mut(&mut sink).unwrap().file = part;
    assert_eq!(sink.have().await.unwrap(), 0);
    // Whoever writes now, for example another channel, must not fill the disk again.
    assert_eq!(sink.write(0, Bytes::from_static(b"abc")).await.unwrap_err().kind(), ErrorKind::NoSpace);
    assert_eq!(sink.finish(0).await.unwrap_err().kind(), ErrorKind::NoSpace);
    drop(sink);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
}

proptest! {
    #[test]
    fn the_part_without_a_gap_is_what_a_bitmap_says(pieces in prop::collection::vec((0u64..60, 1u64..20), 0..20)) {
        let (mut grown, mut naive) = (Grown::default(), [false; 80]);
        for (start, length) in pieces {
            grown.add(start, start + length);
            naive[start as usize..(start + length) as usize].fill(true);
            let whole = naive.iter().take_while(|there| **there).count() as u64;
            prop_assert_eq!(grown.whole, whole);
        }
    }
}
