//! `show version`.

use jiff::{SignedDuration, Timestamp};

use crate::clock::{long_date, uptime};
use crate::release::{codename, padded};
use crate::state::State;
use crate::{DeviceSpec, Kind, Mode};

pub(super) fn text(spec: &DeviceSpec, state: &State, now: Timestamp, elapsed: f64) -> String {
    let up = (elapsed - state.booted).max(0.0) as u64;
    let active = state.active();
    let version = &active.version;
    let host = &state.running.hostname;
    let restarted = now.checked_sub(SignedDuration::from_secs(i64::try_from(up).unwrap_or(0))).unwrap_or(now);
    let mut text = match spec.kind {
        Kind::Cat9300Stack { .. } => format!(
            "Cisco IOS XE Software, Version {}\nCisco IOS Software [{}], Catalyst L3 Switch Software ({}), Version {version}, RELEASE SOFTWARE (fc3)\n",
            padded(version),
            codename(version),
            spec.software
        ),
        Kind::IosSwitch | Kind::IosRouter => format!(
            "Cisco IOS Software, {} Software ({}), Version {version}, RELEASE SOFTWARE (fc1)\n",
            spec.software.split('-').next().unwrap_or(""),
            spec.software
        ),
    };
    text += "Technical Support: http://www.cisco.com/techsupport\nCompiled Mon 04-Mar-24 12:02 by simulation\n\n";
    text += &match spec.kind {
        Kind::Cat9300Stack { .. } => format!("\nROM: IOS-XE ROMMON\nBOOTLDR: {}\n", spec.rom),
        Kind::IosSwitch | Kind::IosRouter => format!("ROM: {}\n", spec.rom),
    };
    text += &format!("\n{host} uptime is {}\n", uptime(up));
    if spec.install_mode() {
        text += &format!("Uptime for this control processor is {}\n", uptime(up));
    }
    text += &format!(
        "System returned to ROM by {} at {}\nSystem restarted at {}\nSystem image file is \"{}\"\n",
        state.reload_reason,
        long_date(restarted),
        long_date(restarted),
        active.image
    );
    if matches!(spec.kind, Kind::IosRouter) {
        text += "Last reload type: Normal Reload\n";
    }
    text += &format!("Last reload reason: {}\n\n\n\n", state.reload_reason);
    text +=
        "This product contains cryptographic features and is subject to laws on\nimport, export, transfer and use.\n\n";
    let ram = spec.ram / 1024;
    match spec.kind {
        Kind::Cat9300Stack { .. } => {
            text += &format!(
                "\nTechnology Package License Information: \n\n------------------------------------------------------------------------------\nTechnology-package                                     Technology-package\nCurrent                        Type                       Next reboot  \n------------------------------------------------------------------------------\nnetwork-advantage       Smart License                    network-advantage   \n\n\ncisco {} (X86) processor with 1331521K/6147K bytes of memory.\nProcessor board ID {}\n1 Virtual Ethernet interface\n2048K bytes of non-volatile configuration memory.\n{ram}K bytes of physical memory.\n",
                spec.model, active.serial
            );
            for m in state.present() {
                let suffix = if m.number == 1 { String::new() } else { format!("-{}", m.number) };
                text += &format!("{}K bytes of Flash at flash{suffix}:.\n", m.flash.total / 1024);
            }
            text += "\n";
            text += &stack(spec, state, up);
        }
        Kind::IosSwitch => {
            text += &format!(
                "cisco {} (APM86XXX) processor (revision A0) with {ram}K bytes of memory.\nProcessor board ID {}\nLast reset from power-on\n1 Virtual Ethernet interface\n52 Gigabit Ethernet interfaces\nThe password-recovery mechanism is enabled.\n\n512K bytes of flash-simulated non-volatile configuration memory.\nBase ethernet MAC Address       : {}\nModel number                    : {}\nSystem serial number            : {}\n\n\nSwitch Ports Model                     SW Version            SW Image\n------ ----- -----                     ----------            ----------\n*    1 52    {:<25} {:<21} {}\n\n\n",
                spec.model,
                active.serial,
                colons(&active.mac),
                spec.model,
                active.serial,
                spec.model,
                version,
                spec.software
            );
        }
        Kind::IosRouter => {
            let io = 65_536;
            text += &format!(
                "Cisco {} (revision 1.0) with {}K/{io}K bytes of memory.\nProcessor board ID {}\n3 Gigabit Ethernet interfaces\n1 terminal line\nDRAM configuration is 64 bits wide with parity enabled.\n255K bytes of non-volatile configuration memory.\n{}K bytes of ATA System CompactFlash 0 (Read/Write)\n\n\nLicense Info:\n\nLicense UDI:\n\n-------------------------------------------------\nDevice#\t  PID\t\t\tSN\n-------------------------------------------------\n*1  \t  {:<22}{}     \n\n\n\n",
                spec.model,
                ram.saturating_sub(io),
                active.serial,
                active.flash.total / 1024,
                spec.model,
                active.serial
            );
        }
    }
    let next = if state.startup.register == spec.config_register {
        String::new()
    } else {
        format!(" (will be {} at next reload)", state.startup.register)
    };
    text + &format!("Configuration register is {}{next}\n\n", spec.config_register)
}

fn stack(spec: &DeviceSpec, state: &State, up: u64) -> String {
    let facts = |m: &crate::state::MemberState| {
        format!(
            "Base Ethernet MAC Address          : {}\nModel Number                       : {}\nSystem Serial Number               : {}\n",
            colons(&m.mac),
            spec.model,
            m.serial
        )
    };
    let mut text = facts(state.active());
    text += "\n\nSwitch Ports Model              SW Version        SW Image              Mode   \n------ ----- -----              ----------        ----------            ----   \n";
    for m in state.present() {
        let mode = if m.mode == Mode::Install { "INSTALL" } else { "BUNDLE" };
        let star = if m.number == 1 { "*" } else { " " };
        text +=
            &format!("{star}{:>5} 65    {:<18} {:<17} {:<21} {mode}\n", m.number, spec.model, m.version, spec.software);
    }
    text += "\n\n";
    for m in state.present().skip(1) {
        text += &format!("Switch {:02}\n---------\nSwitch uptime                      : {} \n\n", m.number, uptime(up));
        text += &facts(m);
        text += "\n";
    }
    text
}

/// `0200.abcd.ef00` as `02:00:ab:cd:ef:00`.
fn colons(mac: &str) -> String {
    let digits: Vec<char> = mac.chars().filter(|c| *c != '.').collect();
    digits.chunks(2).map(|pair| pair.iter().collect::<String>()).collect::<Vec<_>>().join(":")
}
