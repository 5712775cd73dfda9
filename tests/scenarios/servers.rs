//! Devices that pull from an image server near them instead of from us.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use swim_core::job::{Engine, EngineConfig, JobReport, Outcome, Ports};
use swim_core::model::{DeviceId, Direction, Door, HostKeyPolicy, ImageServer, Login, Policy, Protocol};
use swim_core::plan::{Plan, diff};
use swim_core::ports::{Context, Fetch, Offer, Push, Receipt, Secrets, Transfer, TransferAbility, WorkerId};
use swim_core::transfer::Servers;
use swim_core::{Error, ErrorKind, Result};
use swim_protocols::ssh::{OfferConfig, SshOffers};
use swim_sim::DeviceSpec;
use swim_stores::StaticSecrets;

use crate::fleet::{CAT9K, Fleet, Manner, Release, Worker, only, policy};

/// Where the image server stands: no address of ours.
const HOST: &str = "203.0.113.7";

/// The way to the server's disk: what was pushed is read back from it.
#[derive(Debug)]
struct Disk {
    ability: TransferAbility,
    full: bool,
    pushed: Mutex<Vec<Push>>,
}

#[async_trait]
impl Transfer for Disk {
    fn ability(&self) -> &TransferAbility {
        &self.ability
    }

    async fn push(&self, request: Push, _: &Context) -> Result<Receipt> {
        if self.full {
            return Err(Error::new(ErrorKind::NoSpace, "push", "the disk of the server is full"));
        }
        let receipt = Receipt::new(Protocol::Scp, Direction::Push, request.bytes, 0, 0);
        self.pushed.lock().unwrap().push(request);
        Ok(receipt)
    }

    async fn fetch(&self, request: Fetch, _: &Context) -> Result<Receipt> {
        let there = self.pushed.lock().unwrap().last().cloned().unwrap();
        assert_eq!(request.path, there.path);
        let length = usize::try_from(there.bytes).unwrap();
        request.sink.write(0, there.store.read(&there.image, 0, length).await?).await?;
        Ok(Receipt::new(Protocol::Scp, Direction::Fetch, there.bytes, 0, 0))
    }
}

/// What came of it.
struct Ended {
    fleet: Fleet,
    plan: Plan,
    report: JobReport,
    pushed: Vec<Push>,
}

/// One switch upgrades over an image server whose disk may be full.
async fn upgrade(full: bool, policy: Policy) -> Ended {
    changed(full, policy, |planned| vec![planned]).await
}

/// The same, with the image servers as they are when the plan runs.
async fn changed(full: bool, policy: Policy, now: fn(ImageServer) -> Vec<ImageServer>) -> Ended {
    let fleet = Fleet::new(vec![DeviceSpec::cat9300("access1", 1)], policy);
    let plain = fleet.worker("w1", Manner::default());
    let image = fleet.import(Release::of(&fleet.sims[0].spec())).await;
    // The server's own SSH server: it is not asked by the client, only by the device.
    let (scp, _) = SshOffers::new(Arc::new(fleet.network.clone()), OfferConfig::default()).unwrap();
    let offer = Offer {
        device: fleet.devices[0].clone(),
        store: Arc::new(fleet.store.clone()),
        image: image.id,
        bytes: image.bytes,
        name: image.file_name.clone(),
        source: None,
        uses: 1,
        lifetime: Duration::from_secs(24 * 3600),
    };
    let served = scp.offer(offer, &Context::new(Arc::clone(&fleet.clock))).await.unwrap();
    let secrets: Arc<dyn Secrets> = Arc::new(StaticSecrets::new().with("depot", served.password().unwrap().clone()));
    let door = Door {
        port: Some(served.port()),
        login: Some(Login::password(served.user().unwrap(), "depot")),
        ..Door::new(Protocol::Scp)
    };
    let name = DeviceId::new("depot").unwrap();
    let mut server = ImageServer::new(name, HOST, vec![door], HostKeyPolicy::FirstUse);
    server.devices = vec![fleet.devices[0].id.clone()];
    server.max_devices = Some(1);
    let ability = TransferAbility::new(Protocol::Scp, true, false, &[Direction::Push, Direction::Fetch]);
    let disk = Arc::new(Disk { ability, full, pushed: Mutex::default() });
    let mut ports = plain.ports.clone();
    ports.services.servers = Arc::new(Servers::new(vec![server.clone()]).unwrap());
    ports.services.secrets = secrets;
    ports.services.transfers.insert(0, Arc::clone(&disk) as Arc<dyn Transfer>);
    let worker = |ports: &Ports| Worker {
        engine: Engine::new(ports.clone(), EngineConfig::new(WorkerId("w2".into()))),
        ports: ports.clone(),
    };
    let plan = fleet.plan(&worker(&ports)).await;
    ports.services.servers = Arc::new(Servers::new(now(server)).unwrap());
    let worker = worker(&ports);
    let job = fleet.submit(&plan).await;
    let report = fleet.work(&worker, &job).await;
    let password = served.password().unwrap().expose().clone();
    let typed = fleet.sims[0].snapshot().commands;
    // The answer to the question for it is the one place for a password: a command line is logged.
    assert!(typed.iter().all(|line| *line == password || !line.contains(&password)), "{typed:?}");
    assert!(!format!("{report:?}").contains(&password));
    let pushed = disk.pushed.lock().unwrap().clone();
    Ended { fleet, plan, report, pushed }
}

#[tokio::test(start_paused = true)]
async fn the_image_is_staged_and_the_device_pulls_it_from_there() {
    let Ended { fleet, plan, report, pushed } = upgrade(false, policy()).await;
    let text = plan.text();
    assert!(text.contains("from:   image server depot (the device's own)"), "{text}");
    assert!(text.contains(&format!("tries:  scp pull from depot ({HOST}:")), "{text}");
    assert!(plan.html().contains("image server depot"));
    assert_eq!(report.devices[0].outcome, Some(Outcome::Upgraded), "{report:#?}");
    fleet.assert_upgraded(0, "over an image server");
    assert_eq!(pushed.len(), 1);
    let device = &pushed[0].device;
    assert_eq!((device.id.as_str(), device.at.host.as_str()), ("depot", HOST));
    let copies: Vec<_> = fleet.sims[0].snapshot().commands.into_iter().filter(|c| c.starts_with("copy scp")).collect();
    assert!(matches!(copies.as_slice(), [c] if c.contains(HOST)), "{copies:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_without_room_is_no_reason_for_another_protocol() {
    let Ended { fleet, report, .. } = upgrade(true, policy()).await;
    let ended = &report.devices[0];
    assert_eq!(ended.outcome, Some(Outcome::Failed), "{report:#?}");
    assert!(format!("{ended:?}").contains("the disk of the server is full"), "{ended:?}");
    fleet.assert_as_before(0, 0, "nothing was copied");
}

#[tokio::test(start_paused = true)]
async fn a_protocol_that_the_server_does_not_speak_is_left_out_of_the_plan() {
    let transfers = vec![(Protocol::Http, Direction::Pull), (Protocol::Scp, Direction::Pull)];
    let Ended { fleet, plan, report, .. } = upgrade(false, Policy { transfers, ..policy() }).await;
    assert!(plan.text().contains("the image server depot does not serve it: http pull"), "{}", plan.text());
    assert_eq!(report.devices[0].outcome, Some(Outcome::Upgraded), "{report:#?}");
    fleet.assert_upgraded(0, "by the other protocol");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_can_pull_nothing_from_its_server_is_refused_in_the_plan() {
    let fleet = Fleet::new(vec![DeviceSpec::cat9300("access1", 1)], only(Protocol::Http, Direction::Pull));
    let mut worker = fleet.worker("w1", Manner::default());
    let login = Some(Login::password("swim", "depot"));
    let door = Door { folder: String::new(), login, ..Door::new(Protocol::Scp) };
    let name = DeviceId::new("depot").unwrap();
    let mut server = ImageServer::new(name, HOST, vec![door], HostKeyPolicy::FirstUse);
    server.devices = vec![fleet.devices[0].id.clone()];
    worker.ports.services.servers = Arc::new(Servers::new(vec![server]).unwrap());
    let plan = fleet.plan(&worker).await;
    let codes: Vec<_> = plan.refused.iter().flat_map(|r| &r.findings).map(|f| f.code.as_ref()).collect();
    assert_eq!((plan.devices.len(), codes), (0, vec!["transfer.no_way"]));
}

/// Nobody has approved another server: neither one that took the name, nor us.
#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_or_another_one_ends_the_upgrade_before_anything_is_touched() {
    let gone = |_: ImageServer| Vec::new();
    let moved = |planned| vec![ImageServer { host: "203.0.113.99".into(), ..planned }];
    for (now, kind, words) in [
        (
            gone as fn(ImageServer) -> Vec<ImageServer>,
            ErrorKind::NotFound,
            "depot, which is not in the configuration any more",
        ),
        (moved, ErrorKind::Blocked, "depot is not configured as it was when the plan was made"),
    ] {
        let Ended { fleet, report, pushed, .. } = changed(false, policy(), now).await;
        let ended = &report.devices[0];
        assert_eq!(ended.outcome, Some(Outcome::Failed), "{report:#?}");
        let error = ended.error.as_ref().unwrap();
        assert_eq!(error.kind, kind);
        assert!(error.message.contains(words), "{error:?}");
        assert_eq!(pushed.len(), 0);
        fleet.assert_as_before(0, 0, "its server is another one");
    }
}

/// Another list of servers is another plan, with another digest, and the difference says so.
#[tokio::test(start_paused = true)]
async fn the_digest_covers_the_servers() {
    let fleet = Fleet::new(vec![DeviceSpec::cat9300("access1", 1)], policy());
    let mut worker = fleet.worker("w1", Manner::default());
    let login = Some(Login::password("swim", "depot"));
    let door = Door { folder: "images".into(), login, ..Door::new(Protocol::Scp) };
    let name = DeviceId::new("depot").unwrap();
    let mut server = ImageServer::new(name, HOST, vec![door], HostKeyPolicy::FirstUse);
    server.groups = vec!["access".into()];
    let mut device = fleet.devices[0].clone();
    device.groups = vec!["lab".into(), "access".into()];
    let mut plans = Vec::new();
    for servers in [vec![], vec![server.clone()], vec![ImageServer { host: "203.0.113.8".into(), ..server }]] {
        worker.ports.services.servers = Arc::new(Servers::new(servers).unwrap());
        plans.push(fleet.plan_one(&worker, &device, CAT9K).await);
    }
    let digests: Vec<_> = plans.iter().map(|p| p.digest().unwrap()).collect();
    assert!(digests[0] != digests[1] && digests[1] != digests[2], "{digests:?}");
    let words = diff(&plans[0], &plans[1]);
    let server = format!("image server depot (group access), depot ({HOST}:22, folder images)");
    assert!(words[0].contains(&format!("pulls from us (the default) -> {server}")), "{words:?}");
    assert!(words[1].contains("tries scp pull, scp push, http pull -> scp pull, scp push"), "{words:?}");
    let words = diff(&plans[1], &plans[2]);
    assert!(matches!(words.as_slice(), [one] if one.contains("203.0.113.8:22")), "{words:?}");
    // A plan of an earlier release names no source: it reads as before.
    let mut json = serde_json::to_value(&plans[0]).unwrap();
    let step = json["devices"][0]["steps"].as_array_mut().unwrap().iter_mut().find(|s| s["do"] == "transfer").unwrap();
    assert!(step.as_object_mut().unwrap().remove("from").is_some());
    let old: Plan = serde_json::from_value(json).unwrap();
    assert!(!old.text().contains("from:") && old.text().contains("tries:  scp pull"), "{}", old.text());
}
