//! Documents of users: arguments, configurations, catalogues. What is wrong in one is said by its place, its value, and what
//! is allowed there, in the words of who wrote it and not in those of a reader.
//!
//! Everything that users write goes through [`read`], in all languages. A document that may hold secrets is read with
//! [`Telling::Places`]: then no value of it is repeated.

mod json;
mod key;
mod place;
mod reader;
mod strict;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;
mod toml;
mod words;
mod wrong;

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::json::{parse, read_slice};
use self::place::Place;
use self::reader::Reader;
pub use self::toml::Toml;
pub use self::words::shown;
pub use self::wrong::Wrong;

/// What may be told of the values of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Telling {
    /// What they are: no secret belongs into it.
    #[default]
    Values,
    /// Only where they are and of which kind: one of them may be a secret, or a secret in the wrong place.
    Places,
}

/// Reads a value. `place` is what the whole of it is called, e.g. the name of an argument; empty for a document.
///
/// ```
/// use serde_json::json;
/// use swim_core::document::{Telling, read};
/// use swim_core::model::Policy;
/// let wrong = read::<Policy>(&json!({"max_parallel": -5}), "policy", Telling::Values).unwrap_err();
/// assert_eq!(wrong.to_string(), "policy.max_parallel = -5: must be a whole number from 0 to 4294967295");
/// let wrong = read::<Policy>(&json!({"max_parallel": "hunter2"}), "policy", Telling::Places).unwrap_err();
/// assert_eq!(wrong.to_string(), "policy.max_parallel = (a text): must be a whole number from 0 to 4294967295");
/// ```
///
/// # Errors
/// What is wrong, and where.
pub fn read<T: DeserializeOwned>(value: &Value, place: &str, telling: Telling) -> Result<T, Wrong> {
    Reader::new(value, &Place::Whole(place), telling).settled(PhantomData)
}

/// The text without the byte order mark that some editors write before it. It is no part of a document; a signature is of the
/// bytes as they are.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}
