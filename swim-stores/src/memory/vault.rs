//! Secrets that are known for the length of one call.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use swim_core::Result;
use swim_core::model::{Secret, SecretRef};
use swim_core::ports::Secrets;

/// Names of lent secrets begin with it; configured names cannot collide with them.
const PREFIX: &str = "\u{1}lent-";

/// Configured secrets, and beside them those that a caller lends, such as the password in a URL: each has a name as long as
/// its [`Lent`] lives, so that it travels like any other secret, by reference.
///
/// ```
/// use std::sync::Arc;
/// use swim_core::model::Secret;
/// use swim_core::ports::Secrets;
/// use swim_stores::{StaticSecrets, Vault};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> swim_core::Result<()> {
/// let vault = Arc::new(Vault::over(Arc::new(StaticSecrets::new())));
/// let lent = vault.lend(Secret::new("hunter2".to_owned()));
/// let name = lent.name().clone();
/// assert_eq!(vault.resolve(&name).await?.expose(), "hunter2");
/// drop(lent);
/// assert!(vault.resolve(&name).await.is_err());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Vault {
    configured: Arc<dyn Secrets>,
    lent: Mutex<HashMap<String, Secret<String>>>,
    newest: AtomicU64,
}

impl Vault {
    /// Over the configured ones.
    #[must_use]
    pub fn over(configured: Arc<dyn Secrets>) -> Self {
        Self { configured, lent: Mutex::default(), newest: AtomicU64::new(0) }
    }

    /// Knows a secret until what is returned is dropped.
    #[must_use]
    pub fn lend(self: &Arc<Self>, secret: Secret<String>) -> Lent {
        let name = format!("{PREFIX}{}", self.newest.fetch_add(1, Ordering::Relaxed));
        self.lent.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), secret);
        Lent { vault: Arc::clone(self), name: SecretRef(name) }
    }
}

#[async_trait]
impl Secrets for Vault {
    async fn resolve(&self, name: &SecretRef) -> Result<Secret<String>> {
        let lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner).get(&name.0).cloned();
        match lent {
            Some(secret) => Ok(secret),
            None => self.configured.resolve(name).await,
        }
    }
}

/// A secret that is known as long as this lives.
pub struct Lent {
    vault: Arc<Vault>,
    name: SecretRef,
}

impl Lent {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &SecretRef {
        &self.name
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.vault.lent.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name.0);
    }
}
