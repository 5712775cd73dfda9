//! `dir` and `show file systems`.

use super::flash_of;
use crate::clock::file_date;
use crate::state::State;
use crate::{DeviceSpec, Kind, SimDevice};

/// `dir`, of the boot flash without a path.
pub(crate) fn text(device: &SimDevice, path: Option<&str>) -> String {
    let spec = device.spec();
    let path = path.unwrap_or_else(|| spec.flash_prefix());
    let shown = path.split_once(':').map_or("flash", |(p, _)| p);
    let Some((member, name)) = flash_of(&spec, path) else {
        return format!("%Error opening {path} (No such device)\n");
    };
    let state = device.state();
    let Some(member) = state.member(member) else {
        return format!("%Error opening {path} (No such device)\n");
    };
    let files: Vec<_> = member
        .flash
        .files
        .iter()
        .filter(|(n, _)| name.is_empty() || **n == name || name.strip_prefix('*').is_some_and(|s| n.ends_with(s)))
        .collect();
    if files.is_empty() && !name.is_empty() {
        return format!("%Error opening {shown}:/{name} (No such file or directory)\n");
    }
    let mut text = format!("Directory of {shown}:/{name}\n\n");
    if files.is_empty() {
        text += "No files in directory\n";
    }
    for (index, (name, file)) in files.iter().enumerate() {
        text += &format!("{:>6}  -rw-  {:>15}  {}  {name}\n", index + 11, file.bytes, file_date(file.written));
    }
    text + &format!("\n{} bytes total ({} bytes free)\n", member.flash.total, member.flash.free())
}

/// `show file systems`.
pub(super) fn systems(spec: &DeviceSpec, state: &State) -> String {
    let mut text = String::from("File Systems:\n\n       Size(b)       Free(b)      Type  Flags  Prefixes\n");
    let mut row = |star: &str, size: &str, free: &str, kind: &str, flags: &str, prefixes: &str| {
        text += &format!("{star}{size:>13} {free:>13} {kind:>9} {flags:>6}   {prefixes}\n");
    };
    row(" ", "-", "-", "opaque", "rw", "system:");
    for member in state.present() {
        let prefixes = match (spec.kind, member.number) {
            (Kind::IosRouter, _) => "flash: flash0:#".to_owned(),
            (Kind::IosSwitch, _) => "flash:".to_owned(),
            (_, 1) => "flash: bootflash: flash-1:".to_owned(),
            (_, 2) => "flash-2: stby-flash:".to_owned(),
            (_, n) => format!("flash-{n}:"),
        };
        let (total, free) = (member.flash.total.to_string(), member.flash.free().to_string());
        row(if member.number == 1 { "*" } else { " " }, &total, &free, "disk", "rw", &prefixes);
    }
    row(" ", "2097152", "2056462", "nvram", "rw", "nvram:");
    for network in ["tftp:", "http:", "scp:"] {
        row(" ", "-", "-", "network", "rw", network);
    }
    text + "\n"
}
