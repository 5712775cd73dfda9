//! Regular expressions over what devices print: compiled once, shared, and small.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::bytes::{Regex, RegexBuilder};

use crate::{Error, Result};

/// A compiled pattern. Devices print bytes: classes such as `\s` and `\d` mean ASCII, which takes a hundredth of the
/// memory and of the time that Unicode's tables take.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Regex);

/// Patterns that were compiled once: definitions and the catalogue of questions use the same few hundred again and again,
/// and compiling one costs as much as a whole `show` command.
static COMPILED: LazyLock<Mutex<BTreeMap<String, Pattern>>> = LazyLock::new(Mutex::default);

/// Far more than the built-in definitions have; a program that makes patterns of its own must not grow without end.
const COMPILED_KEPT: usize = 4096;

impl Pattern {
    /// Compiles a pattern; the error names its field.
    pub(super) fn new(field: &str, pattern: &str) -> Result<Self> {
        let mut known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = known.get(pattern) {
            return Ok(compiled.clone());
        }
        // A letter beyond ASCII in a definition of somebody's own needs the tables.
        let unicode = !pattern.is_ascii();
        let compiled = RegexBuilder::new(pattern)
            .multi_line(true)
            .unicode(unicode)
            .build()
            .map(Self)
            .map_err(|e| Error::invalid(field, format!("{pattern:?}"), "not a regular expression").caused_by(e))?;
        if known.len() >= COMPILED_KEPT {
            known.clear();
        }
        known.insert(pattern.to_owned(), compiled.clone());
        Ok(compiled)
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }

    /// Where the pattern matches: what its group of this name holds. Absent when it does not match; `Some(None)` when it
    /// matches without the group.
    pub(super) fn group(&self, name: &str, text: &str) -> Option<Option<String>> {
        let found = self.0.captures(text.as_bytes())?;
        Some(found.name(name).map(|group| String::from_utf8_lossy(group.as_bytes()).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_are_matched_whole() {
        let pattern = Pattern::new("prompt", r"^(?P<host>[^#]+)#$").unwrap();
        assert_eq!(pattern.group("host", "zürich-sw1#"), Some(Some("zürich-sw1".to_owned())));
        assert_eq!(pattern.group("none", "a#"), Some(None));
        assert_eq!(pattern.group("host", "#"), None);
        let own = Pattern::new("question", r"(?i)überschreiben\?").unwrap();
        assert!(own.is_match("Überschreiben?") && !own.is_match("uberschreiben?"));
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let e = Pattern::new("pager", "(").unwrap_err();
        assert!(e.to_string().contains("pager"), "{e}");
    }
}
