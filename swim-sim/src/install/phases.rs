//! The phases of `install`, as jobs that go on when their session is lost.

use crate::clock::install_date;
use crate::fault::InstallPhase;
use crate::flash::{Content, StoredFile};
use crate::release::{long_version, unpadded};
use crate::state::{PackageSet, RollbackPoint, SetState, package_files};
use crate::terminal::Printer;
use crate::{Fault, SimDevice};

type Done = Result<(), String>;

/// Between the closing words and the end of the sessions.
const BEFORE_RELOAD_SECONDS: f64 = 5.0;
/// Megabytes are told in units of 1024 bytes.
const KB: u64 = 1024;

/// Runs a phase and takes the mark of a running operation away after it, also when its session is lost.
pub(super) async fn unmarked<T>(device: SimDevice, phase: impl Future<Output = T> + Send) -> T {
    let done = phase.await;
    device.state().install_busy = None;
    done
}

fn numbers(device: &SimDevice) -> Vec<u32> {
    device.state().present().map(|m| m.number).collect()
}

fn set_of(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

/// The words of a planned failure.
fn planned(device: &SimDevice, wanted: InstallPhase) -> Done {
    match device.spec().faults.iter().find_map(|f| match f {
        Fault::InstallFails { phase, words } if *phase == wanted => Some(words.clone()),
        _ => None,
    }) {
        Some(words) => Err(words),
        None => Ok(()),
    }
}

/// Checks, copies to all members and unpacks.
pub(super) async fn add(device: SimDevice, source: Option<(u32, String)>, path: String, out: Printer) -> Done {
    let spec = device.spec();
    let clock = *device.clock();
    let Some((member, name)) = source else {
        return Err(format!("{path}: no such device"));
    };
    let file = device.state().member(member).and_then(|m| m.flash.files.get(&name).cloned());
    let Some(file) = file else {
        return Err(format!("File /flash/{name} does not exist"));
    };
    out.put("install_add: Adding IMG\n--- Starting initial file syncing ---\n");
    let all = numbers(&device);
    let list = set_of(&all);
    out.put(format!("Copying flash:{name} from Switch {member} to Switch {list}\n"));
    // The bundle itself goes to the others, and the packages to all.
    let packages_bytes = file.bytes;
    for number in &all {
        let has = device.state().member(*number).is_some_and(|m| m.flash.files.contains_key(&name));
        let need = packages_bytes + if has { 0 } else { file.bytes };
        let free = device.state().member(*number).map_or(0, |m| m.flash.free());
        if free < need {
            return Err(format!(
                "FAILED: /flash requires {} KB of free space, but only {} KB is available on switch {number}",
                need / KB,
                free / KB
            ));
        }
    }
    clock.sleep(spec.timing.install_add_seconds / 2.0).await;
    out.put("Info: Finished copying to the selected Switch\nFinished initial file syncing\n\n--- Starting Add ---\nPerforming Add on all members\n");
    clock.sleep(packages_bytes as f64 / spec.timing.write_bytes_per_second).await;
    let Content::Image(image) = file.content.clone() else {
        return Err(format!(
            "Add: Passed on []. Failed on [{list}]\n[{member}]: File /flash/{name}: image verification failed"
        ));
    };
    if !image.fits(&spec.family) {
        return Err(format!(
            "Add: Passed on []. Failed on [{list}]\n[{member}]: {name} is for platform {}, this platform is {}: platform mismatch",
            image.family, spec.family
        ));
    }
    planned(&device, InstallPhase::Add)?;
    clock.sleep(spec.timing.install_add_seconds / 2.0).await;
    let short = unpadded(&image.version);
    let long = long_version(&short);
    let now = clock.now();
    {
        let mut state = device.state();
        for m in state.members.iter_mut().filter(|m| !m.missing) {
            m.flash.files.entry(name.clone()).or_insert_with(|| file.clone());
            for (package, bytes) in package_files(&spec.family, &short, file.bytes) {
                let stored = StoredFile::made_up(&package, bytes, Content::Package(short.clone()), now);
                m.flash.files.entry(package).or_insert(stored);
            }
            if !m.sets.iter().any(|s| s.long == long) {
                m.sets.push(PackageSet { long: long.clone(), short: short.clone(), state: SetState::Inactive });
            }
        }
    }
    out.put(format!(
        "Checking status of Add on [{list}]\nAdd: Passed on [{list}]\nImage added. Version: {long}\n\nFinished Add\n"
    ));
    Ok(())
}

/// Activates on every member, commits if asked, and reloads.
pub(super) async fn activate(
    device: SimDevice,
    target: String,
    commit: bool,
    timer_minutes: f64,
    name: &'static str,
    out: Printer,
) -> Done {
    let spec = device.spec();
    let clock = *device.clock();
    let all = numbers(&device);
    let list = set_of(&all);
    out.put("\n--- Starting Activate ---\nPerforming Activate on all members\n");
    for n in &all {
        out.put(format!("[{n}] Activate package(s) on Switch {n}\n"));
    }
    clock.sleep(spec.timing.install_activate_seconds / 2.0).await;
    planned(&device, InstallPhase::Activate)?;
    for n in &all {
        out.put(format!("[{n}] Finished Activate on Switch {n}\n"));
    }
    clock.sleep(spec.timing.install_activate_seconds / 2.0).await;
    {
        let mut state = device.state();
        for m in state.members.iter_mut().filter(|m| !m.missing) {
            for set in &mut m.sets {
                set.state = match set.state {
                    SetState::Committed => SetState::Fallback,
                    SetState::Uncommitted => SetState::Inactive,
                    SetState::Inactive if set.short == target => SetState::Uncommitted,
                    other => other,
                };
            }
        }
    }
    out.put(format!("Checking status of Activate on [{list}]\nActivate: Passed on [{list}]\nFinished Activate\n\n"));
    if commit {
        self::commit(device.clone(), out.clone()).await?;
    } else {
        device.arm_auto_abort(timer_minutes);
    }
    close(&device, name, out).await;
    device.reload("Install", true);
    Ok(())
}

/// The closing words, or none of them.
async fn close(device: &SimDevice, name: &str, out: Printer) {
    if !device.has_fault(&Fault::DropsAtReload) {
        let end = install_date(device.clock().now());
        out.put(format!("Install will reload the system now!\nSUCCESS: {name} {end}\n"));
    }
    device.clock().sleep(BEFORE_RELOAD_SECONDS).await;
}

/// Makes the activated set the committed one.
pub(super) async fn commit(device: SimDevice, out: Printer) -> Done {
    let clock = *device.clock();
    let all = numbers(&device);
    let list = set_of(&all);
    out.put("--- Starting Commit ---\nPerforming Commit on all members\n");
    for n in &all {
        out.put(format!(" [{n}] Commit packages(s) on Switch {n}\n"));
    }
    clock.sleep(device.spec().timing.install_commit_seconds).await;
    planned(&device, InstallPhase::Commit)?;
    {
        let mut state = device.state();
        for m in &mut state.members {
            if m.set(SetState::Uncommitted).is_none() {
                continue;
            }
            for set in &mut m.sets {
                set.state = match set.state {
                    SetState::Uncommitted => SetState::Committed,
                    SetState::Fallback => SetState::Inactive,
                    other => other,
                };
            }
        }
        state.auto_abort = None;
        if let Some(long) = state.active().set(SetState::Committed).map(|s| s.long.clone()) {
            let id = state.rollback.iter().map(|p| p.id).max().unwrap_or(0) + 1;
            state.rollback.push(RollbackPoint { id, long });
        }
    }
    for n in &all {
        out.put(format!(" [{n}] Finished Commit packages(s) on Switch {n}\n"));
    }
    out.put(format!("Checking status of Commit on [{list}]\nCommit: Passed on [{list}]\nFinished Commit operation\n"));
    Ok(())
}

/// Back to the committed set, or to a set by its long version, with a reload.
pub(super) async fn go_back(device: SimDevice, target: Option<String>, name: &'static str, out: Printer) {
    let all = set_of(&numbers(&device));
    let what = if name == "install_abort" { "Abort" } else { "Rollback" };
    out.put(format!("--- Starting {what} ---\nPerforming {what} on all members\n"));
    device.clock().sleep(device.spec().timing.install_activate_seconds).await;
    {
        let mut state = device.state();
        match &target {
            None => state.back_to_committed(),
            Some(long) => {
                for m in &mut state.members {
                    for set in &mut m.sets {
                        set.state = if set.long == *long { SetState::Committed } else { SetState::Inactive };
                    }
                }
                state.auto_abort = None;
            }
        }
    }
    out.put(format!("Checking status of {what} on [{all}]\n{what}: Passed on [{all}]\nFinished {what} operation\n\n"));
    close(&device, name, out).await;
    device.reload("Install", false);
}

/// Files of inactive sets and bundles, by member.
pub(super) fn removable(device: &SimDevice) -> Vec<(u32, String)> {
    let spec = device.spec();
    let state = device.state();
    let keep: Vec<String> = state
        .running
        .boot_paths()
        .iter()
        .filter_map(|p| Some(p.split_once(':')?.1.trim_start_matches('/').to_owned()))
        .collect();
    let mut files = Vec::new();
    for m in state.present() {
        for (name, file) in &m.flash.files {
            let gone = match &file.content {
                Content::Package(version) => {
                    m.sets.iter().any(|s| s.short == *version && s.state == SetState::Inactive)
                }
                Content::Image(image) => image.fits(&spec.family) && !keep.contains(name),
                Content::Provisioning | Content::Other => false,
            };
            if gone {
                files.push((m.number, name.clone()));
            }
        }
    }
    files
}

/// Deletes them and forgets the inactive sets.
pub(super) fn remove(device: &SimDevice, files: &[(u32, String)]) {
    let mut state = device.state();
    for (number, name) in files {
        if let Some(m) = state.member_mut(*number) {
            m.flash.files.remove(name);
        }
    }
    for m in &mut state.members {
        m.sets.retain(|s| s.state != SetState::Inactive);
    }
    let left: Vec<String> = state.active().sets.iter().map(|s| s.long.clone()).collect();
    state.rollback.retain(|p| left.contains(&p.long));
}
