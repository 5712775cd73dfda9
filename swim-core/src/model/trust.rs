//! Whose certificate is believed: the other side of HTTPS and FTPS.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Sha256;
use crate::{Error, Result};

/// What to do about the certificate of a device or an image server.
///
/// ```
/// use swim_core::model::TlsTrust;
/// assert_eq!(TlsTrust::default(), TlsTrust::MachineRoots);
/// assert!(TlsTrust::Pinned("12:34".into()).check().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TlsTrust {
    /// It must come from an authority that this machine trusts, be valid now and name the host that is dialled.
    #[default]
    MachineRoots,
    /// The same, but from one of the authorities in this text (PEM, one or several certificates).
    Ca(String),
    /// It must have this SHA-256 fingerprint, as `openssl x509 -fingerprint -sha256` or a browser shows it. Its name and
    /// its dates do not matter then.
    Pinned(String),
    /// Take the first certificate that is seen, remember it, insist on it afterwards.
    FirstUse,
}

impl TlsTrust {
    /// Is it the one that holds where nothing is said?
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks what can be checked without a connection.
    ///
    /// # Errors
    /// `InvalidInput` names the field.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Pinned(text) => text.parse::<Fingerprint>().map(|_| ()),
            Self::Ca(text) if !text.contains("-----BEGIN CERTIFICATE-----") => {
                Err(Error::invalid("tls.ca", "(not shown)", "no certificate in PEM form is in it"))
            }
            _ => Ok(()),
        }
    }
}

/// The SHA-256 of a certificate. It is shown as `AB:CD:...`; it is read with or without colons, in either case, and with
/// what `openssl` writes in front of it.
///
/// ```
/// use swim_core::model::{Fingerprint, Sha256};
/// let one = Fingerprint(Sha256::of(b"x"));
/// assert_eq!(one.to_string().parse::<Fingerprint>()?, one);
/// assert_eq!(format!("sha256 Fingerprint={one}").parse::<Fingerprint>()?, one);
/// assert_eq!(Sha256::of(b"x").to_string().parse::<Fingerprint>()?, one);
/// # Ok::<(), swim_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub Sha256);

impl Fingerprint {
    /// Of the bytes of a certificate (DER).
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::of(certificate))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digit) in self.0.to_string().to_uppercase().chars().enumerate() {
            if at > 0 && at % 2 == 0 {
                f.write_str(":")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let told = text.rsplit_once('=').map_or(text, |(_, behind)| behind).trim();
        let told = told.get(..7).filter(|p| p.eq_ignore_ascii_case("sha256:")).map_or(told, |p| &told[p.len()..]);
        let digits = told.replace(':', "").to_lowercase();
        let why = "64 hexadecimal digits, with or without colons between the pairs";
        digits.parse().map(Self).map_err(|_| Error::invalid("tls.pinned", "(not shown)", why))
    }
}

/// What one of our servers shows, for those who must trust it. The key is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    /// The certificate with its chain (PEM), its own first.
    pub pem: String,
    /// The fingerprint of the first one.
    pub fingerprint: Fingerprint,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_people_copy_it_and_nothing_else() {
        let one = Fingerprint::of(b"certificate");
        for text in
            [one.to_string(), format!(" {one}\n"), format!("SHA256:{}", one.0), format!("SHA256 Fingerprint={one}")]
        {
            assert_eq!(text.parse::<Fingerprint>().unwrap(), one, "{text}");
        }
        for text in ["", "SHA256:", "ab:cd", &one.to_string()[1..], "ü:üüüüüü", &format!("{one}:00")] {
            let e = text.parse::<Fingerprint>().unwrap_err();
            assert!(e.context("field") == Some("tls.pinned"), "{e}");
        }
    }

    #[test]
    fn it_is_data_in_a_device() {
        let read = |text: &str| serde_json::from_str::<TlsTrust>(text).unwrap();
        assert_eq!(read(r#""machine_roots""#), TlsTrust::MachineRoots);
        assert_eq!(read(r#""first_use""#), TlsTrust::FirstUse);
        assert_eq!(read(r#"{"pinned": "ab"}"#), TlsTrust::Pinned("ab".to_owned()));
        assert!(read(r#"{"ca": "-----BEGIN CERTIFICATE-----"}"#).check().is_ok());
        assert!(read(r#"{"ca": "/etc/ssl/ca.pem"}"#).check().is_err());
    }
}
