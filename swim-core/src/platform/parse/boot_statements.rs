//! The `boot system` lines of the configuration: they are the undo of a boot change.

use serde::Serialize;

use super::text::{Cursor, lines, owned};

/// A `boot system ...` line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BootStatement {
    /// The whole line, as printed.
    pub line: String,
    /// What it names: `flash:/x.bin`, `x.bin`, `bootflash:a;bootflash:b`; absent for `boot system rom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// Reads the `boot system` lines out of `show running-config` (whole, or its filtered lines), in their order.
///
/// ```
/// use swim_core::platform::parse::boot_statements;
/// let b = boot_statements("boot-start-marker\nboot system switch all flash:/a.bin\nboot system flash b.bin\nboot-end-marker");
/// assert_eq!(b.iter().map(|s| s.target.as_deref()).collect::<Vec<_>>(), [Some("flash:/a.bin"), Some("b.bin")]);
/// ```
#[must_use]
pub fn boot_statements(text: &str) -> Vec<BootStatement> {
    lines(text)
        .filter(|line| line.starts_with("boot system "))
        .map(|line| BootStatement { line: line.to_owned(), target: target(line) })
        .collect()
}

fn target(line: &str) -> Option<String> {
    let mut c = Cursor::new(line);
    c.word()?;
    c.word()?;
    let mut ahead = c;
    match ahead.word()? {
        "switch" => {
            ahead.word()?;
            owned(ahead.rest())
        }
        // A medium and a name: `flash x.bin`, `flash bootflash:x.bin`.
        "flash" => owned(ahead.rest()),
        "rom" => None,
        "tftp" | "ftp" | "rcp" | "mop" => owned(c.rest()),
        _ => owned(c.rest()),
    }
}
