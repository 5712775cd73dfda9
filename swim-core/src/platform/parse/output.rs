//! Any output by platform and command, as JSON: what other languages and the corpus test call.

use serde::Serialize;
use serde_json::{Map, Value};

use super::*;
use crate::image::platform_id;
use crate::{Error, ErrorKind, Result};

/// The platforms whose outputs are understood. They print the same formats; the parsers tell variants from the text.
const PLATFORMS: &[&str] = &["ios", "ios_stack", "ios_xe", "iosxe_bundle", "iosxe_install", "c9800"];

type Parser = fn(&str) -> Result<Value>;

/// The commands and their parsers.
const COMMANDS: &[(&str, Parser)] = &[
    ("copy_from_device", |t| json(&copy_from_device(t))),
    ("copy_to_device", |t| json(&copy_to_device(t))),
    ("dir", |t| json(&dir(t))),
    ("install_abort", |t| json(&install_result(t))),
    ("install_activate", |t| json(&install_result(t))),
    ("install_add", |t| json(&install_result(t))),
    ("install_add_activate_commit", |t| json(&install_result(t))),
    ("install_add_activate_commit_failed", |t| json(&install_result(t))),
    ("install_auto_abort_timer", |t| json(&install_result(t))),
    ("install_commit", |t| json(&install_result(t))),
    ("install_deactivate", |t| json(&install_result(t))),
    ("install_remove", |t| json(&install_result(t))),
    ("install_rollback", |t| json(&install_result(t))),
    ("reload_console", |t| json(&reload_console(t))),
    ("request_platform_software", |t| json(&install_result(t))),
    ("show_ap_image", |t| json(&show_ap_image(t))),
    ("show_ap_summary", |t| json(&show_ap_summary(t))),
    ("show_boot", |t| json(&show_boot(t))),
    ("show_boot_system", |t| json(&show_boot(t))),
    ("show_bootvar", |t| json(&show_bootvar(t))),
    ("show_chassis", |t| json(&show_chassis(t))),
    ("show_file_systems", |t| json(&show_file_systems(t))),
    ("show_install_active", |t| json(&show_install_summary(t))),
    ("show_install_committed", |t| json(&show_install_summary(t))),
    ("show_install_inactive", |t| json(&show_install_summary(t))),
    ("show_install_package", |t| json(&show_install_package(t))),
    ("show_install_rollback", |t| json(&show_install_rollback(t))),
    ("show_install_rollback_id", |t| json(&show_install_rollback_id(t))),
    ("show_install_summary", |t| json(&show_install_summary(t))),
    ("show_install_uncommitted", |t| json(&show_install_summary(t))),
    ("show_inventory", |t| json(&show_inventory(t))),
    ("show_issu_rollback_timer", |t| json(&show_issu_rollback_timer(t))),
    ("show_issu_state_detail", |t| json(&show_issu_state_detail(t))),
    ("show_platform", |t| json(&show_platform(t))),
    ("show_redundancy", |t| json(&show_redundancy(t))),
    ("show_rom_monitor", |t| json(&show_rom_monitor(t))),
    ("show_switch", |t| json(&show_switch(t))),
    ("show_switch_detail", |t| json(&show_switch_detail(t))),
    ("show_version", |t| json(&show_version(t))),
    ("verify", |t| json(&verify(t))),
];

/// The names of the platforms that [`parse_output`] knows.
#[must_use]
pub const fn known_platforms() -> &'static [&'static str] {
    PLATFORMS
}

/// The names of the commands that [`parse_output`] knows.
pub fn known_commands() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(name, _)| *name)
}

/// Reads the output of a command. The command may be written with blanks, hyphens or underscores and may have
/// arguments behind it (`show version`, `show_version`, `dir flash:`).
///
/// ```
/// use swim_core::platform::parse::parse_output;
/// let facts = parse_output("ios", "show version", "sw1 uptime is 2 minutes\r\n")?;
/// assert_eq!(facts["hostname"], "sw1");
/// let e = parse_output("nxos", "show version", "").unwrap_err();
/// assert_eq!(e.kind(), swim_core::ErrorKind::Unsupported);
/// # Ok::<(), swim_core::Error>(())
/// ```
///
/// # Errors
/// `Unsupported` when the platform or the command is not known; the message names both and lists what is known.
pub fn parse_output(platform: &str, command: &str, text: &str) -> Result<Map<String, Value>> {
    let known = PLATFORMS.contains(&platform_id(&platform.trim().to_ascii_lowercase()));
    let parser = if known { find(command) } else { None };
    let Some(parser) = parser else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "parse output",
            format!(
                "no parser for command {command:?} of platform {platform:?}; known platforms: {}; known commands: {}",
                PLATFORMS.join(", "),
                known_commands().collect::<Vec<_>>().join(", ")
            ),
        )
        .with("platform", platform)
        .with("command", command));
    };
    match parser(text)? {
        Value::Object(map) => Ok(map),
        other => Err(Error::internal("parse output", format!("{command:?} gave {other} instead of an object"))),
    }
}

/// The parser of the longest known command that the given one starts with, word by word.
fn find(command: &str) -> Option<Parser> {
    let asked = words(command);
    COMMANDS
        .iter()
        .filter(|(name, _)| asked.starts_with(&words(name)))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, parser)| *parser)
}

fn words(command: &str) -> Vec<String> {
    command.split([' ', '_', '-', '\t']).filter(|w| !w.is_empty()).map(str::to_ascii_lowercase).collect()
}

fn json<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(|e| Error::internal("parse output", e.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_command_counts() {
        let text = "Rollback id - 5 (Created on 2021-10-21)\n";
        assert_eq!(parse_output("iosxe_install", "show install rollback id 5", text).unwrap()["id"], 5);
        assert!(parse_output("iosxe_install", "show_install_rollback", text).unwrap().contains_key("ids"));
        assert!(parse_output("ios", "dir flash:/folder", "Directory of flash:/folder/\n").is_ok());
    }

    #[test]
    fn strangers_are_named() {
        let e = parse_output("ios", "show clock", "").unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported);
        let message = e.to_string();
        assert!(
            message.contains("show clock") && message.contains("\"ios\"") && message.contains("show_version"),
            "{message}"
        );
        assert!(parse_output("ios", "", "").is_err());
    }
}
