//! The suite of `JobStore`: leases, fences and devices.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::refused;
use crate::ErrorKind;
use crate::model::DeviceId;
use crate::ports::{JobId, JobStore, Lease, NewJob, WorkerId};

pub(super) const TTL: Duration = Duration::from_secs(10);

/// All jobs of the suites are due before this.
const START: i64 = 2_000_000;

/// So many seconds after the suites begin.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).expect("in range")
}

pub(super) fn worker(name: &str) -> WorkerId {
    WorkerId(name.into())
}

pub(super) fn job(id: &str, key: &str) -> NewJob {
    let devices = vec![device("listed")];
    NewJob { id: JobId(id.into()), idempotency_key: key.into(), devices, events: vec![], due: at(-10) }
}

fn device(name: &str) -> DeviceId {
    DeviceId::new(name).expect("a good name")
}

async fn claim(store: &dyn JobStore, by: &str, seconds: i64, only: Option<&str>) -> Option<Lease> {
    let only = only.map(|id| JobId(id.into()));
    store.claim(&worker(by), at(seconds), TTL, only.as_ref()).await.expect("claim")
}

/// Claims, renewals, releases. All earlier jobs must be finished.
pub(super) async fn single(store: &dyn JobStore) {
    assert_eq!(claim(store, "w1", 0, None).await, None, "finished jobs are not claimed");
    store.create(NewJob { due: at(100), ..job("lease", "lease") }).await.expect("create");
    assert_eq!(claim(store, "w1", 99, None).await, None, "not due");
    let first = claim(store, "w1", 100, None).await.expect("due now");
    assert_eq!((first.job.0.as_str(), &first.worker), ("lease", &worker("w1")));
    assert_eq!(claim(store, "w2", 101, None).await, None, "held");
    assert_eq!(claim(store, "w2", 101, Some("lease")).await, None, "held, by name");
    assert_eq!(claim(store, "w1", 101, None).await, None, "held, by the same worker");
    store.renew(&first, at(105), TTL).await.expect("renew");
    assert_eq!(claim(store, "w2", 114, None).await, None, "kept alive until 115");
    store.append(&first, 0, vec![json!("first")]).await.expect("append");

    // It runs out: the next claim fences the old worker off, in every call.
    let second = claim(store, "w2", 115, None).await.expect("it ran out");
    assert!(second.fence > first.fence, "fences grow");
    refused(store.append(&first, 1, vec![json!("zombie")]).await, ErrorKind::LeaseLost, "append");
    refused(store.append(&first, 0, vec![json!("zombie")]).await, ErrorKind::LeaseLost, "a lost lease comes first");
    refused(store.renew(&first, at(116), TTL).await, ErrorKind::LeaseLost, "renew");
    refused(store.release(&first, true).await, ErrorKind::LeaseLost, "release");
    refused(store.hold_device(&first, &device("d")).await, ErrorKind::LeaseLost, "hold");
    refused(store.free_device(&first, &device("d")).await, ErrorKind::LeaseLost, "free");
    let forged = Lease { worker: worker("w3"), ..second.clone() };
    refused(store.append(&forged, 1, vec![json!("forged")]).await, ErrorKind::LeaseLost, "another worker's name");
    store.append(&second, 1, vec![json!("second")]).await.expect("append");

    // Given back, it is free at once; the fence does not start again.
    store.release(&second, false).await.expect("release");
    refused(store.release(&second, false).await, ErrorKind::LeaseLost, "twice");
    refused(store.append(&second, 2, vec![json!("late")]).await, ErrorKind::LeaseLost, "append after release");
    let third = claim(store, "w1", 116, Some("lease")).await.expect("free");
    assert!(third.fence > second.fence);
    // A lease that ran out and that nobody took is still the last one: its owner may go on.
    store.append(&third, 2, vec![json!("third")]).await.expect("append");
    store.renew(&third, at(1_000), TTL).await.expect("renew");
    assert_eq!(claim(store, "w2", 1_009, None).await, None);
    store.release(&third, true).await.expect("release");
    assert_eq!(claim(store, "w2", 10_000, None).await, None, "finished");
    refused(store.renew(&third, at(10_000), TTL).await, ErrorKind::LeaseLost, "finished");
    assert_eq!(store.load(&third.job, 0).await.expect("load").len(), 3, "the journal stays");

    // The one that is due first is taken first; `only` takes another.
    store.create(NewJob { due: at(20), ..job("later", "later") }).await.expect("create");
    store.create(NewJob { due: at(10), ..job("sooner", "sooner") }).await.expect("create");
    store.create(NewJob { due: at(30), ..job("last", "last") }).await.expect("create");
    for (only, id) in [(Some("last"), "last"), (None, "sooner"), (None, "later")] {
        let lease = claim(store, "w1", 50, only).await.expect("free");
        assert_eq!(lease.job.0, id);
        store.release(&lease, true).await.expect("release");
    }
    // The fence counts, not the name alone: a worker that lost a lease and claimed again may not use the old one.
    store.create(job("again", "again")).await.expect("create");
    let old = claim(store, "w1", 0, Some("again")).await.expect("free");
    let new = claim(store, "w1", 10, Some("again")).await.expect("it ran out");
    refused(store.append(&old, 0, vec![json!("old")]).await, ErrorKind::LeaseLost, "append");
    refused(store.renew(&old, at(11), TTL).await, ErrorKind::LeaseLost, "renew");
    refused(store.release(&old, true).await, ErrorKind::LeaseLost, "release");
    store.append(&new, 0, vec![json!("new")]).await.expect("append");
    store.release(&new, true).await.expect("release");
    // An endless lease does not overflow.
    store.create(job("endless", "endless")).await.expect("create");
    let only = JobId("endless".into());
    let lease = store.claim(&worker("w1"), at(0), Duration::MAX, Some(&only)).await.expect("claim").expect("free");
    store.renew(&lease, at(1), Duration::MAX).await.expect("renew");
    assert_eq!(claim(store, "w2", 1_000_000, None).await, None);
    store.release(&lease, true).await.expect("release");
}

/// One device, one job.
pub(super) async fn devices(store: &dyn JobStore) {
    for id in ["hold-a", "hold-b"] {
        store.create(job(id, id)).await.expect("create");
    }
    let a = claim(store, "w1", 0, Some("hold-a")).await.expect("free");
    let b = claim(store, "w2", 0, Some("hold-b")).await.expect("free");
    let (one, two) = (device("one"), device("two"));
    store.hold_device(&a, &one).await.expect("hold");
    store.hold_device(&a, &one).await.expect("holding twice is fine");
    store.hold_device(&b, &two).await.expect("hold another");
    let busy = refused(store.hold_device(&b, &one).await, ErrorKind::Busy, "held by the other job");
    assert!(busy.message().contains("hold-a"), "the error names the holder: {busy}");
    store.free_device(&b, &one).await.expect("freeing what another job holds does nothing");
    refused(store.hold_device(&b, &one).await, ErrorKind::Busy, "still held");
    store.free_device(&a, &one).await.expect("free");
    store.free_device(&a, &one).await.expect("freeing twice is fine");
    store.hold_device(&b, &one).await.expect("free now");

    // A lease may change hands: the device stays with the job until the job is finished.
    store.release(&b, false).await.expect("release");
    refused(store.hold_device(&a, &one).await, ErrorKind::Busy, "the job keeps it");
    let b = claim(store, "w3", 1, Some("hold-b")).await.expect("free");
    store.hold_device(&b, &one).await.expect("the same job, another worker");
    store.release(&b, true).await.expect("release");
    store.hold_device(&a, &one).await.expect("freed by the end of the job");
    store.hold_device(&a, &two).await.expect("all of its devices");
    store.release(&a, true).await.expect("release");
}

/// Two handles of one store (two processes, say): what one writes the other sees, and fences hold between them.
/// Wants an empty store.
pub async fn job_store_shared(left: &dyn JobStore, right: &dyn JobStore) {
    let id = left.create(job("shared", "shared")).await.expect("create");
    assert_eq!(right.create(job("other", "shared")).await.expect("create"), id, "the key is known on both sides");
    let old = claim(left, "left", 0, None).await.expect("free");
    assert_eq!(claim(right, "right", 1, None).await, None, "held on the other side");
    left.append(&old, 0, vec![json!("left")]).await.expect("append");
    left.hold_device(&old, &device("d")).await.expect("hold");
    right.request(&id, json!("request")).await.expect("request");
    refused(left.append(&old, 1, vec![json!("blind")]).await, ErrorKind::Conflict, "the other side took the position");
    let new = claim(right, "right", 10, None).await.expect("it ran out");
    refused(left.append(&old, 2, vec![json!("zombie")]).await, ErrorKind::LeaseLost, "fenced off");
    right.append(&new, 2, vec![json!("right")]).await.expect("append");
    right.release(&new, true).await.expect("release");
    let seen: Vec<_> = left.load(&id, 0).await.expect("load").into_iter().map(|s| s.event).collect();
    assert_eq!(seen, [json!("left"), json!("request"), json!("right")]);
}
