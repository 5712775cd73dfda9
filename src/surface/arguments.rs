//! Arguments of a call: taken one by one, so that what is wrong is named with its field and its value.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use swim_core::{Error, ErrorKind, Result};

use crate::reading::{self, Wrong};

/// Values longer than this are cut in error messages: enough to recognise them.
const SHOWN: usize = 80;

/// The arguments of one call that were not taken yet.
pub(super) struct Arguments {
    call: String,
    left: Map<String, Value>,
}

impl Arguments {
    /// Takes an object; `null` stands for no arguments.
    pub(super) fn new(call: &str, arguments: Value) -> Result<Self> {
        let left = match arguments {
            Value::Object(map) => map,
            Value::Null => Map::new(),
            other => return Err(Error::invalid("arguments", shown(&other), "must be an object").with("call", call)),
        };
        Ok(Self { call: call.to_owned(), left })
    }

    /// A field that must be there.
    pub(super) fn take<T: DeserializeOwned>(&mut self, field: &str) -> Result<T> {
        match self.optional(field)? {
            Some(value) => Ok(value),
            None => Err(Error::new(
                ErrorKind::InvalidInput,
                "read input",
                format!("{field} is missing from the arguments of {}", self.call),
            )
            .with("field", field)
            .with("call", &self.call)),
        }
    }

    /// A field that may be absent; `null` is absent.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, field: &str) -> Result<Option<T>> {
        match self.left.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let inner = |wrong: Wrong| {
                    let place = wrong.place.unwrap_or_else(|| field.to_owned());
                    let words = shown(at(field, &value, &place));
                    Error::invalid(&place, words, &wrong.why).with("call", &self.call)
                };
                reading::read(&value, Some(field), ToString::to_string).map(Some).map_err(inner)
            }
        }
    }

    /// A field with a default.
    pub(super) fn or_default<T: DeserializeOwned + Default>(&mut self, field: &str) -> Result<T> {
        Ok(self.optional(field)?.unwrap_or_default())
    }

    /// Refuses what was not taken.
    pub(super) fn done(self) -> Result<()> {
        match self.left.iter().next() {
            None => Ok(()),
            Some((field, value)) => {
                Err(Error::invalid(field, shown(value), "there is no such argument").with("call", self.call))
            }
        }
    }
}

/// Documents that hold no secret: what is wrong inside of them may be shown.
const OPEN: [&str; 3] = ["policy", "settings", "schedule"];

/// What is at a place like `policy.demands[0]`, as far as it may be shown.
fn at<'a>(field: &str, value: &'a Value, place: &str) -> &'a Value {
    let inside = place.strip_prefix(field).filter(|_| OPEN.contains(&field)).unwrap_or_default();
    let steps = inside.split(['.', '[', ']']).filter(|step| !step.is_empty());
    steps.fold(value, |value, step| {
        let next = step.parse().map_or_else(|_| value.get(step), |at: usize| value.get(at));
        next.unwrap_or(value)
    })
}

/// A value for an error message. What is inside of objects and lists is not repeated: they may be long.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(map) if map.len() == 1 => "an object with 1 field".to_owned(),
        Value::Object(map) => format!("an object with {} fields", map.len()),
        Value::Array(list) => format!("a list of {}", list.len()),
        scalar => {
            let text = scalar.to_string();
            match text.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}...", &text[..end]),
                None => text,
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_value_that_is_wrong_is_shown_where_no_secret_can_be() {
        let read = |field: &str, value: Value| {
            let mut arguments = Arguments::new("plan", json!({ field: value })).unwrap();
            arguments.optional::<swim_core::model::Policy>(field).unwrap_err().to_string()
        };
        let told = read("policy", json!({"activate": "both"}));
        assert!(told.contains("policy.activate = \"both\""), "{told}");
        let told = read("policy", json!({"demands": ["snmp_write", "goodness"]}));
        assert!(told.contains("policy.demands[1] = \"goodness\""), "{told}");
        let told = read("from", json!({"activate": "hunter2"}));
        assert!(told.contains("an object with 1 field:") && !told.contains("hunter2"), "{told}");
    }
}
