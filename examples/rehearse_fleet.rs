//! Rehearses the upgrade of many devices, each of which reloads for ten minutes, in virtual time, and prints how long it
//! took and how much memory it needed.
//!
//! `cargo run --release --example rehearse_fleet -- [DEVICES]`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use swim::core::job::Outcome;
use swim::core::model::{ActivateMode, Endpoint, Policy};
use swim::{Builder, Config, ImportOptions};
use swim_sim::images::{PackageSpec, ios_xe_package};
use swim_sim::{DeviceSpec, SimDevice, SimNetwork};

const DEVICES: usize = 500;
/// From `reload` to a prompt, in virtual seconds: what the devices of a rehearsal take unless they are told otherwise.
const RELOAD_SECONDS: i64 = 600;
const SAMPLE_BYTES: u64 = 1024 * 1024;

type Failure = Box<dyn std::error::Error>;

const HELP: &str = "rehearse_fleet [DEVICES]

Rehearses the upgrade of so many devices (default: 500) in virtual time. The exit code is 0 only when all were upgraded.";

#[tokio::main]
async fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    if argument.as_deref().is_some_and(|argument| matches!(argument, "--help" | "-h")) {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match whole(argument.as_deref()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            // The library's errors print their causes and the device's words, each once.
            match e.downcast_ref::<swim::Error>() {
                Some(e) => eprintln!("error: {}", e.report()),
                None => eprintln!("error: {e}"),
            }
            ExitCode::from(2)
        }
    }
}

async fn whole(argument: Option<&str>) -> Result<bool, Failure> {
    let wrong = |n: &str| format!("{n}: not a number of devices\n{HELP}");
    let count = argument.map_or(Ok(DEVICES), |n| n.parse().map_err(|_| wrong(n)))?;
    let folder = std::env::temp_dir().join(format!("swim-rehearse-fleet-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let good = run(count, &folder).await;
    std::fs::remove_dir_all(&folder)?;
    good
}

async fn run(count: usize, folder: &std::path::Path) -> Result<bool, Failure> {
    let network = SimNetwork::new();
    let mut toml = format!("data = {:?}\n[secrets.lab]\nvalue = \"sim\"\n", folder.join("data"));
    for n in 1..=count {
        let name = format!("sw{n:03}");
        let at = Endpoint { host: format!("198.18.{}.{}", n / 250, n % 250 + 1), port: 22 };
        toml += &format!(
            "[[devices]]\nid = \"{name}\"\nat = {{ host = \"{}\", port = {} }}\nplatform = \"ios_xe\"\n\
             login = {{ user = \"admin\", password = \"lab\" }}\nhost_key = \"first_use\"\n",
            at.host, at.port
        );
        network.attach(&SimDevice::new(DeviceSpec::cat9300(name, 1).login("admin", "sim")), at);
    }
    let client = Builder::new(Config::from_toml(&toml)?).network(Arc::new(network)).open().await?;
    let spec = PackageSpec::new("cat9k", "17.9.4a", SAMPLE_BYTES);
    let path = folder.join(spec.file_name());
    std::io::copy(&mut ios_xe_package(&spec), &mut std::fs::File::create(&path)?)?;
    let image = client.import(&path, ImportOptions::default()).await?;
    let devices: Vec<_> = client.devices().await?.into_iter().map(|d| d.id).collect();

    let began = Instant::now();
    client.inspect(&devices).await?;
    let devices_of = if count == 1 { "device" } else { "devices" };
    println!("{count} {devices_of} inspected in {:.1?}", began.elapsed());
    let policy = Policy {
        activate: ActivateMode::Parallel,
        accept_unknown: vec!["ram.requirement_unknown".into()],
        ..Policy::default()
    };
    let plan = client.plan(&image, &devices, &policy).await?;
    let before = peak_memory_kib()?;
    let began = Instant::now();
    let report = client.rehearse(&plan).await?;
    let wall = began.elapsed();
    let slowest = report.devices.iter().filter_map(|d| d.seconds).max().unwrap_or_default();
    println!(
        "{count} {devices_of} rehearsed in {wall:.1?} of wall time; the slowest took {slowest} virtual seconds; \
         peak memory {} KiB ({before} KiB before)",
        peak_memory_kib()?
    );
    let upgraded = report.devices.iter().filter(|d| d.outcome == Some(Outcome::Upgraded)).count();
    println!("{upgraded} of {count} upgraded");
    Ok(upgraded == count && slowest >= RELOAD_SECONDS)
}

/// The most memory that this process ever had.
fn peak_memory_kib() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
