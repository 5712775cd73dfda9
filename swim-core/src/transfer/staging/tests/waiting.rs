//! Waiting for the turn to bring an image: it can be cancelled, and ends where the record never settles.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;

#[tokio::test(start_paused = true)]
async fn who_waits_can_be_cancelled() {
    // Another process is at it: for longer than anybody waits.
    let rows = Arc::new(Rows::default());
    let taken = json!({"fence": 1, "state": "taken", "by": "w9", "until": "2200-01-01T00:00:00Z"});
    rows.0.lock().unwrap().insert("one x.bin".to_owned(), taken);
    let process = Process::new(&[Wire::new(Protocol::Sftp, Manner::Good)], Some(&rows));
    cancelled_soon(&process).await;
    assert!(process.heard("waits for w9"), "{:?}", process.words);
    // Another device of this process is.
    let wire = Wire::slow(Protocol::Sftp, Manner::Good, Duration::from_secs(300));
    let process = Process::new(&[Arc::clone(&wire)], None);
    let (first, ()) = tokio::join!(process.stage(), cancelled_soon(&process));
    assert_eq!((first.unwrap(), wire.sent()), (Brought::Sent, 1), "the first one goes on");
    assert!(process.heard("waits for another device"), "{:?}", process.words);
}

/// A staging that is cancelled after a while ends at once.
async fn cancelled_soon(process: &Process) {
    let cx = Context { cancel: CancellationToken::new(), ..process.cx.clone() };
    let soon = async {
        tokio::time::sleep(Duration::from_secs(99)).await;
        cx.cancel.cancel();
        tokio::time::Instant::now()
    };
    let (ended, cut) = tokio::join!(process.stage_as(IMAGE, &cx), soon);
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(cut.elapsed() < Duration::from_millis(10), "{:?}", cut.elapsed());
}

/// A store that shows a record and lets nobody change it.
#[derive(Debug)]
struct Stuck {
    shows: Option<Value>,
    looks: Mutex<usize>,
}

#[async_trait]
impl Records for Stuck {
    async fn put(&self, _: &str, _: &str, _: Value) -> Result<()> {
        Ok(())
    }
    async fn put_new(&self, _: &str, _: &str, _: Value) -> Result<bool> {
        Ok(false)
    }
    async fn swap(&self, _: &str, _: &str, _: &Value, _: Value) -> Result<bool> {
        Ok(false)
    }
    async fn get(&self, _: &str, _: &str) -> Result<Option<Value>> {
        *self.looks.lock().unwrap() += 1;
        Ok(self.shows.clone())
    }
    async fn all(&self, _: &str) -> Result<Vec<(String, Value)>> {
        Ok(Vec::new())
    }
    async fn remove(&self, _: &str, _: &str) -> Result<bool> {
        Ok(false)
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_nobody_can_take_ends_in_an_error_that_names_it() {
    let killed = json!({"fence": 7, "state": "taken", "by": "w9", "until": "1960-01-01T00:00:00Z"});
    for shows in [None, Some(json!({"fence": 3, "state": "free"})), Some(killed)] {
        let stuck = Arc::new(Stuck { shows, looks: Mutex::default() });
        let wire = Wire::new(Protocol::Sftp, Manner::Good);
        let mut process = Process::new(&[Arc::clone(&wire)], None);
        process.servers = process.servers.recorded(Arc::clone(&stuck) as _, "w1");
        let began = tokio::time::Instant::now();
        let e = process.stage().await.unwrap_err();
        assert_eq!(
            (e.kind(), e.context("table"), e.context("record")),
            (ErrorKind::Store, Some("staged"), Some("one x.bin"))
        );
        assert!(e.to_string().contains("one x.bin"), "{e}");
        assert_eq!((*stuck.looks.lock().unwrap(), wire.sent()), (5, 0), "{stuck:?}");
        assert!(began.elapsed() >= Duration::from_secs(8), "it does not spin: {:?}", began.elapsed());
        // Cancel ends it sooner.
        process.cx.cancel.cancel();
        assert_eq!(process.stage().await.unwrap_err().kind(), ErrorKind::Cancelled);
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_with_more_in_it_than_we_know_is_taken_and_one_that_is_none_is_named() {
    let rows = Arc::new(Rows::default());
    let newer = json!({"fence": 4, "state": "free", "since": "a later version"});
    rows.0.lock().unwrap().insert("one x.bin".to_owned(), newer);
    let process = Process::new(&[Wire::new(Protocol::Sftp, Manner::Good)], Some(&rows));
    assert_eq!(process.stage().await.unwrap(), Brought::Sent);
    assert_eq!(rows.0.lock().unwrap()["one x.bin"]["fence"], 5);
    rows.0.lock().unwrap().insert("one x.bin".to_owned(), json!({"state": "gone fishing"}));
    let second = Process::new(&[Wire::new(Protocol::Sftp, Manner::Good)], Some(&rows));
    let e = second.stage().await.unwrap_err();
    assert_eq!((e.kind(), e.context("record")), (ErrorKind::Store, Some("one x.bin")), "{e:?}");
}
