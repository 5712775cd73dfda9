//! Reading documents that may hold secrets: what is wrong is named by its place and kind, never by its content.

use serde::de::{DeserializeOwned, Deserializer};
use swim_core::{Error, ErrorKind};

/// What is wrong with a document, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The place, e.g. `devices[0].login.user`; absent for the whole.
    pub(crate) place: Option<String>,
    /// The reader's words without the value.
    pub(crate) why: String,
}

impl Wrong {
    pub(crate) fn new(words: &str) -> Self {
        Self { place: None, why: without_value(words) }
    }

    /// As an error of a document; `line` counts from 1, 0 is unknown.
    pub(crate) fn error(&self, operation: &str, line: usize) -> Error {
        let place = self.place.as_deref().map(|p| format!("{p}: ")).unwrap_or_default();
        let at = if line > 0 { format!("line {line}: ") } else { String::new() };
        let mut e = Error::new(ErrorKind::InvalidInput, operation, format!("{at}{place}{}", self.why));
        if let Some(place) = &self.place {
            e = e.with("field", place);
        }
        if line > 0 { e.with("line", line) } else { e }
    }
}

/// Reads a value; `place` comes before the place inside of it. `words` are those of the reader's own error.
pub(crate) fn read<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    document: D,
    place: Option<&str>,
    words: impl FnOnce(&D::Error) -> String,
) -> Result<T, Wrong> {
    serde_path_to_error::deserialize(document).map_err(|e| {
        let inside = Some(e.path().to_string()).filter(|p| p != ".");
        let place = match (place, inside) {
            (Some(outer), Some(inner)) if inner.starts_with('[') => Some(format!("{outer}{inner}")),
            (Some(outer), Some(inner)) => Some(format!("{outer}.{inner}")),
            (outer, inner) => inner.or_else(|| outer.map(str::to_owned)),
        };
        Wrong { place, ..Wrong::new(&words(e.inner())) }
    })
}

/// Readers quote the value that they stumble over: `invalid type: string "hunter2", expected u16`. What they expected is
/// behind the last `, expected`; a name of a field is no value.
fn without_value(words: &str) -> String {
    let words = words.split(" at line ").next().unwrap_or(words);
    let (found, expected) = match words.rfind(", expected") {
        Some(at) => words.split_at(at),
        None => (words, ""),
    };
    let names = ["missing field `", "unknown field `", "duplicate field `"];
    if names.iter().any(|n| found.starts_with(n)) {
        return format!("{found}{expected}");
    }
    let quotes = ['"', '`', '\''];
    match (found.find(quotes), found.rfind(quotes)) {
        (Some(first), Some(last)) if first < last => {
            format!("{}{}{expected}", found[..first].trim_end(), &found[last + 1..])
        }
        _ => format!("{found}{expected}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_and_reasons_stay() {
        let cases = [
            ("invalid type: string \"hunter2\", expected u16", "invalid type: string, expected u16"),
            (
                "unknown variant `hunter2`, expected one of `value`, `env`",
                "unknown variant, expected one of `value`, `env`",
            ),
            ("invalid type: string \"a\\\", expected b\", expected u16", "invalid type: string, expected u16"),
            ("device id = \"hunter 2\": without white space", "device id =: without white space"),
            ("unknown field `colour`, expected `data`", "unknown field `colour`, expected `data`"),
            ("missing field `id` at line 1 column 2", "missing field `id`"),
            ("invalid value: integer `70000`, expected u16", "invalid value: integer, expected u16"),
        ];
        for (words, wanted) in cases {
            assert_eq!(without_value(words), wanted);
        }
    }

    #[test]
    fn the_place_is_named() {
        let wrong =
            read::<Vec<Vec<u16>>, _>(serde_json::json!([[1], ["x"]]), Some("ports"), ToString::to_string).unwrap_err();
        assert_eq!(wrong.place.as_deref(), Some("ports[1][0]"));
        assert_eq!(wrong.why, "invalid type: string, expected u16");
    }
}
