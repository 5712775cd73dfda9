//! Holding the commit back, and going back after a bad post-check.

use std::time::Duration;

use swim_core::job::{Entry, JobEvent, JobStatus, Outcome};
use swim_core::model::{InstallStateCode, Policy};
use swim_core::ports::{JobId, JobStore, Verdict};
use swim_sim::DeviceSpec;

use crate::fleet::{CAT9K, Fleet, Manner, policy};

fn stack() -> DeviceSpec {
    DeviceSpec::cat9300("stack1", 2)
}

async fn go(fleet: &Fleet, job: &JobId) {
    let go = Entry::new(fleet.clock.now(), JobEvent::Released { devices: vec![] });
    fleet.store.request(job, go.to_json().unwrap()).await.unwrap();
}

/// Upgrades up to the held commit.
async fn held() -> (Fleet, JobId) {
    let fleet = Fleet::new(vec![stack()], Policy { hold_commit: true, ..policy() });
    let worker = fleet.worker("w1", Manner::default());
    let plan = fleet.plan(&worker).await;
    let job = fleet.submit(&plan).await;
    let report = fleet.work(&worker, &job).await;
    assert_eq!(report.status, JobStatus::Held, "{report:#?}");
    let seen = fleet.sims[0].snapshot();
    assert!(CAT9K.is(seen.installed(InstallStateCode::U).unwrap()), "{seen:#?}");
    assert!(seen.auto_abort_seconds.is_some(), "the device would go back by itself");
    (fleet, job)
}

#[tokio::test(start_paused = true)]
async fn another_worker_commits_later() {
    let (fleet, job) = held().await;
    fleet.clock.sleep(Duration::from_secs(30 * 60)).await;
    let worker = fleet.worker("w2", Manner::default());
    let still = fleet.work(&worker, &job).await;
    assert_eq!(still.status, JobStatus::Held, "nobody said go");
    go(&fleet, &job).await;
    let done = fleet.work(&worker, &job).await;
    assert_eq!(done.devices[0].outcome, Some(Outcome::Upgraded), "{done:#?}");
    fleet.assert_upgraded(0, "committed by another worker");
    // A reload shows what committed means.
    fleet.sims[0].power_cycle();
    fleet.sims[0].wait_up().await;
    assert!(CAT9K.is(fleet.sims[0].snapshot().version()));
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_comes_too_late_finds_the_device_gone_back() {
    let (fleet, job) = held().await;
    fleet.clock.sleep(Duration::from_secs(150 * 60)).await;
    assert_eq!(fleet.sims[0].snapshot().version(), "17.6.3", "the device went back by itself");
    go(&fleet, &job).await;
    let worker = fleet.worker("w2", Manner::default());
    let done = fleet.work(&worker, &job).await;
    assert_eq!(done.devices[0].outcome, Some(Outcome::FellBack), "{done:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_post_check_takes_devices_of_both_modes_back() {
    let specs = vec![stack(), DeviceSpec::ios_switch("edge1"), DeviceSpec::ios_router("branch1")];
    let fleet = Fleet::new(specs, Policy { post_check: true, ..policy() });
    let says = Some(Verdict::Bad("two neighbours are missing".to_owned()));
    let worker = fleet.worker("w1", Manner { says, ..Manner::default() });
    let plan = fleet.plan(&worker).await;
    assert!(plan.refused.is_empty(), "{:#?}", plan.refused);
    let job = fleet.submit(&plan).await;
    let report = fleet.work(&worker, &job).await;
    for (n, result) in report.devices.iter().enumerate() {
        assert_eq!(result.outcome, Some(Outcome::RolledBack), "{result:#?}");
        assert_eq!(result.error.as_ref().unwrap().message, "two neighbours are missing");
        fleet.assert_as_before(n, 2, "taken back");
    }
    // And they stay there.
    for sim in &fleet.sims {
        sim.power_cycle();
        sim.wait_up().await;
    }
    fleet.assert_as_before(0, 3, "after one more reload");
}

#[tokio::test(start_paused = true)]
async fn a_good_post_check_lets_the_commit_happen() {
    let fleet = Fleet::new(vec![stack()], Policy { post_check: true, ..policy() });
    let worker = fleet.worker("w1", Manner { says: Some(Verdict::Good), ..Manner::default() });
    let plan = fleet.plan(&worker).await;
    let job = fleet.submit(&plan).await;
    assert!(fleet.work(&worker, &job).await.all_good());
    fleet.assert_upgraded(0, "checked");
}
