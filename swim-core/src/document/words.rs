//! Values and what is allowed, in plain words.

use serde::de::Expected;
use serde_json::Value;

/// Values longer than this are cut: enough to recognise them.
const SHOWN: usize = 80;
/// So many names are listed; no object of ours has more.
const LISTED: usize = 40;

/// The field of what stands in TOML without quotes and has no form of JSON: dates and times, and numbers that are none of ours.
const BARE: &str = "\0bare";

/// A value without quotes, for which JSON has no form: no text, whatever it looks like.
pub(super) fn bare(written: &str) -> Value {
    Value::Object([(BARE.to_owned(), written.into())].into_iter().collect())
}

/// Such a value, as it is written.
pub(super) fn as_bare(value: &Value) -> Option<&str> {
    value.as_object().filter(|fields| fields.len() == 1)?.get(BARE)?.as_str()
}

/// A value for an error message. What is inside of objects and lists is not repeated: they may be long.
///
/// ```
/// use serde_json::json;
/// use swim_core::document::shown;
/// assert_eq!(shown(&json!("x")), "\"x\"");
/// assert_eq!(shown(&json!([1, 2])), "a list of 2");
/// ```
#[must_use]
pub fn shown(value: &Value) -> String {
    if let Some(written) = as_bare(value) {
        return cut(written);
    }
    match value {
        Value::Object(map) if map.len() == 1 => "an object with 1 field".to_owned(),
        Value::Object(map) => format!("an object with {} fields", map.len()),
        Value::Array(list) => format!("a list of {}", list.len()),
        scalar => cut(&scalar.to_string()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The kind of a value that must not be seen.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        bare if as_bare(bare).is_some() => "(a date or number)",
        Value::Null => "(null)",
        Value::Bool(_) => "(true or false)",
        Value::Number(_) => "(a number)",
        Value::String(_) => "(a text)",
        Value::Array(_) => "(a list)",
        Value::Object(_) => "(an object)",
    }
}

/// Names for a sentence: `a, b or c`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= LISTED => format!("{} or {last}", first.join(", ")),
        many => format!("{} or another", many.get(..LISTED).unwrap_or_default().join(", ")),
    }
}

pub(super) fn whole(least: impl std::fmt::Display, most: impl std::fmt::Display) -> String {
    format!("must be a whole number from {least} to {most}")
}

/// How types that are read from objects are called by their readers.
const OBJECTS: [&str; 4] = ["struct ", "enum ", TAGGED, "adjacently tagged enum "];
/// One form of several, whose name is a field beside its others.
const TAGGED: &str = "internally tagged enum ";

/// Does a visitor that is asked without knowing what comes take objects alone? Those of tagged forms would read a list as
/// well, with the name of the form as its first item.
pub(super) fn wants_object(expected: &dyn Expected) -> bool {
    expected.to_string().starts_with(TAGGED)
}

/// Does a visitor want a text of any kind, and not one that is a time?
pub(super) fn wants_text(expected: &dyn Expected) -> bool {
    ["must be a text", "must be a path"].contains(&plain(&expected.to_string()).as_str())
}

/// What a reader of a type expects, which types say in words of Rust where they are asked without knowing what comes.
pub(super) fn plain(expected: &str) -> String {
    let what = match expected {
        "a string" | "a borrowed string" | "string" | "a string or byte array" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "a character" => "one character",
        "path string" => "a path",
        "unit" | "option" => "null",
        "u8" => return whole(0, u8::MAX),
        "u16" => return whole(0, u16::MAX),
        "u32" => return whole(0, u32::MAX),
        "u64" | "usize" => return whole(0, u64::MAX),
        "i64" | "isize" => return whole(i64::MIN, i64::MAX),
        "f32" | "f64" => "a number",
        named if OBJECTS.iter().any(|word| named.starts_with(word)) => "an object",
        other => other,
    };
    format!("must be {what}")
}

/// A sentence without what is quoted in it: it may be the value.
pub(super) fn unquoted(words: &str) -> String {
    let mut out = String::new();
    for (at, part) in words.split('"').enumerate() {
        out.push_str(if at % 2 == 0 { part } else { "(not shown)" });
    }
    out
}
