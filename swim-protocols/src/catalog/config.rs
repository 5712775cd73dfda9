//! Where the service is, and who we are there.

use serde::{Deserialize, Serialize};
use swim_core::model::{SecretRef, TlsTrust};
use swim_core::{Error, Result};

use super::address::Address;

/// Where the service is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct VendorConfig {
    /// The service. `http://` is taken only for this machine itself: the token would be readable on the way.
    pub url: String,
    /// Where tokens come from.
    pub token_url: String,
    /// Whose certificate is believed. The name of the server is always checked, but for a pinned certificate.
    pub tls: TlsTrust,
}

impl Default for VendorConfig {
    fn default() -> Self {
        Self {
            url: "https://apix.cisco.com".to_owned(),
            token_url: "https://id.cisco.com/oauth2/default/v1/token".to_owned(),
            tls: TlsTrust::default(),
        }
    }
}

impl VendorConfig {
    /// A service at other addresses.
    #[must_use]
    pub fn at(url: impl Into<String>, token_url: impl Into<String>) -> Self {
        Self { url: url.into(), token_url: token_url.into(), ..Self::default() }
    }

    /// Refuses what could never work.
    ///
    /// # Errors
    /// `InvalidInput` names the field.
    pub fn check(&self) -> Result<()> {
        self.tls.check()?;
        Address::parse("catalog.url", &self.url)?.private("catalog.url")?;
        Address::parse("catalog.token_url", &self.token_url)?.private("catalog.token_url")
    }
}

/// Who we are: an application that is registered with the vendor, and for old registrations a user as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VendorLogin {
    /// The id of the application.
    pub client_id: String,
    /// The name of the secret that is its password.
    pub client_secret: SecretRef,
    /// A user of the vendor's site, for registrations with the password grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name of the secret that is the user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
}

impl VendorLogin {
    /// An application; `secret` is the name of a secret.
    #[must_use]
    pub fn new(client_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), client_secret: SecretRef(secret.into()), user: None, password: None }
    }

    /// The same on behalf of a user; `password` is the name of a secret.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self.password = Some(SecretRef(password.into()));
        self
    }

    /// Refuses what could never work.
    ///
    /// # Errors
    /// `InvalidInput` names the field.
    pub fn check(&self) -> Result<()> {
        let missing = |field: &str, why: &str| Err(Error::invalid(field, "(absent)", why));
        if self.client_id.trim().is_empty() {
            return missing("catalog.login.client_id", "the id of the application that is registered with the vendor");
        }
        match (&self.user, &self.password) {
            (Some(_), None) => missing("catalog.login.password", "the user needs a password"),
            (None, Some(_)) => missing("catalog.login.user", "the password needs its user"),
            _ => Ok(()),
        }
    }
}
