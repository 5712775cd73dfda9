//! The name of a field, where it is data: the keys of maps.

use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde_json::Value;

use super::Telling;
use super::place::Place;
use super::words::whole;
use super::wrong::Wrong;

/// A name in an object.
#[derive(Clone, Copy)]
pub(super) struct Key<'a, 'de> {
    pub(super) name: &'de str,
    pub(super) of: &'a Place<'a>,
    pub(super) telling: Telling,
}

impl Key<'_, '_> {
    pub(super) fn settle<T>(&self, read: Result<T, Wrong>) -> Result<T, Wrong> {
        // A field that does not exist is told by the object, which knows what it holds.
        read.map_err(|wrong| match wrong.is_here() {
            true => wrong.at(&Place::Field(self.of, self.name), &Value::String(self.name.to_owned()), self.telling),
            false => wrong,
        })
    }
}

macro_rules! whole_numbers {
    ($($method:ident $type:ty, $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            self.settle(match self.name.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(Wrong::here(whole(<$type>::MIN, <$type>::MAX))),
            })
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.settle(visitor.visit_borrowed_str(self.name))
    }

    whole_numbers! {
        deserialize_u8 u8, visit_u8;
        deserialize_u16 u16, visit_u16;
        deserialize_u32 u32, visit_u32;
        deserialize_u64 u64, visit_u64;
        deserialize_i64 i64, visit_i64;
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.settle(visitor.visit_enum(self.name.into_deserializer()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}
