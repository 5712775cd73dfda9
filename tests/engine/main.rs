//! The engine against toy devices: verdicts, holding, checks, and a crash at every point at which a worker touches
//! the world.

// A test says what is wrong by failing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod world;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use swim_core::job::{CancelHow, Engine, EngineConfig, Entry, JobEvent, JobReport, JobStatus, NoSink, Outcome, Ports};
use swim_core::model::{ActivateMode, FailurePolicy, Policy};
use swim_core::platform::PullServices;
use swim_core::ports::{CheckCall, Clock, JobId, JobStore, NewJob, PostChecks, Verdict, WorkerId};
use swim_core::testing::{FaultyClock, FaultyJobStore, KillSwitch};
use swim_core::transfer::Caps;
use swim_core::{ErrorKind, Result};
use swim_protocols::clock::TokioClock;
use swim_stores::{MemoryStore, StaticSecrets};

use world::{Manner, NEW, OLD, World, plan, version};

#[derive(Debug)]
struct Says(Verdict);

#[async_trait]
impl PostChecks for Says {
    async fn check(&self, _: CheckCall) -> Result<Verdict> {
        Ok(self.0.clone())
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock::starting_at(Timestamp::from_second(1_800_000_000).unwrap()))
}

fn engine(name: &str, world: &World, store: &MemoryStore, checks: Option<Verdict>) -> Engine {
    let switch = &world.switch;
    let jobs = FaultyJobStore::new(Arc::new(store.clone()), switch.clone());
    let clock = FaultyClock::new(Arc::clone(&world.clock), switch.clone());
    let ports = Ports {
        jobs: Arc::new(jobs),
        clock: Arc::new(clock),
        connector: Arc::new(world.clone()),
        services: PullServices {
            store: Arc::new(store.clone()),
            transfers: vec![],
            caps: Caps::default(),
            servers: Arc::default(),
            secrets: Arc::new(StaticSecrets::default()),
        },
        records: Some(Arc::new(store.clone())),
        platforms: vec![Arc::new(world.clone())],
        checks: checks.map(|v| Arc::new(Says(v)) as _),
        sink: Arc::new(NoSink),
    };
    Engine::new(ports, EngineConfig::new(WorkerId(name.into())))
}

async fn submit(world: &World, store: &MemoryStore, policy: Policy) -> JobId {
    let plan = plan(world, policy);
    let approval = plan.digest().unwrap().to_string();
    let now = world.clock.now();
    let devices = plan.devices.iter().map(|d| d.device.id.clone()).collect();
    let event = JobEvent::Submitted { plan: Box::new(plan), approval };
    let events = vec![Entry::new(now, event).to_json().unwrap()];
    let id = JobId("job-1".into());
    store.create(NewJob { id: id.clone(), idempotency_key: "k".into(), devices, events, due: now }).await.unwrap();
    id
}

/// Works on the job, waiting for a dead worker's lease to run out.
async fn work(engine: &Engine, job: &JobId, clock: &Arc<dyn Clock>) -> JobReport {
    loop {
        match engine.work(job).await {
            Ok(report) => return report,
            Err(e) if e.kind() == ErrorKind::Busy => clock.sleep(Duration::from_secs(5)).await,
            Err(e) => panic!("{e:?}"),
        }
    }
}

async fn run(manners: &[Manner], policy: Policy, checks: Option<Verdict>) -> (World, JobReport) {
    let world = World::new(clock(), manners);
    let store = MemoryStore::new();
    let job = submit(&world, &store, policy).await;
    let report = work(&engine("w1", &world, &store, checks), &job, &world.clock).await;
    (world, report)
}

fn outcomes(report: &JobReport) -> Vec<Outcome> {
    report.devices.iter().map(|d| d.outcome.unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_manner_has_its_own_verdict() {
    use Manner::*;
    let manners = [Good, ComesBackOld, NeverReturns, RefusesCopy, LosesSessionInCopy, CannotTell];
    let parallel = Policy { activate: ActivateMode::Parallel, ..Policy::default() };
    let (world, report) = run(&manners, parallel, None).await;
    use Outcome::*;
    assert_eq!(outcomes(&report), [Upgraded, FellBack, NeverReturned, Failed, Upgraded, InDoubt], "{report:#?}");
    let refused = report.devices[3].error.as_ref().unwrap();
    assert_eq!((refused.kind, refused.said.as_deref()), (ErrorKind::NoSpace, Some("%Error copying (No space)")));
    assert_eq!(world.toy(4).copies, 0, "the copy that went on without its session is not done again");
    assert!(!world.toy(1).boot_new, "after a fall-back the boot statement is as it was");
    for (n, seconds) in report.devices.iter().map(|d| d.seconds.unwrap()).enumerate() {
        println!("{:?}: verdict after {seconds} s", manners[n]);
    }
}

#[tokio::test(start_paused = true)]
async fn sequential_activation_reloads_one_device_at_a_time() {
    let (world, report) = run(&[Manner::Good; 4], Policy::default(), None).await;
    assert!(report.all_good());
    let mut booted: Vec<_> = (0..4).map(|n| world.toy(n).booted).collect();
    let sorted = booted.clone();
    booted.sort();
    assert_eq!(booted, sorted, "in the plan's order");
    for pair in booted.windows(2) {
        assert!(pair[1].duration_since(pair[0]).as_secs() >= 600, "the next one only after the last one is proven");
    }
}

#[tokio::test(start_paused = true)]
async fn stop_on_failure_leaves_the_others_alone() {
    let policy = Policy { on_failure: FailurePolicy::Stop, ..Policy::default() };
    let (world, report) = run(&[Manner::ComesBackOld, Manner::Good, Manner::Good], policy, None).await;
    assert_eq!(outcomes(&report), [Outcome::FellBack, Outcome::Skipped, Outcome::Skipped]);
    assert_eq!((world.toy(1).reloads, world.toy(2).reloads), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_bad_post_check_takes_the_device_back_and_proves_it() {
    let policy = Policy { post_check: true, ..Policy::default() };
    let (world, report) = run(&[Manner::Good], policy, Some(Verdict::Bad("two neighbours are missing".into()))).await;
    assert_eq!(outcomes(&report), [Outcome::RolledBack]);
    assert_eq!(world.toy(0).version, version(OLD));
    assert_eq!(report.devices[0].error.as_ref().unwrap().message, "two neighbours are missing");
    assert!(!world.toy(0).file && !world.toy(0).boot_new, "everything that was done is taken back");
}

#[tokio::test(start_paused = true)]
async fn a_check_waits_for_a_process_that_has_one() {
    let world = World::new(clock(), &[Manner::Good]);
    let store = MemoryStore::new();
    let job = submit(&world, &store, Policy { post_check: true, ..Policy::default() }).await;
    let held = work(&engine("w1", &world, &store, None), &job, &world.clock).await;
    assert_eq!(held.devices[0].outcome, None);
    let done = work(&engine("w2", &world, &store, Some(Verdict::Good)), &job, &world.clock).await;
    assert_eq!(outcomes(&done), [Outcome::Upgraded]);
    assert_eq!(world.toy(0).reloads, 1);
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_held_back_and_done_later_by_another_worker() {
    let world = World::new(clock(), &[Manner::Good, Manner::Good]);
    world.toys.lock().unwrap().values_mut().for_each(|t| t.committed = false);
    let store = MemoryStore::new();
    let job = submit(&world, &store, Policy { hold_commit: true, ..Policy::default() }).await;
    let held = work(&engine("w1", &world, &store, None), &job, &world.clock).await;
    assert_eq!(held.status, JobStatus::Held);
    assert!(!world.toy(0).committed && !world.toy(1).committed);
    let still = work(&engine("w2", &world, &store, None), &job, &world.clock).await;
    assert_eq!(still.status, JobStatus::Held, "nobody said go");
    let go = Entry::new(world.clock.now(), JobEvent::Released { devices: vec![] });
    store.request(&job, go.to_json().unwrap()).await.unwrap();
    let done = work(&engine("w3", &world, &store, None), &job, &world.clock).await;
    assert_eq!(outcomes(&done), [Outcome::Upgraded; 2]);
    assert!(world.toy(0).committed && world.toy(1).committed);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_before_the_reload_leaves_the_device_as_it_was() {
    let world = World::new(clock(), &[Manner::Good, Manner::Good]);
    let store = MemoryStore::new();
    let job = submit(&world, &store, Policy::default()).await;
    // The second device waits for its turn while the first one reloads.
    let (engine, clock) = (engine("w1", &world, &store, None), Arc::clone(&world.clock));
    let asked = async {
        clock.sleep(Duration::from_secs(120)).await;
        let stop = Entry::new(clock.now(), JobEvent::CancelRequested { how: CancelHow::Gently });
        store.request(&job, stop.to_json().unwrap()).await.unwrap();
    };
    let (report, ()) = tokio::join!(work(&engine, &job, &clock), asked);
    assert_eq!(outcomes(&report), [Outcome::Upgraded, Outcome::Cancelled]);
    let second = world.toy(1);
    assert_eq!((second.reloads, second.boot_new, second.version), (0, false, version(OLD)));
}

#[tokio::test(start_paused = true)]
async fn a_stale_plan_touches_nothing() {
    let world = World::new(clock(), &[Manner::Good]);
    let store = MemoryStore::new();
    let job = submit(&world, &store, Policy::default()).await;
    world.toys.lock().unwrap().values_mut().for_each(|t| t.version = version("15.2(5)E1"));
    let report = work(&engine("w1", &world, &store, None), &job, &world.clock).await;
    assert_eq!(outcomes(&report), [Outcome::Failed]);
    let error = report.devices[0].error.as_ref().unwrap();
    assert_eq!(error.kind, ErrorKind::Blocked);
    assert!(error.message.contains("15.2(5)E1"), "{}", error.message);
    assert!(!world.toy(0).file);
}

/// Kills the worker at point `n`, then lets another one finish. `None`: the run has fewer points.
async fn killed_at(n: u64, manners: &[Manner]) -> Option<(String, World, JobReport)> {
    let world = World::new(clock(), manners);
    let store = MemoryStore::new();
    let job = submit(&world, &store, Policy::default()).await;
    let switch = KillSwitch::new(Some(n));
    let doomed = engine("w1", &world.with_switch(switch.clone()), &store, None);
    tokio::select! {
        biased;
        _ = work(&doomed, &job, &world.clock) => return None,
        () = switch.fired() => {}
    }
    drop(doomed);
    let report = work(&engine("w2", &world, &store, None), &job, &world.clock).await;
    Some((switch.label().unwrap(), world, report))
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_every_point_ends_with_the_right_verdicts_and_one_reload_each() {
    let manners = [Manner::Good, Manner::ComesBackOld, Manner::Good];
    let mut points = std::collections::BTreeMap::<String, u32>::new();
    for n in 0.. {
        let Some((label, world, report)) = killed_at(n, &manners).await else { break };
        let expected = [Outcome::Upgraded, Outcome::FellBack, Outcome::Upgraded];
        assert_eq!(outcomes(&report), expected, "killed at point {n} ({label}): {report:#?}");
        for device in 0..3 {
            assert_eq!(world.toy(device).reloads, 1, "killed at point {n} ({label}): device {device}");
        }
        assert_eq!(world.toy(0).version, version(NEW));
        assert!(!world.toy(1).boot_new, "killed at point {n} ({label})");
        *points.entry(label).or_default() += 1;
    }
    let all: u32 = points.values().sum();
    println!("crash matrix, toy devices: {all} kill points: {points:?}");
    assert!(all > 100, "{all}");
}
