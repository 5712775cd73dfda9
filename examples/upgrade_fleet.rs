//! Upgrades a fleet: twenty simulated switches over real SSH on loopback, four of them stacks, two with a planted fault.
//!
//! `cargo run --release --example upgrade_fleet` needs nothing else. `--image FILE` takes a real image file. `--devices
//! hosts.toml --image FILE` (a configuration, see the README) plans and rehearses for real equipment; the same with
//! `--approve DIGEST`, the digest that was printed, does it, one device after the other. The exit code is 0 only when every
//! verdict is the right one; 2 after an error.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use swim::core::job::{JobEvent, JobReport, Outcome};
use swim::core::model::{ActivateMode, DeviceId, FailurePolicy, Policy};
use swim::core::ports::{Clock, Note};
use swim::{Builder, Client, Config, Event, ImportOptions, SubmitOptions};
use swim_sim::images::{PackageSpec, ios_xe_package};
use swim_sim::{DeviceSpec, Fault, InstallPhase, PacedClock, SimDevice, loopback};

/// The devices and the client's clock run so many times faster: a ten-minute reload takes half a minute.
const PACE: u32 = 20;

/// Size of the sample image: large enough to see it move.
const SAMPLE_BYTES: u64 = 8 * 1024 * 1024;

const PASSWORD: &str = "example-password";

type Failure = Box<dyn std::error::Error + Send + Sync>;

const HELP: &str = "upgrade_fleet [--image FILE]
upgrade_fleet --devices hosts.toml --image FILE [--approve DIGEST]

Without --devices: upgrades twenty simulated switches, all at once.
  --image FILE         takes this image file instead of a made-up one
  --devices FILE       the configuration of real equipment: plans and rehearses, and touches nothing
  --approve DIGEST     does it, when DIGEST is that of the plan that was printed: one device after the other, and none
                       after one that went wrong

Either way it accepts that no IOS XE package says how much memory it needs (ram.requirement_unknown). All settings are
printed with the plan.";

struct Arguments {
    image: Option<PathBuf>,
    devices: Option<PathBuf>,
    approve: Option<String>,
    help: bool,
}

fn arguments() -> Result<Arguments, Failure> {
    let mut out = Arguments { image: None, devices: None, approve: None, help: false };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--image" => out.image = Some(value()?.into()),
            "--devices" => out.devices = Some(value()?.into()),
            "--approve" => out.approve = Some(value()?),
            "--help" | "-h" => out.help = true,
            other => return Err(format!("unknown argument {other}\n{HELP}").into()),
        }
    }
    if out.devices.is_some() && out.image.is_none() && !out.help {
        return Err("--devices needs --image FILE: the sample image is for simulated devices only".into());
    }
    if out.approve.is_some() && out.devices.is_none() && !out.help {
        return Err("--approve needs --devices FILE: the simulated fleet is upgraded without an approval".into());
    }
    Ok(out)
}

/// The simulated fleet: what must come out is known.
struct Fleet {
    _served: Vec<loopback::Served>,
    toml: String,
    expected: BTreeMap<String, Outcome>,
}

async fn fleet() -> Result<Fleet, Failure> {
    let mut out = Fleet { _served: Vec::new(), toml: String::new(), expected: BTreeMap::new() };
    for n in 1..=20_u32 {
        let members = if n % 5 == 0 { 1 + n / 5 % 3 + 1 } else { 1 };
        let name = format!("sw{n:02}");
        let mut spec = DeviceSpec::cat9300(&name, members).login("admin", PASSWORD).scaled(1.0 / f64::from(PACE));
        let mut outcome = Outcome::Upgraded;
        if n == 7 {
            spec = spec.fault(Fault::ComesBackOnOld);
            outcome = Outcome::FellBack;
        }
        if n == 13 {
            let words = "FAILED: install_activate exit(1) Same Image File-No Change".to_owned();
            spec = spec.fault(Fault::InstallFails { phase: InstallPhase::Activate, words });
            outcome = Outcome::Failed;
        }
        let served = loopback::serve(&SimDevice::new(spec), ([127, 0, 0, 1], 0).into()).await?;
        let port = served.local_addr().port();
        out.toml += &format!(
            "[[devices]]\nid = \"{name}\"\nat = {{ host = \"127.0.0.1\", port = {port} }}\nplatform = \"ios_xe\"\n\
             login = {{ user = \"admin\", password = \"lab\" }}\nhost_key = \"first_use\"\n"
        );
        out.expected.insert(name, outcome);
        out._served.push(served);
    }
    Ok(out)
}

fn sample(folder: &std::path::Path) -> Result<PathBuf, Failure> {
    let spec = PackageSpec::new("cat9k", "17.9.4a", SAMPLE_BYTES);
    let path = folder.join(spec.file_name());
    let mut file = std::fs::File::create(&path)?;
    std::io::copy(&mut ios_xe_package(&spec), &mut file)?;
    file.flush()?;
    Ok(path)
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match whole().await {
        Ok(good) => if good { 0 } else { 1 }.into(),
        Err(e) => {
            // The library's errors print their causes and the device's words, each once.
            match e.downcast_ref::<swim::Error>() {
                Some(e) => eprintln!("error: {}", e.report()),
                None => eprintln!("error: {e}"),
            }
            2.into()
        }
    }
}

async fn whole() -> Result<bool, Failure> {
    let arguments = arguments()?;
    if arguments.help {
        println!("{HELP}");
        return Ok(true);
    }
    let folder = std::env::temp_dir().join(format!("swim-upgrade-fleet-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = run(&arguments, &folder).await;
    std::fs::remove_dir_all(&folder).ok();
    result
}

async fn run(arguments: &Arguments, folder: &std::path::Path) -> Result<bool, Failure> {
    let (client, expected, _fleet) = match &arguments.devices {
        Some(path) => (Client::open(Config::from_file(path)?).await?, None, None),
        None => {
            let fleet = fleet().await?;
            let toml = format!(
                "data = {:?}\n[offers]\nlisten = \"127.0.0.1\"\n[secrets.lab]\nvalue = {PASSWORD:?}\n{}",
                folder.join("data"),
                fleet.toml
            );
            let clock: Arc<dyn Clock> = Arc::new(PacedClock::new(jiff::Timestamp::from_second(1_800_000_000)?, PACE));
            let client = Builder::new(Config::from_toml(&toml)?).clock(clock).open().await?;
            (client, Some(fleet.expected.clone()), Some(fleet))
        }
    };
    let good = upgrade(&client, arguments, expected, folder).await;
    // The folder is removed next.
    client.close().await?;
    good
}

async fn upgrade(
    client: &Client,
    arguments: &Arguments,
    expected: Option<BTreeMap<String, Outcome>>,
    folder: &std::path::Path,
) -> Result<bool, Failure> {
    let path = match &arguments.image {
        Some(path) => path.clone(),
        None => sample(folder)?,
    };
    let image = client.import(&path, ImportOptions::default()).await?;
    println!("image {} ({} bytes), sha256 {}", image.file_name, image.bytes, image.id);
    if let Some(version) = &image.facts.version {
        println!("version {} (from the {})", version.value.with_own_words(), words(&version.from));
    }

    let ids: Vec<DeviceId> = client.devices().await?.into_iter().map(|d| d.id).collect();
    for seen in client.inspect(&ids).await? {
        if let Some(error) = seen.error {
            println!("{}: {}", seen.device, error.message);
        }
    }
    let policy = Policy {
        activate: if expected.is_some() { ActivateMode::Parallel } else { ActivateMode::Sequential },
        on_failure: if expected.is_some() { FailurePolicy::Continue } else { FailurePolicy::Stop },
        // No IOS XE package says how much memory it needs: a person accepts that here.
        accept_unknown: vec!["ram.requirement_unknown".into()],
        ..Policy::default()
    };
    if expected.is_none() {
        // Who runs this did not say so: it must not be a surprise in the plan.
        println!("\nset by this program: {}", differences(&policy)?);
    }
    let report = client.analyse(&image, &ids, &policy).await?;
    let counts: Vec<_> = report.counts().into_iter().map(|(verdict, n)| format!("{n} {verdict}")).collect();
    println!("\nanalysis: {}", counts.join(", "));

    let plan = client.plan(&image, &ids, &policy).await?;
    let approval = plan.digest()?.to_string();
    if expected.is_some() {
        println!(
            "\n{}\n...",
            plan.text().lines().take_while(|l| !l.starts_with("sw02")).collect::<Vec<_>>().join("\n")
        );
    } else {
        println!("\n{}", plan.text());
    }
    if plan.devices.is_empty() {
        println!("there is nothing to do");
        return Ok(false);
    }

    let wall = std::time::Instant::now();
    let rehearsed = client.rehearse(&plan).await?;
    let virtual_seconds = rehearsed.devices.iter().filter_map(|d| d.seconds).max().unwrap_or_default();
    println!(
        "rehearsal: {virtual_seconds} virtual seconds in {:?}, all good: {}",
        wall.elapsed(),
        rehearsed.all_good()
    );
    if expected.is_none() && arguments.approve.as_deref() != Some(approval.as_str()) {
        if let Some(other) = &arguments.approve {
            println!("{other} is the digest of another plan: what was approved is not what would be done now");
        }
        println!("nothing was touched; to do it: --approve {approval}");
        return Ok(arguments.approve.is_none());
    }

    let job = client.submit(&plan, &approval, SubmitOptions::default()).await?;
    println!("\njob {job}");
    watch(client, &job, plan.devices.iter().map(|d| (d.device.id.clone(), d.steps.len())).collect()).await?;
    let result = client.wait(&job).await?;
    println!("\n{}", result.text());

    let page = PathBuf::from("upgrade_fleet.html");
    std::fs::write(
        &page,
        format!(
            "<!doctype html><meta charset=\"utf-8\"><title>Upgrade to {}</title>{}{}{}",
            plan.goal.version,
            result.html(),
            plan.html(),
            report.html()
        ),
    )?;
    println!("report: {}; audit: {} records", page.display(), client.audit(&job).await?.len());
    Ok(right(&result, expected.as_ref()) && (expected.is_some() || plan.refused.is_empty()))
}

/// The settings that are not the library's defaults.
fn differences(policy: &Policy) -> Result<String, Failure> {
    let (own, usual) = (serde_json::to_value(policy)?, serde_json::to_value(Policy::default())?);
    let all = own.as_object().into_iter().flatten();
    let set = all.filter(|(name, value)| usual.get(name.as_str()) != Some(*value));
    let shown: Vec<_> = set.map(|(name, value)| format!("{name} = {value}")).collect();
    Ok(shown.join(", "))
}

/// `FileName` as a person writes it.
fn words(from: &swim::core::image::Provenance) -> String {
    serde_json::to_value(from).ok().and_then(|name| Some(name.as_str()?.replace('_', " "))).unwrap_or_default()
}

/// Is every verdict the one that must come out?
fn right(result: &JobReport, expected: Option<&BTreeMap<String, Outcome>>) -> bool {
    let Some(expected) = expected else { return result.all_good() };
    let mut all = result.devices.len() == expected.len();
    for (name, outcome) in expected {
        let found = result.device(name).and_then(|d| d.outcome);
        if found != Some(*outcome) {
            let found = found.map_or_else(|| "none".to_owned(), |outcome| format!("{outcome:?}"));
            println!("{name}: expected {outcome:?}, found {found}");
            all = false;
        }
    }
    println!("{}", if all { "every verdict is the right one" } else { "WRONG VERDICTS" });
    all
}

/// A bar a device: its steps, and the bytes of its transfer.
async fn watch(
    client: &Client,
    job: &swim::core::ports::JobId,
    steps: BTreeMap<DeviceId, usize>,
) -> Result<(), Failure> {
    let bars = MultiProgress::new();
    let plain = bars.is_hidden();
    let style = ProgressStyle::with_template("{prefix:8} [{bar:24}] {pos}/{len} {msg}")?;
    let bar = |(id, steps): (&DeviceId, &usize)| {
        let bar = bars.add(ProgressBar::new(*steps as u64).with_style(style.clone()));
        bar.set_prefix(id.to_string());
        (id.clone(), bar)
    };
    let all: BTreeMap<_, _> = steps.iter().map(bar).collect();
    let mut watch = client.watch(job);
    while let Some(event) = watch.next().await? {
        match event {
            Event::Entry { entry, .. } => {
                let Some(bar) = entry.event.device().and_then(|id| all.get(id)) else { continue };
                if plain && std::env::var_os("SWIM_EVENTS").is_some() {
                    println!("{} {:?}", entry.at, entry.event);
                }
                match &entry.event {
                    JobEvent::Verified { step, how, .. } => {
                        bar.set_position(*step as u64 + 1);
                        bar.set_message(how.clone());
                    }
                    JobEvent::Acting { step, .. } => bar.set_message(format!("step {} ...", step + 1)),
                    JobEvent::DeviceFinished { outcome, .. } => bar.finish_with_message(format!("{outcome:?}")),
                    _ => {}
                }
            }
            Event::Note { device, note: Note::Bytes { done, total: Some(total) }, .. } => {
                if let Some(bar) = all.get(&device) {
                    bar.set_message(format!("{:.0} %", done as f64 * 100.0 / total.max(1) as f64));
                }
            }
            _ => {}
        }
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    Ok(())
}
