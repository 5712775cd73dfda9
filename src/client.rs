//! The client: everything that a program does with the library.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use swim_core::analysis::{DeviceReport, Finding, Report, Severity, Subject, judge};
use swim_core::audit::{self, AuditRecord};
use swim_core::image::{Field, Image, Provenance};
use swim_core::job::{CancelHow, Engine, EngineConfig, Entry, JobEvent, JobReport, JobStatus, Ports};
use swim_core::model::{Algorithm, Device, DeviceId, Inventory, Policy};
use swim_core::plan::{self, Candidate, Plan};
use swim_core::platform::{Goal, Session};
use swim_core::ports::{Context, ImageStore, JobId, JobStore, JobSummary, NewJob, Records, Silent, WorkerId};
use swim_core::repo;
use swim_core::version::{Scheme, Version};
use swim_core::{Error, ErrorKind, ErrorRecord, Result, Retry};
use swim_stores::FileSource;
use tokio::task::JoinHandle;

use crate::watch::{Hub, Watch};
use crate::wiring::{Adapters, Builder};
use crate::{Config, ImportOptions};

/// Devices that are asked for their inventory at the same time.
const INSPECT_AT_ONCE: usize = 50;

/// What a device said of itself, or why it did not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Inspected {
    /// Which device.
    pub device: DeviceId,
    /// What it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
}

/// How a job is submitted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SubmitOptions {
    /// The same key never makes two jobs. Default: the plan's digest and the time of the call.
    pub key: Option<String>,
    /// When it may start. Default: now.
    pub due: Option<Timestamp>,
}

/// Software image management. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    adapters: Adapters,
    engine: Engine,
    hub: Arc<Hub>,
    at_work: Mutex<BTreeMap<JobId, JoinHandle<Result<JobReport>>>>,
}

impl Client {
    /// A client over adapters.
    pub(crate) fn over(adapters: Adapters, worker: WorkerId) -> Self {
        let hub = Hub::new();
        let ports = Ports {
            jobs: Arc::clone(&adapters.jobs),
            clock: Arc::clone(&adapters.clock),
            connector: Arc::clone(&adapters.connector),
            services: adapters.services.clone(),
            platforms: adapters.platforms.clone(),
            checks: adapters.checks.clone(),
            sink: Arc::clone(&hub) as _,
        };
        let engine = Engine::new(ports, EngineConfig::new(worker));
        Self(Arc::new(Inner { adapters, engine, hub, at_work: Mutex::default() }))
    }

    /// Opens the data folder of a configuration, and makes its devices known.
    ///
    /// # Errors
    /// `InvalidInput` for a bad configuration, `NotFound` for a missing secret, `Store` when the folder cannot be used.
    pub async fn open(config: Config) -> Result<Self> {
        Builder::new(config).open().await
    }

    pub(crate) fn adapters(&self) -> &Adapters {
        &self.0.adapters
    }

    /// Takes a local file into the repository: one pass, atomic, known by its SHA-256.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput`, `Integrity`, `NoSpace`; nothing stays of a failed import.
    pub async fn import(&self, path: impl AsRef<Path>, options: ImportOptions) -> Result<Image> {
        let source = FileSource::open(path).await?;
        let name = options.file_name.clone().or_else(|| source.file_name().map(str::to_owned));
        let name = name.ok_or_else(|| Error::invalid("file_name", "absent", "the path has no file name: give one"))?;
        let mut how = repo::ImportOptions::new(name);
        for (algorithm, digest) in [(Algorithm::Sha512, &options.sha512), (Algorithm::Md5, &options.md5)] {
            if let Some(digest) = digest {
                how = how.expecting(algorithm, digest.clone());
            }
        }
        let a = &self.0.adapters;
        let mut image = repo::import(source, &*a.services.store, &*a.records, &*a.clock, how, &Silent).await?;
        if overridden(&mut image, &options)? {
            self.records().put("images", &image.id.to_string(), json(&image)?).await?;
        }
        Ok(image)
    }

    /// The images of the repository, oldest first. `text`: only those with this in the file name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn images(&self, text: Option<&str>) -> Result<Vec<Image>> {
        let filter = repo::ImageFilter { text: text.map(str::to_owned), ..repo::ImageFilter::default() };
        repo::images(self.records(), &filter).await
    }

    /// One image: by id, by file name, or by the first digits of the id (four or more).
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` when it could be several.
    pub async fn image(&self, wanted: &str) -> Result<Image> {
        repo::image(self.records(), wanted).await
    }

    /// Plays a plan on simulated devices that look like the real ones did when they were inspected, in virtual time.
    /// Nothing real is touched.
    ///
    /// # Errors
    /// `NotFound` for a device that was never inspected, `Unsupported` for one that cannot be simulated.
    pub async fn rehearse(&self, plan: &Plan) -> Result<JobReport> {
        let mut inventories = Vec::new();
        for line in &plan.devices {
            let id = line.device.id.as_str();
            let value = self
                .records()
                .get("inventories", id)
                .await?
                .ok_or_else(|| Error::new(ErrorKind::NotFound, "rehearse", format!("{id} was never inspected")))?;
            inventories.push(parse::<Inventory>(value)?);
        }
        crate::rehearsal::play(plan.clone(), inventories).await
    }

    fn records(&self) -> &dyn Records {
        &*self.0.adapters.records
    }

    fn images_store(&self) -> &Arc<dyn ImageStore> {
        &self.0.adapters.services.store
    }

    /// Makes devices known, or replaces what is known of them.
    ///
    /// # Errors
    /// `Unsupported` when the platform is not known; those of the store.
    pub async fn add_devices(&self, devices: &[Device]) -> Result<()> {
        for device in devices {
            self.platform(device)?;
            self.records().put("devices", device.id.as_str(), json(device)?).await?;
        }
        Ok(())
    }

    /// The devices that are known, by name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn devices(&self) -> Result<Vec<Device>> {
        self.records().all("devices").await?.into_iter().map(|(_, value)| parse(value)).collect()
    }

    async fn device(&self, id: &DeviceId) -> Result<Device> {
        match self.records().get("devices", id.as_str()).await? {
            Some(value) => parse(value),
            None => Err(Error::new(ErrorKind::NotFound, "find device", format!("there is no device {id}"))),
        }
    }

    fn platform(&self, device: &Device) -> Result<Arc<dyn swim_core::platform::Platform>> {
        let known = &self.0.adapters.platforms;
        known.iter().find(|p| p.definition().id == device.platform).cloned().ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|p| p.definition().id.0.as_str()).collect();
            Error::new(ErrorKind::Unsupported, "find platform", format!("there is no platform {}", device.platform))
                .with("device", &device.id)
                .with("known", names.join(", "))
        })
    }

    /// Asks devices for their inventory, many at once, and remembers the answers.
    ///
    /// # Errors
    /// `NotFound` for a device that is not known. A device that does not answer is in the result, with its error.
    pub async fn inspect(&self, devices: &[DeviceId]) -> Result<Vec<Inspected>> {
        use futures_util::{StreamExt, TryStreamExt};
        let mut known = Vec::new();
        for id in devices {
            known.push(self.device(id).await?);
        }
        let looks = known.into_iter().map(|device| async move {
            let inspected = match self.look(&device).await {
                Ok(inventory) => {
                    self.records().put("inventories", device.id.as_str(), json(&inventory)?).await?;
                    Inspected { device: device.id, inventory: Some(inventory), error: None }
                }
                Err(e) => Inspected { device: device.id, inventory: None, error: Some(e.record()) },
            };
            Ok::<_, Error>(inspected)
        });
        futures_util::stream::iter(looks).buffered(INSPECT_AT_ONCE).try_collect().await
    }

    async fn look(&self, device: &Device) -> Result<Inventory> {
        let platform = self.platform(device)?;
        let cx = Context::new(Arc::clone(&self.0.adapters.clock));
        let mut cli = self.0.adapters.connector.connect(device, platform.definition(), &cx).await?;
        let services = &self.0.adapters.services;
        let looked = platform.inspect(&mut Session { device, cli: &mut *cli, services, cx: &cx }).await;
        cli.close().await;
        looked
    }

    /// The last inventory of each device; devices that were never asked, or did not answer, are asked now.
    async fn inventories(&self, devices: &[DeviceId]) -> Result<Vec<(Device, Result<Inventory>)>> {
        let mut missing = Vec::new();
        for id in devices {
            if self.records().get("inventories", id.as_str()).await?.is_none() {
                missing.push(id.clone());
            }
        }
        let asked: BTreeMap<_, _> = self.inspect(&missing).await?.into_iter().map(|i| (i.device.clone(), i)).collect();
        let mut out = Vec::new();
        for id in devices {
            let device = self.device(id).await?;
            let inventory = match asked.get(id).and_then(|i| i.error.clone()) {
                Some(error) => Err(Error::from(error)),
                None => match self.records().get("inventories", id.as_str()).await? {
                    Some(value) => parse(value),
                    None => Err(Error::internal("inspect", "the inventory was not kept")),
                },
            };
            out.push((device, inventory));
        }
        Ok(out)
    }

    /// May these devices run this image? Uses the last inventories; call [`Client::inspect`] first for fresh ones.
    ///
    /// # Errors
    /// `NotFound` for an image or a device that is not known.
    pub async fn analyse(&self, image: &Image, devices: &[DeviceId], policy: &Policy) -> Result<Report> {
        let inventories = self.inventories(devices).await?;
        let reports = inventories.iter().map(|(device, inventory)| judged(image, device, inventory, policy)).collect();
        Ok(Report::new(image, reports))
    }

    /// Plans an upgrade: who is upgraded with which steps, who is left out and why.
    ///
    /// # Errors
    /// `InvalidInput` when the version of the image is not known; `NotFound` for a device that is not known.
    pub async fn plan(&self, image: &Image, devices: &[DeviceId], policy: &Policy) -> Result<Plan> {
        let Some(version) = &image.facts.version else {
            return Err(Error::invalid("image", &image.file_name, "its version is not known: name it at import"));
        };
        let goal = Goal {
            image: image.id,
            file_name: image.file_name.clone(),
            bytes: image.bytes,
            digests: image.digests.clone(),
            version: version.value.clone(),
        };
        let inventories = self.inventories(devices).await?;
        let mut ready = Vec::new();
        let mut silent = Vec::new();
        for (device, inventory) in &inventories {
            let report = judged(image, device, inventory, policy);
            match inventory {
                Ok(inventory) => ready.push((device, inventory, report, self.platform(device)?)),
                Err(_) => silent.push(plan::Refused { device: device.id.clone(), findings: report.findings }),
            }
        }
        let candidates: Vec<_> = ready
            .iter()
            .map(|(device, inventory, report, platform)| Candidate { device, inventory, report, platform: &**platform })
            .collect();
        let mut plan = plan::build(&goal, &candidates, policy)?;
        plan.refused.extend(silent);
        Ok(plan)
    }

    /// Makes a job of an approved plan and starts to work on it in this process. `approval` is the plan's digest.
    ///
    /// The job is durable when this returns: if the process ends, any client on the same data goes on with
    /// [`Client::resume`].
    ///
    /// # Errors
    /// `Conflict` when another plan was approved; `InvalidInput` for a plan with a post-check in a client without one;
    /// those of the store.
    pub async fn submit(&self, plan: &Plan, approval: &str, options: SubmitOptions) -> Result<JobId> {
        plan.approved_by(approval)?;
        let now = self.0.adapters.clock.now();
        if self.images_store().size(&plan.goal.image).await?.is_none() {
            return Err(Error::new(ErrorKind::NotFound, "submit", "the plan's image is not in the repository")
                .with("image", plan.goal.image));
        }
        let entry =
            Entry::new(now, JobEvent::Submitted { plan: Box::new(plan.clone()), approval: approval.to_owned() });
        let id = JobId(format!("{:016x}-{:08x}", now.as_nanosecond(), rand_tail()));
        let job = NewJob {
            idempotency_key: options.key.unwrap_or_else(|| format!("{approval}/{id}")),
            id,
            devices: plan.devices.iter().map(|d| d.device.id.clone()).collect(),
            events: vec![entry.to_json()?],
            due: options.due.unwrap_or(now),
        };
        let id = self.jobs().create(job).await?;
        self.start(&id);
        Ok(id)
    }

    /// Goes on with every unfinished job of this data folder in this process; returns them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn resume(&self) -> Result<Vec<JobId>> {
        let open: Vec<_> = self.jobs().list().await?.into_iter().filter(|j| !j.finished).map(|j| j.id).collect();
        for id in &open {
            self.start(id);
        }
        Ok(open)
    }

    fn jobs(&self) -> &dyn JobStore {
        &*self.0.adapters.jobs
    }

    /// Works on a job in the background, unless this client does so already.
    fn start(&self, job: &JobId) {
        let mut at_work = self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        if at_work.get(job).is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (engine, clock, id) = (self.0.engine.clone(), Arc::clone(&self.0.adapters.clock), job.clone());
        let task = tokio::spawn(async move {
            loop {
                match engine.work(&id).await {
                    // Another worker's lease may still run, or the job may not be due yet.
                    Err(e) if e.kind() == ErrorKind::Busy => {
                        let Retry::After(pause) = e.retry() else { return Err(e) };
                        clock.sleep(pause).await;
                    }
                    done => return done,
                }
            }
        });
        at_work.insert(job.clone(), task);
    }

    /// Waits until the job finished, or waits for somebody's go.
    ///
    /// # Errors
    /// The error of the worker, where it is in this process; `NotFound`; those of the store.
    pub async fn wait(&self, job: &JobId) -> Result<JobReport> {
        loop {
            let task = self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner).remove(job);
            if let Some(task) = task {
                // Put back when this call is dropped in the middle, so that the worker is not lost sight of.
                let mut guard = PutBack { client: self, job, task: Some(task) };
                let Some(task) = guard.task.as_mut() else { continue };
                let done = task.await;
                guard.task = None;
                return done.map_err(|e| Error::internal("run job", "the worker ended").caused_by(e))?;
            }
            let report = self.status(job).await?;
            if report.status != JobStatus::Running {
                return Ok(report);
            }
            self.0.adapters.clock.sleep(Duration::from_millis(250)).await;
        }
    }

    /// How a job stands.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn status(&self, job: &JobId) -> Result<JobReport> {
        self.0.engine.report(job).await
    }

    /// All jobs, oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self) -> Result<Vec<JobSummary>> {
        self.jobs().list().await
    }

    /// The events of a job from its first one on, also of a job that another process works on.
    #[must_use]
    pub fn watch(&self, job: &JobId) -> Watch {
        self.0.hub.watch(job.clone(), Arc::clone(&self.0.adapters.jobs))
    }

    /// Says go for a commit that was held back (`hold_commit`), for some devices or (empty) for all, and works on it.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn commit(&self, job: &JobId, devices: &[DeviceId]) -> Result<()> {
        self.request(job, JobEvent::Released { devices: devices.to_vec() }).await?;
        self.start(job);
        Ok(())
    }

    /// Asks for a job to stop. The request is durable and reaches whoever works on the job.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn cancel(&self, job: &JobId, how: CancelHow) -> Result<()> {
        self.request(job, JobEvent::CancelRequested { how }).await?;
        self.start(job);
        Ok(())
    }

    async fn request(&self, job: &JobId, event: JobEvent) -> Result<()> {
        let entry = Entry::new(self.0.adapters.clock.now(), event);
        self.jobs().request(job, entry.to_json()?).await.map(|_| ())
    }

    /// The audit of a job.
    ///
    /// # Errors
    /// `NotFound`; those of the store.
    pub async fn audit(&self, job: &JobId) -> Result<Vec<AuditRecord>> {
        let stored = self.jobs().load(job, 0).await?;
        let entries = stored.into_iter().map(|s| Entry::from_json(s.event)).collect::<Result<Vec<_>>>()?;
        Ok(audit::records(job, &entries))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("engine", &self.0.engine).finish_non_exhaustive()
    }
}

struct PutBack<'a> {
    client: &'a Client,
    job: &'a JobId,
    task: Option<JoinHandle<Result<JobReport>>>,
}

impl Drop for PutBack<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let mut at_work = self.client.0.at_work.lock().unwrap_or_else(PoisonError::into_inner);
            at_work.entry(self.job.clone()).or_insert(task);
        }
    }
}

/// A device that did not answer is *unknown*, with its error.
fn judged(image: &Image, device: &Device, inventory: &Result<Inventory>, policy: &Policy) -> DeviceReport {
    match inventory {
        Ok(inventory) => judge(&Subject { image, device, inventory, policy }),
        Err(e) => {
            let finding = Finding::new("device.silent", Severity::Blocking, e.report().to_string())
                .remedy("make the device answer, then inspect it again");
            DeviceReport::new(device.id.clone(), vec![finding])
        }
    }
}

/// Puts what the caller said in the place of what the file says.
fn overridden(image: &mut Image, options: &ImportOptions) -> Result<bool> {
    let before = image.facts.clone();
    let facts = &mut image.facts;
    let user = Provenance::User;
    if let Some(platform) = &options.platform {
        facts.platform = Some(Field::new(platform.clone(), user.clone()));
    }
    if let Some(family) = &options.family {
        facts.family = Some(Field::new(family.clone(), user.clone()));
    }
    if let Some(version) = &options.version {
        let platform = facts.platform.as_ref().map_or("", |p| p.value.as_str());
        let scheme = Scheme::of_platform(platform).map_err(|e| {
            Error::invalid("version", version, "the platform must be known to read it: name it too").caused_by(e)
        })?;
        facts.version = Some(Field::new(Version::parse(scheme, version)?, user.clone()));
    }
    if let Some(bytes) = options.min_ram {
        facts.min_ram = Some(Field::new(bytes, user.clone()));
    }
    if let Some(bytes) = options.min_flash {
        facts.min_flash = Some(Field::new(bytes, user));
    }
    Ok(*facts != before)
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value> {
    serde_json::to_value(value)
        .map_err(|e| Error::internal("write record", "it cannot be written as JSON").caused_by(e))
}

fn parse<T: for<'de> Deserialize<'de>>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value)
        .map_err(|e| Error::new(ErrorKind::Store, "read record", "a record cannot be read").caused_by(e))
}

/// Tells apart two jobs that are submitted in the same nanosecond on two machines.
fn rand_tail() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    // The hasher's keys are random a process, and differ from call to call.
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    (hasher.finish() & 0xffff_ffff) as u32
}
