//! Workers that are killed at every point at which they touch the world, and others that finish the job.

use std::collections::BTreeMap;

use swim_core::job::Outcome;
use swim_core::testing::KillSwitch;
use swim_sim::DeviceSpec;

use crate::fleet::{Fleet, Manner, policy};

/// How many points are tried unless `SWIM_CRASH_ALL` is set (all of them) or `SWIM_CRASH_AT` (that one): a run takes
/// two tenths of a second in a debug build.
const RUNS: u64 = 150;

fn fleet() -> Fleet {
    let specs =
        vec![DeviceSpec::cat9300("stack1", 3), DeviceSpec::cat9300("access1", 1), DeviceSpec::ios_switch("edge1")];
    Fleet::new(specs, policy())
}

/// Kills the worker at point `n` and lets another one finish; tells what the point was, or how many there are.
async fn killed_at(n: u64) -> Result<String, u64> {
    let fleet = fleet();
    let planner = fleet.worker("planner", Manner::default());
    let plan = fleet.plan(&planner).await;
    assert!(plan.refused.is_empty(), "{:#?}", plan.refused);
    let job = fleet.submit(&plan).await;
    let switch = KillSwitch::new(Some(n));
    let doomed = fleet.worker("w1", Manner { switch: Some(switch.clone()), ..Manner::default() });
    let report = tokio::select! {
        biased;
        report = fleet.work(&doomed, &job) => Some(report),
        () = switch.fired() => None,
    };
    drop(doomed);
    let killed = report.is_none();
    let when = format!("killed at point {n} ({})", switch.label().unwrap_or_default());
    let report = match report {
        Some(report) => report,
        None => {
            let limit = std::time::Duration::from_secs(24 * 3600);
            let second = fleet.worker("w2", Manner::default());
            let Ok(report) = tokio::time::timeout(limit, fleet.work(&second, &job)).await else {
                panic!("{when}: no verdict after a day: {:#?}", second.engine.report(&job).await)
            };
            report
        }
    };
    for (n, result) in report.devices.iter().enumerate() {
        let typed = || fleet.sims[n].snapshot().commands.join("\n");
        assert_eq!(result.outcome, Some(Outcome::Upgraded), "{when}: {result:#?}\n{}", typed());
        fleet.assert_upgraded(n, &when);
    }
    if killed { Ok(switch.label().unwrap_or_default()) } else { Err(switch.count()) }
}

/// A runtime of its own for each run: what a killed worker leaves in it goes with it.
fn run(n: u64) -> Result<String, u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(killed_at(n))
}

#[test]
fn a_crash_at_any_point_ends_with_every_device_upgraded_after_one_reload() {
    if let Some(n) = std::env::var("SWIM_CRASH_AT").ok().and_then(|n| n.parse().ok()) {
        println!("killed at point {n}: {:?}", run(n));
        return;
    }
    let points = run(u64::MAX).expect_err("nothing is killed at a point that is never reached");
    let all = std::env::var_os("SWIM_CRASH_ALL").is_some();
    let stride = if all { 1 } else { (points / RUNS).max(1) };
    let mut tried = BTreeMap::<String, u32>::new();
    let mut failed = Vec::new();
    for n in (0..points).step_by(stride as usize) {
        match std::panic::catch_unwind(|| run(n)) {
            // The last points may not be reached: keys and paddings of SSH differ from run to run.
            Ok(Err(_)) => {}
            Ok(Ok(label)) => *tried.entry(label).or_default() += 1,
            Err(_) => failed.push(n),
        }
    }
    let sum: u32 = tried.values().sum();
    println!("crash matrix: {sum} of {points} kill points held: {tried:?}");
    assert!(failed.is_empty(), "failed at points {failed:?}");
    assert!(u64::from(sum) + 5 > points / stride, "{sum}");
}
