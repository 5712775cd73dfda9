//! Arguments of a call: taken one by one, so that what is wrong is named with its field and its value.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use swim_core::document::{self, Telling, shown};
use swim_core::{Error, ErrorKind, Result};

/// The operation of all errors about arguments.
const OPERATION: &str = "read input";

/// Arguments that hold a secret, or what somebody may take for the place of one: no value of them is repeated.
const HIDDEN: [&str; 8] = ["client_id", "client_secret", "from", "host_key", "login", "password", "tls", "url"];

/// The arguments of one call that were not taken yet.
pub(super) struct Arguments {
    call: String,
    left: Map<String, Value>,
    /// What the call has asked for.
    known: Vec<&'static str>,
}

impl Arguments {
    /// Takes an object; `null` stands for no arguments.
    pub(super) fn new(call: &str, arguments: Value) -> Result<Self> {
        let left = match arguments {
            Value::Object(map) => map,
            Value::Null => Map::new(),
            other => return Err(Error::invalid("arguments", shown(&other), "must be an object").with("call", call)),
        };
        Ok(Self { call: call.to_owned(), left, known: Vec::new() })
    }

    /// A field that must be there.
    pub(super) fn take<T: DeserializeOwned>(&mut self, field: &'static str) -> Result<T> {
        match self.optional(field)? {
            Some(value) => Ok(value),
            None => Err(Error::new(
                ErrorKind::InvalidInput,
                OPERATION,
                format!("{field} is missing from the arguments of {}", self.call),
            )
            .with("field", field)
            .with("call", &self.call)),
        }
    }

    /// A field that may be absent; `null` is absent.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, field: &'static str) -> Result<Option<T>> {
        self.known.push(field);
        match self.left.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let hidden = HIDDEN.contains(&field) || self.holds_logins();
                let telling = if hidden { Telling::Places } else { Telling::Values };
                let read = document::read(&value, field, telling);
                read.map(Some).map_err(|wrong| wrong.error(ErrorKind::InvalidInput, OPERATION).with("call", &self.call))
            }
        }
    }

    /// A number of bytes in a range that is narrower than that of its type.
    pub(super) fn bytes(&mut self, field: &'static str, range: &RangeInclusive<u64>) -> Result<Option<u64>> {
        let given: Option<Value> = self.optional(field)?;
        let Some(given) = given else { return Ok(None) };
        match given.as_u64().filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let why =
                    format!("it is in bytes and must be a whole number from {} to {}", range.start(), range.end());
                Err(Error::invalid(field, shown(&given), &why).with("call", &self.call))
            }
        }
    }

    /// A field with a default.
    pub(super) fn or_default<T: DeserializeOwned + Default>(&mut self, field: &'static str) -> Result<T> {
        Ok(self.optional(field)?.unwrap_or_default())
    }

    /// Refuses what was not taken. Beside secrets its value is not repeated: it may be one with a slip in its name.
    pub(super) fn done(self) -> Result<()> {
        let Some((field, value)) = self.left.iter().next() else { return Ok(()) };
        let secrets = self.holds_logins() || self.known.iter().any(|known| HIDDEN.contains(known));
        let value = if secrets { "(given)".to_owned() } else { shown(value) };
        let takes = if self.known.is_empty() { "it takes none".to_owned() } else { self.known.join(", ") };
        let why = format!("there is no such argument of {}: {takes}", self.call);
        Err(Error::invalid(field, value, &why).with("call", self.call))
    }

    /// A login stands in each device.
    fn holds_logins(&self) -> bool {
        self.call == "add_devices"
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_value_that_is_wrong_is_shown_where_no_secret_can_be() {
        let read = |field: &'static str, value: Value| {
            let mut arguments = Arguments::new("plan", json!({ field: value })).unwrap();
            arguments.optional::<swim_core::model::Policy>(field).unwrap_err().to_string()
        };
        let told = read("policy", json!({"activate": "both"}));
        assert!(told.contains("policy.activate = \"both\""), "{told}");
        let told = read("policy", json!({"demands": ["snmp_write", "goodness"]}));
        assert!(told.contains("policy.demands[1] = \"goodness\""), "{told}");
        let told = read("host_key", json!({"activate": "hunter2"}));
        assert!(told.contains("host_key.activate = (a text)") && !told.contains("hunter2"), "{told}");
        let told = read("from", json!({"activate": "hunter2"}));
        assert!(told.contains("from.activate = (a text): must be off,") && !told.contains("hunter2"), "{told}");
    }
}
