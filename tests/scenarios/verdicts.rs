//! The verdict on everything that can go wrong, in install mode and in bundle mode, and how long it takes.

use swim_core::job::{DeviceResult, Outcome};
use swim_core::model::{Direction, Policy, Protocol};
use swim_core::{Effect, ErrorKind};
use swim_sim::{DeviceSpec, Fault, InstallPhase, Timing};

use crate::fleet::{Fleet, Manner, Release, SWITCH, only, policy};

fn stack() -> DeviceSpec {
    DeviceSpec::cat9300("stack1", 2)
}

fn switch() -> DeviceSpec {
    DeviceSpec::ios_switch("edge1")
}

/// Upgrades one device on which `fault` is there from the start, and prints its row of the table.
async fn verdict(row: &str, spec: DeviceSpec, fault: Fault) -> (Fleet, DeviceResult) {
    later(row, spec.fault(fault), vec![]).await
}

/// The same with faults that appear after the plan was made.
async fn later(row: &str, spec: DeviceSpec, faults: Vec<Fault>) -> (Fleet, DeviceResult) {
    let fleet = Fleet::new(vec![spec], only(Protocol::Http, Direction::Pull));
    let worker = fleet.worker("w1", Manner::default());
    let plan = fleet.plan(&worker).await;
    assert!(plan.refused.is_empty(), "{row}: {:#?}", plan.refused);
    if !faults.is_empty() {
        fleet.sims[0].set_faults(faults);
    }
    let job = fleet.submit(&plan).await;
    let report = fleet.work(&worker, &job).await;
    let result = report.devices[0].clone();
    let words = result.error.as_ref().and_then(|e| e.said.clone()).unwrap_or_default().replace('\n', " | ");
    let outcome = format!("{:?}", result.outcome.unwrap());
    println!("| {row:<52} | {outcome:<13} | {:>6} s | {words}", result.seconds.unwrap());
    (fleet, result)
}

/// Plans for one device, which must be refused; the codes of the findings.
async fn refused(row: &str, spec: DeviceSpec, release: Option<Release>) -> Vec<String> {
    let fleet = Fleet::new(vec![spec], only(Protocol::Http, Direction::Pull));
    let worker = fleet.worker("w1", Manner::default());
    let release = release.unwrap_or_else(|| Release::of(&fleet.sims[0].spec()));
    let plan = fleet.plan_one(&worker, &fleet.devices[0], release).await;
    assert!(plan.devices.is_empty(), "{row}: {}", plan.text());
    let codes: Vec<_> = plan.refused[0].findings.iter().map(|f| f.code.to_string()).collect();
    println!("| {row:<52} | {:<13} | {:>8} | {}", "refused", "", plan.refused[0].findings[0].message);
    fleet.assert_as_before(0, 0, row);
    let changing = ["copy", "delete", "install add", "configure", "reload", "write"];
    let typed = fleet.sims[0].snapshot().commands;
    assert!(!typed.iter().any(|c| changing.iter().any(|p| c.starts_with(p))), "{row}: {typed:?}");
    codes
}

fn said(result: &DeviceResult) -> &str {
    result.error.as_ref().and_then(|e| e.said.as_deref()).unwrap_or_default()
}

#[track_caller]
fn is(result: &DeviceResult, outcome: Outcome, kind: ErrorKind, words: &str) {
    assert_eq!(result.outcome, Some(outcome), "{result:#?}");
    let error = result.error.as_ref().unwrap();
    assert_eq!(error.kind, kind, "{error:#?}");
    assert!(said(result).contains(words), "{error:#?}");
}

#[track_caller]
fn good(fleet: &Fleet, result: &DeviceResult) {
    assert_eq!(result.outcome, Some(Outcome::Upgraded), "{result:#?}");
    fleet.assert_upgraded(0, "in the end");
}

#[tokio::test(start_paused = true)]
async fn all_is_well() {
    let (fleet, result) = later("install mode: all is well", stack(), vec![]).await;
    good(&fleet, &result);
    let (fleet, result) = later("bundle mode: all is well", switch(), vec![]).await;
    good(&fleet, &result);
}

#[tokio::test(start_paused = true)]
async fn install_comes_back_on_the_old_release() {
    let (fleet, result) = verdict("install mode: comes back on the old release", stack(), Fault::ComesBackOnOld).await;
    assert_eq!(result.outcome, Some(Outcome::FellBack), "{result:#?}");
    assert!(said(&result).contains("17.6.3") || said(&result).contains("17.06.03"), "{result:#?}");
    let seen = fleet.sims[0].snapshot();
    assert_eq!((seen.reload_count, seen.auto_abort_seconds), (1, None));
}

#[tokio::test(start_paused = true)]
async fn bundle_comes_back_on_the_old_release() {
    let (fleet, result) = verdict("bundle mode: comes back on the old release", switch(), Fault::ComesBackOnOld).await;
    assert_eq!(result.outcome, Some(Outcome::FellBack), "{result:#?}");
    assert!(said(&result).contains("15.2(7)E3"), "{result:#?}");
    let seen = fleet.sims[0].snapshot();
    let plain = |paths: &[String]| paths.iter().map(|p| p.replacen(":/", ":", 1)).collect::<Vec<_>>();
    assert_eq!(plain(&seen.boot_startup), plain(&switch().boot), "the next reload does not try again");
    assert_eq!(seen.reload_count, 1);
}

#[tokio::test(start_paused = true)]
async fn install_add_fails_in_the_middle() {
    let words = "[2]: FAILED: verification of the rp_boot package".to_owned();
    let fault = Fault::InstallFails { phase: InstallPhase::Add, words: words.clone() };
    let (fleet, result) = verdict("install mode: FAILED in the middle of add", stack(), fault).await;
    is(&result, Outcome::Failed, ErrorKind::DeviceRejected, "verification of the rp_boot package");
    fleet.assert_as_before(0, 0, "add failed");
}

#[tokio::test(start_paused = true)]
async fn install_activate_fails_in_the_middle() {
    let fault = Fault::InstallFails { phase: InstallPhase::Activate, words: "Failed on [2]: no such file".to_owned() };
    let (fleet, result) = verdict("install mode: FAILED in the middle of activate", stack(), fault).await;
    is(&result, Outcome::Failed, ErrorKind::DeviceRejected, "FAILED");
    fleet.assert_as_before(0, 0, "activate failed");
}

#[tokio::test(start_paused = true)]
async fn bundle_copy_fails_in_the_middle() {
    let fault = Fault::CopyBreaksAtByte { n: 100_000 };
    let (fleet, result) = verdict("bundle mode: the copy breaks in the middle", switch(), fault).await;
    assert_eq!(result.outcome, Some(Outcome::Failed), "{result:#?}");
    assert!(said(&result).contains('%'), "{result:#?}");
    fleet.assert_as_before(0, 0, "copy failed");
}

#[tokio::test(start_paused = true)]
async fn the_session_drops_or_falls_silent_at_the_reload() {
    for fault in [Fault::DropsAtReload, Fault::SilentAtReload] {
        for (mode, spec) in [("install", stack()), ("bundle", switch())] {
            let (fleet, result) = verdict(&format!("{mode} mode: {fault:?}"), spec, fault.clone()).await;
            good(&fleet, &result);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_never_returns() {
    for (mode, spec) in [("install", stack()), ("bundle", switch())] {
        let (fleet, result) = verdict(&format!("{mode} mode: never returns"), spec, Fault::NeverReturns).await;
        assert_eq!(result.outcome, Some(Outcome::NeverReturned), "{result:#?}");
        assert_eq!(fleet.sims[0].snapshot().reload_count, 1);
        assert!(result.seconds.unwrap() < 2 * 3600, "{result:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_digest_takes_twenty_minutes() {
    for (mode, spec) in [("install", stack()), ("bundle", switch())] {
        let fault = Fault::SlowHash { seconds: 1200 };
        let (fleet, result) = verdict(&format!("{mode} mode: the digest takes 20 minutes"), spec, fault).await;
        good(&fleet, &result);
        assert!(result.seconds.unwrap() > 1200);
    }
}

#[tokio::test(start_paused = true)]
async fn no_room() {
    let spec = stack().fault(Fault::NoSpaceOnMember { member: 2 });
    let codes = refused("install mode: member 2 has no room", spec, None).await;
    assert!(codes.iter().any(|c| c.starts_with("flash.")), "{codes:?}");
    let spec = switch().fault(Fault::NoSpaceOnMember { member: 1 });
    let codes = refused("bundle mode: no room", spec, None).await;
    assert!(codes.iter().any(|c| c.starts_with("flash.")), "{codes:?}");
}

#[tokio::test(start_paused = true)]
async fn member_2_stays_on_the_old_version() {
    let fault = Fault::MemberStaysOnOld { member: 2 };
    let (fleet, result) = verdict("install mode: member 2 stays on the old version", stack(), fault).await;
    is(&result, Outcome::RolledBack, ErrorKind::DeviceRejected, "member 2");
    assert_eq!(fleet.sims[0].snapshot().auto_abort_seconds, None);
    assert!(fleet.sims[0].snapshot().members.iter().all(|m| m.version.starts_with("17.6.3")), "all are back");
}

#[tokio::test(start_paused = true)]
async fn member_2_is_missing_after_the_reload() {
    let fault = Fault::MemberMissing { member: 2 };
    let (_, result) = verdict("install mode: member 2 does not come back", stack(), fault).await;
    assert_ne!(result.outcome, Some(Outcome::Upgraded), "{result:#?}");
    assert!(said(&result).contains("member 2"), "{result:#?}");
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_install_is_there() {
    let fleet =
        Fleet::new(vec![stack().fault(Fault::ForeignUncommittedInstall)], only(Protocol::Http, Direction::Pull));
    let worker = fleet.worker("w1", Manner::default());
    let plan = fleet.plan(&worker).await;
    assert!(plan.devices.is_empty(), "{}", plan.text());
    let findings = &plan.refused[0].findings;
    println!(
        "| {:<52} | {:<13} | {:>8} | {}",
        "install mode: a foreign uncommitted install", "refused", "", findings[0].message
    );
    assert!(findings.iter().any(|f| f.code == "install.uncommitted"), "{findings:#?}");
    assert!(!fleet.sims[0].snapshot().commands.iter().any(|c| c.starts_with("install ")));
}

/// A session that breaks moves on to the next protocol, but not while the device may still copy: two writers would meet.
#[tokio::test(start_paused = true)]
async fn no_other_protocol_writes_while_the_device_copies() {
    let timing = Timing { write_bytes_per_second: 20e3, ..switch().timing };
    let spec = switch().timing(timing).fault(Fault::CopySessionLost);
    let transfers = vec![(Protocol::Http, Direction::Pull), (Protocol::Scp, Direction::Push)];
    let fleet = Fleet::new(vec![spec], Policy { transfers, ..policy() });
    let report = fleet.upgrade().await;
    assert_eq!(report.devices[0].outcome, Some(Outcome::Upgraded), "{report:#?}");
    let received = fleet.sims[0].snapshot().received;
    let by: Vec<_> = received.iter().map(|r| (r.protocol, r.complete)).collect();
    assert_eq!(by, [(Some(Protocol::Http), true)]);
}

#[tokio::test(start_paused = true)]
async fn the_session_is_lost_while_the_copy_goes_on() {
    for (mode, spec) in [("install", stack()), ("bundle", switch())] {
        // Slow flash, so that the copy takes longer than the session lives.
        let timing = Timing { write_bytes_per_second: 20e3, ..spec.timing };
        let (spec, row) = (spec.timing(timing), format!("{mode} mode: session lost, the copy goes on"));
        let (fleet, result) = verdict(&row, spec, Fault::CopySessionLost).await;
        good(&fleet, &result);
        let file = Release::of(&fleet.sims[0].spec()).file;
        let received = fleet.sims[0].snapshot().received;
        let whole = received.iter().filter(|r| r.path.ends_with(file) && r.complete).count();
        assert_eq!(whole, 1, "it is not copied again: {received:#?}");
    }
}

/// The same fault on fast flash: the copy is done by then, and `install add` is what goes on without its session.
#[tokio::test(start_paused = true)]
async fn the_session_is_lost_while_install_add_goes_on() {
    let row = "install mode: session lost, install add goes on";
    let (fleet, result) = verdict(row, stack(), Fault::CopySessionLost).await;
    good(&fleet, &result);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_install_operation_is_waited_for() {
    let fault = Fault::InstallBusy { seconds: 600 };
    let (fleet, result) = verdict("install mode: another operation runs for 10 minutes", stack(), fault).await;
    good(&fleet, &result);
}

#[tokio::test(start_paused = true)]
async fn the_digest_is_wrong() {
    for (mode, spec) in [("install", stack()), ("bundle", switch())] {
        let (fleet, result) = verdict(&format!("{mode} mode: wrong digest"), spec, Fault::WrongDigest).await;
        assert_eq!(result.outcome, Some(Outcome::Failed), "{result:#?}");
        assert!(said(&result).contains(Release::of(&fleet.sims[0].spec()).file), "{result:#?}");
        fleet.assert_as_before(0, 0, mode);
    }
}

#[tokio::test(start_paused = true)]
async fn the_image_is_for_another_family() {
    let spec = DeviceSpec::ios_router("branch1");
    let codes = refused("bundle mode: an image of another family", spec, Some(SWITCH)).await;
    assert!(codes.iter().any(|c| c.starts_with("family.")), "{codes:?}");
    let codes = refused("install mode: an image of another platform", stack(), Some(SWITCH)).await;
    assert!(codes.iter().any(|c| c.starts_with("family.") || c.starts_with("platform.")), "{codes:?}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_question() {
    for (mode, spec, prefix) in [("install", stack(), "install add"), ("bundle", switch(), "copy http")] {
        let text = "Do you accept the frobnication of slot 3? [yes/no]: ".to_owned();
        let fault = Fault::UnknownPrompt { command_prefix: prefix.to_owned(), text };
        let (fleet, result) = verdict(&format!("{mode} mode: an unknown question"), spec, fault).await;
        is(&result, Outcome::Failed, ErrorKind::UnexpectedReply, "frobnication");
        assert_eq!(fleet.sims[0].snapshot().reload_count, 0);
        fleet.assert_as_before(0, 0, mode);
    }
}

#[tokio::test(start_paused = true)]
async fn logins_that_fail_after_the_reload_are_waited_for() {
    for (mode, spec) in [("install", stack()), ("bundle", switch())] {
        let fault = Fault::AuthFailsAfterReload { times: 2 };
        let (fleet, result) =
            verdict(&format!("{mode} mode: two logins are refused after the reload"), spec, fault).await;
        good(&fleet, &result);
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_never_answered_does_not_hang_the_job() {
    let fault = Fault::HangAt { command_prefix: "verify".to_owned() };
    let (fleet, result) = verdict("bundle mode: verify is never answered", switch(), fault).await;
    assert_eq!(result.outcome, Some(Outcome::Failed), "{result:#?}");
    assert_ne!(result.error.as_ref().unwrap().effect, Effect::Applied);
    fleet.assert_as_before(0, 0, "verify hangs");
}
