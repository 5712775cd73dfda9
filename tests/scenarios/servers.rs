//! Devices that pull from an image server near them instead of from us.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use swim_core::job::{Engine, EngineConfig, JobReport, Outcome};
use swim_core::model::{Direction, Door, HostKeyPolicy, ImageServer, Login, Policy, Protocol};
use swim_core::ports::{Context, Fetch, Offer, Push, Receipt, Secrets, Transfer, TransferAbility, WorkerId};
use swim_core::transfer::Servers;
use swim_core::{Error, ErrorKind, Result};
use swim_protocols::ssh::{OfferConfig, SshOffers};
use swim_sim::DeviceSpec;
use swim_stores::StaticSecrets;

use crate::fleet::{Fleet, Manner, Release, Worker, policy};

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

/// One switch upgrades over an image server whose disk may be full; what was pushed to the disk, too.
async fn upgrade(full: bool, policy: Policy) -> (Fleet, JobReport, Vec<Push>) {
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
    let server = ImageServer {
        name: swim_core::model::DeviceId::new("depot").unwrap(),
        host: HOST.to_owned(),
        doors: vec![door],
        host_key: HostKeyPolicy::FirstUse,
        devices: vec![fleet.devices[0].id.clone()],
        sites: vec![],
        max_devices: Some(1),
        bytes_per_second: None,
    };
    let ability = TransferAbility::new(Protocol::Scp, true, false, &[Direction::Push, Direction::Fetch]);
    let disk = Arc::new(Disk { ability, full, pushed: Mutex::default() });
    let mut ports = plain.ports.clone();
    ports.services.servers = Arc::new(Servers::new(vec![server]).unwrap());
    ports.services.secrets = secrets;
    ports.services.transfers.insert(0, Arc::clone(&disk) as Arc<dyn Transfer>);
    let worker = Worker { engine: Engine::new(ports.clone(), EngineConfig::new(WorkerId("w2".into()))), ports };
    let plan = fleet.plan(&worker).await;
    let job = fleet.submit(&plan).await;
    let report = fleet.work(&worker, &job).await;
    let password = served.password().unwrap().expose().clone();
    let typed = fleet.sims[0].snapshot().commands;
    // The answer to the question for it is the one place for a password: a command line is logged.
    assert!(typed.iter().all(|line| *line == password || !line.contains(&password)), "{typed:?}");
    assert!(!format!("{report:?}").contains(&password));
    let pushed = disk.pushed.lock().unwrap().clone();
    (fleet, report, pushed)
}

#[tokio::test(start_paused = true)]
async fn the_image_is_staged_and_the_device_pulls_it_from_there() {
    let (fleet, report, pushed) = upgrade(false, policy()).await;
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
    let (fleet, report, _) = upgrade(true, policy()).await;
    let ended = &report.devices[0];
    assert_eq!(ended.outcome, Some(Outcome::Failed), "{report:#?}");
    assert!(format!("{ended:?}").contains("the disk of the server is full"), "{ended:?}");
    fleet.assert_as_before(0, 0, "nothing was copied");
}

#[tokio::test(start_paused = true)]
async fn a_protocol_that_the_server_does_not_speak_moves_on() {
    let transfers = vec![(Protocol::Http, Direction::Pull), (Protocol::Scp, Direction::Pull)];
    let (fleet, report, _) = upgrade(false, Policy { transfers, ..policy() }).await;
    assert_eq!(report.devices[0].outcome, Some(Outcome::Upgraded), "{report:#?}");
    fleet.assert_upgraded(0, "by the second protocol");
}
