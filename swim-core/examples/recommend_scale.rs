//! How long recommendation takes for many devices on one core, and how much memory: `cargo run --release -p swim-core
//! --example recommend_scale`.
//!
//! 500 images of twenty families, all four criteria on, answers read and dropped one by one; the times are those of the
//! processor, with the preparation of the candidates. `kinds`: a fleet as it is, of 500 kinds of hardware and software.
//! `distinct`: no two devices are alike, so that no answer can be shared.

#![allow(clippy::print_stdout)]

use std::error::Error;

use rustix::time::{ClockId, clock_gettime};
use swim_core::image::{Field, ImageFacts, Provenance};
use swim_core::model::{
    BootState, Device, DeviceId, Endpoint, FileSystem, HostKeyPolicy, Inventory, Login, Member, Mode, PlatformId,
    Sha256,
};
use swim_core::platform::Registry;
use swim_core::recommend::{Candidate, Detail, Recommender, Settings};
use swim_core::version::{Scheme, Version};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Family, a model of it, platform, feature set.
const FAMILIES: [(&str, &str, &str, &str); 20] = [
    ("cat9k", "C9300-48UXM", "ios_xe", "universalk9"),
    ("cat9k_lite", "C9200L-24T-4G", "ios_xe", "universalk9"),
    ("cat3k_caa", "WS-C3850-48P", "ios_xe", "universalk9"),
    ("isr4300", "ISR4331/K9", "ios_xe", "universalk9"),
    ("isr4400", "ISR4451-X/K9", "ios_xe", "universalk9"),
    ("asr1000", "ASR1001-X", "ios_xe", "universalk9"),
    ("c2960x", "WS-C2960X-48TS-L", "ios", "universalk9"),
    ("c2960", "WS-C2960-24TT-L", "ios", "lanbasek9"),
    ("c2960s", "WS-C2960S-48FPS-L", "ios", "universalk9"),
    ("c3560cx", "WS-C3560CX-8PC-S", "ios", "universalk9"),
    ("c3560e", "WS-C3560X-24P-S", "ios", "ipbasek9"),
    ("c3750e", "WS-C3750X-48P-S", "ios", "ipservicesk9"),
    ("c1900", "CISCO1941/K9", "ios", "universalk9"),
    ("c2900", "CISCO2911/K9", "ios", "universalk9"),
    ("c3900", "CISCO3945-CHASSIS", "ios", "universalk9"),
    ("c3900e", "CISCO3925E/K9", "ios", "universalk9"),
    ("c800", "C881-K9", "ios", "universalk9"),
    ("c7200", "NPE-G2", "ios", "adventerprisek9"),
    ("ie4000", "IE-4000-8GT4G-E", "ios", "universalk9"),
    ("s72033", "WS-C6509-E", "ios", "ipservicesk9"),
];

const IMAGES: usize = 500;

fn version(platform: &str, n: usize) -> Result<Version> {
    let (major, rebuild) = (n / 7 % 4, n % 7 + 1);
    Ok(match platform {
        "ios_xe" => Version::parse(Scheme::IosXe, &format!("17.{}.{rebuild}", 3 + 3 * major))?,
        _ => Version::parse(Scheme::Ios, &format!("15.{major}(7)E{rebuild}"))?,
    })
}

fn candidates() -> Result<Vec<Candidate>> {
    let said = |text: &str| Some(Field::new(text.to_owned(), Provenance::Header));
    (0..IMAGES)
        .map(|n| {
            let (family, _, platform, set) = FAMILIES[n % FAMILIES.len()];
            let version = version(platform, n / FAMILIES.len())?;
            let file_name = format!("{family}-{set}.{version}.{n}.bin");
            let is_local = n % 5 < 2;
            Ok(Candidate {
                image: is_local.then(|| Sha256::of(file_name.as_bytes())),
                catalogues: if is_local { vec![] } else { vec!["vendor".to_owned()] },
                bytes: Some(30_000_000),
                facts: ImageFacts {
                    platform: said(platform),
                    family: said(family),
                    version: Some(Field::new(version, Provenance::Header)),
                    feature_set: said(set),
                    image_type: said("image"),
                    min_ram: Some(Field::new(256 << 20, Provenance::Header)),
                    ..ImageFacts::default()
                },
                file_name,
                ..Candidate::default()
            })
        })
        .collect()
}

/// A device; a distinct one has a byte of memory that no other one has.
fn device(n: usize, distinct: bool) -> Result<(Device, Inventory)> {
    let (family, model, platform, set) = FAMILIES[n % FAMILIES.len()];
    let id = DeviceId::new(format!("device-{n}"))?;
    let at = Endpoint { host: "192.0.2.1".to_owned(), port: 22 };
    let login = Login { user: "u".to_owned(), password: None, key: None, key_passphrase: None, enable: None };
    let device = Device::new(id.clone(), at, PlatformId(platform.to_owned()), login, HostKeyPolicy::FirstUse);
    let running = version(platform, n / FAMILIES.len() % 25)?;
    let ram = (1 << 30) + if distinct { n as u64 } else { 0 };
    let flash = FileSystem { prefix: "flash:".to_owned(), total: Some(1 << 30), free: Some(n as u64), files: vec![] };
    let member = Member {
        number: 1,
        role: Some("Active".to_owned()),
        state: Some("Ready".to_owned()),
        model: Some(model.to_owned()),
        serial: Some(format!("FOC{n}")),
        version: Some(running.clone()),
        ram: None,
        mode: Some(Mode::Bundle),
        flash: Some(flash),
        boot_next: None,
    };
    let inventory = Inventory {
        device: id,
        platform: device.platform.clone(),
        taken: jiff::Timestamp::UNIX_EPOCH,
        job: None,
        hostname: Some(format!("device-{n}")),
        model: Some(model.to_owned()),
        serial: Some(format!("FOC{n}")),
        version: Some(running),
        software: Some(format!("{}-{}-M", family.to_uppercase(), set.to_uppercase())),
        image: None,
        mode: Some(Mode::Bundle),
        ram: Some(ram),
        boot_rom: None,
        uptime_seconds: Some(n as u64),
        reload_reason: None,
        boot: BootState::default(),
        install: None,
        redundancy: None,
        config_unsaved: Some(false),
        privilege: Some(15),
        operating_mode: None,
        snmp: None,
        members: vec![member],
    };
    Ok((device, inventory))
}

/// Devices that are made at a time: what the fleet itself takes is not counted.
const AT_A_TIME: usize = 1_000;

/// Seconds of processor time for so many devices, and how many images were recommended to them.
fn run(devices: usize, distinct: bool, registry: &Registry) -> Result<(f64, usize)> {
    let candidates = candidates()?;
    let settings =
        Settings { latest_maintenance: true, same_feature: true, higher_than_current: true, include_catalogue: true };
    let start = cpu();
    let mut recommender = Recommender::new(candidates, settings, Detail::Near);
    let mut seconds = cpu() - start;
    let mut recommended = 0;
    for first in (0..devices).step_by(AT_A_TIME) {
        let last = devices.min(first + AT_A_TIME);
        let fleet = (first..last).map(|n| device(n, distinct)).collect::<Result<Vec<_>>>()?;
        let start = cpu();
        for (device, inventory) in &fleet {
            let definition = registry.definition(&device.platform)?;
            recommended += recommender.recommend(device, inventory, definition)?.answer.recommended.len();
        }
        seconds += cpu() - start;
    }
    // Its memory is given back in the time as well: with many devices answers make room for others on the way.
    let start = cpu();
    drop(recommender);
    Ok((seconds + cpu() - start, recommended))
}

/// Seconds that this thread, the only one, was on a processor: other work of the machine does not count.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The most memory that this process had, in MiB.
fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

fn main() -> Result<()> {
    let registry = Registry::builtin()?;
    for (name, distinct) in [("kinds", false), ("distinct", true)] {
        let mut before: Option<f64> = None;
        for devices in [1_000, 10_000, 100_000] {
            let mut seconds = Vec::new();
            let mut recommended = 0;
            for _ in 0..3 {
                let (took, found) = run(devices, distinct, &registry)?;
                seconds.push(took);
                recommended = found;
            }
            seconds.sort_by(f64::total_cmp);
            let median = seconds[seconds.len() / 2];
            let growth = before.map(|before| format!(", {:.1} times the time of a tenth", median / before));
            println!(
                "{name}: {devices} devices x {IMAGES} images: {median:.3} s ({:.3}-{:.3}), {:.0} devices/s, {recommended} \
                 recommended, peak {} MiB{}",
                seconds[0],
                seconds[seconds.len() - 1],
                devices as f64 / median,
                peak()?,
                growth.unwrap_or_default()
            );
            before = Some(median);
        }
    }
    Ok(())
}
