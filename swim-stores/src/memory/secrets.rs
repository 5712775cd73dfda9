//! Secrets that were given at the start.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use swim_core::model::{Secret, SecretRef};
use swim_core::ports::Secrets;
use swim_core::{Error, ErrorKind, Result};

/// Secrets by name, held in memory. `Debug` shows neither values nor how long they are.
///
/// ```
/// use swim_core::model::{Secret, SecretRef};
/// use swim_core::ports::Secrets;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> swim_core::Result<()> {
/// let secrets = swim_stores::StaticSecrets::new().with("lab", Secret::new("hunter2".to_owned()));
/// assert_eq!(secrets.resolve(&SecretRef("lab".into())).await?.expose(), "hunter2");
/// assert!(secrets.resolve(&SecretRef("other".into())).await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct StaticSecrets(HashMap<String, Secret<String>>);

impl StaticSecrets {
    /// No secrets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret, or replaces the one of that name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, secret: Secret<String>) -> Self {
        self.0.insert(name.into(), secret);
        self
    }
}

impl FromIterator<(String, Secret<String>)> for StaticSecrets {
    fn from_iter<I: IntoIterator<Item = (String, Secret<String>)>>(secrets: I) -> Self {
        Self(secrets.into_iter().collect())
    }
}

impl fmt::Debug for StaticSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[async_trait]
impl Secrets for StaticSecrets {
    async fn resolve(&self, name: &SecretRef) -> Result<Secret<String>> {
        self.0.get(&name.0).cloned().ok_or_else(|| {
            let mut names: Vec<&str> = self.0.keys().map(String::as_str).collect();
            names.sort_unstable();
            let message = format!(
                "no secret of that name is configured (it is not repeated here, because it may be the secret itself); there are: {}",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            );
            Error::new(ErrorKind::NotFound, "resolve secret", message)
        })
    }
}
