//! `show inventory`: the parts of the device.

use serde::Serialize;

use super::text::{filled, lines, owned};

/// A part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InventoryItem {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Product id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// Version id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vid: Option<String>,
    /// Serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sn: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descr: Option<String>,
}

/// What `show inventory` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowInventory {
    /// How many parts there are.
    pub count: usize,
    /// The first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<InventoryItem>,
    /// The first one that is called a chassis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chassis: Option<InventoryItem>,
    /// All of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<InventoryItem>,
}

/// Reads `show inventory`.
///
/// ```
/// use swim_core::platform::parse::show_inventory;
/// let i = show_inventory("NAME: \"Chassis\", DESCR: \"A Chassis\"\nPID: A1/K9   , VID:      , SN: ABC1");
/// let chassis = i.chassis.unwrap();
/// assert_eq!((chassis.sn.as_deref(), chassis.vid), (Some("ABC1"), None));
/// ```
#[must_use]
pub fn show_inventory(text: &str) -> ShowInventory {
    let mut items: Vec<InventoryItem> = Vec::new();
    for line in lines(text) {
        let line = line.trim_start();
        if let Some(rest) = line.strip_prefix("NAME:") {
            items.push(name_line(rest));
        } else if let (Some(rest), Some(item)) = (line.strip_prefix("PID:"), items.last_mut()) {
            pid_line(item, rest);
        }
    }
    let named = |i: &&InventoryItem| has_chassis(i.name.as_deref());
    // Modular switches give the chassis its product id as a name and call it so in the description.
    let described = |i: &&InventoryItem| has_chassis(i.descr.as_deref()) && !is_part_of_chassis(i.descr.as_deref());
    let chassis = items.iter().find(named).or_else(|| items.iter().find(described)).cloned();
    ShowInventory { count: items.len(), first: items.first().cloned(), chassis, items }
}

fn name_line(rest: &str) -> InventoryItem {
    let (name, descr) = rest.split_once("DESCR:").map_or((rest, None), |(n, d)| (n, Some(d)));
    let unquote = |s: &str| owned(s.trim().trim_end_matches(',').trim().trim_matches('"'));
    InventoryItem { name: unquote(name), descr: descr.and_then(unquote), ..InventoryItem::default() }
}

fn pid_line(item: &mut InventoryItem, rest: &str) {
    let (rest, sn) = rest.split_once("SN:").unwrap_or((rest, ""));
    let (pid, vid) = rest.split_once("VID:").unwrap_or((rest, ""));
    let cell = |s: &str| filled(s.trim().trim_end_matches(',')).map(str::to_owned);
    item.pid = cell(pid);
    item.vid = cell(vid);
    item.sn = cell(sn);
}

fn has_chassis(text: Option<&str>) -> bool {
    text.is_some_and(|t| t.to_ascii_lowercase().contains("chassis"))
}

fn is_part_of_chassis(text: Option<&str>) -> bool {
    text.is_some_and(|t| {
        ["fan", "power", "clock", "module", "supervisor"].iter().any(|w| t.to_ascii_lowercase().contains(w))
    })
}
