//! The console during a reload.

use serde::Serialize;

use super::show_version::memory_numbers;
use super::software::{after_version, software_banner};
use super::text::{after, clock_in, filled, is_false, number, owned, set};

/// What the console said. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReloadConsole {
    /// Why it reloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reload_reason: Option<String>,
    /// Version of the ROM monitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<String>,
    /// Cause of the last reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reset_cause: Option<String>,
    /// The image that the loader found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub located_image: Option<String>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_bytes: Option<u64>,
    /// The loader found its signature good.
    #[serde(skip_serializing_if = "is_false")]
    pub signature_ok: bool,
    /// The version that started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_version: Option<String>,
    /// Its image code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// What the processor line names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Processor board ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Time of the first log message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_log_time: Option<String>,
    /// Time of the message that tells the operating mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_opmode_log_time: Option<String>,
    /// The last line that says something, without its dashes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<String>,
}

/// Reads a reload as seen on the console.
///
/// ```
/// use swim_core::platform::parse::reload_console;
/// let r = reload_console("*Jun 14 09:22:48.278: %SYS-5-RELOAD: Reload requested by console. Reload Reason: Reload Command.\nLast reset cause: LocalSoft");
/// assert_eq!(r.reload_reason.as_deref(), Some("Reload Command"));
/// assert_eq!(r.first_log_time.as_deref(), Some("09:22:48"));
/// assert!(!r.signature_ok);
/// ```
#[must_use]
pub fn reload_console(text: &str) -> ReloadConsole {
    let mut out = ReloadConsole::default();
    for line in text.split(['\n', '\r']) {
        log_message(&mut out, line);
        set(&mut out.bootstrap, after(line, "System Bootstrap, Version").and_then(after_version).map(str::to_owned));
        set(&mut out.last_reset_cause, after(line, "Last reset cause:").map(str::to_owned));
        set(&mut out.located_image, after(line, "Located ").map(str::to_owned));
        for label in ["Image size ", "Boot image size ="] {
            set(&mut out.image_bytes, after(line, label).and_then(|r| number(r.split_whitespace().next()?)));
        }
        out.signature_ok |= line.contains("Signature Verification Successful") || line.contains("Image validated");
        if let (None, Some(banner)) = (&out.boot_version, software_banner(line)) {
            out.boot_version = owned(banner.version);
            out.software_id = owned(banner.id);
        }
        set(&mut out.platform, platform(line).and_then(owned));
        if let Some(id) = after(line, "Processor board ID") {
            set(&mut out.serial, id.split([',', ' ']).next().and_then(owned));
        }
        let said = line.trim_matches([' ', '\t', '-', '\0']);
        if !said.is_empty() {
            out.ends_with = Some(said.to_owned());
        }
    }
    out
}

fn log_message(out: &mut ReloadConsole, line: &str) {
    // Messages may follow each other on one line: each is looked for by its own mark.
    if let Some((before, after)) = line.split_once('%')
        && after.split_once(':').is_some_and(|(m, _)| m.contains('-'))
    {
        set(&mut out.first_log_time, clock_in(before).and_then(owned));
    }
    if let Some((before, _)) = line.split_once("%BOOT-5-OPMODE_LOG") {
        set(&mut out.boot_opmode_log_time, clock_in(before).and_then(owned));
    }
    if let Some((_, reason)) = line.split_once("Reload Reason:") {
        set(&mut out.reload_reason, reason.split('.').next().and_then(owned));
    }
}

/// What stands before `processor ... with N bytes of memory`: `Linux Unix (Intel-x86)`, or the product id after `cisco`.
fn platform(line: &str) -> Option<&str> {
    memory_numbers(line)?;
    let (before, _) = line.split_once(" processor")?;
    let before = before.trim();
    let product = before.rsplit_once("cisco ").or_else(|| before.split_once("Cisco "));
    match product {
        Some((_, rest)) => filled(rest.split(" (").next()?),
        None => filled(before),
    }
}
