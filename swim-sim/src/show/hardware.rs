//! Boot variables, members, inventory, redundancy.

use crate::clock::uptime;
use crate::state::State;
use crate::{DeviceSpec, Kind};

fn list(paths: &[String]) -> String {
    paths.iter().map(|p| format!("{p};")).collect()
}

/// `show boot` of a stack of IOS XE switches.
pub(super) fn boot_stack(state: &State) -> String {
    let yes = |on: bool| if on { "yes" } else { "no" };
    let rule = "---------------------------";
    state
        .present()
        .map(|m| {
            format!(
                "{rule}\nSwitch {}\n{rule}\nCurrent Boot Variables:\nBOOT variable = {}\n\nBoot Variables on next reload:\nBOOT variable = {}\nManual Boot = {}\nEnable Break = yes\nBoot Mode = DEVICE\niPXE Timeout = 0\n",
                m.number,
                list(&state.startup.boot_paths()),
                list(&state.running.boot_paths()),
                yes(state.running.manual_boot)
            )
        })
        .collect()
}

/// `show boot` of a fixed switch.
pub(super) fn boot_switch(state: &State) -> String {
    format!(
        "BOOT path-list      : {}\nConfig file         : flash:/config.text\nPrivate Config file : flash:/private-config.text\nEnable Break        : yes\nManual Boot         : {}\nAllow Dev Key         : yes\nHELPER path-list    : \nAuto upgrade        : yes\nAuto upgrade path   : \nBoot optimization   : disabled\nNVRAM/Config file\n      buffer size:   524288\n",
        state.running.boot_paths().join(";"),
        if state.running.manual_boot { "yes" } else { "no" }
    )
}

/// `show bootvar` of a router: the variable is written when the configuration is saved.
pub(super) fn boot_router(state: &State) -> String {
    let paths = state.startup.boot_paths();
    let boot = if paths.is_empty() {
        "BOOT variable does not exist".to_owned()
    } else {
        format!("BOOT variable = {}", paths.iter().map(|p| format!("{p},1;")).collect::<String>())
    };
    format!(
        "{boot}\nCONFIG_FILE variable does not exist\nBOOTLDR variable does not exist\nConfiguration register is {}\n\nStandby not ready to show bootvar\n\n",
        state.running.register
    )
}

/// `show switch`.
pub(super) fn switch(spec: &DeviceSpec, state: &State, detail: bool) -> String {
    let active = &state.active().version;
    let classic = matches!(spec.kind, Kind::IosSwitch);
    let mut text = format!("Switch/Stack Mac Address : {} - Local Mac Address\n", state.active().mac);
    text += "Mac persistency wait time: Indefinite\n                                             H/W   Current\nSwitch#   Role    Mac Address     Priority Version  State \n-------------------------------------------------------------------------------------\n";
    for m in &state.members {
        let star = if m.number == 1 { "*" } else { " " };
        let role = match (m.number, classic) {
            (1, true) => "Master",
            (1, false) => "Active",
            (2, false) => "Standby",
            _ => "Member",
        };
        let status = if m.missing {
            "Removed"
        } else if m.version == *active {
            "Ready"
        } else {
            "V-Mismatch"
        };
        let mac = if m.missing { "0000.0000.0000" } else { &m.mac };
        let priority = 16_u32.saturating_sub(m.number);
        text += &format!("{star}{:<8}{role:<9}{mac:<19}{priority:<7}V01     {status:<20}\n", m.number);
    }
    if detail {
        text += "\n\n\n         Stack Port Status             Neighbors     \nSwitch#  Port 1     Port 2           Port 1   Port 2 \n--------------------------------------------------------\n";
        let count = state.members.len();
        for n in 1..=count {
            let next = n % count + 1;
            let previous = (n + count - 2) % count + 1;
            text += &format!("  {n}         OK         OK               {next}        {previous} \n");
        }
    }
    text + "\n"
}

/// `show platform` of a stack.
pub(super) fn platform(spec: &DeviceSpec, state: &State) -> String {
    let mut text = String::from(
        "Switch  Ports    Model                Serial No.   MAC address     Hw Ver.       Sw Ver. \n------  -----   ---------             -----------  --------------  -------       --------\n",
    );
    for m in state.present() {
        text += &format!(
            " {:<7}65      {:<22}{:<13}{:<16}V01           {}        \n",
            m.number, spec.model, m.serial, m.mac, m.version
        );
    }
    text + "\n"
}

/// `show inventory`.
pub(super) fn inventory(spec: &DeviceSpec, state: &State) -> String {
    let item = |name: &str, description: &str, serial: &str| {
        format!("NAME: \"{name}\", DESCR: \"{description}\"\nPID: {:<18}, VID: V01  , SN: {serial}\n\n", spec.model)
    };
    let model = &spec.model;
    match spec.kind {
        Kind::Cat9300Stack { .. } => {
            let mut text = item("c93xx Stack", "c93xx Stack", &state.active().serial);
            for m in state.present() {
                text += &item(&format!("Switch {}", m.number), model, &m.serial);
            }
            text
        }
        Kind::IosSwitch => item("1", model, &state.active().serial),
        Kind::IosRouter => {
            let name = format!("{model} chassis");
            item(&name, &name, &state.active().serial)
        }
    }
}

/// `show redundancy`.
pub(super) fn redundancy(spec: &DeviceSpec, state: &State, elapsed: f64) -> String {
    let up = uptime((elapsed - state.booted).max(0.0) as u64);
    let peer = state.present().find(|m| m.number == 2);
    let image =
        |version: &str| format!("Cisco IOS Software, {} Software, Version {version}, RELEASE SOFTWARE", spec.software);
    let (hardware, mode, link) = match peer {
        Some(_) => ("Duplex", "sso", "Up"),
        None => ("Simplex", "Non-redundant", "Down      Reason: Failure"),
    };
    let mut text = format!(
        "Redundant System Information :\n------------------------------\n       Available system uptime = {up}\nSwitchovers system experienced = 0\n              Standby failures = 0\n        Last switchover reason = none\n\n                 Hardware Mode = {hardware}\n    Configured Redundancy Mode = sso\n     Operating Redundancy Mode = {mode}\n              Maintenance Mode = Disabled\n                Communications = {link}\n\nCurrent Processor Information :\n-------------------------------\n               Active Location = slot 1\n        Current Software state = ACTIVE\n       Uptime in current state = {up}\n                 Image Version = {}\n                          BOOT = {}\n\n",
        image(&state.active().version),
        list(&state.running.boot_paths())
    );
    text += &match peer {
        Some(m) => {
            let hot = if m.version == state.active().version { "STANDBY HOT" } else { "STANDBY COLD" };
            format!(
                "Peer Processor Information :\n----------------------------\n              Standby Location = slot 2\n        Current Software state = {hot}\n       Uptime in current state = {up}\n                 Image Version = {}\n                          BOOT = {}\n\n",
                image(&m.version),
                list(&state.running.boot_paths())
            )
        }
        None => "Peer (slot: 0) information is not available because it is in 'DISABLED' state\n".to_owned(),
    };
    text
}

/// `show redundancy states`.
pub(super) fn redundancy_states(state: &State) -> String {
    let peer = if state.present().any(|m| m.number == 2) { "8  -STANDBY HOT" } else { "1  -DISABLED" };
    format!("       my state = 13 -ACTIVE\n     peer state = {peer}\n           Mode = Duplex\n")
}
