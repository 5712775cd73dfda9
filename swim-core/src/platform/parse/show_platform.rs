//! `show platform` of IOS XE: slots, their states and firmware.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::{Cursor, after, columns, is_ruler, lines, set};

/// A module of the slot table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlatformModule {
    /// Slot: `R0`, `F0`, `0`, `0/1`.
    pub slot: String,
    /// Product id; absent for a module that is not known.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// State, as printed.
    pub state: String,
}

/// What `show platform` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowPlatform {
    /// Product id of the chassis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chassis: Option<String>,
    /// State of the processors: slots `R...` and `F...`, and others that are active or standby.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, String>,
    /// Firmware (ROM monitor) of each slot that tells it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub firmware: BTreeMap<String, String>,
    /// All modules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<PlatformModule>,
}

enum Table {
    None,
    Slots,
    Firmware,
}

/// Reads `show platform`.
///
/// ```
/// use swim_core::platform::parse::show_platform;
/// let p = show_platform("Slot      Type      State       Insert time (ago)\n--------- --------- ----------- -----\nR0        ASR1000-RP2         ok, active            00:33:53");
/// assert_eq!(p.slots.get("R0").map(String::as_str), Some("ok, active"));
/// ```
#[must_use]
pub fn show_platform(text: &str) -> ShowPlatform {
    let mut out = ShowPlatform::default();
    let mut table = Table::None;
    for line in lines(text) {
        set(&mut out.chassis, after(line, "Chassis type:").map(str::to_owned));
        let trimmed = line.trim_start();
        if trimmed.starts_with("Slot ") && line.contains("State") {
            table = Table::Slots;
        } else if trimmed.starts_with("Slot ") && line.contains("Firmware Version") {
            table = Table::Firmware;
        } else if line.is_empty() || is_ruler(line) {
            continue;
        } else {
            match table {
                Table::Slots => out.modules.extend(module(line)),
                Table::Firmware => out.firmware.extend(firmware(line)),
                Table::None => {}
            }
        }
    }
    for m in &out.modules {
        let paired = m.state.ends_with(", active") || m.state.ends_with(", standby");
        if m.slot.starts_with(['R', 'F']) || paired {
            out.slots.insert(m.slot.clone(), m.state.clone());
        }
    }
    out
}

/// `R0        ASR1000-RP2         ok, active            00:33:53`: the type may be blank, the state has a comma.
fn module(line: &str) -> Option<PlatformModule> {
    let mut c = Cursor::new(line);
    let slot = c.word().filter(|s| is_slot(s))?;
    let cells = columns(c.rest());
    let (kind, state) = match cells.as_slice() {
        [kind, state, _] => (Some(*kind), *state),
        [first, second] if is_insert_time(second) => (None, *first),
        [kind, state] => (Some(*kind), *state),
        _ => return None,
    };
    Some(PlatformModule { slot: slot.to_owned(), kind: kind.map(str::to_owned), state: state.to_owned() })
}

/// `0`, `0/1`, `R0`, `F1`, `P0`, `R0/0`.
fn is_slot(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
    word.len() - digits.len() <= 3
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'/')
}

/// `00:33:53`, `2d00h`, `1w2d`, `never`.
fn is_insert_time(word: &str) -> bool {
    word == "never"
        || (word.starts_with(|c: char| c.is_ascii_digit())
            && word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'd' | b'h' | b'w' | b'y')))
}

fn firmware(line: &str) -> Option<(String, String)> {
    let mut c = Cursor::new(line);
    let slot = c.word().filter(|s| is_slot(s))?;
    c.word()?;
    let version = c.rest();
    (!version.is_empty() && version != "N/A").then(|| (slot.to_owned(), version.to_owned()))
}
