//! Looks into JSON that is not quite what was documented.

use serde_json::Value;

use crate::catalog::Exception;

/// The deepest list of codes or fields that is followed.
const DEEPEST: usize = 8;

/// The first of several spellings that is there and not `null`.
pub(super) fn field<'a>(value: &'a Value, names: &[&str]) -> &'a Value {
    names.iter().map(|name| &value[*name]).find(|found| !found.is_null()).unwrap_or(&Value::Null)
}

/// A text; numbers are texts as well, and what stands for nothing is nothing.
pub(super) fn text(value: &Value, names: &[&str]) -> Option<String> {
    scalar(field(value, names))
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return None,
    };
    let nothing = text.is_empty() || ["null", "na", "n/a", "none"].iter().any(|n| text.eq_ignore_ascii_case(n));
    (!nothing).then_some(text)
}

/// A whole number, also as a text.
pub(super) fn number(value: &Value, names: &[&str]) -> Option<u64> {
    text(value, names)?.replace(',', "").parse().ok()
}

/// `Y`, `yes`, `true`, `1`; `None` where nothing, or something else, is said.
pub(super) fn flag(value: &Value, names: &[&str]) -> Option<bool> {
    match text(value, names)?.to_ascii_lowercase().as_str() {
        "y" | "yes" | "true" | "1" => Some(true),
        "n" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// The elements of a list. One element alone is a list of one: some generations leave the brackets out.
pub(super) fn list<'a>(value: &'a Value, names: &[&str]) -> &'a [Value] {
    elements(field(value, names))
}

pub(super) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// A digest: hexadecimal of the right length, lower case; anything else is none.
pub(super) fn digest(value: &Value, names: &[&str], digits: usize) -> Option<String> {
    let text = text(value, names)?.to_ascii_lowercase();
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(text)
}

/// The codes in a value: an object, a list of them, or a code alone.
pub(super) fn exceptions(value: &Value) -> Vec<Exception> {
    let mut found = Vec::new();
    collect(value, DEEPEST, &mut found);
    found
}

fn collect(value: &Value, depth: usize, found: &mut Vec<Exception>) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Array(list) => list.iter().for_each(|one| collect(one, depth - 1, found)),
        Value::Object(map) => {
            let code = text(value, &["exceptionCode", "exception_code", "errorCode", "error_code", "code"]);
            let words = ["exceptionMessage", "exception_message", "errorMessage", "error_message", "message"];
            match code {
                Some(code) => found.push(Exception { code, message: text(value, &words).unwrap_or_default() }),
                None => map.values().filter(|v| !v.is_string()).for_each(|v| collect(v, depth - 1, found)),
            }
        }
        Value::String(_) => found.extend(scalar(value).map(|code| Exception { code, message: String::new() })),
        _ => {}
    }
}

/// The codes about the whole request.
pub(super) fn of_the_whole(root: &Value) -> Vec<Exception> {
    let names = [
        "exception",
        "exceptions",
        "serviceResponseException",
        "asd_service_response_exception",
        "asd_metadata_exception",
        "errors",
    ];
    let mut found: Vec<_> = names.iter().flat_map(|name| exceptions(&root[*name])).collect();
    // A reply that is nothing but one code.
    if root["exceptionCode"].is_string() || root["errorCode"].is_string() {
        found.extend(exceptions(root));
    }
    found
}
