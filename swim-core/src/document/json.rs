//! JSON texts. A field that is there twice is refused: two readers could believe different ones.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::place::Place;
use super::strict::Strict;
use super::wrong::Wrong;
use super::{Telling, read, without_mark};

/// Values that one text may have: sixteen for each of half a million entries of the longest list.
const MOST: usize = 8_000_000;

/// Reads a JSON text; a byte order mark of UTF-8 before it is passed over.
///
/// ```
/// use swim_core::document::parse;
/// assert_eq!(parse(br#"{"a": [1]}"#).unwrap(), serde_json::json!({"a": [1]}));
/// let wrong = parse(br#"{"a": {"b": 1, "b": 2}}"#).unwrap_err();
/// assert_eq!(wrong.to_string(), "a.b = (given): is given twice");
/// assert_eq!(parse(b"{\n7").unwrap_err().to_string(), "line 2: not valid JSON (column 1)");
/// ```
///
/// # Errors
/// What is wrong, and where: by line and column, for the words of a reader may repeat what is there.
pub fn parse(text: &[u8]) -> Result<Value, Wrong> {
    let text = without_mark(text);
    let told = Told { twice: RefCell::new(None), left: Cell::new(MOST) };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let whole = Place::Whole("");
    let read = Any { place: &whole, told: &told }.deserialize(&mut reader);
    read.and_then(|value| reader.end().map(|()| value))
        .map_err(|e| told.twice.take().unwrap_or_else(|| broken(text, &e)))
}

fn broken(text: &[u8], e: &serde_json::Error) -> Wrong {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Wrong::of_text(0, "not valid JSON: it is empty");
    }
    let why = if e.is_eof() { "not valid JSON: it ends too early" } else { "not valid JSON" };
    Wrong::of_text(e.line(), format!("{why} (column {})", e.column()))
}

/// Reads a JSON text into a type at once, without holding all of it as values: for large documents. It takes what [`parse`] and
/// [`read`] take, and nothing else.
///
/// ```
/// use swim_core::document::read_slice;
/// #[derive(Debug, serde::Deserialize)]
/// struct Lab { ports: Vec<u16> }
/// assert_eq!(read_slice::<Lab>(br#"{"ports": [22]}"#).unwrap().ports, [22]);
/// assert_eq!(read_slice::<Lab>(b"[[22]]").unwrap_err().to_string(), "a list of 1: must be an object");
/// ```
///
/// # Errors
/// As [`read`] and [`parse`].
pub fn read_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, Wrong> {
    let text = without_mark(text);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let quick = T::deserialize(Strict(&mut reader)).and_then(|read| reader.end().map(|()| read));
    // What is wrong, and where, is looked for afterwards.
    quick.or_else(|_| read(&parse(text)?, "", Telling::Values))
}

/// What came up on the way.
struct Told {
    twice: RefCell<Option<Wrong>>,
    left: Cell<usize>,
}

/// Any value.
#[derive(Clone, Copy)]
struct Any<'a> {
    place: &'a Place<'a>,
    told: &'a Told,
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let left = self.told.left.get().checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        self.told.left.set(left);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value, E> {
        Ok(is.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(Any { place: &Place::Item(self.place, out.len()), ..self })? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if out.contains_key(&name) {
                let wrong = Wrong::twice(&Place::Field(self.place, &name));
                self.told.twice.replace(Some(wrong));
                return Err(A::Error::custom("a field is given twice"));
            }
            let value = fields.next_value_seed(Any { place: &Place::Field(self.place, &name), ..self })?;
            out.insert(name, value);
        }
        Ok(Value::Object(out))
    }
}
