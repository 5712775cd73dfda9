//! Names and paths that callers give, judged before anything is dialled or opened.

use swim_core::{Error, Result};

/// The longest path that the systems take which we dial.
const LONGEST: usize = 4096;
/// Characters of a bad value that an error repeats.
const REPEATED: usize = 80;

/// A bad value as errors show it: escaped, and not longer than a line.
pub(crate) fn shown(value: &str) -> String {
    match value.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{:?}...", &value[..end]),
        None => format!("{value:?}"),
    }
}

/// Checks the path of a file on another machine.
pub(crate) fn check(path: &str) -> Result<()> {
    check_within(path, LONGEST)
}

/// The same for a protocol with a limit of its own, in bytes. Control characters are in no path: a line end would be
/// another command of FTP, a NUL the end of the name by TFTP, and no device lets anybody type them.
pub(crate) fn check_within(path: &str, longest: usize) -> Result<()> {
    if path.is_empty() || path.len() > longest || path.chars().any(char::is_control) {
        let why = format!("1 to {longest} bytes without control characters");
        return Err(Error::invalid("path", shown(path), &why));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn bad_paths_are_named_without_being_printed_raw() {
        for good in ["flash:x.bin", "/a b/\u{fc}.bin", "../x", "-la", "'; rm -rf /", &"x".repeat(LONGEST)] {
            check(good).unwrap();
        }
        for bad in ["", "a\r\nDELE x", "a\0b", "a\u{1b}[31m", "a\u{85}b", &"\u{fc}".repeat(LONGEST)] {
            let e = check(bad).unwrap_err();
            assert_eq!((e.kind(), e.context("field")), (swim_core::ErrorKind::InvalidInput, Some("path")));
            let text = e.to_string();
            assert!(!text.chars().any(char::is_control) && text.len() < 300, "{text}");
        }
        assert!(check_within(&"x".repeat(401), 400).is_err());
    }
}
