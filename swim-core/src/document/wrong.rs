//! What is wrong with a document.

use std::fmt;

use serde::de::{self, Expected, Unexpected};
use serde_json::Value;

use super::Telling;
use super::place::Place;
use super::words::{kind, listed, plain, shown, unquoted};
use crate::{Error, ErrorKind};

/// What is wrong with a document, and where. Shown as `policy.demands[0] = "goodness": must be one of ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    state: State,
    place: String,
    value: String,
    why: String,
    line: usize,
}

/// How much is known of it: types tell what they do not take before the reader tells them where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Of the value at hand.
    Here,
    /// The object at hand lacks a field.
    Missing(&'static str),
    /// The object at hand has a field too many.
    Unknown(String),
    /// All is known.
    Placed,
}

impl Wrong {
    pub(super) fn here(why: impl Into<String>) -> Self {
        Self { state: State::Here, place: String::new(), value: String::new(), why: why.into(), line: 0 }
    }

    /// Of a text that is no document at all; `line` counts from 1.
    pub(super) fn of_text(line: usize, why: impl Into<String>) -> Self {
        Self { state: State::Placed, line, ..Self::here(why) }
    }

    /// A field that an object has already.
    pub(super) fn twice(place: &Place<'_>) -> Self {
        let place = place.to_string();
        Self { state: State::Placed, place, value: "(given)".to_owned(), ..Self::here("is given twice") }
    }

    /// Is it about the value at hand itself?
    pub(super) fn is_here(&self) -> bool {
        self.state == State::Here
    }

    /// Says where it is, unless somebody further inside has.
    pub(super) fn at(mut self, place: &Place<'_>, value: &Value, telling: Telling) -> Self {
        let told = |value: &Value| match telling {
            Telling::Values => shown(value),
            Telling::Places => kind(value).to_owned(),
        };
        match std::mem::replace(&mut self.state, State::Placed) {
            State::Placed => {}
            State::Here => {
                (self.place, self.value) = (place.to_string(), told(value));
                self.why = alone(&self.why, value, telling);
            }
            State::Missing(name) => {
                (self.place, self.value) = (Place::Field(place, name).to_string(), "(absent)".to_owned());
            }
            State::Unknown(name) => {
                self.place = Place::Field(place, &name).to_string();
                self.value = value.get(&name).map_or_else(|| "(given)".to_owned(), told);
            }
        }
        self
    }

    /// Says on which line of a text it is.
    #[must_use]
    pub(super) fn on_line(mut self, line: usize) -> Self {
        self.line = line;
        self
    }

    /// The place, e.g. `devices[0].login.user`; empty for the whole of a document.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong with it, and what is allowed.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// As an error.
    ///
    /// ```
    /// use swim_core::ErrorKind;
    /// use swim_core::document::{Telling, read};
    /// let wrong = read::<Vec<u16>>(&serde_json::json!([7, "x"]), "ports", Telling::Values).unwrap_err();
    /// let e = wrong.error(ErrorKind::InvalidInput, "read input");
    /// assert_eq!(e.to_string(), "read input: ports[1] = \"x\": must be a whole number from 0 to 65535");
    /// assert_eq!((e.context("field"), e.context("value")), (Some("ports[1]"), Some("\"x\"")));
    /// ```
    #[must_use]
    pub fn error(self, kind: ErrorKind, operation: &str) -> Error {
        let mut e = Error::new(kind, operation, self.to_string());
        if !self.place.is_empty() {
            e = e.with("field", &self.place).with("value", &self.value);
        }
        if self.line > 0 { e.with("line", self.line) } else { e }
    }
}

/// What a type says of a text that it does not take, without the name that it has for it and without the text: both are
/// told already, by place.
fn alone(why: &str, value: &Value, telling: Telling) -> String {
    let Value::String(text) = value else {
        return if telling == Telling::Places { unquoted(why) } else { why.to_owned() };
    };
    let cut = [format!(" = {text:?}: "), format!(" = {text}: "), " = (not shown): ".to_owned()];
    let why = cut.iter().find_map(|cut| why.split_once(cut.as_str())).map_or(why, |(_, why)| why);
    match telling {
        Telling::Values => why.to_owned(),
        Telling::Places => unquoted(&if text.len() > 2 { why.replace(text, "(not shown)") } else { why.to_owned() }),
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        match (self.place.is_empty(), self.value.is_empty()) {
            (false, _) => write!(f, "{} = {}: {}", self.place, self.value, self.why),
            (true, false) => write!(f, "{}: {}", self.value, self.why),
            (true, true) => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    /// Errors of ours have a form without their operation. Those of the library of times speak of its parser; should their
    /// type ever have another name, these words stand.
    fn custom<T: fmt::Display>(message: T) -> Self {
        if std::any::type_name::<T>().starts_with("jiff::") {
            return Self::here("must be a time such as 2026-11-24T01:30:00Z");
        }
        Self::here(format!("{message:#}"))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::here(plain(&expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::here(plain(&expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::here(plain(&expected.to_string()))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::here(format!("must be {}", listed(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let why = format!("there is no such field: it may be {}", listed(expected));
        Self { state: State::Unknown(field.to_owned()), ..Self::here(why) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { state: State::Missing(field), ..Self::here("must be given") }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self { state: State::Unknown(field.to_owned()), ..Self::here("is given twice") }
    }
}
