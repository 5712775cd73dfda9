//! TOML texts, which people write by hand: what is wrong is told with its line.

use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::words::{bare, unquoted};
use super::wrong::Wrong;
use super::{Telling, read};

/// A TOML document.
///
/// ```
/// use swim_core::document::{Telling, Toml};
/// #[derive(Debug, serde::Deserialize)]
/// struct Lab { ports: Vec<u16> }
/// let lab: Lab = Toml::parse("ports = [22, 23]").unwrap().read(Telling::Values).unwrap();
/// assert_eq!(lab.ports, [22, 23]);
/// let wrong = Toml::parse("# of the lab\nports = [22, \"x\"]").unwrap().read::<Lab>(Telling::Values).unwrap_err();
/// assert_eq!(wrong.to_string(), "line 2: ports[1] = \"x\": must be a whole number from 0 to 65535");
/// ```
#[derive(Debug)]
pub struct Toml<'a> {
    text: &'a str,
    table: Spanned<DeValue<'a>>,
}

impl<'a> Toml<'a> {
    /// Reads a text; a byte order mark before it is passed over.
    ///
    /// # Errors
    /// What is wrong, with its line; no value is repeated.
    pub fn parse(text: &'a str) -> Result<Self, Wrong> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let table = DeTable::parse(text).map_err(|e| {
            let line = e.span().map_or(0, |span| line(text, span.start));
            Wrong::of_text(line, format!("not valid TOML: {}", unquoted(e.message())))
        })?;
        let span = table.span();
        Ok(Self { text, table: Spanned::new(span, DeValue::Table(table.into_inner())) })
    }

    /// Reads it into a type.
    ///
    /// # Errors
    /// As [`read`], with the line.
    pub fn read<T: DeserializeOwned>(&self, telling: Telling) -> Result<T, Wrong> {
        read(&value(self.table.get_ref()), "", telling).map_err(|wrong| {
            let line = self.line_of(wrong.place());
            wrong.on_line(line)
        })
    }

    /// The line of a place, or of the innermost table around it.
    fn line_of(&self, place: &str) -> usize {
        let (mut here, mut at) = (&self.table, None);
        for step in place.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
            let inside = match here.get_ref() {
                DeValue::Table(table) => {
                    let found = table.iter().find(|(name, _)| name.get_ref() == step);
                    found.map(|(name, value)| (value, name.span().start))
                }
                DeValue::Array(items) => {
                    let found = step.parse().ok().and_then(|at: usize| items.get(at));
                    found.map(|value| (value, value.span().start))
                }
                _ => None,
            };
            let Some((value, start)) = inside else { break };
            (here, at) = (value, Some(start));
        }
        at.map_or(0, |start| line(self.text, start))
    }
}

fn line(text: &str, start: usize) -> usize {
    text.get(..start).map_or(0, |before| before.split('\n').count())
}

fn value(of: &DeValue<'_>) -> Value {
    match of {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(is) => (*is).into(),
        DeValue::Integer(number) => {
            let (digits, radix) = (number.as_str(), number.radix());
            let signed = i64::from_str_radix(digits, radix).map(Value::from);
            signed.or_else(|_| u64::from_str_radix(digits, radix).map(Value::from)).unwrap_or_else(|_| bare(digits))
        }
        DeValue::Float(number) => {
            let read = number.as_str().parse().ok().and_then(Number::from_f64);
            read.map_or_else(|| bare(number.as_str()), Value::Number)
        }
        DeValue::Datetime(time) => bare(&time.to_string()),
        DeValue::Array(items) => items.iter().map(|item| value(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let fields = table.iter().map(|(name, item)| (name.get_ref().to_string(), value(item.get_ref())));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}
