//! The command line: places in order, options by name.

use std::collections::BTreeMap;

use swim_core::{Error, Result};

/// Options that take no value.
const FLAGS: [&str; 1] = ["fresh"];
/// Options with a value.
const OPTIONS: [&str; 9] = ["store", "image", "user", "key", "bind", "port", "offers", "uses", "threads"];

/// What was asked.
#[derive(Debug)]
pub(crate) struct Words {
    places: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Words {
    /// Reads a command line.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let (mut places, mut options) = (Vec::new(), BTreeMap::new());
        let mut arguments = arguments;
        while let Some(word) = arguments.next() {
            let Some(name) = word.strip_prefix("--") else {
                places.push(word);
                continue;
            };
            let value = if FLAGS.contains(&name) {
                String::new()
            } else if OPTIONS.contains(&name) {
                arguments.next().ok_or_else(|| Error::invalid("option", &word, "its value is missing"))?
            } else {
                return Err(Error::invalid("option", &word, "no such option"));
            };
            options.insert(name.to_owned(), value);
        }
        Ok(Self { places, options })
    }

    /// The words that are no options.
    pub(crate) fn places(&self) -> Vec<&str> {
        self.places.iter().map(String::as_str).collect()
    }

    /// The value of an option.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Was it given?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }

    /// The value of an option that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str> {
        self.option(name).ok_or_else(|| Error::invalid("option", format!("--{name}"), "it is needed here"))
    }

    /// A number, or its default.
    pub(crate) fn number(&self, name: &str, default: u16) -> Result<u16> {
        let Some(text) = self.option(name) else { return Ok(default) };
        text.parse().map_err(|_| Error::invalid(name, text, "a number from 0 to 65535"))
    }
}
