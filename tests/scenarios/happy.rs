//! Upgrades on which nothing goes wrong, with every way of transfer.

use swim_core::job::Outcome;
use swim_core::model::{ActivateMode, Direction, Policy, Protocol};
use swim_core::platform::StepKind;
use swim_sim::DeviceSpec;

use crate::fleet::{CANARY, Fleet, Heard, Manner, Release, only, policy};

async fn upgraded(spec: DeviceSpec, protocol: Protocol, direction: Direction) {
    let fleet = Fleet::new(vec![spec], only(protocol, direction));
    let report = fleet.upgrade().await;
    let result = &report.devices[0];
    assert_eq!(result.outcome, Some(Outcome::Upgraded), "{report:#?}");
    fleet.assert_upgraded(0, "in the end");
    let seen = fleet.sims[0].snapshot();
    for line in &seen.commands {
        assert!(!line.contains(CANARY), "a secret of the device was typed: {line}");
    }
    let path = format!("{}{}", fleet.sims[0].spec().flash_prefix(), Release::of(&fleet.sims[0].spec()).file);
    let arrived: Vec<_> = seen.received.iter().filter(|r| r.path.replacen(":/", ":", 1) == path).collect();
    assert_eq!(arrived.len(), 1, "{:#?}", seen.received);
    assert!(arrived[0].complete && arrived[0].protocol == Some(protocol), "{arrived:#?}");
    println!("{:<10} {protocol} {direction:?}: upgraded after {} s", seen.hostname, result.seconds.unwrap());
}

macro_rules! happy {
    ($($name:ident: $spec:expr, $protocol:ident, $direction:ident;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $name() {
            upgraded($spec, Protocol::$protocol, Direction::$direction).await;
        }
    )*};
}

happy! {
    one_switch_in_install_mode_by_http: DeviceSpec::cat9300("access1", 1), Http, Pull;
    one_switch_in_install_mode_by_scp: DeviceSpec::cat9300("access1", 1), Scp, Pull;
    one_switch_in_install_mode_by_sftp: DeviceSpec::cat9300("access1", 1), Sftp, Pull;
    one_switch_in_install_mode_by_tftp: DeviceSpec::cat9300("access1", 1), Tftp, Pull;
    one_switch_in_install_mode_by_ftp: DeviceSpec::cat9300("access1", 1), Ftp, Pull;
    one_switch_in_install_mode_by_scp_push: DeviceSpec::cat9300("access1", 1), Scp, Push;
    a_stack_of_three_by_http: DeviceSpec::cat9300("stack1", 3), Http, Pull;
    a_stack_of_three_by_scp: DeviceSpec::cat9300("stack1", 3), Scp, Pull;
    a_stack_of_three_by_scp_push: DeviceSpec::cat9300("stack1", 3), Scp, Push;
    a_fixed_switch_by_http: DeviceSpec::ios_switch("edge1"), Http, Pull;
    a_fixed_switch_by_scp: DeviceSpec::ios_switch("edge1"), Scp, Pull;
    a_fixed_switch_by_scp_push: DeviceSpec::ios_switch("edge1"), Scp, Push;
    a_fixed_switch_by_tftp: DeviceSpec::ios_switch("edge1"), Tftp, Pull;
    a_fixed_switch_by_ftp: DeviceSpec::ios_switch("edge1"), Ftp, Pull;
    a_router_by_http: DeviceSpec::ios_router("branch1"), Http, Pull;
    a_router_by_scp: DeviceSpec::ios_router("branch1"), Scp, Pull;
    a_router_by_scp_push: DeviceSpec::ios_router("branch1"), Scp, Push;
}

/// A log message after every few lines of output and after prompts must not be taken for an answer.
#[tokio::test(start_paused = true)]
async fn log_messages_in_between_change_nothing() {
    use swim_sim::Fault;
    let noisy =
        |spec: DeviceSpec| spec.fault(Fault::Syslog { every_lines: 7 }).fault(Fault::SyslogAfterPrompt { every: 5 });
    upgraded(noisy(DeviceSpec::cat9300("stack1", 3)), Protocol::Http, Direction::Pull).await;
    upgraded(noisy(DeviceSpec::ios_switch("edge1")), Protocol::Http, Direction::Pull).await;
}

#[tokio::test(start_paused = true)]
async fn running_it_again_changes_nothing() {
    let fleet = Fleet::new(vec![DeviceSpec::cat9300("stack1", 2)], only(Protocol::Http, Direction::Pull));
    assert!(fleet.upgrade().await.all_good());
    let before = fleet.sims[0].snapshot();
    let worker = fleet.worker("w2", Manner::default());
    let plan = fleet.plan(&worker).await;
    assert!(plan.refused.is_empty() && plan.devices[0].steps.is_empty(), "{}", plan.text());
    let after = fleet.sims[0].snapshot();
    assert_eq!((before.reload_count, before.received), (after.reload_count, after.received));
}

/// What a job read of a device is what is known of it, with the job that read it: nobody has to inspect it again.
#[tokio::test(start_paused = true)]
async fn what_a_job_proved_is_known() {
    use serde_json::json;
    use swim_core::ports::Records;
    use swim_sim::Fault;
    let old = DeviceSpec::cat9300("access2", 1).fault(Fault::ComesBackOnOld);
    let fleet = Fleet::new(vec![DeviceSpec::cat9300("access1", 1), old], only(Protocol::Http, Direction::Pull));
    let worker = fleet.worker("w1", Manner::default());
    let mut before = Vec::new();
    for device in &fleet.devices {
        let inventory = fleet.inspect(&worker, device).await.unwrap();
        let value = serde_json::to_value(&inventory).unwrap();
        fleet.store.put("inventories", device.id.as_str(), value).await.unwrap();
        before.push(inventory);
    }
    let report = fleet.upgrade().await;
    for (device, before) in fleet.devices.iter().zip(before) {
        let known = fleet.store.get("inventories", device.id.as_str()).await.unwrap().expect("known");
        let version = known["version"]["text"].as_str().unwrap();
        let upgraded = report.device(device.id.as_str()).unwrap().outcome == Some(Outcome::Upgraded);
        assert_eq!(Release::of(&fleet.sims[0].spec()).is(version), upgraded, "{}: {version}", device.id);
        assert_eq!(upgraded, device.id.as_str() == "access1");
        assert_eq!(known["job"], json!(report.job), "{known:#}");
        let taken: jiff::Timestamp = known["taken"].as_str().unwrap().parse().unwrap();
        assert!(taken > before.taken && before.job.is_none(), "{taken}");
    }
}

/// The most transfers that were under way at the same time.
async fn transfers_at_once(max_per_server: u32) -> i32 {
    let specs = (1..=4).map(|n| DeviceSpec::cat9300(format!("access{n}"), 1)).collect();
    let policy = Policy { activate: ActivateMode::Off, max_per_server, ..policy() };
    let fleet = Fleet::new(specs, policy);
    let heard = Heard::default();
    let worker = fleet.worker("w1", Manner { heard: Some(heard.clone()), ..Manner::default() });
    let plan = fleet.plan(&worker).await;
    let job = fleet.submit(&plan).await;
    assert!(fleet.work(&worker, &job).await.all_good());
    let (mut now, mut most) = (0, 0);
    for line in heard.0.lock().unwrap().iter() {
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        match (entry["event"].as_str(), entry["step"].as_u64()) {
            (Some("acting"), Some(0)) => now += 1,
            (Some("verified"), Some(0)) => now -= 1,
            _ => {}
        }
        most = most.max(now);
    }
    most
}

#[tokio::test(start_paused = true)]
async fn a_server_serves_as_many_devices_as_the_policy_says() {
    assert_eq!(transfers_at_once(1).await, 1);
    assert_eq!(transfers_at_once(3).await, 3);
    assert_eq!(transfers_at_once(50).await, 4);
}

/// What a watcher hears of a pull at so many bytes a second.
async fn heard_of(rate: f64, ends_well: bool) -> Vec<String> {
    let mut spec = DeviceSpec::ios_switch("edge1");
    spec.timing.write_bytes_per_second = rate;
    let policy = Policy { activate: ActivateMode::Off, ..only(Protocol::Tftp, Direction::Pull) };
    let fleet = Fleet::new(vec![spec], policy);
    let heard = Heard::default();
    let worker = fleet.worker("w1", Manner { heard: Some(heard.clone()), ..Manner::default() });
    let plan = fleet.plan(&worker).await;
    let job = fleet.submit(&plan).await;
    assert!(fleet.work(&worker, &job).await.all_good() || !ends_well);
    std::mem::take(&mut *heard.0.lock().unwrap())
}

/// Half a minute of blocks: a watcher is told rarely, with rate and time left, and once that all was sent.
#[tokio::test(start_paused = true)]
async fn a_transfer_tells_how_fast_it_is() {
    let lines = heard_of(10_000.0, true).await;
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert!((20..70).contains(&count("Bytes {")), "{lines:#?}");
    assert_eq!(count("Flushing"), 1, "{lines:#?}");
    let rate = lines.iter().rfind(|line| line.starts_with("Rate {")).unwrap();
    assert!(rate.contains("bytes_per_second: 1") || rate.contains("bytes_per_second: 9"), "{rate}");
    assert!(rate.ends_with("seconds_left: Some(0) }"), "{rate}");
    assert_eq!(count("Stalled"), 0, "{lines:#?}");
}

/// Flash that takes half a minute and more for a block: a watcher is told that nothing moves, and the transfer goes on.
#[tokio::test(start_paused = true)]
async fn a_transfer_that_stalls_says_so() {
    let lines = heard_of(14.0, false).await;
    assert!(lines.iter().any(|line| line.starts_with("Stalled { seconds: 3")), "{:#?}", &lines[..lines.len().min(40)]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_which_transfers_it_leaves_out() {
    let transfers = vec![(Protocol::Sftp, Direction::Pull), (Protocol::Scp, Direction::Pull)];
    let fleet = Fleet::new(vec![DeviceSpec::ios_switch("edge1")], Policy { transfers, ..policy() });
    let plan = fleet.plan(&fleet.worker("w1", Manner::default())).await;
    let text = plan.text();
    assert!(text.contains("transfer.left_out: left out, because ios does not know it: sftp pull"), "{text}");
    let kinds = plan.devices[0].steps.iter().map(|step| &step.kind);
    let planned: Vec<_> = kinds
        .filter_map(|k| if let StepKind::Transfer { transfers, .. } = k { Some(transfers) } else { None })
        .collect();
    assert_eq!(planned, [&vec![(Protocol::Scp, Direction::Pull)]]);
    // The usual policy has nothing to leave out.
    let fleet = Fleet::new(vec![DeviceSpec::ios_switch("edge1"), DeviceSpec::cat9300("access1", 1)], policy());
    let plan = fleet.plan(&fleet.worker("w1", Manner::default())).await;
    assert!(!plan.text().contains("note: transfer."), "{}", plan.text());
}

/// The guide's session limit of an hour: what TFTP cannot do in it is not planned, and the arithmetic is told.
#[tokio::test(start_paused = true)]
async fn tftp_that_takes_more_than_an_hour_is_refused_in_the_plan() {
    let mut slow = only(Protocol::Tftp, Direction::Pull);
    slow.link.round_trip_millis = Some(10_000);
    let fleet = Fleet::new(vec![DeviceSpec::ios_switch("edge1")], slow.clone());
    let plan = fleet.plan(&fleet.worker("w1", Manner::default())).await;
    let (bytes, blocks) = (plan.goal.bytes, plan.goal.bytes.div_ceil(512));
    let words = format!("TFTP would take {} s ({bytes} bytes in blocks of 512, 1 each 10000 ms)", blocks * 10);
    assert!(plan.devices.is_empty() && plan.text().contains(&words), "{}", plan.text());
    assert!(plan.text().contains("a session may take 3600 s"), "{}", plan.text());
    // With another protocol it is left out, and that one is predicted.
    slow.transfers.push((Protocol::Scp, Direction::Pull));
    let fleet = Fleet::new(vec![DeviceSpec::ios_switch("edge1")], slow);
    let plan = fleet.plan(&fleet.worker("w1", Manner::default())).await;
    let turns = bytes.div_ceil(65_535);
    let words =
        format!("tries:  scp pull from us: about {} s ({bytes} bytes, at least 65535 each 10000 ms)", turns * 10);
    assert!(plan.text().contains(&words) && !plan.text().contains("tries:  tftp"), "{}", plan.text());
    assert!(plan.text().contains("transfer.tftp_too_slow: TFTP is left out"), "{}", plan.text());
    let json = serde_json::to_value(&plan).unwrap();
    let step = json["devices"][0]["steps"].as_array().unwrap().iter().find(|s| s["do"] == "transfer").unwrap();
    assert_eq!(step["predicted"][0]["seconds"], turns * 10);
}

/// Only where the record of a device says so, its pulls are taken from one address alone.
#[tokio::test(start_paused = true)]
async fn pulls_come_from_where_the_record_says() {
    for (from, outcome) in [("198.51.100.1", Outcome::Upgraded), ("198.51.100.77", Outcome::Failed)] {
        let mut fleet = Fleet::new(vec![DeviceSpec::cat9300("access1", 1)], only(Protocol::Http, Direction::Pull));
        fleet.devices[0].pulls_from = Some(from.parse().unwrap());
        let report = fleet.upgrade().await;
        assert_eq!(report.devices[0].outcome, Some(outcome), "{from}: {report:#?}");
    }
}
