//! `show rom-monitor SLOT`.

use serde::Serialize;

use super::software::after_version;
use super::text::{after, lines, set};

/// What the command says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShowRomMonitor {
    /// The text, trimmed, line ends normalised.
    pub raw: String,
    /// Version of the ROM monitor; absent when the text does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Reads `show rom-monitor`.
///
/// ```
/// use swim_core::platform::parse::show_rom_monitor;
/// let r = show_rom_monitor("System Bootstrap, Version 16.12(2r), RELEASE SOFTWARE\r\n");
/// assert_eq!(r.version.as_deref(), Some("16.12(2r)"));
/// assert!(r.raw.ends_with("SOFTWARE"));
/// ```
#[must_use]
pub fn show_rom_monitor(text: &str) -> ShowRomMonitor {
    let mut version = None;
    for line in lines(text) {
        set(&mut version, after(line, "System Bootstrap, Version").and_then(after_version).map(str::to_owned));
    }
    ShowRomMonitor { raw: text.replace("\r\n", "\n").trim().to_owned(), version }
}
