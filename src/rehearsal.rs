//! Playing a plan on simulated devices in virtual time.

use std::sync::Arc;

use bytes::Bytes;
use swim_core::image::Image;
use swim_core::job::JobReport;
use swim_core::model::{DeviceId, Digests, Endpoint, HostKeyPolicy, Inventory, Login, Policy, Secret, SecretRef};
use swim_core::plan::{Expectation, Plan};
use swim_core::platform::{self, StepKind};
use swim_core::ports::{Silent, WorkerId};
use swim_core::transfer::Source;
use swim_core::version::Scheme;
use swim_core::{Error, ErrorKind, Result, repo};
use swim_protocols::clock::TokioClock;
use swim_sim::{DeviceSpec, SimDevice, SimNetwork, images};
use swim_stores::{MemoryStore, StaticSecrets};

use crate::config::Offers;
use crate::wiring::{Ground, connect};
use crate::{Client, SubmitOptions};

/// The sample that stands for the image: large enough for header and fingerprint, small enough for hundreds of devices.
const SAMPLE: u64 = 256 * 1024;

const PASSWORD: &str = "rehearsal";

/// Plays the plan in a thread of its own, whose time is virtual.
pub(crate) async fn play(plan: Plan, inventories: Vec<Inventory>) -> Result<JobReport> {
    let (answer, done) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("swim-rehearsal".to_owned())
        .spawn(move || {
            let played = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .map_err(|e| Error::internal("rehearse", "no runtime for it").caused_by(e))
                .and_then(|runtime| runtime.block_on(run(plan, inventories)));
            let _ = answer.send(played);
        })
        .map_err(|e| Error::internal("rehearse", "no thread for it").caused_by(e))?;
    done.await.map_err(|e| Error::internal("rehearse", "the rehearsal ended without a word").caused_by(e))?
}

async fn run(mut plan: Plan, inventories: Vec<Inventory>) -> Result<JobReport> {
    let network = SimNetwork::new();
    let start = inventories.iter().map(|i| i.taken).max().unwrap_or_default();
    let mut taken_off = 0;
    let sample = sample(&plan)?;
    let digests = repo::digests(sample.clone()).await?;
    for (line, inventory) in plan.devices.iter_mut().zip(&inventories) {
        let mut spec = DeviceSpec::from_inventory(inventory)?;
        // The real image takes this much more than the sample: twice, because install mode expands it.
        taken_off = plan.goal.bytes.saturating_sub(SAMPLE) * 2;
        spec.flash_free = spec.flash_free.saturating_sub(taken_off).max(4 * SAMPLE);
        // What lies there under the name of the image and is as long as it is taken for it, and the sample for both: what is in
        // it only the real device can say, and it is asked before anything rests on it.
        for file in spec.files.iter_mut().filter(|f| f.name == plan.goal.file_name && f.bytes == plan.goal.bytes) {
            file.bytes = sample.len() as u64;
            file.md5 = Some(digests.md5.clone());
            file.sha512 = Some(digests.sha512.clone());
            file.version = Some(plan.goal.version.as_str().to_owned());
        }
        spec.user = "rehearsal".to_owned();
        spec.password = PASSWORD.to_owned();
        let at = Endpoint { host: line.device.id.as_str().to_owned(), port: line.device.at.port };
        let device = SimDevice::new(spec.clone());
        if line.device.telnet {
            network.attach_telnet(&device, at.clone());
        } else {
            network.attach(&device, at.clone());
        }
        line.device.at = at;
        line.device.host_key = HostKeyPolicy::FirstUse;
        line.device.reach_us_at = None;
        line.device.pulls_from = None;
        let secret = |name: &str| Some(SecretRef(name.to_owned()));
        line.device.login = Login {
            user: spec.user,
            password: secret("password"),
            key: None,
            key_passphrase: None,
            enable: secret("enable"),
        };
    }
    tracing::debug!(devices = plan.devices.len(), taken_off, "rehearsal");
    let store = MemoryStore::new();
    let enable = plan.devices.first().map(|_| DeviceSpec::ios_switch("x").enable).unwrap_or_default();
    let secrets =
        StaticSecrets::new().with("password", Secret::new(PASSWORD.to_owned())).with("enable", Secret::new(enable));
    let ground = Ground {
        network: Arc::new(network),
        clock: Arc::new(TokioClock::starting_at(start)),
        records: Arc::new(store.clone()),
        index: Arc::new(store.clone()),
        jobs: Arc::new(store.clone()),
        images: Arc::new(store.clone()),
        secrets: Arc::new(secrets),
        identity: None,
    };
    let client = Client::over(
        connect(ground, &Offers::default(), Vec::new(), platform::builtin()?, None)?,
        WorkerId("rehearsal".to_owned()),
    );
    let image = imported(sample, &plan, &store, &client).await?;
    let devices: Vec<_> = plan.devices.iter().map(|l| l.device.clone()).collect();
    client.add_devices(&devices).await?;
    let ids: Vec<DeviceId> = devices.into_iter().map(|d| d.id).collect();
    let seen = client.inspect(&ids).await?;
    for (line, seen) in plan.devices.iter_mut().zip(seen) {
        let inventory = match (seen.inventory, seen.error) {
            (Some(inventory), _) => inventory,
            (None, error) => {
                let cause = error.map(Error::from).map(|e| e.report().to_string()).unwrap_or_default();
                return Err(Error::internal("rehearse", format!("{} did not answer: {cause}", line.device.id)));
            }
        };
        line.expects = Expectation::of(&inventory);
        for step in &mut line.steps {
            adapt(&mut step.kind, &image, &inventory, &plan.policy);
        }
    }
    plan.goal.image = image.id;
    plan.goal.bytes = image.bytes;
    plan.goal.digests = image.digests.clone();
    // Nobody is there to say go or to look.
    for step in plan.devices.iter_mut().flat_map(|l| &mut l.steps) {
        step.held = false;
    }
    for line in &mut plan.devices {
        line.steps.retain(|s| s.kind != StepKind::PostCheck);
    }
    let approval = plan.digest()?.to_string();
    let job = client.submit(&plan, &approval, SubmitOptions::default()).await?;
    client.wait(&job).await
}

/// The same steps with the sample in the place of the image.
fn adapt(kind: &mut StepKind, sample: &Image, inventory: &Inventory, policy: &Policy) {
    match kind {
        // The image servers have no part in it: the devices pull from us, by what the operator would let them.
        StepKind::Transfer { image, bytes, transfers, from, predicted, .. } => {
            (*image, *bytes, *from) = (sample.id, sample.bytes, Some(Source::default()));
            predicted.clear();
            transfers.clone_from(&policy.transfers);
        }
        StepKind::CopyLocal { bytes, .. } => *bytes = sample.bytes,
        StepKind::VerifyDigest { algorithm, expected, .. } => {
            *expected = sample.digests.get(*algorithm).unwrap_or_default()
        }
        StepKind::SetBoot { undo, .. } => *undo = inventory.boot.lines.clone().unwrap_or_default(),
        // Files of the recording may be left out of the simulation; deleting them proves nothing.
        StepKind::MakeRoom { deletions } => deletions.retain(|d| {
            inventory.members.iter().filter_map(|m| m.flash.as_ref()).any(|f| {
                f.files.iter().any(|file| d.path == format!("{}{}", f.prefix, file.name) && d.bytes == file.bytes)
            })
        }),
        _ => {}
    }
}

/// What stands for the image: its header, and next to nothing behind it.
fn sample(plan: &Plan) -> Result<Bytes> {
    use std::io::Read;
    let version = plan.goal.version.as_str();
    let mut bytes = Vec::new();
    let family = plan.goal.file_name.split(['-', '_', '.']).next().unwrap_or("cat9k").to_owned();
    let read = match plan.goal.version.scheme() {
        Scheme::IosXe => {
            images::ios_xe_package(&images::PackageSpec::new(family, version, SAMPLE)).read_to_end(&mut bytes)
        }
        _ => {
            let family = family.to_ascii_uppercase();
            let code = format!("{family}-UNIVERSALK9-M");
            images::ios_image(&images::IosImageSpec::new(family, code, version, SAMPLE)).read_to_end(&mut bytes)
        }
    };
    read.map_err(|e| Error::new(ErrorKind::Internal, "rehearse", "no sample image").caused_by(e))?;
    Ok(Bytes::from(bytes))
}

async fn imported(sample: Bytes, plan: &Plan, store: &MemoryStore, client: &Client) -> Result<Image> {
    let options = repo::ImportOptions::new(plan.goal.file_name.clone());
    let clock = &client.adapters().clock;
    let mut image = repo::import(sample, store, store, &**clock, options, &Silent).await?;
    image.digests = Digests { sha256: image.id, ..image.digests };
    Ok(image)
}
