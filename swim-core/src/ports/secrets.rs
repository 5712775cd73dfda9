//! Late resolution of secrets.

use std::fmt;

use async_trait::async_trait;

use crate::Result;
use crate::model::{Secret, SecretRef};

/// Turns the name of a secret into the secret, at the moment of use.
#[async_trait]
pub trait Secrets: Send + Sync + fmt::Debug {
    /// The secret; `NotFound` names the reference.
    async fn resolve(&self, name: &SecretRef) -> Result<Secret<String>>;
}
