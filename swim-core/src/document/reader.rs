//! Reads a value into a type, and knows at every moment where it is.

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Map, Value};

use super::Telling;
use super::key::Key;
use super::place::Place;
use super::words::{as_bare, listed, wants_object, wants_text, whole};
use super::wrong::Wrong;

/// A value at its place.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a, 'de> {
    value: &'de Value,
    place: &'a Place<'a>,
    telling: Telling,
}

impl<'a, 'de> Reader<'a, 'de> {
    pub(super) const fn new(value: &'de Value, place: &'a Place<'a>, telling: Telling) -> Self {
        Self { value, place, telling }
    }

    /// Something inside of it.
    const fn inside<'b>(&self, value: &'de Value, place: &'b Place<'b>) -> Reader<'b, 'de> {
        Reader { value, place, telling: self.telling }
    }

    /// Reads it. What a type says of a value after it has read it is about the value at this place as well.
    pub(super) fn settled<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        self.settle(seed.deserialize(self))
    }

    fn settle<T>(&self, read: Result<T, Wrong>) -> Result<T, Wrong> {
        read.map_err(|wrong| wrong.at(self.place, self.value, self.telling))
    }

    fn refuse<T>(&self, why: impl Into<String>) -> Result<T, Wrong> {
        self.settle(Err(Wrong::here(why)))
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::String(text) => self.settle(visitor.visit_borrowed_str(text)),
            other => match as_bare(other) {
                // Times may be written without quotes.
                Some(written) if !wants_text(&visitor) => self.settle(visitor.visit_borrowed_str(written)),
                Some(_) => self.refuse("must be a text, in quotes"),
                None => self.refuse("must be a text"),
            },
        }
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Array(items) => self.settle(visitor.visit_seq(Items { of: self, items: items.iter().enumerate() })),
            _ => self.refuse("must be a list"),
        }
    }

    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Object(fields) if as_bare(self.value).is_none() => {
                self.settle(visitor.visit_map(Fields { of: self, fields: fields.iter(), next: None }))
            }
            _ => self.refuse("must be an object"),
        }
    }
}

macro_rules! whole_numbers {
    ($($method:ident $type:ty, $as:ident, $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            match self.value.$as().filter(|number| <$type>::try_from(*number).is_ok()) {
                Some(number) => self.settle(visitor.$visit(number)),
                None => self.refuse(whole(<$type>::MIN, <$type>::MAX)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_, 'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if wants_object(&visitor) {
            return self.object(visitor);
        }
        match self.value {
            Value::Null => self.settle(visitor.visit_unit()),
            Value::Bool(is) => self.settle(visitor.visit_bool(*is)),
            Value::String(_) => self.text(visitor),
            Value::Array(_) => self.list(visitor),
            bare if as_bare(bare).is_some() => self.text(visitor),
            Value::Object(_) => self.object(visitor),
            Value::Number(number) => self.settle(match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            }),
        }
    }

    whole_numbers! {
        deserialize_u8 u8, as_u64, visit_u64;
        deserialize_u16 u16, as_u64, visit_u64;
        deserialize_u32 u32, as_u64, visit_u64;
        deserialize_u64 u64, as_u64, visit_u64;
        deserialize_i8 i8, as_i64, visit_i64;
        deserialize_i16 i16, as_i64, visit_i64;
        deserialize_i32 i32, as_i64, visit_i64;
        deserialize_i64 i64, as_i64, visit_i64;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Bool(is) => self.settle(visitor.visit_bool(*is)),
            _ => self.refuse("must be true or false"),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value.as_f64() {
            Some(number) => self.settle(visitor.visit_f64(number)),
            None => self.refuse("must be a number"),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.text(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Null => self.settle(visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        self.settle(visitor.visit_newtype_struct(self))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Wrong> {
        match self.value.as_array() {
            Some(items) if items.len() == length => self.list(visitor),
            _ => self.refuse(format!("must be a list of {length}")),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.object(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.object(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let only = |fields: &'de Map<String, Value>| fields.iter().next().filter(|_| fields.len() == 1);
        match self.value {
            Value::String(name) => self.settle(visitor.visit_enum(Choice { of: self, name, holds: None })),
            Value::Object(fields) if as_bare(self.value).is_none() => match only(fields) {
                Some((name, holds)) => self.settle(visitor.visit_enum(Choice { of: self, name, holds: Some(holds) })),
                None => self.refuse(format!("must be an object with one field: {}", listed(names))),
            },
            _ => self.refuse(format!("must be {}", listed(names))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.settle(visitor.visit_unit())
    }

    serde::forward_to_deserialize_any! { bytes byte_buf unit }
}

/// The items of a list.
struct Items<'a, 'de> {
    of: Reader<'a, 'de>,
    items: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some((at, value)) = self.items.next() else { return Ok(None) };
        self.of.inside(value, &Place::Item(self.of.place, at)).settled(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The fields of an object.
struct Fields<'a, 'de> {
    of: Reader<'a, 'de>,
    fields: serde_json::map::Iter<'de>,
    next: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        self.next = Some((name, value));
        let key = Key { name, of: self.of.place, telling: self.of.telling };
        key.settle(seed.deserialize(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let Some((name, value)) = self.next.take() else { return Err(Wrong::custom("a value without its field")) };
        self.of.inside(value, &Place::Field(self.of.place, name)).settled(seed)
    }
}

/// One of several forms: its name alone, or an object with what it holds.
struct Choice<'a, 'de> {
    of: Reader<'a, 'de>,
    name: &'de str,
    holds: Option<&'de Value>,
}

impl<'a, 'de> EnumAccess<'de> for Choice<'a, 'de> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        let name = serde::de::value::BorrowedStrDeserializer::<Wrong>::new(self.name);
        let read = seed.deserialize(name);
        // A name that is no form may itself be a secret.
        let read = match self.holds {
            Some(holds) if self.of.telling == Telling::Values => {
                read.map_err(|wrong| wrong.at(&Place::Field(self.of.place, self.name), holds, self.of.telling))
            }
            _ => read,
        };
        read.map(|form| (form, self))
    }
}

impl<'de> Choice<'_, 'de> {
    fn held<T>(self, what: &str, read: impl FnOnce(Reader<'_, 'de>) -> Result<T, Wrong>) -> Result<T, Wrong> {
        match self.holds {
            Some(holds) => read(self.of.inside(holds, &Place::Field(self.of.place, self.name))),
            None => self.of.refuse(format!("needs more: must be an object {{\"{}\": {what}}}", self.name)),
        }
    }
}

impl<'de> VariantAccess<'de> for Choice<'_, 'de> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        match self.holds {
            None | Some(Value::Null) => Ok(()),
            Some(_) => self.of.refuse(format!("must be \"{}\" alone, not an object", self.name)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        self.held("...", |reader| reader.settled(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.held("[...]", |reader| reader.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        self.held("{...}", |reader| reader.object(visitor))
    }
}
