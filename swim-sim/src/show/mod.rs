//! What the `show` commands print.

pub(crate) mod dir;
pub(crate) mod filter;
mod hardware;
mod install;
mod version;

use crate::clock::long_date;
use crate::{DeviceSpec, Kind, SimDevice};

/// Which output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Version,
    Clock,
    Privilege,
    Inventory,
    Redundancy,
    RedundancyStates,
    RunningConfig,
    StartupConfig,
    FileSystems,
    ConfigDifferences,
    BootStack,
    BootSwitch,
    BootRouter,
    Switch,
    SwitchDetail,
    Platform,
    InstallSummary,
    InstallActive,
    InstallInactive,
    InstallCommitted,
    InstallUncommitted,
    InstallRollback,
    InstallLog,
}

/// The text of one output, with `\n` line ends.
pub(crate) fn text(device: &SimDevice, what: What, _args: &[String], privilege: u8) -> String {
    let spec = device.spec();
    let now = device.clock().now();
    let elapsed = device.clock().elapsed();
    let state = device.state();
    match what {
        What::Version => version::text(&spec, &state, now, elapsed),
        What::Clock => format!("*{}\n", now.strftime("%H:%M:%S%.3f UTC %a %b %-d %Y")),
        What::Privilege => format!("Current privilege level is {privilege}\n"),
        What::Inventory => hardware::inventory(&spec, &state),
        What::Redundancy => hardware::redundancy(&spec, &state, elapsed),
        What::RedundancyStates => hardware::redundancy_states(&state),
        What::FileSystems => dir::systems(&spec, &state),
        What::RunningConfig => {
            let mut head = String::from("Building configuration...\n\nCurrent configuration : 4711 bytes\n!\n");
            head += &changed("Last configuration change", state.changed, &spec.user);
            head += &changed("NVRAM config last updated", state.saved, &spec.user);
            head + &config_lines(&spec, &state.running, &state.active().version)
        }
        What::StartupConfig => {
            let mut head = String::from("Using 4711 out of 2097152 bytes\n!\n");
            head += &changed("Last configuration change", state.saved, &spec.user);
            head += &changed("NVRAM config last updated", state.saved, &spec.user);
            head + &config_lines(&spec, &state.startup, &state.active().version)
        }
        What::ConfigDifferences => {
            let new = config_lines(&spec, &state.running, "");
            let old = config_lines(&spec, &state.startup, "");
            let mut text = String::from("!Contextual Config Diffs:\n");
            let added = new.lines().filter(|l| !old.lines().any(|o| o == *l)).map(|l| format!("+{l}\n"));
            let gone = old.lines().filter(|l| !new.lines().any(|n| n == *l)).map(|l| format!("-{l}\n"));
            let differences: String = added.chain(gone).collect();
            text += if differences.is_empty() { "!No changes were found\n" } else { &differences };
            text
        }
        What::BootStack => hardware::boot_stack(&state),
        What::BootSwitch => hardware::boot_switch(&state),
        What::BootRouter => hardware::boot_router(&state),
        What::Switch => hardware::switch(&spec, &state, false),
        What::SwitchDetail => hardware::switch(&spec, &state, true),
        What::Platform => hardware::platform(&spec, &state),
        What::InstallSummary => install::table(&state, "Installed", None, elapsed),
        What::InstallActive => install::table(&state, "Active", Some(&[install::Row::U, install::Row::C]), elapsed),
        What::InstallInactive => install::table(&state, "Inactive", Some(&[install::Row::I]), elapsed),
        What::InstallCommitted => install::table(&state, "Committed", Some(&[install::Row::C]), elapsed),
        What::InstallUncommitted => install::table(&state, "Uncommitted", Some(&[install::Row::U]), elapsed),
        What::InstallRollback => install::rollback(&state),
        What::InstallLog => state.install_log.iter().map(|l| format!("{l}\n")).collect(),
    }
}

fn changed(what: &str, at: Option<jiff::Timestamp>, user: &str) -> String {
    at.map(|at| format!("! {what} at {} by {user}\n", long_date(at))).unwrap_or_default()
}

fn config_lines(spec: &DeviceSpec, config: &crate::state::Config, version: &str) -> String {
    let mut lines = Vec::new();
    if !version.is_empty() {
        let train: String = version.chars().take_while(|c| *c != '(').collect();
        let mut parts = train.splitn(3, '.');
        lines.push(format!("version {}.{}", parts.next().unwrap_or(""), parts.next().unwrap_or("")));
    }
    lines.push("!".to_owned());
    lines.push(format!("hostname {}", config.hostname));
    lines.push("!".to_owned());
    if !config.boot.is_empty() {
        if !matches!(spec.kind, Kind::IosSwitch) {
            lines.push("boot-start-marker".to_owned());
        }
        lines.extend(config.boot.iter().map(|l| l.line.clone()));
        if !matches!(spec.kind, Kind::IosSwitch) {
            lines.push("boot-end-marker".to_owned());
        }
        lines.push("!".to_owned());
    }
    lines.extend(config.other.iter().cloned());
    if config.manual_boot {
        lines.push("boot manual".to_owned());
    }
    if !config.domain_lookup {
        lines.push("no ip domain lookup".to_owned());
    }
    if config.scp_server {
        lines.push("ip scp server enable".to_owned());
    }
    if config.quiet_files {
        lines.push("file prompt quiet".to_owned());
    }
    lines.push("end".to_owned());
    lines.join("\n") + "\n"
}

/// The member and the name that a path means; `None` for a file system that is not flash.
pub(crate) fn flash_of(spec: &DeviceSpec, path: &str) -> Option<(u32, String)> {
    let (prefix, name) = path.split_once(':').unwrap_or(("flash", path));
    let name = name.trim_start_matches('/').to_owned();
    let number = match (spec.kind, prefix.to_ascii_lowercase().as_str()) {
        (_, "flash") | (Kind::Cat9300Stack { .. }, "bootflash") | (Kind::IosRouter, "flash0") => 1,
        (Kind::Cat9300Stack { members }, "stby-flash") if members > 1 => 2,
        (Kind::Cat9300Stack { members }, other) => {
            let number = other.strip_prefix("flash-")?.parse().ok()?;
            (1..=members).contains(&number).then_some(number)?
        }
        _ => return None,
    };
    Some((number, name))
}
