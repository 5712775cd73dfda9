//! Every store passes the suite of its port.

#![allow(clippy::expect_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use support::Folder;
use swim_core::model::DeviceId;
use swim_core::ports::{JobId, JobStore, Lease, NewJob, WorkerId};
use swim_core::testing;
use swim_stores::{FileImages, MemoryStore, SqliteStore};

#[tokio::test(start_paused = true)]
async fn memory() {
    // Paused time: a store that waited on a thread or a timer would show here.
    testing::image_store(&MemoryStore::new()).await;
    testing::job_store(&MemoryStore::new()).await;
    testing::records(&MemoryStore::new()).await;
    testing::index(&MemoryStore::new()).await;
    let store = MemoryStore::new();
    testing::job_store_shared(&store, &store.clone()).await;
}

#[tokio::test]
async fn files() {
    let folder = Folder::new("conformance-files");
    testing::image_store(&FileImages::open(folder.path()).expect("open")).await;
}

#[tokio::test]
async fn sqlite() {
    let folder = Folder::new("conformance-sqlite");
    testing::job_store(&SqliteStore::open(folder.join("jobs.db")).expect("open")).await;
    testing::records(&SqliteStore::open(folder.join("records.db")).expect("open")).await;
    testing::index(&SqliteStore::open(folder.join("index.db")).expect("open")).await;
}

#[tokio::test]
async fn two_connections_of_one_sqlite_file() {
    let folder = Folder::new("conformance-shared");
    let left = SqliteStore::open(folder.join("swim.db")).expect("open");
    let right = SqliteStore::open(folder.join("swim.db")).expect("open");
    testing::job_store_shared(&left, &right).await;
}

#[tokio::test]
async fn the_faulty_store_is_a_store_as_long_as_its_switch_is_off() {
    let switch = testing::KillSwitch::new(None);
    testing::job_store(&testing::FaultyJobStore::new(Arc::new(MemoryStore::new()), switch.clone())).await;
    assert!(switch.count() > 100, "two points for each write: {}", switch.count());
}

/// What a random program does to a store.
#[derive(Clone, Debug)]
enum Op {
    Create { id: u8, key: u8, due: i64, events: usize },
    Claim { worker: u8, now: i64, ttl: u64, only: Option<u8> },
    Append { lease: usize, position: u64, events: usize },
    Request { job: u8 },
    Renew { lease: usize, now: i64, ttl: u64 },
    Release { lease: usize, finished: bool },
    Hold { lease: usize, device: u8 },
    Free { lease: usize, device: u8 },
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0..5_u8, 0..5_u8, 0..40_i64, 0..3_usize).prop_map(|(id, key, due, events)| Op::Create {
            id,
            key,
            due,
            events
        }),
        (0..3_u8, 0..60_i64, 0..20_u64, proptest::option::of(0..5_u8)).prop_map(|(worker, now, ttl, only)| Op::Claim {
            worker,
            now,
            ttl,
            only
        }),
        (0..6_usize, 0..6_u64, 0..3_usize).prop_map(|(lease, position, events)| Op::Append { lease, position, events }),
        (0..5_u8).prop_map(|job| Op::Request { job }),
        (0..6_usize, 0..60_i64, 0..20_u64).prop_map(|(lease, now, ttl)| Op::Renew { lease, now, ttl }),
        (0..6_usize, any::<bool>()).prop_map(|(lease, finished)| Op::Release { lease, finished }),
        (0..6_usize, 0..3_u8).prop_map(|(lease, device)| Op::Hold { lease, device }),
        (0..6_usize, 0..3_u8).prop_map(|(lease, device)| Op::Free { lease, device }),
    ]
}

/// Runs a program and tells everything that a caller could see of it.
async fn trace(store: &dyn JobStore, program: &[Op]) -> Vec<String> {
    let at = |seconds: i64| jiff::Timestamp::from_second(seconds).expect("in range");
    let secs = std::time::Duration::from_secs;
    let job = |n: u8| JobId(format!("job-{n}"));
    let device = |n: u8| DeviceId::new(format!("device-{n}")).expect("a good name");
    let mut leases: Vec<Lease> = vec![Lease { job: job(0), worker: WorkerId("nobody".into()), fence: 0 }];
    let mut seen = Vec::new();
    for (n, op) in program.iter().enumerate() {
        let pick = |i: usize| leases[leases.len() - 1 - i % leases.len()].clone();
        let events = |count: usize| (0..count).map(|i| json!([n, i])).collect();
        let line = match op.clone() {
            Op::Create { id, key, due, events: count } => {
                let new = NewJob {
                    id: job(id),
                    idempotency_key: format!("key-{key}"),
                    devices: vec![device(id), device(id)],
                    events: events(count),
                    due: at(due),
                };
                format!("{:?}", store.create(new).await)
            }
            Op::Claim { worker, now, ttl, only } => {
                let only = only.map(job);
                let claim = store.claim(&WorkerId(format!("w{worker}")), at(now), secs(ttl), only.as_ref()).await;
                leases.extend(claim.as_ref().ok().cloned().flatten());
                format!("{claim:?}")
            }
            Op::Append { lease, position, events: count } => {
                format!("{:?}", store.append(&pick(lease), position, events(count)).await)
            }
            Op::Request { job: id } => format!("{:?}", store.request(&job(id), json!(n)).await),
            Op::Renew { lease, now, ttl } => format!("{:?}", store.renew(&pick(lease), at(now), secs(ttl)).await),
            Op::Release { lease, finished } => format!("{:?}", store.release(&pick(lease), finished).await),
            Op::Hold { lease, device: d } => format!("{:?}", store.hold_device(&pick(lease), &device(d)).await),
            Op::Free { lease, device: d } => format!("{:?}", store.free_device(&pick(lease), &device(d)).await),
        };
        seen.push(line);
    }
    for n in 0..5 {
        seen.push(format!("{:?}", store.load(&job(n), 0).await));
    }
    seen.push(format!("{:?}", store.list().await));
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// SQLite and memory give the same answers to any program, refusals and their words included.
    #[test]
    fn sqlite_is_memory(program in proptest::collection::vec(op(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let folder = Folder::new("sqlite-is-memory");
            let sqlite = SqliteStore::open(folder.join("swim.db")).expect("open");
            let memory = MemoryStore::new();
            prop_assert_eq!(trace(&sqlite, &program).await, trace(&memory, &program).await);
            Ok(())
        })?;
    }
}
