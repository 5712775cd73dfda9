//! Reading everything that analysis and planning need. A command that the platform does not have leaves its facts absent.

use std::cmp::Ordering;

use super::{Ios, boot, optional};
use crate::Result;
use crate::model::{
    BootState, FileEntry, FileSystem, InstallRow, InstallState, InstallStateCode, Inventory, Member, Mode, Redundancy,
};
use crate::platform::Session;
use crate::platform::parse::{self, InstallMode, ShowBoot, ShowInstall, ShowSwitch, ShowVersion};
use crate::version::Version;

impl Ios {
    pub(super) async fn look_at_everything(&self, s: &mut Session<'_>) -> Result<Inventory> {
        let taken = s.cx.clock.now();
        let shown = parse::show_version(&s.show("show version").await?);
        let privilege = privilege(&s.show("show privilege").await?);
        let mode = mode(&shown);
        let boot_shown = boot::show(s).await?;
        let lines = boot::lines(s).await?;
        let switch =
            optional(s, "show switch").await?.map(|t| parse::show_switch(&t)).filter(|w| !w.members.is_empty());
        let install = match mode {
            Some(Mode::Install) => optional(s, "show install summary").await?.map(|t| install_state(&t)),
            _ => None,
        };
        let redundancy = optional(s, "show redundancy").await?.and_then(|t| redundancy(&t));
        let config_unsaved = unsaved_config(s).await?;
        let members = self.members(&shown, switch.as_ref(), boot_shown.as_ref(), mode, s).await?;
        let active = members.iter().find(|m| is_active(m)).or_else(|| members.first());
        Ok(Inventory {
            device: s.device.id.clone(),
            platform: self.definition.id.clone(),
            taken,
            job: None,
            hostname: shown.hostname.clone().or_else(|| s.cli.hostname().map(str::to_owned)),
            model: shown.chassis.clone().or_else(|| shown.model.clone()),
            serial: shown.system_serial.clone().or_else(|| shown.serial.clone()),
            version: self.running(&shown),
            software: shown.software_id.clone(),
            image: shown.image.clone(),
            mode,
            ram: ram(&shown),
            boot_rom: shown.rom.clone(),
            uptime_seconds: shown.uptime_seconds,
            reload_reason: reason(&shown),
            boot: BootState {
                next: active.and_then(|m| m.boot_next.clone()),
                lines,
                config_register: shown.config_register_next.clone().or_else(|| shown.config_register.clone()),
                manual: boot_shown.as_ref().and_then(|b| manual(b, active)),
            },
            install,
            redundancy,
            config_unsaved,
            privilege,
            operating_mode: shown.router_operating_mode.clone(),
            snmp: None,
            members,
        })
    }

    /// The running version: the IOS XE line where there is one, for an IOS XE platform.
    pub(super) fn running(&self, shown: &ShowVersion) -> Option<Version> {
        let texts = match self.definition.versions {
            crate::version::Scheme::IosXe => [shown.xe_version.as_deref(), shown.version.as_deref()],
            _ => [shown.version.as_deref(), None],
        };
        texts.into_iter().flatten().find_map(|t| self.version(t))
    }

    async fn members(
        &self,
        shown: &ShowVersion,
        switch: Option<&ShowSwitch>,
        boot: Option<&ShowBoot>,
        mode: Option<Mode>,
        s: &mut Session<'_>,
    ) -> Result<Vec<Member>> {
        let main = flash_prefix(shown);
        let numbers: Vec<u32> = match switch {
            Some(switch) => switch.members.iter().map(|m| m.id).collect(),
            None if !shown.switches.is_empty() => shown.switches.iter().map(|r| r.switch).collect(),
            None => vec![1],
        };
        let alone = numbers.len() == 1;
        let mut out = Vec::new();
        for number in numbers {
            let stack = switch.and_then(|w| w.members.iter().find(|m| m.id == number));
            let row = shown.switches.iter().find(|r| r.switch == number);
            let block = shown.switch_blocks.iter().find(|b| b.switch == number);
            let active = alone || row.is_some_and(|r| r.active) || stack.is_some_and(|m| m.local);
            let flash = if active { file_system(&main, s).await? } else { member_flash(&main, number, s).await? };
            let own_boot = boot.and_then(|b| b.switches.get(&number)).and_then(|b| b.boot_next.clone());
            let version = match row {
                Some(row) => self.version(&row.sw_version),
                None if active => self.running(shown),
                None => None,
            };
            let (own_model, own_serial) = if active {
                (
                    shown.model.clone().or_else(|| shown.chassis.clone()),
                    shown.system_serial.clone().or_else(|| shown.serial.clone()),
                )
            } else {
                (None, None)
            };
            out.push(Member {
                number,
                role: stack.map(|m| m.role.clone()),
                state: stack.and_then(|m| m.state.clone()),
                model: row.map(|r| r.model.clone()).or_else(|| block.and_then(|b| b.model.clone())).or(own_model),
                serial: block.and_then(|b| b.system_serial.clone()).or(own_serial),
                version,
                ram: if active { ram(shown) } else { None },
                mode: row.and_then(|r| r.mode.as_deref()).and_then(word_mode).or(if active { mode } else { None }),
                flash,
                boot_next: own_boot.or_else(|| boot.and_then(|b| b.own.boot_next.clone())),
            });
        }
        Ok(out)
    }
}

/// Is the running configuration unsaved? Absent where the two times are not shown.
pub(super) async fn unsaved_config(s: &mut Session<'_>) -> Result<Option<bool>> {
    Ok(saved_or_changed(s).await?.map(|order| order == Ordering::Less))
}

/// Was the configuration saved before (`Less`), in the same second as (`Equal`) or after (`Greater`) its last change?
pub(super) async fn saved_or_changed(s: &mut Session<'_>) -> Result<Option<Ordering>> {
    Ok(optional(s, "show running-config | include ^!").await?.and_then(|text| saved_against_change(&text)))
}

/// The main memory of the active unit, in bytes.
fn ram(shown: &ShowVersion) -> Option<u64> {
    shown.physical_memory_kb.or(shown.dram_kb).or(shown.memory_kb)?.checked_mul(1024)
}

fn is_active(m: &Member) -> bool {
    matches!(m.role.as_deref(), Some("Active" | "Master"))
}

fn manual(boot: &ShowBoot, active: Option<&Member>) -> Option<bool> {
    let own = active.and_then(|m| boot.switches.get(&m.number)).unwrap_or(&boot.own);
    own.manual_boot.as_deref().or(boot.own.manual_boot.as_deref()).map(|w| w.eq_ignore_ascii_case("yes"))
}

pub(super) fn mode(shown: &ShowVersion) -> Option<Mode> {
    match shown.install_mode {
        Some(InstallMode::Install) => Some(Mode::Install),
        Some(InstallMode::Bundle) => Some(Mode::Bundle),
        // Routers with packages.conf print no mode; anything else that names one file runs that file.
        None => shown.image.as_deref().map(|i| if i.ends_with("packages.conf") { Mode::Install } else { Mode::Bundle }),
    }
}

fn word_mode(word: &str) -> Option<Mode> {
    match word.to_ascii_uppercase().as_str() {
        "INSTALL" => Some(Mode::Install),
        "BUNDLE" => Some(Mode::Bundle),
        _ => None,
    }
}

pub(super) fn reason(shown: &ShowVersion) -> Option<String> {
    shown.last_reload_reason.clone().or_else(|| shown.returned_to_rom.clone())
}

fn privilege(text: &str) -> Option<u8> {
    let at = text.to_ascii_lowercase().find("privilege level is")?;
    let digits: String =
        text[at..].chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The boot file system: the one that the running image is on, or the platform's usual one.
pub(super) fn flash_prefix(shown: &ShowVersion) -> String {
    let from_image = shown.image.as_deref().and_then(|i| i.find(':').map(|at| i[..=at].to_owned()));
    match from_image {
        // A device that booted over the network has its image nowhere on flash.
        Some(fs) if !["tftp:", "http:", "ftp:", "scp:", "rcp:"].contains(&fs.as_str()) => fs,
        _ => "flash:".to_owned(),
    }
}

async fn file_system(prefix: &str, s: &mut Session<'_>) -> Result<Option<FileSystem>> {
    Ok(optional(s, &format!("dir {prefix}")).await?.and_then(|text| {
        let dir = parse::dir(&text);
        if dir.error.is_some() {
            return None;
        }
        let entry = |f: &parse::DirFile| FileEntry { name: f.name.clone(), bytes: f.bytes, directory: f.directory };
        let files = dir.files.iter().map(entry).collect();
        Some(FileSystem { prefix: prefix.to_owned(), total: dir.total_bytes, free: dir.free_bytes, files })
    }))
}

/// Another member's flash: `flash-2:` on newer boxes, `flash2:` on older ones.
async fn member_flash(main: &str, number: u32, s: &mut Session<'_>) -> Result<Option<FileSystem>> {
    let base = main.trim_end_matches(':');
    for prefix in [format!("{base}-{number}:"), format!("{base}{number}:")] {
        if let Some(found) = file_system(&prefix, s).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn redundancy(text: &str) -> Option<Redundancy> {
    let shown = parse::show_redundancy(text);
    shown.hardware_mode.as_ref()?;
    Some(Redundancy {
        hardware: shown.hardware_mode.clone(),
        operating: shown.operating_mode.clone(),
        peer: shown.peer_state().map(str::to_owned),
    })
}

pub(super) fn install_state(text: &str) -> InstallState {
    let shown: ShowInstall = parse::show_install_summary(text);
    let mut rows = Vec::new();
    let mut take = |location: Option<&str>, row: &parse::PackageRow| {
        let state = match row.state() {
            "I" => InstallStateCode::I,
            "U" => InstallStateCode::U,
            "C" => InstallStateCode::C,
            "D" => InstallStateCode::D,
            _ => return,
        };
        let members = location.map(member_numbers).unwrap_or_default();
        rows.push(InstallRow { kind: row.kind().to_owned(), state, what: row.name().to_owned(), members });
    };
    if shown.groups.is_empty() {
        let location = shown.locations.first().map(String::as_str);
        shown.packages.iter().for_each(|row| take(location, row));
    }
    for group in &shown.groups {
        group.packages.iter().for_each(|row| take(Some(&group.location), row));
    }
    InstallState { rows, auto_abort_seconds: shown.auto_abort_seconds(), busy: None }
}

/// `Switch 1 2 3` -> 1, 2, 3. Route processors (`R0`) have no member numbers.
fn member_numbers(location: &str) -> Vec<u32> {
    match location.trim().strip_prefix("Switch") {
        Some(list) => list.split_whitespace().filter_map(|n| n.parse().ok()).collect(),
        None => Vec::new(),
    }
}

/// Compares `! Last configuration change at T` with `! NVRAM config last updated at T`.
fn saved_against_change(text: &str) -> Option<Ordering> {
    let find = |mark: &str| text.lines().find_map(|l| l.split_once(mark).map(|(_, rest)| rest.trim().to_owned()));
    if text.contains("No configuration change since last restart") {
        return Some(Ordering::Greater);
    }
    let changed = time(&find("Last configuration change at")?)?;
    match find("NVRAM config last updated at") {
        Some(saved) => Some(time(&saved)?.cmp(&changed)),
        // Changed since the last restart, and never written since: the line appears with the first write.
        None => Some(Ordering::Less),
    }
}

/// `10:00:00 UTC Mon Jan 1 2024 by admin` as a number that orders; both lines are of one clock.
fn time(text: &str) -> Option<(i32, u8, u8, u32)> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_whitespace();
    let mut clock = words.next()?.trim_start_matches(['*', '.']).split(':');
    let mut part = || clock.next().and_then(|n| n.split('.').next()).and_then(|n| n.parse::<u32>().ok());
    let seconds = part()? * 3600 + part()? * 60 + part()?;
    let rest: Vec<&str> = words.collect();
    let at = rest.iter().position(|w| MONTHS.contains(w))?;
    let month = MONTHS.iter().position(|m| Some(m) == rest.get(at))?;
    let day = rest.get(at + 1)?.parse().ok()?;
    let year = rest.get(at + 2)?.parse().ok()?;
    Some((year, u8::try_from(month).ok()?, day, seconds))
}

#[cfg(test)]
mod saved_tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::saved_against_change;

    #[test]
    fn the_two_times_decide() {
        let changed = "! Last configuration change at 10:00:00 UTC Mon Jan 1 2024 by admin\n";
        let saved = |at: &str| saved_against_change(&format!("{changed}! NVRAM config last updated at {at}\n"));
        assert_eq!(saved("09:59:59 UTC Mon Jan 1 2024"), Some(Less));
        assert_eq!(saved("10:00:00 UTC Mon Jan 1 2024"), Some(Equal));
        assert_eq!(saved("09:00:00 UTC Tue Jan 2 2024"), Some(Greater));
        assert_eq!(saved_against_change(changed), Some(Less), "never written since the restart");
        assert_eq!(saved_against_change("! No configuration change since last restart\n"), Some(Greater));
        assert_eq!(saved_against_change("!\n!\n"), None);
    }
}
