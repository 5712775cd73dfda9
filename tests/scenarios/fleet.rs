//! A fleet of simulated devices, and workers that upgrade it.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use swim_core::analysis::{Knowledge, Subject, judge};
use swim_core::image::Image;
use swim_core::job::{Engine, EngineConfig, Entry, EventSink, JobEvent, JobReport, NoSink, Ports};
use swim_core::model::{
    Device, DeviceId, Direction, Endpoint, HostKeyPolicy, InstallStateCode, Inventory, Login, PlatformId, Policy,
    Protocol, Secret,
};
use swim_core::plan::{Candidate, Plan, build};
use swim_core::platform::{Goal, Platform, PullServices, Session, builtin};
use swim_core::ports::{
    CheckCall, Clock, Context, JobId, JobStore, Network, NewJob, Note, NoteSink, PostChecks, Silent, Transfer, Verdict,
    WorkerId,
};
use swim_core::testing::{FaultyClock, FaultyJobStore, FaultyNetwork, KillSwitch};
use swim_core::transfer::Caps;
use swim_core::version::{Scheme, Version};
use swim_core::{ErrorKind, Result, repo};
use swim_protocols::clock::TokioClock;
use swim_protocols::connector::Connector;
use swim_protocols::ftp::{FtpConfig, FtpOffers};
use swim_protocols::http::{HttpConfig, HttpOffers};
use swim_protocols::ssh::scp::ScpPush;
use swim_protocols::ssh::sftp::SftpPush;
use swim_protocols::ssh::{OfferConfig, SshClient, SshConfig, SshOffers};
use swim_protocols::tftp::{TftpConfig, TftpOffers};
use swim_sim::images::{IosImageSpec, PackageSpec, ios_image, ios_xe_package};
use swim_sim::{DeviceSpec, Kind, SimDevice, SimNetwork};
use swim_stores::{MemoryStore, StaticSecrets};

/// Large enough for header and fingerprint, small enough for hundreds of runs.
const SAMPLE: u64 = 300_000;

/// What marks every secret of this fleet.
pub(crate) const CANARY: &str = "Canary-7f3a";

/// A release that devices of one kind are brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) scheme: Scheme,
    pub(crate) version: &'static str,
    pub(crate) file: &'static str,
    family: &'static str,
}

pub(crate) const CAT9K: Release =
    Release { scheme: Scheme::IosXe, version: "17.9.4a", file: "cat9k_iosxe.17.09.04a.SPA.bin", family: "cat9k" };
pub(crate) const SWITCH: Release = Release {
    scheme: Scheme::Ios,
    version: "15.2(7)E10",
    file: "c2960x-universalk9-mz.152-7.E10.bin",
    family: "C2960X",
};
pub(crate) const ROUTER: Release = Release {
    scheme: Scheme::Ios,
    version: "15.7(3)M9",
    file: "c2900-universalk9-mz.SPA.157-3.M9.bin",
    family: "C2900",
};

impl Release {
    /// The release for this kind of box.
    pub(crate) fn of(spec: &DeviceSpec) -> Self {
        match spec.kind {
            Kind::Cat9300Stack { .. } => CAT9K,
            Kind::IosSwitch => SWITCH,
            _ => ROUTER,
        }
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.scheme {
            Scheme::IosXe => {
                ios_xe_package(&PackageSpec::new(self.family, self.version, SAMPLE)).read_to_end(&mut bytes)
            }
            _ => {
                let code = format!("{}-UNIVERSALK9-M", self.family);
                ios_image(&IosImageSpec::new(self.family, code, self.version, SAMPLE)).read_to_end(&mut bytes)
            }
        }
        .unwrap();
        bytes
    }

    /// Is it this version, however it is written?
    pub(crate) fn is(self, text: &str) -> bool {
        same(self.scheme, self.version, text)
    }
}

pub(crate) fn same(scheme: Scheme, a: &str, b: &str) -> bool {
    match (Version::parse(scheme, a), Version::parse(scheme, b)) {
        (Ok(a), Ok(b)) => a.same_release(&b),
        _ => false,
    }
}

/// Transfers with one protocol only.
pub(crate) fn only(protocol: Protocol, direction: Direction) -> Policy {
    Policy { transfers: vec![(protocol, direction)], ..policy() }
}

/// The defaults, with the one requirement that sample images do not name taken as met.
pub(crate) fn policy() -> Policy {
    let accept_unknown = ["ram.requirement_unknown", "ram.unknown"].map(str::to_owned);
    Policy { accept_unknown: accept_unknown.to_vec(), ..Policy::default() }
}

/// Answers every post-check in the same way.
#[derive(Debug)]
struct Says(Verdict);

#[async_trait]
impl PostChecks for Says {
    async fn check(&self, _: CheckCall) -> Result<Verdict> {
        Ok(self.0.clone())
    }
}

/// Everything that watchers are told, as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(pub(crate) Arc<Mutex<Vec<String>>>);

impl EventSink for Heard {
    fn entry(&self, _: &JobId, _: u64, entry: &Entry) {
        self.0.lock().unwrap().push(entry.to_json().unwrap().to_string());
    }
    fn note(&self, _: &JobId, _: &DeviceId, _: usize, note: &Note) {
        self.0.lock().unwrap().push(format!("{note:?}"));
    }
}

impl NoteSink for Heard {
    fn note(&self, note: Note) {
        self.0.lock().unwrap().push(format!("{note:?}"));
    }
}

/// How a worker differs from the usual one.
#[derive(Default)]
pub(crate) struct Manner {
    pub(crate) switch: Option<KillSwitch>,
    pub(crate) says: Option<Verdict>,
    pub(crate) heard: Option<Heard>,
}

/// A worker: an engine with adapters of its own.
pub(crate) struct Worker {
    pub(crate) engine: Engine,
    pub(crate) ports: Ports,
}

pub(crate) struct Fleet {
    pub(crate) network: SimNetwork,
    pub(crate) sims: Vec<SimDevice>,
    pub(crate) devices: Vec<Device>,
    pub(crate) store: MemoryStore,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secrets: StaticSecrets,
    pub(crate) policy: Policy,
    imported: Mutex<BTreeMap<&'static str, Image>>,
}

impl Fleet {
    pub(crate) fn new(specs: Vec<DeviceSpec>, policy: Policy) -> Self {
        let network = SimNetwork::new();
        let clock = Arc::new(TokioClock::starting_at(Timestamp::from_second(1_800_000_000).unwrap()));
        let (mut sims, mut devices, mut secrets) = (Vec::new(), Vec::new(), StaticSecrets::new());
        for (n, spec) in specs.into_iter().enumerate() {
            let host = spec.hostname.clone();
            let password = format!("{CANARY}-password-{host}");
            let enable = format!("{CANARY}-enable-{host}");
            secrets = secrets
                .with(format!("password of {host}"), Secret::new(password.clone()))
                .with(format!("enable of {host}"), Secret::new(enable.clone()));
            let xe = spec.install_mode();
            let spec = DeviceSpec { enable, ..spec.login("operator", password) };
            let at = Endpoint { host: format!("198.51.100.{}", n + 1), port: 22 };
            let sim = SimDevice::new(spec);
            network.attach(&sim, at.clone());
            sims.push(sim);
            let id = DeviceId::new(host.clone()).unwrap();
            let platform = PlatformId(if xe { "ios_xe" } else { "ios" }.to_owned());
            let login = Login::password("operator", format!("password of {host}")).enable(format!("enable of {host}"));
            devices.push(Device::new(id, at, platform, login, HostKeyPolicy::FirstUse));
        }
        Self { network, sims, devices, store: MemoryStore::new(), clock, secrets, policy, imported: Mutex::default() }
    }

    pub(crate) fn worker(&self, name: &str, manner: Manner) -> Worker {
        let Manner { switch, says, heard } = manner;
        let mut network: Arc<dyn Network> = Arc::new(self.network.clone());
        let mut jobs: Arc<dyn JobStore> = Arc::new(self.store.clone());
        let mut clock = Arc::clone(&self.clock);
        if let Some(switch) = switch {
            network = Arc::new(FaultyNetwork::new(network, switch.clone()));
            jobs = Arc::new(FaultyJobStore::new(jobs, switch.clone()));
            clock = Arc::new(FaultyClock::new(clock, switch));
        }
        let ssh = Arc::new(SshClient::new(
            Arc::clone(&network),
            Arc::new(self.secrets.clone()),
            Arc::new(self.store.clone()),
            SshConfig::default(),
        ));
        let (scp, sftp) = SshOffers::new(Arc::clone(&network), OfferConfig::default()).unwrap();
        let transfers: Vec<Arc<dyn Transfer>> = vec![
            Arc::new(scp),
            Arc::new(sftp),
            Arc::new(HttpOffers::new(Arc::clone(&network), HttpConfig::default())),
            Arc::new(FtpOffers::new(Arc::clone(&network), FtpConfig::default())),
            Arc::new(TftpOffers::new(network, TftpConfig::default())),
            Arc::new(ScpPush::new(Arc::clone(&ssh))),
            Arc::new(SftpPush::new(Arc::clone(&ssh))),
        ];
        let ports = Ports {
            jobs,
            clock,
            connector: Arc::new(Connector::new(ssh)),
            services: PullServices {
                store: Arc::new(self.store.clone()),
                transfers,
                caps: Caps::default(),
                servers: Arc::default(),
                secrets: Arc::new(StaticSecrets::default()),
            },
            records: Some(Arc::new(self.store.clone())),
            platforms: builtin().unwrap(),
            checks: says.map(|v| Arc::new(Says(v)) as _),
            sink: heard.map_or_else(|| Arc::new(NoSink) as Arc<dyn EventSink>, |h| Arc::new(h)),
        };
        Worker { engine: Engine::new(ports.clone(), EngineConfig::new(WorkerId(name.to_owned()))), ports }
    }

    pub(crate) async fn import(&self, release: Release) -> Image {
        let options = repo::ImportOptions::new(release.file);
        let bytes = Bytes::from(release.bytes());
        let image = repo::import(bytes, &self.store, &self.store, &*self.clock, options, &Silent).await.unwrap();
        self.imported.lock().unwrap().insert(release.file, image.clone());
        image
    }

    pub(crate) async fn inspect(&self, worker: &Worker, device: &Device) -> Result<Inventory> {
        let cx = Context::new(Arc::clone(&self.clock));
        let platform = worker.ports.platform(&device.platform)?;
        let mut cli = worker.ports.connector.connect(device, platform.definition(), &cx).await?;
        let services = &worker.ports.services;
        let seen = platform.inspect(&mut Session { device, cli: &mut *cli, services, cx: &cx }).await;
        cli.close().await;
        seen
    }

    /// Every device to the release for its kind, in one plan. (A plan names one goal; a mixed fleet has one plan a kind.
    /// Steps carry their own image and version, so that their lines can be one job here.)
    pub(crate) async fn plan(&self, worker: &Worker) -> Plan {
        let mut all: Option<Plan> = None;
        for (device, sim) in self.devices.iter().zip(&self.sims) {
            let plan = self.plan_one(worker, device, Release::of(&sim.spec())).await;
            match &mut all {
                None => all = Some(plan),
                Some(all) => {
                    all.devices.extend(plan.devices);
                    all.refused.extend(plan.refused);
                }
            }
        }
        all.unwrap()
    }

    pub(crate) async fn plan_one(&self, worker: &Worker, device: &Device, release: Release) -> Plan {
        let image = self.import(release).await;
        let inventory = self.inspect(worker, device).await.unwrap();
        let version = image.facts.version.as_ref().expect("a sample tells its version").value.clone();
        let goal = Goal {
            image: image.id,
            file_name: image.file_name.clone(),
            bytes: image.bytes,
            digests: image.digests.clone(),
            version,
        };
        let platform: &Arc<dyn Platform> = worker.ports.platform(&device.platform).unwrap();
        let definition = platform.definition();
        let (policy, knowledge) = (&self.policy, Knowledge::NONE);
        let report = judge(&Subject { image: &image, device, inventory: &inventory, definition, policy, knowledge });
        let candidate = Candidate { device, inventory: &inventory, report: &report, platform: &**platform };
        build(&goal, &[candidate], &worker.ports.services, &self.policy).unwrap()
    }

    pub(crate) async fn submit(&self, plan: &Plan) -> JobId {
        let now = self.clock.now();
        let approval = plan.digest().unwrap().to_string();
        let entry = Entry::new(now, JobEvent::Submitted { plan: Box::new(plan.clone()), approval });
        let id = JobId("job-1".to_owned());
        let job = NewJob {
            id: id.clone(),
            idempotency_key: "key-1".to_owned(),
            devices: plan.devices.iter().map(|d| d.device.id.clone()).collect(),
            events: vec![entry.to_json().unwrap()],
            due: now,
        };
        self.store.create(job).await.unwrap();
        id
    }

    /// Works on the job, waiting for a dead worker's lease to run out.
    pub(crate) async fn work(&self, worker: &Worker, job: &JobId) -> JobReport {
        loop {
            match worker.engine.work(job).await {
                Ok(report) => return report,
                Err(e) if e.kind() == ErrorKind::Busy => self.clock.sleep(Duration::from_secs(5)).await,
                Err(e) => panic!("{e:?}"),
            }
        }
    }

    /// Plans, submits and works; nobody is refused.
    pub(crate) async fn upgrade(&self) -> JobReport {
        let worker = self.worker("w1", Manner::default());
        let plan = self.plan(&worker).await;
        assert!(plan.refused.is_empty(), "{:#?}", plan.refused);
        let job = self.submit(&plan).await;
        self.work(&worker, &job).await
    }

    /// Device `n` runs the new software on every member, for good, after one reload, and nothing is left behind.
    pub(crate) fn assert_upgraded(&self, n: usize, when: &str) {
        let sim = &self.sims[n];
        let (spec, seen) = (sim.spec(), sim.snapshot());
        let release = Release::of(&spec);
        let md5 = self.imported.lock().unwrap()[release.file].digests.md5.clone();
        assert!(seen.up, "{when}");
        assert_eq!(seen.reload_count, 1, "{when}: {} reloaded", spec.hostname);
        assert_eq!(seen.members.len() as u32, spec.member_count());
        for member in &seen.members {
            assert!(member.present, "{when}");
            assert!(release.is(&member.version), "{when}: member {} runs {}", member.number, member.version);
            for row in &member.install {
                assert_ne!(row.state, InstallStateCode::U, "{when}: {seen:#?}");
            }
        }
        let file = seen.file(1, release.file).unwrap_or_else(|| panic!("{when}: no image: {seen:#?}"));
        assert_eq!((file.bytes, &file.md5), (SAMPLE, &md5), "{when}");
        if spec.install_mode() {
            let committed = seen.installed(InstallStateCode::C).unwrap_or_default();
            assert!(release.is(committed), "{when}: {committed} is committed");
            assert_eq!(seen.auto_abort_seconds, None, "{when}");
            assert_eq!(seen.boot_startup, ["flash:packages.conf"], "{when}");
        } else {
            let first = seen.boot_startup.first().map(|p| p.replacen(":/", ":", 1));
            assert_eq!(first, Some(format!("{}{}", spec.flash_prefix(), release.file)), "{when}");
            let old = seen.boot_startup.iter().any(|p| p.ends_with(&spec.image));
            assert!(old, "{when}: the old image stays in the list: {:?}", seen.boot_startup);
            assert_eq!(seen.boot_startup, seen.boot_running, "{when}");
        }
        assert_eq!(seen.copies_running, 0, "{when}");
        let pulls = seen.received.iter().filter(|r| r.protocol.is_some() && r.complete).count();
        assert_eq!(pulls, 1, "{when}: a whole image was sent again: {:?}", seen.received);
        assert!(!seen.install_busy && !seen.config_unsaved, "{when}");
    }

    /// Device `n` runs what it ran before, for good, and nothing is left behind.
    pub(crate) fn assert_as_before(&self, n: usize, reloads: u32, when: &str) {
        let sim = &self.sims[n];
        let (spec, seen) = (sim.spec(), sim.snapshot());
        let release = Release::of(&spec);
        assert!(seen.up, "{when}");
        assert_eq!(seen.reload_count, reloads, "{when}");
        for member in &seen.members {
            let version = &member.version;
            assert!(same(release.scheme, &spec.version, version), "{when}: member {} runs {version}", member.number);
            for row in &member.install {
                assert_eq!(row.state, InstallStateCode::C, "{when}: {seen:#?}");
            }
            assert!(!member.files.iter().any(|f| f.name == release.file), "{when}: the image is still there");
        }
        assert_eq!(seen.auto_abort_seconds, None, "{when}");
        let plain = |paths: &[String]| paths.iter().map(|p| p.replacen(":/", ":", 1)).collect::<Vec<_>>();
        assert_eq!(plain(&seen.boot_startup), plain(&spec.boot), "{when}");
        assert_eq!(seen.boot_startup, seen.boot_running, "{when}");
        assert_eq!(seen.copies_running, 0, "{when}");
    }
}
