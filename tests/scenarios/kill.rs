//! A real process that is killed (`SIGKILL`) again and again while it upgrades simulated devices over real TCP, and
//! started again each time until it ends by itself.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use swim::{Builder, Config, ImportOptions, SubmitOptions};
use swim_core::job::{JobReport, Outcome};
use swim_core::model::{ActivateMode, InstallStateCode, Policy};
use swim_sim::images::{PackageSpec, ios_xe_package};
use swim_sim::{DeviceSpec, SimDevice, loopback};

/// Seconds that pass in one second for the devices and for the process. A lease lasts 30 of them: at more, a busy
/// machine's pauses would cost the lease.
const PACE: u32 = 30;
const SAMPLE: u64 = 1024 * 1024;
/// The longest life of a process before it is killed. The upgrade takes some thirty times as long.
const LONGEST_LIFE: Duration = Duration::from_millis(2500);
/// After so many kills the process is left alone, so that the test ends.
const KILLS: u32 = 15;
/// What the process is told: the path of its configuration.
const CHILD: &str = "SWIM_TEST_CHILD";

/// The other process: does nothing in an ordinary run. It makes its way from wherever the last one was killed.
#[tokio::test]
async fn child_upgrades() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let path = PathBuf::from(path);
    let config = Config::from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let client = Builder::new(config).open().await.unwrap();
    if client.list().await.unwrap().is_empty() {
        let image = client.import(path.with_file_name(sample().file_name()), ImportOptions::default()).await.unwrap();
        let devices: Vec<_> = client.devices().await.unwrap().into_iter().map(|d| d.id).collect();
        let policy = Policy { activate: ActivateMode::Parallel, ..super::fleet::policy() };
        let plan = client.plan(&image, &devices, &policy).await.unwrap();
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        let approval = plan.digest().unwrap().to_string();
        let mut options = SubmitOptions::default();
        options.key = Some("the one upgrade".to_owned());
        client.submit(&plan, &approval, options).await.unwrap();
    }
    client.resume().await.unwrap();
    let job = client.list().await.unwrap().remove(0).id;
    let report = client.wait(&job).await.unwrap();
    let text = serde_json::to_string(&report).unwrap();
    let mut file = std::fs::File::create(path.with_file_name("report.new")).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    std::fs::rename(path.with_file_name("report.new"), path.with_file_name("report.json")).unwrap();
}

fn sample() -> PackageSpec {
    PackageSpec::new("cat9k", "17.9.4a", SAMPLE)
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Files below a folder, without those of the database.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else if !entry.file_name().to_string_lossy().starts_with("swim.db") {
            found.push(entry.path());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_survives_that_its_process_is_killed_again_and_again() {
    let folder = Folder(std::env::temp_dir().join(format!("swim-kill-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).unwrap();
    let image = folder.0.join(sample().file_name());
    std::io::copy(&mut ios_xe_package(&sample()), &mut std::fs::File::create(&image).unwrap()).unwrap();
    let (mut sims, mut served, mut devices) = (Vec::new(), Vec::new(), Vec::new());
    for (name, members) in [("stack1", 2), ("access1", 1), ("access2", 1)] {
        let spec = DeviceSpec::cat9300(name, members).login("admin", "sim").scaled(1.0 / f64::from(PACE));
        let sim = SimDevice::new(spec);
        let listening = loopback::serve(&sim, ([127, 0, 0, 1], 0).into()).await.unwrap();
        devices.push(serde_json::json!({
            "id": name,
            "at": {"host": "127.0.0.1", "port": listening.local_addr().port()},
            "platform": "ios_xe",
            "login": {"user": "admin", "password": "lab"},
            "host_key": "first_use",
        }));
        sims.push(sim);
        served.push(listening);
    }
    #[allow(clippy::disallowed_methods, reason = "the processes must agree on a time near the machine's")]
    let since = jiff::Timestamp::now();
    let config = serde_json::json!({
        "data": folder.0.join("data"),
        "offers": {"listen": "127.0.0.1"},
        "secrets": {"lab": {"value": "sim"}},
        "devices": devices,
        "simulation": {"pace": PACE, "since": since},
    });
    let config_path = folder.0.join("config.json");
    std::fs::write(&config_path, config.to_string()).unwrap();

    let report_path = folder.0.join("report.json");
    let seed = rand::random::<u64>();
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let (mut kills, mut lives) = (0, 0);
    while !report_path.exists() {
        lives += 1;
        assert!(lives < 4 * KILLS, "no end after {kills} kills, seed {seed}");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_upgrades"])
            .env(CHILD, &config_path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let life = LONGEST_LIFE.mul_f64(random.random_range(0.05..1.0));
        let born = std::time::Instant::now();
        while child.try_wait().unwrap().is_none() {
            if kills < KILLS && born.elapsed() > life {
                child.kill().unwrap();
                kills += 1;
            }
            assert!(born.elapsed() < Duration::from_secs(300), "it hangs after {kills} kills, seed {seed}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    println!("killed {kills} times in {lives} lives, seed {seed}");
    assert!(kills >= 5, "it was too quick to be killed: {kills}");

    let report: JobReport = serde_json::from_str(&std::fs::read_to_string(&report_path).unwrap()).unwrap();
    for (device, sim) in report.devices.iter().zip(&sims) {
        let seen = sim.snapshot();
        let when = format!("{} after {kills} kills, seed {seed}: {device:#?}", seen.hostname);
        assert_eq!(device.outcome, Some(Outcome::Upgraded), "{when}");
        assert_eq!(seen.reload_count, 1, "{when}");
        assert!(seen.members.iter().all(|m| m.version == "17.9.4a" || m.version == "17.09.04a"), "{when}");
        assert!(seen.installed(InstallStateCode::U).is_none() && seen.auto_abort_seconds.is_none(), "{when}");
        assert_eq!((seen.copies_running, seen.install_busy, seen.config_unsaved), (0, false, false), "{when}");
        assert_eq!(seen.received.iter().filter(|r| r.protocol.is_some() && r.complete).count(), 1, "{when}");
    }
    let left = files(&folder.0.join("data"));
    assert_eq!(left.len(), 1, "the image and nothing else: {left:?}");
    assert_eq!(left[0].metadata().unwrap().len(), SAMPLE);
}
