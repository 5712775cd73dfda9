//! No secret leaves: not to journals, transcripts, plans, reports, errors or debug output.

use swim_core::job::Outcome;
use swim_core::model::{Direction, Policy, Protocol, Secret};
use swim_core::ports::JobStore;
use swim_sim::{DeviceSpec, Fault};

use crate::fleet::{CANARY, Fleet, Heard, Manner, policy};

/// Least length of what counts as a random credential of an offer.
const CREDENTIAL: usize = 16;

/// What devices were given to pull with: parts of typed lines that are hexadecimal and long.
fn credentials(fleet: &Fleet) -> Vec<String> {
    let mut found = Vec::new();
    for sim in &fleet.sims {
        for line in sim.snapshot().commands {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric());
            found.extend(
                words.filter(|w| w.len() >= CREDENTIAL && w.chars().all(|c| c.is_ascii_hexdigit())).map(str::to_owned),
            );
        }
    }
    found.sort();
    found.dedup();
    found
}

async fn nothing_leaks(protocol: Protocol, direction: Direction) {
    let specs = vec![
        // Enters privileged mode with its secret; a push needs a login that has it from the start.
        DeviceSpec { privilege: if direction == Direction::Pull { 1 } else { 15 }, ..DeviceSpec::cat9300("stack1", 2) },
        DeviceSpec::ios_switch("edge1").fault(Fault::WrongDigest),
        DeviceSpec::ios_router("branch1")
            .fault(Fault::UnknownPrompt { command_prefix: "reload".to_owned(), text: "Why? ".to_owned() }),
    ];
    let fleet = Fleet::new(specs, Policy { transfers: vec![(protocol, direction)], ..policy() });
    let heard = Heard::default();
    let worker = fleet.worker("w1", Manner { heard: Some(heard.clone()), ..Manner::default() });
    let plan = fleet.plan(&worker).await;
    assert!(plan.refused.is_empty(), "{:#?}", plan.refused);
    let job = fleet.submit(&plan).await;
    let report = fleet.work(&worker, &job).await;
    let outcomes: Vec<_> = report.devices.iter().map(|d| d.outcome).collect();
    assert_eq!(outcomes[..2], [Some(Outcome::Upgraded), Some(Outcome::Failed)], "{report:#?}");

    // The lookout works: the enable secret did go over the wire, and credentials are found in what was typed.
    let typed = fleet.sims[0].snapshot().commands;
    let credentials = credentials(&fleet);
    if direction == Direction::Pull {
        assert!(typed.iter().any(|l| l.contains(CANARY)), "{typed:?}");
        assert!(!credentials.is_empty(), "{typed:?}");
    }

    let mut texts = vec![
        ("plan text", plan.text()),
        ("plan html", plan.html()),
        ("plan json", serde_json::to_string(&plan).unwrap()),
        ("plan debug", format!("{plan:?}")),
        ("report text", report.text()),
        ("report html", report.html()),
        ("report json", serde_json::to_string(&report).unwrap()),
        ("devices", format!("{:?} {:#?}", fleet.devices, fleet.devices)),
        ("secrets", format!("{:?} {:#?}", fleet.secrets, fleet.secrets)),
        ("worker", format!("{:?} {:?}", worker.engine, worker.ports)),
        ("services", format!("{:?} {:?}", worker.ports.services, worker.ports.connector)),
        ("images", format!("{:?}", fleet.store)),
    ];
    for stored in fleet.store.load(&job, 0).await.unwrap() {
        texts.push(("journal", stored.event.to_string()));
    }
    for text in heard.0.lock().unwrap().iter() {
        texts.push(("events and notes", text.clone()));
    }
    for error in report.devices.iter().filter_map(|d| d.error.clone()) {
        texts.push(("error", format!("{error:?} {}", swim_core::Error::from(error.clone()).report())));
    }
    for device in &fleet.devices {
        let inventory = fleet.inspect(&worker, device).await;
        texts.push(("inventory", format!("{inventory:?}")));
    }
    assert!(texts.iter().filter(|(kind, _)| *kind == "journal").count() > 30);
    for (kind, text) in &texts {
        assert!(!text.contains(CANARY), "{kind}: {text}");
        for secret in &credentials {
            assert!(!text.contains(secret.as_str()), "{kind} holds the credential {secret} of an offer: {text}");
        }
    }
    println!("{protocol} {direction:?}: {} texts without any of {} credentials", texts.len(), credentials.len());
}

#[tokio::test(start_paused = true)]
async fn pulls_by_scp_leak_nothing() {
    nothing_leaks(Protocol::Scp, Direction::Pull).await;
}

#[tokio::test(start_paused = true)]
async fn pulls_by_http_leak_nothing() {
    nothing_leaks(Protocol::Http, Direction::Pull).await;
}

#[tokio::test(start_paused = true)]
async fn pushes_by_scp_leak_nothing() {
    nothing_leaks(Protocol::Scp, Direction::Push).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_does_not_tell_the_password() {
    let mut fleet = Fleet::new(vec![DeviceSpec::ios_switch("edge1")], policy());
    let wrong = format!("{CANARY}-wrong");
    fleet.secrets = fleet.secrets.clone().with("password of edge1", Secret::new(wrong));
    let worker = fleet.worker("w1", Manner::default());
    let error = fleet.inspect(&worker, &fleet.devices[0]).await.unwrap_err();
    assert_eq!(error.kind(), swim_core::ErrorKind::Auth, "{error:?}");
    let text = format!("{error} {error:?} {} {:?}", error.report(), error.record());
    assert!(!text.contains(CANARY), "{text}");
}

#[tokio::test]
async fn a_configuration_with_secrets_in_it_does_not_show_them() {
    let config = swim::Config::from_toml(&format!(
        r#"
        data = "/nowhere"
        [secrets.lab]
        value = "{CANARY}"
        [[devices]]
        id = "sw1"
        at = {{ host = "192.0.2.10", port = 22 }}
        platform = "ios_xe"
        login = {{ user = "admin", password = "lab" }}
        host_key = "first_use"
        "#
    ))
    .unwrap();
    assert!(!format!("{config:?} {config:#?}").contains(CANARY));
}
