use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::ErrorKind;
use crate::model::*;
use crate::plan::{DevicePlan, Expectation, Plan};
use crate::platform::{Acted, Goal, Mark, StepKind, StepSpec, Undone};
use crate::version::{Scheme, Version};

fn version(text: &str) -> Version {
    Version::parse(Scheme::Ios, text).unwrap()
}

fn id(n: usize) -> DeviceId {
    DeviceId::new(format!("d{n}")).unwrap()
}

fn steps(activate: bool) -> Vec<StepSpec> {
    let image = Sha256::of(b"image");
    let mut steps = vec![StepSpec::new(StepKind::transfer(image, 5, "flash:n.bin".into(), vec![]), "copy")];
    if activate {
        let (path, undo) = ("flash:n.bin".to_owned(), vec!["boot system flash:o.bin".to_owned()]);
        steps.push(StepSpec::new(StepKind::SetBoot { path, fallback: vec![], undo }, "boot"));
        let kind =
            StepKind::Reload { version: version("15.2(7)E10"), image: None, previous: None, previous_image: None };
        steps.push(StepSpec::new(kind, "reload").irreversible());
    }
    steps
}

fn plan(devices: usize, policy: Policy) -> Plan {
    let digests = Digests { sha256: Sha256::of(b"image"), sha512: String::new(), sha1: None, md5: String::new() };
    let goal =
        Goal { image: digests.sha256, file_name: "n.bin".into(), bytes: 5, digests, version: version("15.2(7)E10") };
    let line = |n| DevicePlan {
        device: Device::new(
            id(n),
            Endpoint { host: "192.0.2.1".into(), port: 22 },
            PlatformId("ios".into()),
            Login { user: "u".into(), password: None, key: None, key_passphrase: None, enable: None },
            HostKeyPolicy::FirstUse,
        ),
        expects: Expectation {
            version: Some(version("15.2(4)E6")),
            serial: None,
            mode: None,
            members: vec![1],
            boot_lines: None,
            hostname: None,
        },
        steps: steps(policy.activate != ActivateMode::Off),
        findings: vec![],
    };
    let devices = (0..devices).map(line).collect();
    Plan { schema: Plan::SCHEMA, goal, policy, devices, refused: vec![] }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn submitted(plan: &Plan) -> JobState {
    let mut state = JobState::default();
    let event = JobEvent::Submitted { plan: Box::new(plan.clone()), approval: plan.digest().unwrap().to_string() };
    apply(&mut state, &Entry::new(at(0), event));
    state
}

fn tell(state: &mut JobState, event: JobEvent) {
    apply(state, &Entry::new(at(1), event));
}

fn mark() -> Mark {
    Mark {
        at: at(1),
        uptime_seconds: Some(60),
        version: None,
        reload_reason: None,
        facts: std::collections::BTreeMap::default(),
    }
}

fn verify(state: &mut JobState, n: usize, step: usize) {
    tell(state, JobEvent::Intended { device: id(n), step, attempt: 1, fence: 1, step_version: 1 });
    tell(state, JobEvent::Verified { device: id(n), step, how: "seen".into() });
}

fn error(kind: ErrorKind) -> crate::ErrorRecord {
    crate::Error::new(kind, "test", "no").record()
}

#[test]
fn sequential_activation_waits_for_all_copies_then_goes_one_by_one_in_the_plans_order() {
    let mut s = submitted(&plan(3, Policy::default()));
    let none = BTreeSet::new();
    for n in 0..3 {
        assert_eq!(next(&s, &id(n)), Todo::Start);
        tell(&mut s, JobEvent::DeviceStarted { device: id(n) });
    }
    verify(&mut s, 2, 0);
    verify(&mut s, 1, 0);
    assert_eq!(next(&s, &id(2)), Todo::Activate(1));
    assert_eq!(Fleet::of(&s, &none).activate(&id(2)), Gate::Shut, "device 0 still copies");
    verify(&mut s, 0, 0);
    assert_eq!(Fleet::of(&s, &none).activate(&id(2)), Gate::Shut);
    assert_eq!(Fleet::of(&s, &none).activate(&id(0)), Gate::Open);
    tell(&mut s, JobEvent::Intended { device: id(0), step: 1, attempt: 1, fence: 1, step_version: 1 });
    assert_eq!(Fleet::of(&s, &none).activate(&id(1)), Gate::Shut, "device 0 is being activated");
    tell(&mut s, JobEvent::DeviceFinished { device: id(0), outcome: Outcome::Upgraded, error: None });
    assert_eq!(Fleet::of(&s, &none).activate(&id(1)), Gate::Open);
    assert_eq!(Fleet::of(&s, &none).activate(&id(2)), Gate::Shut);
}

#[test]
fn parallel_work_stays_within_its_places() {
    let policy = Policy { max_parallel: 2, activate: ActivateMode::Parallel, ..Policy::default() };
    let s = submitted(&plan(3, policy));
    let mut fleet = Fleet::of(&s, &BTreeSet::new());
    assert_eq!([fleet.start(), fleet.start(), fleet.start()], [Gate::Open, Gate::Open, Gate::Shut]);
    let mut fleet = Fleet::of(&s, &BTreeSet::from([id(0)]));
    assert_eq!([fleet.start(), fleet.start()], [Gate::Open, Gate::Shut]);
}

#[test]
fn a_failure_stops_the_rest_only_when_the_policy_says_so() {
    for (on_failure, expected) in [(FailurePolicy::Continue, Gate::Open), (FailurePolicy::Stop, Gate::Closed)] {
        let mut s = submitted(&plan(2, Policy { on_failure, ..Policy::default() }));
        let error = Some(error(ErrorKind::NoSpace));
        tell(&mut s, JobEvent::DeviceFinished { device: id(0), outcome: Outcome::Failed, error });
        assert_eq!(Fleet::of(&s, &BTreeSet::new()).start(), expected);
    }
}

#[test]
fn distribution_only_ends_as_distributed() {
    let mut s = submitted(&plan(1, Policy { activate: ActivateMode::Off, ..Policy::default() }));
    tell(&mut s, JobEvent::DeviceStarted { device: id(0) });
    verify(&mut s, 0, 0);
    assert_eq!(next(&s, &id(0)), Todo::Finish(Outcome::Distributed, None));
}

#[test]
fn cancel_waits_once_the_device_was_told_to_reload() {
    let mut s = submitted(&plan(1, Policy::default()));
    tell(&mut s, JobEvent::DeviceStarted { device: id(0) });
    verify(&mut s, 0, 0);
    let mut early = s.clone();
    tell(&mut early, JobEvent::CancelRequested { how: CancelHow::Gently });
    assert_eq!(next(&early, &id(0)), Todo::Cancel);
    verify(&mut s, 0, 1);
    tell(&mut s, JobEvent::Intended { device: id(0), step: 2, attempt: 1, fence: 1, step_version: 1 });
    tell(&mut s, JobEvent::Acting { device: id(0), step: 2, mark: mark() });
    tell(&mut s, JobEvent::CancelRequested { how: CancelHow::Now });
    assert_eq!(next(&s, &id(0)), Todo::Step(2), "a reload under way is followed to its verdict");
}

#[test]
fn a_device_that_reloads_to_go_back_is_proven_before_anything_else() {
    let mut s = submitted(&plan(1, Policy::default()));
    tell(&mut s, JobEvent::DeviceStarted { device: id(0) });
    for step in 0..3 {
        tell(&mut s, JobEvent::Intended { device: id(0), step, attempt: 1, fence: 1, step_version: 1 });
        tell(&mut s, JobEvent::Acting { device: id(0), step, mark: mark() });
    }
    let undo = vec![2, 1, 0];
    let error = error(ErrorKind::Blocked);
    tell(&mut s, JobEvent::Failing { device: id(0), step: 2, outcome: Outcome::Failed, error, undo });
    assert_eq!(next(&s, &id(0)), Todo::Undo(2));
    let wait = std::time::Duration::from_secs(60);
    let undone = Undone::Detached { how: "reload".into(), check_after: wait, back_within: wait };
    tell(&mut s, JobEvent::UndoDone { device: id(0), step: 2, undone });
    assert_eq!(next(&s, &id(0)), Todo::ProveBack);
    tell(&mut s, JobEvent::BackProven { device: id(0), how: "version".into() });
    assert_eq!(next(&s, &id(0)), Todo::Undo(1));
    tell(&mut s, JobEvent::UndoDone { device: id(0), step: 1, undone: Undone::Nothing });
    tell(&mut s, JobEvent::UndoDone { device: id(0), step: 0, undone: Undone::Nothing });
    assert!(matches!(next(&s, &id(0)), Todo::Finish(Outcome::RolledBack, Some(_))));
}

#[test]
fn an_approval_fits_one_plan_only() {
    let a = plan(1, Policy::default());
    let b = plan(2, Policy::default());
    assert!(a.approved_by(&a.digest().unwrap().to_string()).is_ok());
    assert_eq!(b.approved_by(&a.digest().unwrap().to_string()).unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(crate::plan::diff(&a, &b), vec!["+ d1: 3 steps"]);
    let again: Plan = serde_json::from_str(&serde_json::to_string(&a).unwrap()).unwrap();
    assert_eq!(again.digest().unwrap(), a.digest().unwrap(), "the digest survives storage");
}

fn any_event() -> impl Strategy<Value = JobEvent> {
    let device = (0..3usize).prop_map(id);
    let step = 0..4usize;
    prop_oneof![
        device.clone().prop_map(|device| JobEvent::DeviceStarted { device }),
        (device.clone(), step.clone(), 1..4u32).prop_map(|(device, step, attempt)| JobEvent::Intended {
            device,
            step,
            attempt,
            fence: 1,
            step_version: 1
        }),
        (device.clone(), step.clone()).prop_map(|(device, step)| JobEvent::Acting { device, step, mark: mark() }),
        (device.clone(), step.clone()).prop_map(|(device, step)| JobEvent::Acted {
            device,
            step,
            acted: Acted::Settled { said: "ok".into(), receipt: None, fallbacks: vec![] }
        }),
        (device.clone(), step.clone()).prop_map(|(device, step)| JobEvent::ActFailed {
            device,
            step,
            error: error(ErrorKind::Interrupted)
        }),
        (device.clone(), step.clone()).prop_map(|(device, step)| JobEvent::Verified {
            device,
            step,
            how: String::new()
        }),
        (device.clone(), step.clone(), prop::collection::vec(0..4usize, 0..3)).prop_map(|(device, step, undo)| {
            JobEvent::Failing { device, step, outcome: Outcome::Failed, error: error(ErrorKind::NoSpace), undo }
        }),
        (device.clone(), step.clone()).prop_map(|(device, step)| JobEvent::UndoDone {
            device,
            step,
            undone: Undone::Nothing
        }),
        (device.clone(), step.clone()).prop_map(|(device, step)| JobEvent::Held { device, step }),
        device.prop_map(|d| JobEvent::Released { devices: vec![d] }),
        Just(JobEvent::CancelRequested { how: CancelHow::Gently }),
        Just(JobEvent::CancelRequested { how: CancelHow::Now }),
    ]
}

proptest! {
    /// Whatever is in the journal: what was applied live equals what is read back from JSON and replayed, and asking
    /// what to do never panics.
    #[test]
    fn replay_equals_live(events in prop::collection::vec(any_event(), 0..60)) {
        let plan = plan(3, Policy::default());
        let mut live = submitted(&plan);
        let approval = plan.digest().unwrap().to_string();
        let mut journal = vec![Entry::new(at(0), JobEvent::Submitted { plan: Box::new(plan), approval }).to_json().unwrap()];
        for (n, event) in events.into_iter().enumerate() {
            let entry = Entry::new(at(i64::try_from(n).unwrap()), event);
            journal.push(entry.to_json().unwrap());
            apply(&mut live, &entry);
        }
        let mut replayed = JobState::default();
        for value in journal {
            apply(&mut replayed, &Entry::from_json(value).unwrap());
        }
        prop_assert_eq!(&live, &replayed);
        for n in 0..4 {
            prop_assert_eq!(next(&live, &id(n)), next(&replayed, &id(n)));
        }
    }
}
