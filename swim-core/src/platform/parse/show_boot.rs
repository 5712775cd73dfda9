//! `show boot`, `show boot system` and `show bootvar`: what the device boots next.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::{after, filled, lines, number, owned, set, value_of};

/// The boot variables of one unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BootVariables {
    /// What it was booted with, in order, where the device tells both lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_current: Option<Vec<String>>,
    /// What it boots next, in order; empty = the variable is there without a value, or does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_next: Option<Vec<String>>,
    /// `yes` = it stops in the boot loader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual_boot: Option<String>,
    /// The file of the start-up configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_file: Option<String>,
    /// May the console break the boot?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_break: Option<String>,
}

impl BootVariables {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What `show boot` or `show bootvar` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowBoot {
    /// The variables of a single unit, or of the active one.
    #[serde(flatten)]
    pub own: BootVariables,
    /// The variables of each stack member, when the output has a block a member; `own` is empty then.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub switches: BTreeMap<u32, BootVariables>,
    /// Configuration register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_register: Option<String>,
    /// Configuration register at next reload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_register_next: Option<String>,
    /// `not ready` when the standby cannot be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby: Option<String>,
    /// What the standby boots next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby_boot: Option<Vec<String>>,
    /// Manual boot of the standby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby_manual_boot: Option<String>,
    /// Configuration register of the standby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby_config_register: Option<String>,
    /// Configuration register of the standby at next reload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby_config_register_next: Option<String>,
}

/// Reads `show boot`.
///
/// ```
/// use swim_core::platform::parse::show_boot;
/// let b = show_boot("BOOT path-list      : flash:/a/a.bin;flash:/b.bin\nManual Boot         : no");
/// assert_eq!(b.own.boot_next, Some(vec!["flash:/a/a.bin".to_owned(), "flash:/b.bin".to_owned()]));
/// assert_eq!(b.own.manual_boot.as_deref(), Some("no"));
/// assert_eq!(b.config_register, None);
/// ```
#[must_use]
pub fn show_boot(text: &str) -> ShowBoot {
    let mut out = ShowBoot::default();
    let mut block: Option<u32> = None;
    let mut unnamed = BootVariables::default();
    let mut current = false;
    for line in lines(text) {
        let line = line.trim_start();
        if let Some(n) = line.strip_prefix("Switch ").and_then(number) {
            block = Some(n);
            current = false;
            out.switches.entry(n).or_default();
        } else if line.starts_with("Current Boot Variables") {
            current = true;
        } else if line.starts_with("Boot Variables on next reload") {
            current = false;
        } else if let Some(rest) = line.strip_prefix("Standby ") {
            standby(&mut out, rest);
        } else if let (None, Some(rest)) = (&out.config_register, register_line(line)) {
            (out.config_register, out.config_register_next) = register(rest);
        } else {
            let unit = block.map_or(&mut unnamed, |n| out.switches.entry(n).or_default());
            variable(unit, line, current);
        }
    }
    if out.switches.is_empty() {
        out.own = unnamed;
    } else if !unnamed.is_empty() {
        // Old stacks print the block of the asked unit first and without a number: it is the one that is missing.
        let missing = (1..).find(|n| !out.switches.contains_key(n));
        if let Some(n) = missing {
            out.switches.insert(n, unnamed);
        }
    }
    out
}

/// Reads `show bootvar`, which has the form of `show boot`.
#[must_use]
pub fn show_bootvar(text: &str) -> ShowBoot {
    show_boot(text)
}

fn register_line(line: &str) -> Option<&str> {
    after(line, "Configuration register is").or_else(|| after(line, "Configuration Register is"))
}

/// `0x2102 (will be 0x2142 at next reload)`: the register now and then.
pub(super) fn register(rest: &str) -> (Option<String>, Option<String>) {
    let mut words = rest.split_whitespace();
    let hex = |w: &str| w.trim_matches(['(', ')', ',', '.']).to_owned();
    let now = words.next().map(hex).filter(|w| w.starts_with("0x"));
    let next = rest
        .split_once("will be ")
        .and_then(|(_, r)| r.split_whitespace().next())
        .map(hex)
        .filter(|w| w.starts_with("0x"));
    (now, next)
}

fn variable(unit: &mut BootVariables, line: &str, current: bool) {
    if let Some(list) = boot_list(line) {
        set(if current { &mut unit.boot_current } else { &mut unit.boot_next }, Some(list));
    }
    let (name, value) = match line.split_once(['=', ':']) {
        Some((name, value)) => (name.trim(), value),
        None => return,
    };
    let field = match name.to_ascii_lowercase().as_str() {
        "manual boot" | "manual_boot variable" => &mut unit.manual_boot,
        "enable break" | "enable_break variable" => &mut unit.enable_break,
        "config file" | "config_file variable" => &mut unit.config_file,
        _ => return,
    };
    set(field, owned(value));
}

fn standby(out: &mut ShowBoot, rest: &str) {
    if rest.starts_with("not ready") {
        out.standby = Some("not ready".to_owned());
    } else if let Some(list) = boot_list(rest) {
        set(&mut out.standby_boot, Some(list));
    } else if let (None, Some(r)) = (&out.standby_config_register, register_line(rest)) {
        (out.standby_config_register, out.standby_config_register_next) = register(r);
    } else {
        set(&mut out.standby_manual_boot, value_of(rest, "MANUAL_BOOT variable", '=').and_then(owned));
    }
}

/// The list of a `BOOT variable` or `BOOT path-list` line.
fn boot_list(line: &str) -> Option<Vec<String>> {
    if let Some(rest) = line.strip_prefix("BOOT variable") {
        let rest = rest.trim();
        return match rest.strip_prefix('=') {
            Some(list) => Some(boot_paths(list)),
            None => rest.starts_with("does not exist").then(Vec::new),
        };
    }
    let (name, list) = line.split_once(':')?;
    name.trim().eq_ignore_ascii_case("BOOT path-list").then(|| boot_paths(list))
}

/// The paths of a boot list: `;` between them, a load flag (`,12`) behind each, both removed.
pub(super) fn boot_paths(list: &str) -> Vec<String> {
    list.split(';').filter_map(filled).filter_map(|p| owned(without_flag(p))).collect()
}

fn without_flag(path: &str) -> &str {
    match path.rsplit_once(',') {
        Some((name, flag)) if !flag.is_empty() && flag.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => path,
    }
}
