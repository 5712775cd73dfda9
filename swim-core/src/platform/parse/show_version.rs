//! `show version` of IOS and IOS XE.

use std::collections::BTreeMap;

use serde::Serialize;

use super::software::{Banner, after_version, software_banner};
use super::text::{Cursor, after, filled, is_false, is_ruler, lines, number, owned, set, value_of};
use super::uptime::uptime_seconds;

/// Install or bundle mode, in the device's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum InstallMode {
    /// Booted from packages (`packages.conf`).
    Install,
    /// Booted from one image file.
    Bundle,
}

impl InstallMode {
    fn from_word(word: &str) -> Option<Self> {
        match word.trim() {
            w if w.eq_ignore_ascii_case("INSTALL") => Some(Self::Install),
            w if w.eq_ignore_ascii_case("BUNDLE") => Some(Self::Bundle),
            _ => None,
        }
    }
}

/// A row of the table of switches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SwitchRow {
    /// Switch number.
    pub switch: u32,
    /// Marked with `*`.
    #[serde(skip_serializing_if = "is_false")]
    pub active: bool,
    /// Number of ports.
    pub ports: u32,
    /// Product id.
    pub model: String,
    /// The version that it runs.
    pub sw_version: String,
    /// The image code that it runs.
    pub sw_image: String,
    /// `INSTALL` or `BUNDLE`, where the column exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// The block `Switch 02` of another member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SwitchBlock {
    /// Switch number.
    pub switch: u32,
    /// Product id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_serial: Option<String>,
    /// How long it is up, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<u64>,
    /// Why it was reloaded last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reload_reason: Option<String>,
}

/// What `show version` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowVersion {
    /// The padded IOS XE number (`16.09.03`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xe_version: Option<String>,
    /// The image code (`C1900-UNIVERSALK9-M`, `CAT9K_IOSXE`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version as printed (`15.2(4)E6`, `16.9.3`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// An experimental build.
    #[serde(skip_serializing_if = "is_false")]
    pub experimental: bool,
    /// Host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Uptime as printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime: Option<String>,
    /// Uptime in seconds (years of 365 days).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uptime_seconds: Option<u64>,
    /// Uptime of the control processor in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor_uptime_seconds: Option<u64>,
    /// The running image file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Why there is no image line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_note: Option<String>,
    /// ROM monitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rom: Option<String>,
    /// Boot loader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootldr: Option<String>,
    /// What follows `System returned to ROM by`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned_to_rom: Option<String>,
    /// When the system was started, as printed; absent until its clock was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarted_at: Option<String>,
    /// Last reload reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reload_reason: Option<String>,
    /// Product id of the processor line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chassis: Option<String>,
    /// The numbers of `with A K/B K bytes of memory`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memory_line_kb: Vec<u64>,
    /// Their sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_kb: Option<u64>,
    /// Kilobytes of physical memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_memory_kb: Option<u64>,
    /// Kilobytes of DRAM: physical memory when printed, otherwise the sum of the memory line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dram_kb: Option<u64>,
    /// Processor board ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// System serial number of the active unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_serial: Option<String>,
    /// Model number of the active unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Kilobytes of each file system that is named `at NAME:`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub filesystem_kb: BTreeMap<String, u64>,
    /// Kilobytes and text of the flash lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flash_lines: Vec<(u64, String)>,
    /// Configuration register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_register: Option<String>,
    /// Configuration register at next reload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_register_next: Option<String>,
    /// Table of switches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub switches: Vec<SwitchRow>,
    /// Blocks of the other members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub switch_blocks: Vec<SwitchBlock>,
    /// `show version` when the mode is printed, `image name` when it is inferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_mode_source: Option<String>,
    /// Install or bundle mode; absent on classic IOS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_mode: Option<InstallMode>,
    /// `Autonomous` or `Controller-Managed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router_operating_mode: Option<String>,
}

/// Reads `show version` of IOS or IOS XE.
///
/// ```
/// use swim_core::platform::parse::show_version;
/// let v = show_version("Cisco IOS Software, X Software (X-Y-M), Version 15.2(7)E1, RELEASE SOFTWARE (fc1)\nsw1 uptime is 1 day, 2 minutes");
/// assert_eq!(v.version.as_deref(), Some("15.2(7)E1"));
/// assert_eq!(v.uptime_seconds, Some(86_520));
/// assert_eq!(v.image, None);
/// ```
#[must_use]
pub fn show_version(text: &str) -> ShowVersion {
    let mut v = ShowVersion::default();
    let mut table = false;
    let mut printed_mode = None;
    for line in lines(text) {
        if line.contains("Switch Ports Model") {
            table = true;
        } else if table && !line.is_empty() && !is_ruler(line) {
            match switch_row(line) {
                Some(row) => v.switches.push(row),
                None => table = false,
            }
        }
        software(&mut v, line);
        memory(&mut v, line);
        if let Some(number) = switch_heading(line) {
            v.switch_blocks.push(SwitchBlock { switch: number, ..SwitchBlock::default() });
        }
        match v.switch_blocks.last_mut() {
            Some(block) => member(block, line),
            None => {
                set(&mut v.system_serial, value_of(line, "System Serial Number", ':').and_then(owned));
                set(&mut v.model, value_of(line, "Model Number", ':').and_then(owned));
                set(&mut v.last_reload_reason, after(line, "Last reload reason:").map(str::to_owned));
            }
        }
        set(&mut printed_mode, after(line, "Installation mode is").and_then(InstallMode::from_word));
    }
    v.memory_kb = (!v.memory_line_kb.is_empty()).then(|| v.memory_line_kb.iter().copied().fold(0, u64::saturating_add));
    v.dram_kb = v.physical_memory_kb.or(v.memory_kb);
    install_mode(&mut v, printed_mode, text);
    v
}

fn software(v: &mut ShowVersion, line: &str) {
    if let (None, Some(Banner { id, version, experimental })) = (&v.version, software_banner(line)) {
        v.software_id = Some(id.to_owned());
        v.version = Some(version.to_owned());
        v.experimental = experimental;
    }
    for label in ["Cisco IOS XE Software, Version", "Cisco IOS-XE Software, Version", "IOS XE Version:"] {
        set(&mut v.xe_version, after(line, label).and_then(after_version).map(str::to_owned));
    }
    if let (None, Some((host, uptime))) = (&v.hostname, line.trim_start().split_once(" uptime is "))
        && !host.is_empty()
        && !host.contains(char::is_whitespace)
    {
        v.hostname = Some(host.to_owned());
        v.uptime = owned(uptime);
        v.uptime_seconds = uptime_seconds(uptime);
    }
    set(&mut v.processor_uptime_seconds, after(line, "Uptime for this control processor is").and_then(uptime_seconds));
    set(&mut v.rom, after(line, "ROM:").map(str::to_owned));
    set(&mut v.bootldr, after(line, "BOOTLDR:").map(str::to_owned));
    set(&mut v.returned_to_rom, after(line, "System returned to ROM by").map(str::to_owned));
    set(&mut v.restarted_at, after(line, "System restarted at").map(str::to_owned));
    if let Some(rest) = after(line, "System image file is") {
        let quoted = rest.strip_prefix('"').map_or(rest, |r| r.split('"').next().unwrap_or(r));
        set(&mut v.image, owned(quoted));
    }
    if line.trim() == "Running default software" {
        v.image_note = Some("Running default software (no image line)".to_owned());
    }
    set(&mut v.router_operating_mode, after(line, "Router operating mode:").map(str::to_owned));
    if let (None, Some(rest)) = (&v.config_register, after(line, "Configuration register is")) {
        (v.config_register, v.config_register_next) = super::show_boot::register(rest);
    }
}

fn memory(v: &mut ShowVersion, line: &str) {
    let line = line.trim_start();
    if v.memory_line_kb.is_empty()
        && let Some((chassis, numbers)) = processor_line(line)
    {
        v.memory_line_kb = numbers;
        v.chassis = Some(chassis.to_owned());
    }
    if let Some(id) = after(line, "Processor board ID") {
        set(&mut v.serial, id.split([',', ' ', '\t']).next().and_then(owned));
    }
    let Some((kb, what)) = line.split_once("K bytes of ") else { return };
    let Some(kb) = number::<u64>(kb) else { return };
    let what = what.trim();
    if what.starts_with("physical memory") {
        set(&mut v.physical_memory_kb, Some(kb));
    }
    let at = what.rsplit_once("at ").and_then(|(_, name)| name.trim_end_matches('.').strip_suffix(':'));
    if let Some(name) = at.filter(|n| !n.is_empty() && !n.contains(char::is_whitespace)) {
        v.filesystem_kb.entry(format!("{name}:")).or_insert(kb);
    }
    let old_flash = at.is_none() && what.ends_with("flash (Read/Write)");
    if what.starts_with("Flash ") || what.contains("CompactFlash") || old_flash {
        v.flash_lines.push((kb, what.to_owned()));
    }
}

/// `cisco WS-C3850-24P (MIPS) processor (revision U0) with 862498K/6147K bytes of memory.`
fn processor_line(line: &str) -> Option<(&str, Vec<u64>)> {
    let numbers = memory_numbers(line)?;
    let rest = line.strip_prefix("cisco ").or_else(|| line.strip_prefix("Cisco "))?;
    let end = [" (", " processor", " with "].iter().filter_map(|m| rest.find(m)).min()?;
    Some((filled(rest.get(..end)?)?, numbers))
}

/// The numbers of `with A K/B K bytes of memory`; some releases write `of physical memory` there.
pub(super) fn memory_numbers(line: &str) -> Option<Vec<u64>> {
    let (before, _) = line.split_once(" bytes of memory").or_else(|| line.split_once(" bytes of physical memory"))?;
    let (before, last) = before.rsplit_once(' ')?;
    before.ends_with("with").then_some(())?;
    last.split('/').map(|part| number(part.strip_suffix('K')?)).collect()
}

fn switch_row(line: &str) -> Option<SwitchRow> {
    let line = line.trim_start();
    let (active, rest) = line.strip_prefix('*').map_or((false, line), |r| (true, r));
    let mut c = Cursor::new(rest);
    let row = SwitchRow {
        active,
        switch: c.number()?,
        ports: c.number()?,
        model: c.word()?.to_owned(),
        sw_version: c.word()?.to_owned(),
        sw_image: c.word()?.to_owned(),
        mode: c.word().map(str::to_owned),
    };
    c.rest().is_empty().then_some(row)
}

/// `Switch 02` alone on its line.
fn switch_heading(line: &str) -> Option<u32> {
    let mut c = Cursor::new(line);
    (c.word()? == "Switch").then_some(())?;
    let n = c.number()?;
    c.rest().is_empty().then_some(n)
}

fn member(block: &mut SwitchBlock, line: &str) {
    set(&mut block.system_serial, value_of(line, "System Serial Number", ':').and_then(owned));
    set(&mut block.model, value_of(line, "Model Number", ':').and_then(owned));
    set(&mut block.uptime_seconds, value_of(line, "Switch uptime", ':').and_then(uptime_seconds));
    set(&mut block.last_reload_reason, value_of(line, "Last reload reason", ':').and_then(owned));
}

fn install_mode(v: &mut ShowVersion, printed: Option<InstallMode>, text: &str) {
    let row = v.switches.iter().find(|r| r.active).or_else(|| v.switches.first());
    let printed = printed.or_else(|| row.and_then(|r| InstallMode::from_word(r.mode.as_deref()?)));
    if let Some(mode) = printed {
        v.install_mode = Some(mode);
        v.install_mode_source = Some("show version".to_owned());
        return;
    }
    let xe = v.xe_version.is_some() || text.contains("IOS-XE");
    // A path inside the running system (`/tmp/sw/...`) says nothing about how it was booted.
    if let Some(image) = v.image.as_deref().filter(|i| xe && i.contains(':')) {
        v.install_mode = Some(if image.ends_with(".conf") { InstallMode::Install } else { InstallMode::Bundle });
        v.install_mode_source = Some("image name".to_owned());
    }
}
