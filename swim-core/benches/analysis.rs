//! How fast a fleet is judged, how much memory its report takes, and how both grow with the fleet.
//!
//! `cargo bench -p swim-core --bench analysis` prints some lines a size. Only judging is timed, by the time that this thread
//! was on a core; the fleet is made in batches in between, so that what stays in memory is the report. Each round is a
//! process of its own: a small report that takes the memory of the one before would look faster than it is.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::io::{self, Write};
use std::process::Command;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use swim_core::analysis::{DeviceReport, Knowledge, Report, Subject, judge};
use swim_core::image::{Field, Image, ImageFacts, Provenance};
use swim_core::model::*;
use swim_core::platform::{Definition, Registry};
use swim_core::version::{Scheme, Version};

const MIB: u64 = 1 << 20;
const BATCH: usize = 1_000;
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const ROUNDS: usize = 5;
/// What ten times the devices may take at most.
const BAR: f64 = 11.0;

/// The argument before the size in a process of its own.
const ALONE: &str = "--alone";

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == ALONE) {
        return alone(args[at + 1].parse().unwrap());
    }
    // Whoever only asks whether it can be run (`cargo test --benches`) is not kept waiting.
    let sizes = if args.iter().any(|arg| arg == "--bench") { &SIZES[..] } else { &SIZES[..1] };
    let mut seconds = Vec::new();
    for size in sizes {
        let mut rounds: Vec<(f64, String)> = (0..ROUNDS).map(|_| round(*size)).collect();
        rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (took, words) = &rounds[ROUNDS / 2];
        let (least, most) = (rounds[0].0, rounds[ROUNDS - 1].0);
        let rate = *size as f64 / took;
        println!(
            "analysis of {size} devices x 1 image: {took:.4} s ({least:.4}-{most:.4}), {rate:.0} devices/s on one core"
        );
        print!("{words}");
        seconds.push(*took);
    }
    for pair in seconds.windows(2) {
        let ratio = pair[1] / pair[0];
        println!("10x the devices: {ratio:.2}x the time (bar {BAR}: {})", if ratio <= BAR { "met" } else { "NO" });
    }
}

/// One round in a process of its own: the seconds that it took, and what it says besides.
fn round(size: usize) -> (f64, String) {
    let output = Command::new(std::env::current_exe().unwrap()).args([ALONE, &size.to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let (seconds, words) = text.split_once('\n').unwrap();
    (seconds.parse().unwrap(), words.to_owned())
}

/// Judges a fleet of this size and says on the first line how long that took.
fn alone(size: usize) {
    let registry = Registry::builtin().unwrap();
    let definition = registry.definition(&PlatformId("ios_xe".into())).unwrap();
    let image = image();
    // What is made once in a process (tables, compiled patterns) is no part of it.
    drop(judged(1, &image, definition));
    let before = resident_kib("VmRSS:");
    let (took, devices) = judged(size, &image, definition);
    println!("{took}");
    let grown = resident_kib("VmRSS:").saturating_sub(before) as f64 / size as f64;
    let report = Report::new(&image, devices);
    let findings: usize = report.devices.iter().map(|d| d.findings.len()).sum();
    println!("    {findings} findings, {grown:.1} KiB a device with the batch of inventories, {}", report.summary());
    let begun = on_core();
    let bytes = black_box(report.svg()).len() + black_box(report.html()).len();
    println!("    svg and html of it: {:.4} s, {} KiB", on_core() - begun, bytes / 1024);
    let (begun, mut written) = (on_core(), Counted(0));
    serde_json::to_writer(&mut written, &report).unwrap();
    println!("    json of it: {:.4} s, {} KiB", on_core() - begun, written.0 / 1024);
    println!("    peak resident memory {} MiB", resident_kib("VmHWM:") / 1024);
}

/// Judges so many devices; the time counts judging alone.
fn judged(size: usize, image: &Image, definition: &Definition) -> (f64, Vec<DeviceReport>) {
    let policy = Policy { accept_unknown: vec!["ram.requirement_unknown".into()], ..Policy::default() };
    let mut took = 0.0;
    let mut all = Vec::with_capacity(size);
    for start in (0..size).step_by(BATCH) {
        let batch: Vec<(Device, Inventory)> = (start..size.min(start + BATCH)).map(member_of_fleet).collect();
        let begun = on_core();
        all.extend(batch.iter().map(|(device, inventory)| {
            judge(&Subject { image, device, inventory, definition, policy: &policy, knowledge: Knowledge::NONE })
        }));
        took += on_core() - begun;
    }
    (took, all)
}

/// Seconds that this thread was on a core: on a machine that others use as well, the clock on the wall tells less.
fn on_core() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Counts what is written, and keeps nothing.
struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `/proc` says of this process, in KiB.
fn resident_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

fn version(text: &str) -> Version {
    Version::parse(Scheme::IosXe, text).unwrap()
}

fn image() -> Image {
    let sha256 = Sha256::of(b"image");
    let header = |text: &str| Some(Field::new(text.to_owned(), Provenance::Header));
    let flag = |value: bool| Some(Field::new(value, Provenance::Header));
    let facts = ImageFacts {
        container: header("ios_xe_package"),
        platform: header("ios_xe"),
        family: header("cat9k"),
        version: Some(Field::new(version("17.09.04a"), Provenance::Header)),
        feature_set: header("universalk9"),
        k9: flag(true),
        npe: flag(false),
        ldpe: flag(false),
        image_type: header("image"),
        signature: header("SPA"),
        ..ImageFacts::default()
    };
    let digests = Digests { sha256, sha512: String::new(), sha1: None, md5: String::new() };
    let json = serde_json::json!({
        "id": sha256, "file_name": "cat9k_iosxe.17.09.04a.SPA.bin", "bytes": 900 * MIB, "digests": digests,
        "facts": facts, "imported": "2026-11-29T00:00:00Z",
    });
    serde_json::from_value(json).unwrap()
}

/// Stacks and single switches, most of them fine, each with what devices have in their flash.
fn member_of_fleet(n: usize) -> (Device, Inventory) {
    let id = DeviceId::new(format!("site{:03}-sw{n:06}", n % 500)).unwrap();
    let at = Endpoint { host: format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255), port: 22 };
    let platform = PlatformId("ios_xe".into());
    let device = Device::new(id.clone(), at, platform.clone(), Login::password("u", "p"), HostKeyPolicy::FirstUse);
    let running = version(["17.06.05", "17.03.04b", "16.12.10", "17.09.04a", "17.12.01"][n % 5]);
    let model = if n.is_multiple_of(11) { "C9200L-48P" } else { "C9300-48UXM" };
    let files =
        (0..20).map(|f| FileEntry { name: format!("cat9k-pkg{f}.17.06.05.SPA.pkg"), bytes: f * MIB, directory: false });
    let files: Vec<_> = files.collect();
    let member = |number: u32| Member {
        number,
        role: Some(if number == 1 { "Active" } else { "Member" }.into()),
        state: Some("Ready".into()),
        model: Some(model.into()),
        serial: Some(format!("FOC{n:07}{number}")),
        version: Some(running.clone()),
        ram: None,
        mode: Some(Mode::Install),
        flash: Some(FileSystem {
            prefix: if number == 1 { "flash:".into() } else { format!("flash-{number}:") },
            total: Some(11_000 * MIB),
            free: (!n.is_multiple_of(13)).then_some(if n.is_multiple_of(7) { 1_000 * MIB } else { 5_000 * MIB }),
            files: files.clone(),
        }),
        boot_next: None,
    };
    let inventory = Inventory {
        device: id,
        platform,
        taken: Timestamp::UNIX_EPOCH,
        job: None,
        hostname: None,
        model: Some(model.into()),
        serial: None,
        version: Some(running.clone()),
        software: Some("CAT9K_IOSXE".into()),
        image: Some("flash:packages.conf".into()),
        mode: Some(Mode::Install),
        ram: Some(8_192 * MIB),
        boot_rom: Some("IOS-XE ROMMON".into()),
        uptime_seconds: Some(600),
        reload_reason: None,
        boot: BootState { config_register: Some("0x102".into()), ..BootState::default() },
        install: Some(InstallState::default()),
        redundancy: None,
        config_unsaved: Some(n.is_multiple_of(17)),
        privilege: Some(15),
        operating_mode: None,
        snmp: None,
        members: (1..=1 + n as u32 % 3).map(member).collect(),
    };
    (device, inventory)
}
