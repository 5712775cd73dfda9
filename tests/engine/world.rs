//! A world of toy devices: what the engine is tested against, without any dialogue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use swim_core::cli::{Dialogue, Transcript};
use swim_core::model::*;
use swim_core::plan::{DevicePlan, Expectation, Plan};
use swim_core::platform::*;
use swim_core::ports::{Cli, CliConnector, Clock, Context};
use swim_core::testing::KillSwitch;
use swim_core::version::{Scheme, Version};
use swim_core::{Effect, Error, ErrorKind, Result};

pub(crate) const OLD: &str = "15.2(4)E6";
pub(crate) const NEW: &str = "15.2(7)E10";
/// How long a toy device is away when it reloads.
pub(crate) const BOOT: Duration = Duration::from_secs(600);

pub(crate) fn version(text: &str) -> Version {
    Version::parse(Scheme::Ios, text).unwrap()
}

/// What a toy device does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Manner {
    #[default]
    Good,
    ComesBackOld,
    NeverReturns,
    RefusesCopy,
    LosesSessionInCopy,
    CannotTell,
}

#[derive(Clone, Debug)]
pub(crate) struct Toy {
    pub(crate) manner: Manner,
    pub(crate) version: Version,
    pub(crate) file: bool,
    pub(crate) boot_new: bool,
    pub(crate) committed: bool,
    pub(crate) reloads: u32,
    pub(crate) copies: u32,
    pub(crate) booted: Timestamp,
    pub(crate) away_until: Option<Timestamp>,
    pub(crate) lost_once: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) toys: Arc<Mutex<BTreeMap<DeviceId, Toy>>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) switch: KillSwitch,
    definition: Definition,
}

impl World {
    pub(crate) fn new(clock: Arc<dyn Clock>, manners: &[Manner]) -> Self {
        let toy = |manner| Toy {
            manner,
            version: version(OLD),
            file: false,
            boot_new: false,
            committed: true,
            reloads: 0,
            copies: 0,
            booted: clock.now() - Duration::from_secs(86_400),
            away_until: None,
            lost_once: false,
        };
        let toys = manners.iter().enumerate().map(|(n, m)| (id(n), toy(*m))).collect();
        let registry = Registry::builtin().unwrap();
        let definition = registry.definition(&PlatformId("ios".into())).unwrap().clone();
        Self { toys: Arc::new(Mutex::new(toys)), clock, switch: KillSwitch::new(None), definition }
    }

    /// The same world seen by a worker that dies at the switch's point.
    pub(crate) fn with_switch(&self, switch: KillSwitch) -> Self {
        Self { switch, ..self.clone() }
    }

    pub(crate) fn toy(&self, n: usize) -> Toy {
        self.settle();
        self.toys.lock().unwrap()[&id(n)].clone()
    }

    fn settle(&self) {
        let now = self.clock.now();
        for toy in self.toys.lock().unwrap().values_mut() {
            if toy.away_until.is_some_and(|t| t <= now) {
                toy.away_until = None;
                toy.booted = now;
                if toy.boot_new && toy.manner != Manner::ComesBackOld {
                    toy.version = version(NEW);
                } else {
                    toy.version = version(OLD);
                }
            }
        }
    }

    fn with<T>(&self, device: &DeviceId, work: impl FnOnce(&mut Toy, Timestamp) -> T) -> T {
        self.settle();
        let now = self.clock.now();
        work(self.toys.lock().unwrap().get_mut(device).unwrap(), now)
    }

    fn mark(&self, device: &DeviceId) -> Mark {
        self.with(device, |toy, now| Mark {
            at: now,
            uptime_seconds: u64::try_from(now.duration_since(toy.booted).as_secs()).ok(),
            version: Some(toy.version.clone()),
            reload_reason: None,
            facts: BTreeMap::new(),
        })
    }

    fn reload(&self, device: &DeviceId) {
        self.with(device, |toy, now| {
            toy.reloads += 1;
            let away = if toy.manner == Manner::NeverReturns { Duration::from_secs(864_000_000) } else { BOOT };
            toy.away_until = Some(now + away);
        });
    }
}

pub(crate) fn id(n: usize) -> DeviceId {
    DeviceId::new(format!("toy{n}")).unwrap()
}

#[derive(Debug)]
pub(crate) struct NoWords;

#[async_trait]
impl Cli for NoWords {
    async fn exchange(&mut self, _: &Dialogue, _: &Context) -> Result<Transcript> {
        Err(Error::internal("toy", "toys have no command line"))
    }
    fn hostname(&self) -> Option<&str> {
        None
    }
    fn local_address(&self) -> Option<String> {
        None
    }
    async fn close(self: Box<Self>) {}
}

#[async_trait]
impl CliConnector for World {
    async fn connect(&self, device: &Device, _: &Definition, _: &Context) -> Result<Box<dyn Cli>> {
        self.switch.point("connect").await;
        if self.with(&device.id, |toy, _| toy.away_until.is_some()) {
            return Err(Error::new(ErrorKind::Unreachable, "connect", "connection refused"));
        }
        Ok(Box::new(NoWords))
    }
}

#[async_trait]
impl Platform for World {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    async fn inspect(&self, s: &mut Session<'_>) -> Result<Inventory> {
        self.switch.point("inspect").await;
        let at = self.clock.now();
        Ok(self.with(&s.device.id, |toy, _| inventory(&s.device.id, toy, at)))
    }

    fn steps(&self, _: &Goal, _: &Inventory, _: &Policy) -> Result<Vec<StepSpec>> {
        Ok(vec![])
    }

    async fn probe(&self, step: &StepSpec, mark: Option<&Mark>, s: &mut Session<'_>) -> Result<Probe> {
        self.switch.point("probe").await;
        let id = &s.device.id;
        if self.with(id, |toy, _| toy.away_until.is_some()) {
            return Err(Error::new(ErrorKind::Interrupted, "probe", "the session is gone"));
        }
        let ready = Probe::Ready { mark: self.mark(id) };
        let done = |how: &str| Probe::Done { how: how.to_owned() };
        Ok(self.with(id, |toy, _| match &step.kind {
            StepKind::Transfer { .. } if toy.file => done("file"),
            StepKind::SetBoot { .. } if toy.boot_new => done("boot"),
            StepKind::Reload { .. } if toy.manner == Manner::CannotTell && toy.reloads > 0 => {
                Probe::InDoubt { why: "two answers".into() }
            }
            StepKind::Reload { .. } => match mark {
                Some(mark) if toy.booted > mark.at && toy.version == version(NEW) => done("runs the new version"),
                Some(mark) if toy.booted > mark.at => {
                    Probe::FellBack { running: Some(toy.version.clone()), evidence: "show version".into() }
                }
                _ => ready,
            },
            StepKind::Prove { .. } if toy.version == version(NEW) => done("proven"),
            StepKind::Prove { .. } => Probe::Failed { why: "old version".into(), said: None },
            StepKind::InstallCommit { .. } if toy.committed => done("committed"),
            _ => ready,
        }))
    }

    async fn act(&self, step: &StepSpec, s: &mut Session<'_>) -> Result<Acted> {
        self.switch.point("act before").await;
        let id = &s.device.id;
        let said = String::new();
        let acted = match &step.kind {
            StepKind::Transfer { .. } => {
                let (manner, lost) = self.with(id, |toy, _| (toy.manner, toy.lost_once));
                match manner {
                    Manner::RefusesCopy => {
                        return Err(Error::new(ErrorKind::NoSpace, "copy", "no room").said("%Error copying (No space)"));
                    }
                    Manner::LosesSessionInCopy if !lost => {
                        self.with(id, |toy, _| (toy.lost_once, toy.file) = (true, true));
                        return Err(
                            Error::new(ErrorKind::Interrupted, "copy", "session lost").effected(Effect::Unknown)
                        );
                    }
                    _ => self.with(id, |toy, _| (toy.file, toy.copies) = (true, toy.copies + 1)),
                }
                Acted::Settled { said, receipt: None, fallbacks: vec![] }
            }
            StepKind::SetBoot { .. } => {
                self.with(id, |toy, _| toy.boot_new = true);
                Acted::Settled { said, receipt: None, fallbacks: vec![] }
            }
            StepKind::Reload { .. } => {
                self.reload(id);
                let (check_after, back_within) = (Duration::from_secs(60), Duration::from_secs(1800));
                Acted::Detached { said, check_after, back_within }
            }
            StepKind::InstallCommit { .. } => {
                self.with(id, |toy, _| toy.committed = true);
                Acted::Settled { said, receipt: None, fallbacks: vec![] }
            }
            other => return Err(Error::internal("toy", format!("cannot do {other:?}"))),
        };
        self.switch.point("act after").await;
        Ok(acted)
    }

    async fn undo(&self, step: &StepSpec, s: &mut Session<'_>) -> Result<Undone> {
        self.switch.point("undo before").await;
        let id = &s.device.id;
        let undone = match &step.kind {
            StepKind::Transfer { .. } => {
                self.with(id, |toy, _| toy.file = false);
                Undone::Restored { how: "deleted".into() }
            }
            StepKind::SetBoot { .. } => {
                self.with(id, |toy, _| toy.boot_new = false);
                Undone::Restored { how: "boot lines".into() }
            }
            StepKind::Reload { .. } => {
                self.with(id, |toy, _| toy.boot_new = false);
                self.reload(id);
                let (check_after, back_within) = (Duration::from_secs(60), Duration::from_secs(1800));
                Undone::Detached { how: "reload".into(), check_after, back_within }
            }
            _ => Undone::Nothing,
        };
        self.switch.point("undo after").await;
        Ok(undone)
    }
}

pub(crate) fn inventory(device: &DeviceId, toy: &Toy, at: Timestamp) -> Inventory {
    Inventory {
        device: device.clone(),
        platform: PlatformId("ios".into()),
        taken: at,
        job: None,
        hostname: None,
        model: None,
        serial: None,
        version: Some(toy.version.clone()),
        software: None,
        image: None,
        mode: Some(Mode::Bundle),
        ram: None,
        boot_rom: None,
        uptime_seconds: None,
        reload_reason: None,
        boot: BootState::default(),
        install: None,
        redundancy: None,
        config_unsaved: None,
        privilege: Some(15),
        operating_mode: None,
        snmp: None,
        members: vec![Member {
            number: 1,
            role: None,
            state: None,
            model: None,
            serial: None,
            version: Some(toy.version.clone()),
            ram: None,
            mode: None,
            flash: None,
            boot_next: None,
        }],
    }
}

/// A plan for all toys of the world.
pub(crate) fn plan(world: &World, policy: Policy) -> Plan {
    let digests = Digests { sha256: Sha256::of(b"image"), sha512: String::new(), sha1: None, md5: String::new() };
    let image = digests.sha256;
    let goal = Goal { image, file_name: "new.bin".into(), bytes: 5, digests, version: version(NEW) };
    let toys = world.toys.lock().unwrap();
    let devices = toys.iter().map(|(device, toy)| {
        let to = version(NEW);
        let mut steps = vec![
            StepSpec::new(StepKind::transfer(image, 5, "flash:new.bin".into(), vec![]), "copy"),
            StepSpec::new(StepKind::SetBoot { path: "flash:new.bin".into(), fallback: vec![], undo: vec![] }, "boot"),
            StepSpec::new(
                StepKind::Reload { version: to.clone(), image: None, previous: None, previous_image: None },
                "reload",
            )
            .irreversible(),
            StepSpec::new(
                StepKind::Prove { version: to.clone(), mode: None, members: vec![1], hostname: None },
                "prove",
            ),
        ];
        if policy.post_check {
            steps.push(StepSpec::new(StepKind::PostCheck, "check"));
        }
        if policy.hold_commit {
            let mut commit = StepSpec::new(StepKind::InstallCommit { version: to }, "commit");
            commit.held = true;
            steps.push(commit);
        }
        DevicePlan {
            device: Device::new(
                device.clone(),
                Endpoint { host: "192.0.2.1".into(), port: 22 },
                PlatformId("ios".into()),
                Login { user: "u".into(), password: None, key: None, key_passphrase: None, enable: None },
                HostKeyPolicy::FirstUse,
            ),
            expects: Expectation::of(&inventory(device, toy, Timestamp::UNIX_EPOCH)),
            steps,
            findings: vec![],
        }
    });
    Plan { schema: Plan::SCHEMA, goal, policy: policy.clone(), devices: devices.collect(), refused: vec![] }
}
