//! Simulated switches on loopback for programs in other languages: prints one line of JSON with the configuration of a
//! client and the paths of sample images, then serves until its standard input ends.
//!
//! `cargo run --example sim_fleet -- FOLDER [DEVICES | JSON]`: so many switches, of which the last one comes back on the
//! old software; or a fleet as JSON, e.g. `{"pace": 100, "devices": [{"id": "sw1"}, {"id": "edge1", "kind": "ios_switch",
//! "faults": [{"fault": "wrong_digest"}]}]}`. Faults are those of `swim_sim::Fault`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::json;
use swim_core::ports::Clock as _;
use swim_protocols::clock::TokioClock;
use swim_sim::images::{IosImageSpec, PackageSpec, ios_image, ios_xe_package};
use swim_sim::{DeviceSpec, Fault, SimDevice, loopback};

type Failure = Box<dyn std::error::Error>;

const HELP: &str = "sim_fleet FOLDER [DEVICES | JSON]

Serves simulated switches on loopback until standard input ends, and prints one line of JSON: the configuration of a
client (config) and the paths of sample images (image, ios_image).

  FOLDER   for the images and the data of the client
  DEVICES  so many switches (default: 2), of which the last one comes back on the old software
  JSON     {\"pace\": 100, \"devices\": [{\"id\": \"sw1\", \"kind\": \"ios_switch\", \"faults\": [{\"fault\": \"wrong_digest\"}]}]}";

/// Size of the sample images: large enough for header and fingerprint.
const SAMPLE: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fleet {
    /// Time runs so many times faster.
    pace: u32,
    /// What all devices are logged in with.
    password: String,
    /// The enable secret; without one, logins land at level 15.
    enable: Option<String>,
    devices: Vec<Member>,
}

impl Default for Fleet {
    fn default() -> Self {
        Self { pace: 60, password: "sim".to_owned(), enable: None, devices: Vec::new() }
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A Catalyst 9300 in install mode.
    #[default]
    Cat9300,
    /// A Catalyst 2960-X in bundle mode.
    IosSwitch,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    id: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    faults: Vec<Fault>,
}

impl Fleet {
    fn of(count: u32) -> Self {
        let mut fleet = Self::default();
        for n in 1..=count {
            let faults = if n == count && count > 1 { vec![Fault::ComesBackOnOld] } else { vec![] };
            fleet.devices.push(Member { id: format!("sw{n}"), kind: Kind::Cat9300, faults });
        }
        fleet
    }

    fn spec(&self, member: &Member) -> DeviceSpec {
        let spec = match member.kind {
            Kind::Cat9300 => DeviceSpec::cat9300(&member.id, 1),
            Kind::IosSwitch => DeviceSpec::ios_switch(&member.id),
        };
        let spec = spec.login("admin", &self.password).scaled(1.0 / f64::from(self.pace));
        let spec = member.faults.iter().cloned().fold(spec, DeviceSpec::fault);
        match &self.enable {
            Some(secret) => spec.enable(secret),
            None => spec,
        }
    }
}

/// Writes the sample images: what devices of the two kinds can be upgraded to.
fn images(folder: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let package = PackageSpec::new("cat9k", "17.9.4a", SAMPLE);
    let xe = folder.join(package.file_name());
    io::copy(&mut ios_xe_package(&package), &mut File::create(&xe)?)?;
    let ios = folder.join("c2960x-universalk9-mz.152-7.E10.bin");
    let spec = IosImageSpec::new("C2960X", "C2960X-UNIVERSALK9-M", "15.2(7)E10", SAMPLE);
    io::copy(&mut ios_image(&spec), &mut File::create(&ios)?)?;
    Ok((xe, ios))
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match serve(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}

async fn serve(arguments: &[String]) -> Result<(), Failure> {
    let [folder, fleet @ ..] = arguments else { return Err(format!("give a folder\n{HELP}").into()) };
    let (folder, fleet) = (PathBuf::from(folder), fleet.first().map_or("2", String::as_str));
    let fleet = match fleet.parse() {
        Ok(count) => Fleet::of(count),
        Err(_) => {
            let wrong = |e| format!("{fleet}: neither a number of devices nor a fleet as JSON: {e}");
            serde_json::from_str(fleet).map_err(wrong)?
        }
    };
    std::fs::create_dir_all(&folder)?;
    let (image, ios_image) = images(&folder)?;
    let mut served = Vec::new();
    let mut devices = Vec::new();
    for member in &fleet.devices {
        let listening = loopback::serve(&SimDevice::new(fleet.spec(member)), ([127, 0, 0, 1], 0).into()).await?;
        let platform = match member.kind {
            Kind::Cat9300 => "ios_xe",
            Kind::IosSwitch => "ios",
        };
        let mut login = json!({"user": "admin", "password": "lab"});
        if fleet.enable.is_some() {
            login["enable"] = "enable".into();
        }
        devices.push(json!({
            "id": member.id,
            "at": {"host": "127.0.0.1", "port": listening.local_addr().port()},
            "platform": platform,
            "login": login,
            "host_key": "first_use",
        }));
        served.push(listening);
    }
    let mut secrets = json!({"lab": {"value": fleet.password}});
    if let Some(enable) = &fleet.enable {
        secrets["enable"] = json!({"value": enable});
    }
    let config = json!({
        "data": folder.join("data"),
        "offers": {"listen": "127.0.0.1"},
        "secrets": secrets,
        "devices": devices,
        "simulation": {"pace": fleet.pace, "since": TokioClock::system().now()},
    });
    println!("{}", json!({"config": config, "image": image, "ios_image": ios_image}));
    io::stdout().flush()?;
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    Ok(())
}
