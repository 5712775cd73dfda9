//! Old devices whose command line is reached by Telnet.

use swim_core::ErrorKind;
use swim_core::job::{JobReport, Outcome};
use swim_core::model::{Direction, Policy, Protocol, Secret};
use swim_sim::{DeviceSpec, Fault, SimDevice};

use crate::fleet::{CANARY, Fleet, Heard, Manner, only, policy};

/// A fleet that has Telnet at port 23 and no SSH; `allowed`: the operator has said so.
fn fleet(specs: Vec<DeviceSpec>, policy: Policy, allowed: bool) -> Fleet {
    let mut fleet = Fleet::new(specs, policy);
    for (device, sim) in fleet.devices.iter_mut().zip(&fleet.sims) {
        fleet.network.detach(&device.at);
        device.at.port = 23;
        device.telnet = allowed;
        fleet.network.attach_telnet(sim, device.at.clone());
    }
    fleet
}

async fn upgraded(spec: DeviceSpec, protocol: Protocol) -> (Fleet, JobReport) {
    let fleet = fleet(vec![spec], only(protocol, Direction::Pull), true);
    let report = fleet.upgrade().await;
    assert_eq!(report.devices[0].outcome, Some(Outcome::Upgraded), "{report:#?}");
    fleet.assert_upgraded(0, "in the end");
    (fleet, report)
}

#[tokio::test(start_paused = true)]
async fn an_old_switch_is_upgraded_over_telnet() {
    let (fleet, report) = upgraded(DeviceSpec::ios_switch("edge1"), Protocol::Tftp).await;
    let typed = fleet.sims[0].snapshot().commands;
    assert_eq!(typed[..2], ["operator".to_owned(), format!("{CANARY}-password-edge1")], "it asked for the login");
    println!("edge1 over telnet: upgraded after {} s", report.devices[0].seconds.unwrap());
}

#[tokio::test(start_paused = true)]
async fn routers_and_stacks_with_enable_and_noise_are_upgraded_over_telnet() {
    let noisy =
        |spec: DeviceSpec| spec.fault(Fault::Syslog { every_lines: 7 }).fault(Fault::SyslogAfterPrompt { every: 5 });
    let router = DeviceSpec { privilege: 1, ..DeviceSpec::ios_router("branch1") };
    upgraded(noisy(router).fault(Fault::AuthFailsAfterReload { times: 2 }), Protocol::Http).await;
    upgraded(noisy(DeviceSpec::cat9300("stack1", 2)), Protocol::Scp).await;
}

/// A session that falls silent has no keepalive that tells its end: the device is looked for all the same.
#[tokio::test(start_paused = true)]
async fn a_reload_that_closes_no_session_is_survived() {
    upgraded(DeviceSpec::ios_switch("edge1").fault(Fault::SilentAtReload), Protocol::Tftp).await;
    upgraded(DeviceSpec::cat9300("access1", 1).fault(Fault::SilentAtReload), Protocol::Http).await;
    upgraded(DeviceSpec::cat9300("access1", 1).fault(Fault::DropsAtReload), Protocol::Http).await;
}

#[tokio::test(start_paused = true)]
async fn a_line_that_knows_a_password_only() {
    let password = format!("{CANARY}-password-edge1");
    let spec = DeviceSpec { line_password: Some(password.clone()), privilege: 1, ..DeviceSpec::ios_switch("edge1") };
    let (fleet, _) = upgraded(spec, Protocol::Tftp).await;
    assert_eq!(fleet.sims[0].snapshot().commands[..2], [password, "enable".to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn telnet_is_a_finding_and_pushes_over_ssh_are_left_out() {
    let ways = vec![(Protocol::Scp, Direction::Push), (Protocol::Tftp, Direction::Pull)];
    let telnet = fleet(vec![DeviceSpec::ios_switch("edge1")], Policy { transfers: ways, ..policy() }, true);
    let plan = telnet.plan(&telnet.worker("w1", Manner::default())).await;
    let text = plan.text();
    assert!(text.contains("session.telnet: the command line of this device is reached by Telnet"), "{text}");
    assert!(text.contains("the device is reached by Telnet and has no SSH: scp push"), "{text}");
    assert!(telnet.upgrade().await.all_good());
    telnet.assert_upgraded(0, "in the end");
    let pushes = fleet(vec![DeviceSpec::ios_switch("edge1")], only(Protocol::Scp, Direction::Push), true);
    let plan = pushes.plan(&pushes.worker("w1", Manner::default())).await;
    let codes: Vec<_> = plan.refused[0].findings.iter().map(|f| f.code.as_ref()).collect();
    assert_eq!(codes, ["plan.impossible", "transfer.left_out"], "{:#?}", plan.refused);
}

#[tokio::test(start_paused = true)]
async fn without_the_operators_word_nothing_is_typed() {
    let fleet = fleet(vec![DeviceSpec::ios_switch("edge1")], policy(), false);
    let worker = fleet.worker("w1", Manner::default());
    let error = fleet.inspect(&worker, &fleet.devices[0]).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::UnexpectedReply | ErrorKind::Timeout | ErrorKind::Interrupted),
        "{error:?}"
    );
    let typed = fleet.sims[0].snapshot().commands.concat();
    assert!(!typed.contains("operator") && !typed.contains(CANARY), "{typed}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_one_try_and_tells_no_secret() {
    let wrong = DeviceSpec { line_password: Some("another".to_owned()), ..DeviceSpec::ios_switch("edge1") };
    for spec in [DeviceSpec::ios_switch("edge1"), wrong] {
        let by_name = spec.line_password.is_none();
        let mut fleet = fleet(vec![spec], policy(), true);
        fleet.secrets = fleet.secrets.clone().with("password of edge1", Secret::new(format!("{CANARY}-wrong")));
        let worker = fleet.worker("w1", Manner::default());
        let error = fleet.inspect(&worker, &fleet.devices[0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth, "{error:?}");
        if by_name {
            assert_eq!(error.device_words(), Some("% Login invalid"));
        }
        let text = format!("{error} {error:?} {} {:?}", error.report(), error.record());
        assert!(!text.contains(CANARY), "{text}");
        let tries = |sim: &SimDevice| sim.snapshot().commands.iter().filter(|line| line.contains(CANARY)).count();
        assert_eq!(tries(&fleet.sims[0]), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn no_secret_leaves_although_all_of_them_are_typed() {
    let spec = DeviceSpec { privilege: 1, ..DeviceSpec::ios_switch("edge1") }.fault(Fault::WrongDigest);
    let fleet = fleet(vec![spec], only(Protocol::Tftp, Direction::Pull), true);
    let heard = Heard::default();
    let worker = fleet.worker("w1", Manner { heard: Some(heard.clone()), ..Manner::default() });
    let plan = fleet.plan(&worker).await;
    let job = fleet.submit(&plan).await;
    let report = fleet.work(&worker, &job).await;
    assert_eq!(report.devices[0].outcome, Some(Outcome::Failed), "{report:#?}");
    let typed = fleet.sims[0].snapshot().commands;
    for secret in ["password", "enable"] {
        assert!(typed.contains(&format!("{CANARY}-{secret}-edge1")), "{typed:?}");
    }
    let mut texts =
        vec![plan.text(), format!("{plan:?}"), report.text(), format!("{report:?} {:?}", worker.ports.connector)];
    texts.extend(heard.0.lock().unwrap().iter().cloned());
    assert!(texts.len() > 10, "{texts:#?}");
    for text in texts {
        assert!(!text.contains(CANARY), "{text}");
    }
}
