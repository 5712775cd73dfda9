//! The suite of `JobStore`: journals. Leases and devices are in the sibling.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::leases::{self, TTL, at, job, worker};
use super::refused;
use crate::ErrorKind;
use crate::ports::{JobId, JobStore, Lease, NewJob};

/// Asserts the contract of [`JobStore`] on an empty store.
pub async fn job_store(store: &dyn JobStore) {
    create_once(store).await;
    journal(store).await;
    requests_interleave(store).await;
    a_job_can_be_made_due(store).await;
    unknown_jobs(store).await;
    leases::single(store).await;
    leases::devices(store).await;
}

async fn create_once(store: &dyn JobStore) {
    assert_eq!(store.list().await.expect("list"), Vec::new(), "the suite wants an empty store");
    let due = Timestamp::new(1_000, 123_456_789).expect("in range");
    let first = NewJob { due, events: vec![json!("a"), json!("b")], ..job("create-1", "key-1") };
    assert_eq!(store.create(first.clone()).await.expect("create"), JobId("create-1".into()));
    let same_key = NewJob { id: JobId("create-2".into()), events: vec![json!("other")], ..first.clone() };
    assert_eq!(store.create(same_key).await.expect("create"), JobId("create-1".into()), "the old job's id");
    assert_eq!(store.create(first.clone()).await.expect("create"), JobId("create-1".into()), "the same call again");
    assert_eq!(events(store, "create-1", 0).await, vec![json!("a"), json!("b")], "the old entries stay");
    let same_id = NewJob { idempotency_key: "key-2".into(), ..first };
    refused(store.create(same_id).await, ErrorKind::Conflict, "another key with an id that is taken");
    // Oldest first is the order of creation, whatever the ids and due times.
    store.create(NewJob { due: Timestamp::UNIX_EPOCH, ..job("another", "key-3") }).await.expect("create");
    let listed = store.list().await.expect("list");
    let ids: Vec<_> = listed.iter().map(|j| j.id.0.as_str()).collect();
    assert_eq!(ids, ["create-1", "another"]);
    assert_eq!(listed[0].due, due, "to the nanosecond");
    assert!(!listed[0].finished);
    finish(store, "create-1").await;
    finish(store, "another").await;
    assert!(store.list().await.expect("list").iter().all(|j| j.finished), "finished jobs stay in the list");
}

async fn journal(store: &dyn JobStore) {
    store.create(NewJob { events: vec![json!(0)], ..job("journal", "journal") }).await.expect("create");
    let lease = claimed(store, "journal", "w1").await;
    assert_eq!(store.append(&lease, 1, vec![json!(1), json!(2)]).await.expect("append").next, 3);
    assert_eq!(store.append(&lease, 3, Vec::new()).await.expect("nothing to append").next, 3);
    for wrong in [0, 1, 2, 4, 100, u64::MAX] {
        let error = refused(store.append(&lease, wrong, vec![json!("x")]).await, ErrorKind::Conflict, "wrong position");
        assert_ne!(error.message(), "");
    }
    refused(store.append(&lease, 1, Vec::new()).await, ErrorKind::Conflict, "a wrong position, though nothing to add");
    let stored = store.load(&lease.job, 0).await.expect("load");
    assert_eq!(stored.iter().map(|s| s.sequence).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(events(store, "journal", 0).await, vec![json!(0), json!(1), json!(2)]);
    assert_eq!(events(store, "journal", 2).await, vec![json!(2)]);
    assert_eq!(events(store, "journal", 3).await, Vec::<Value>::new());
    assert_eq!(events(store, "journal", u64::MAX).await, Vec::<Value>::new());
    let deep = json!({"step": {"n": -1, "text": "é\u{0}\"", "list": [null, 1.5, u64::MAX]}});
    store.append(&lease, 3, vec![deep.clone()]).await.expect("append");
    assert_eq!(events(store, "journal", 3).await, vec![deep]);
    store.release(&lease, true).await.expect("release");
}

async fn requests_interleave(store: &dyn JobStore) {
    let id = store.create(NewJob { events: vec![json!("start")], ..job("request", "request") }).await.expect("create");
    assert_eq!(store.request(&id, json!("before any claim")).await.expect("request").next, 2);
    let lease = claimed(store, "request", "w1").await;
    assert_eq!(store.append(&lease, 2, vec![json!("work")]).await.expect("append").next, 3);
    assert_eq!(store.request(&id, json!("cancel")).await.expect("request").next, 4);
    refused(store.append(&lease, 3, vec![json!("blind")]).await, ErrorKind::Conflict, "a request took the position");
    let missed = events(store, "request", 3).await;
    assert_eq!(missed, vec![json!("cancel")], "what the worker finds when it reloads");
    assert_eq!(store.append(&lease, 4, vec![json!("stopped")]).await.expect("append").next, 5);
    store.release(&lease, true).await.expect("release");
    assert_eq!(
        events(store, "request", 0).await,
        vec![json!("start"), json!("before any claim"), json!("work"), json!("cancel"), json!("stopped")]
    );
}

async fn a_job_can_be_made_due(store: &dyn JobStore) {
    let far = Timestamp::from_second(100_000_000_000).expect("in range");
    let id = store.create(NewJob { due: far, ..job("far", "far") }).await.expect("create");
    let early = store.claim(&worker("w1"), at(0), TTL, Some(&id)).await.expect("claim");
    assert!(early.is_none(), "it is not due");
    store.make_due(&id).await.expect("make due");
    let lease = store.claim(&worker("w1"), at(0), TTL, Some(&id)).await.expect("claim").expect("it is due");
    store.release(&lease, true).await.expect("release");
}

async fn unknown_jobs(store: &dyn JobStore) {
    let nobody = JobId("nobody".into());
    let lease = Lease { job: nobody.clone(), worker: worker("w1"), fence: 1 };
    refused(store.load(&nobody, 0).await, ErrorKind::NotFound, "load");
    refused(store.request(&nobody, json!(1)).await, ErrorKind::NotFound, "request");
    refused(store.make_due(&nobody).await, ErrorKind::NotFound, "make due");
    refused(store.append(&lease, 0, vec![json!(1)]).await, ErrorKind::NotFound, "append");
    refused(store.renew(&lease, at(0), TTL).await, ErrorKind::NotFound, "renew");
    refused(store.release(&lease, true).await, ErrorKind::NotFound, "release");
    let claim = store.claim(&worker("w1"), at(0), TTL, Some(&nobody)).await;
    assert_eq!(claim.expect("claim"), None, "there is nothing to claim");
}

async fn events(store: &dyn JobStore, id: &str, from: u64) -> Vec<Value> {
    let stored = store.load(&JobId(id.into()), from).await.expect("load");
    stored.into_iter().map(|s| s.event).collect()
}

async fn claimed(store: &dyn JobStore, id: &str, by: &str) -> Lease {
    let only = JobId(id.into());
    let lease = store.claim(&worker(by), at(0), Duration::from_secs(3600), Some(&only)).await.expect("claim");
    lease.expect("it is free")
}

async fn finish(store: &dyn JobStore, id: &str) {
    let lease = claimed(store, id, "closer").await;
    store.release(&lease, true).await.expect("release");
}
