//! Which platforms there are.

use std::collections::BTreeMap;

use super::Definition;
use crate::model::PlatformId;
use crate::{Error, ErrorKind, Result};

/// The definitions that are built in, as TOML.
const BUILTIN: [&str; 2] = [include_str!("definitions/ios.toml"), include_str!("definitions/ios_xe.toml")];

/// Definitions by name.
///
/// ```
/// use swim_core::{model::PlatformId, platform::Registry};
/// let registry = Registry::builtin()?;
/// assert!(registry.definition(&PlatformId("ios_xe".into()))?.abilities.install_mode);
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Registry {
    definitions: BTreeMap<PlatformId, Definition>,
}

impl Registry {
    /// The built-in definitions.
    ///
    /// # Errors
    /// `InvalidInput` when a built-in definition cannot be read, which the tests exclude.
    pub fn builtin() -> Result<Self> {
        let mut it = Self::default();
        for text in BUILTIN {
            it.define(text)?;
        }
        Ok(it)
    }

    /// Adds a definition from TOML text, or replaces the one of the same name. Its patterns are checked here.
    ///
    /// # Errors
    /// `InvalidInput` with the place in the text, or with the pattern that is no regular expression.
    pub fn define(&mut self, text: &str) -> Result<PlatformId> {
        let definition = Definition::from_toml(text)?;
        crate::cli::Matcher::new(&definition)?;
        let id = definition.id.clone();
        self.definitions.insert(id.clone(), definition);
        Ok(id)
    }

    /// A definition.
    ///
    /// # Errors
    /// `NotFound` with the names that there are.
    pub fn definition(&self, id: &PlatformId) -> Result<&Definition> {
        self.definitions.get(id).ok_or_else(|| {
            let known: Vec<&str> = self.definitions.keys().map(|k| k.0.as_str()).collect();
            Error::new(ErrorKind::NotFound, "find platform", format!("there is no platform {id}"))
                .with("known", known.join(", "))
        })
    }

    /// All names.
    pub fn ids(&self) -> impl Iterator<Item = &PlatformId> {
        self.definitions.keys()
    }
}
