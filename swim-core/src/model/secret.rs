//! Secrets: redacted, wiped, never serialised.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A value that must not be seen: no `Display`, a redacted `Debug`, no `Serialize`, wiped on drop.
///
/// ```
/// let s = swim_core::model::Secret::new("hunter2".to_owned());
/// assert_eq!(format!("{s:?}"), "Secret(***)");
/// assert_eq!(s.expose(), "hunter2");
/// ```
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, at the one place where it is used.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl Secret<String> {
    /// What stands in the place of a secret.
    pub(crate) const MASK: &'static str = "***";

    /// A text of who was told the secret, such as its answer to a login, without it. Whoever sends a secret masks what
    /// comes back before it can reach an error or a log.
    ///
    /// ```
    /// let s = swim_core::model::Secret::new("hunter2".to_owned());
    /// assert_eq!(s.masked("500 'PASS hunter2': unknown".to_owned()), "500 'PASS ***': unknown");
    /// ```
    #[must_use]
    pub fn masked(&self, text: String) -> String {
        if self.0.is_empty() || !text.contains(self.0.as_str()) {
            text
        } else {
            text.replace(self.0.as_str(), Self::MASK)
        }
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The name of a secret, resolved late through [`crate::ports::Secrets`]. Journals and plans hold only this.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretRef(pub String);

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
