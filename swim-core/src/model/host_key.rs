//! Whose SSH host key is believed.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// SHA-256 in base64 without padding.
const FINGERPRINT_CHARACTERS: usize = 43;

/// What to do about a server's host key. The default believes none: it fits what is never dialled by SSH.
///
/// ```
/// use swim_core::model::HostKeyPolicy;
/// let shown = "SHA256:uNiVztksCsDhcc0u9e8BrvJXVhUr2PQdUb9GBiXAhWc"; // as `ssh-keygen -l` shows it
/// assert!(HostKeyPolicy::Pinned(shown.into()).check().is_ok());
/// let e = HostKeyPolicy::Pinned("f3:aa:51".into()).check().unwrap_err();
/// assert_eq!(e.context("field"), Some("host_key.pinned"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HostKeyPolicy {
    /// The key must be in this `known_hosts` text: the content of such a file.
    KnownHosts(String),
    /// The key must be in the `known_hosts` file at this path. It is read at every connection.
    KnownHostsFile(String),
    /// The key must have this fingerprint (`SHA256:...`).
    Pinned(String),
    /// Take the first key that is seen, remember it, insist on it afterwards.
    FirstUse,
}

impl Default for HostKeyPolicy {
    fn default() -> Self {
        Self::KnownHosts(String::new())
    }
}

impl HostKeyPolicy {
    /// Is it the one that holds where nothing is said?
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks what can be checked without a connection, where there will be one by SSH.
    ///
    /// # Errors
    /// `InvalidInput` names the field.
    pub fn check(&self) -> Result<()> {
        if self.is_default() {
            let why = "known_hosts_file, known_hosts, pinned or first_use: without it no host could be believed by SSH";
            return Err(Error::invalid("host_key", "(absent)", why));
        }
        if let Self::Pinned(pin) = self {
            let digits = pin.trim().strip_prefix("SHA256:").unwrap_or_default().trim_end_matches('=');
            let base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
            if digits.len() != FINGERPRINT_CHARACTERS || !digits.chars().all(base64) {
                let why = "SHA256: and 43 characters, as `ssh-keygen -l` shows it";
                // A key would be a secret in the wrong place.
                return Err(Error::invalid("host_key.pinned", "(not shown)", why));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_host_could_ever_show_is_refused() {
        let digits = "uNiVztksCsDhcc0u9e8BrvJXVhUr2PQdUb9GBiXAhWc";
        for good in [format!("SHA256:{digits}"), format!(" SHA256:{digits}=\n")] {
            HostKeyPolicy::Pinned(good).check().unwrap();
        }
        for bad in [
            String::new(),
            digits.to_owned(),
            format!("SHA256:{}", &digits[1..]),
            format!("SHA256:{digits}x"),
            format!("SHA256:ü{}", &digits[2..]),
            format!("MD5:{}", "ab:".repeat(16)),
        ] {
            let e = HostKeyPolicy::Pinned(bad).check().unwrap_err();
            assert_eq!((e.context("field"), e.context("value")), (Some("host_key.pinned"), Some("(not shown)")));
        }
        assert_eq!(HostKeyPolicy::default().check().unwrap_err().context("field"), Some("host_key"));
        HostKeyPolicy::FirstUse.check().unwrap();
    }
}
