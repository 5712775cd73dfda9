//! Simulated switches on loopback for programs in other languages: prints one line of JSON with the configuration of a
//! client and the path of a sample image, then serves until its standard input ends.
//!
//! `cargo run --example sim_fleet -- FOLDER [DEVICES [PASSWORD]]`
#![allow(clippy::print_stdout)]

use std::io::Write as _;
use std::path::PathBuf;

use swim_core::ports::Clock;
use swim_protocols::clock::TokioClock;
use swim_sim::images::{PackageSpec, ios_xe_package};
use swim_sim::{DeviceSpec, Fault, SimDevice, loopback};

/// Time runs so many times faster.
const PACE: u32 = 60;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("give a folder")?);
    let count: u32 = arguments.next().map_or(Ok(2), |n| n.parse())?;
    let password = arguments.next().unwrap_or_else(|| "sim".to_owned());
    let enable = format!("{password}-enable");
    std::fs::create_dir_all(&folder)?;
    let spec = PackageSpec::new("cat9k", "17.9.4a", 1024 * 1024);
    let image = folder.join(spec.file_name());
    std::io::copy(&mut ios_xe_package(&spec), &mut std::fs::File::create(&image)?)?;
    let mut served = Vec::new();
    let mut devices = Vec::new();
    for n in 1..=count {
        let mut spec = DeviceSpec::cat9300(format!("sw{n}"), 1).scaled(1.0 / f64::from(PACE));
        spec = spec.login("admin", &password).enable(&enable);
        if n == count && count > 1 {
            spec = spec.fault(Fault::ComesBackOnOld);
        }
        let listening = loopback::serve(&SimDevice::new(spec), ([127, 0, 0, 1], 0).into()).await?;
        devices.push(serde_json::json!({
            "id": format!("sw{n}"),
            "at": {"host": "127.0.0.1", "port": listening.local_addr().port()},
            "platform": "ios_xe",
            "login": {"user": "admin", "password": "lab", "enable": "privileged"},
            "host_key": "first_use",
        }));
        served.push(listening);
    }
    let config = serde_json::json!({
        "data": folder.join("data"),
        "offers": {"listen": "127.0.0.1"},
        "secrets": {"lab": {"value": password}, "privileged": {"value": enable}},
        "devices": devices,
        "simulation": {"pace": PACE, "since": TokioClock::system().now()},
    });
    println!("{}", serde_json::json!({"config": config, "image": image}));
    std::io::stdout().flush()?;
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    Ok(())
}
