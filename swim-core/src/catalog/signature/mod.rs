//! Detached signatures over documents: open catalogues, lists of known good values.
//!
//! What a verified signature shows is that the owner of a key that the user gave signed exactly these bytes; with a root, that
//! the key's certificate comes from that root as well. What was looked at, and what was not, is told in [`Signature`].

mod certificate;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm};
use serde::{Deserialize, Serialize};
use x509_parser::oid_registry::{OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::model::{Fingerprint, Sha256};
use crate::{Error, ErrorKind, Result};

/// The operation of all errors about signatures.
const OPERATION: &str = "verify signature";
/// The shortest signature: Ed25519 has 64 bytes.
const SHORTEST: usize = 64;
/// The longest signature: RSA with 8192 bits has 1024 bytes.
const LONGEST: usize = 4096;
/// The largest text of certificates or keys.
const LARGEST_KEY: usize = 1024 * 1024;

/// Whose signature is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trust {
    /// A certificate or a public key, in PEM or DER form. In PEM, more certificates may follow: those between the first one
    /// and the root.
    pub key: Vec<u8>,
    /// Roots that the certificate must come from, in PEM or DER form. Without one, the certificate itself is trusted.
    pub root: Option<Vec<u8>>,
}

impl Trust {
    /// A certificate or a public key, trusted as it is.
    #[must_use]
    pub fn new(key: impl Into<Vec<u8>>) -> Self {
        Self { key: key.into(), root: None }
    }

    /// The same, but the certificate must come from one of these roots.
    #[must_use]
    pub fn from_root(mut self, root: impl Into<Vec<u8>>) -> Self {
        self.root = Some(root.into());
        self
    }
}

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Signature {
    /// `rsa_pkcs1_sha512` or `ed25519`.
    pub algorithm: String,
    /// The name in the certificate, or `public key`.
    pub signer: String,
    /// The SHA-256 of the certificate, or of the public key.
    pub fingerprint: String,
    /// What was looked at and is right.
    pub verified: Vec<String>,
    /// What was not looked at.
    pub not_verified: Vec<String>,
}

/// Is it known who made a document?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Authenticity {
    /// Yes: it is signed.
    Signed(Signature),
    /// No: somebody said that it may be taken unsigned.
    Unsigned,
}

impl Authenticity {
    /// May a document that is known so take the place of one that is known as `before`? What a certificate has signed gives
    /// way to what the same one has signed; otherwise nobody would have to break a signature, only to leave it out.
    ///
    /// ```
    /// use swim_core::catalog::Authenticity;
    /// assert!(Authenticity::Unsigned.may_replace(&Authenticity::Unsigned));
    /// ```
    #[must_use]
    pub fn may_replace(&self, before: &Self) -> bool {
        match (before, self) {
            (Self::Unsigned, _) => true,
            (Self::Signed(before), Self::Signed(now)) => before.fingerprint == now.fingerprint,
            (Self::Signed(_), Self::Unsigned) => false,
        }
    }
}

impl fmt::Display for Authenticity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(by) => write!(f, "signed by {} ({})", by.signer, by.fingerprint),
            Self::Unsigned => f.write_str("not signed"),
        }
    }
}

/// How a document proves where it is from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proof {
    /// The detached signature, as it is (raw bytes).
    pub signature: Option<Vec<u8>>,
    /// Whose signature is believed.
    pub trust: Option<Trust>,
    /// May it be taken without a signature? A signature that is given is verified all the same.
    pub allow_unsigned: bool,
}

impl Proof {
    /// A signature by this one.
    #[must_use]
    pub fn signed(signature: impl Into<Vec<u8>>, trust: Trust) -> Self {
        Self { signature: Some(signature.into()), trust: Some(trust), allow_unsigned: false }
    }

    /// None; somebody says that it may be taken so.
    #[must_use]
    pub fn unsigned() -> Self {
        Self { allow_unsigned: true, ..Self::default() }
    }

    /// Judges a document by this.
    ///
    /// # Errors
    /// `InvalidInput` when a part is missing, or there is no signature and nobody said that it may be absent; `Integrity` when the
    /// signature is not of these bytes; `Auth` when the certificate is not good (now, or from that root).
    pub fn judge(&self, document: &[u8], now: Timestamp) -> Result<Authenticity> {
        match (&self.signature, &self.trust) {
            (Some(signature), Some(trust)) => verify(document, signature, trust, now).map(Authenticity::Signed),
            (Some(_), None) => {
                Err(Error::invalid("certificate", "(absent)", "the certificate or public key that the signature is of"))
            }
            (None, Some(_)) => {
                Err(Error::invalid("signature", "(absent)", "the signature to verify with the certificate"))
            }
            (None, None) if self.allow_unsigned => Ok(Authenticity::Unsigned),
            (None, None) => Err(Error::invalid(
                "signature",
                "(absent)",
                "say `allow_unsigned` to take it from nobody in particular",
            )),
        }
    }
}

/// Verifies a detached signature: RSA (PKCS #1 v1.5 with SHA-512, 2048 to 8192 bits) or Ed25519.
///
/// # Errors
/// `InvalidInput` for a key that cannot be read, or a signature in the form of a text (base64, PEM); `Unsupported` for another kind of key; `Integrity` when the signature is not of
/// these bytes; `Auth` when the certificate is not good at `now`, or does not come from the root that is given.
pub fn verify(document: &[u8], signature: &[u8], trust: &Trust, now: Timestamp) -> Result<Signature> {
    if signature.len() > LONGEST {
        return Err(Error::invalid("signature", format!("{} bytes", signature.len()), "at most 4096 bytes, raw"));
    }
    // No signature of so many bytes has none that is no character.
    if signature.len() >= SHORTEST && signature.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
    {
        let why =
            "it is a text; give the raw bytes, as `openssl dgst -sign` writes them and `base64 -d` gives them back";
        return Err(Error::invalid("signature", "(not shown)", why));
    }
    let mut said = Signature {
        algorithm: String::new(),
        signer: "public key".to_owned(),
        fingerprint: String::new(),
        verified: Vec::new(),
        not_verified: Vec::new(),
    };
    match key(&trust.key)? {
        Key::Public(der) => {
            if trust.root.is_some() {
                return Err(Error::invalid("root", "(not shown)", "a public key alone comes from no root"));
            }
            said.fingerprint = Sha256::of(&der).to_string();
            said.not_verified.push("who owns the public key: it is trusted as it was given".to_owned());
            check(&public_key(&der)?, document, signature, &mut said)?;
        }
        Key::Certificates(chain) => {
            let leaf = chain.first().map_or(&[][..], Vec::as_slice);
            said.fingerprint = Fingerprint::of(leaf).to_string();
            certificate::check(&chain, trust.root.as_deref(), now, &mut said, |key, said| {
                check(key, document, signature, said)
            })?;
        }
    }
    Ok(said)
}

enum Key {
    Public(Vec<u8>),
    /// In DER, the one of the signer first.
    Certificates(Vec<Vec<u8>>),
}

/// The certificates or the key in a PEM text or in DER.
fn key(text: &[u8]) -> Result<Key> {
    let wrong = |why: &str| Error::invalid("certificate", "(not shown)", why);
    if text.len() > LARGEST_KEY {
        return Err(wrong("larger than any certificate"));
    }
    let blocks: Vec<_> = Pem::iter_from_buffer(text).flatten().collect();
    if let Some(key) = blocks.iter().find(|block| block.label == "PUBLIC KEY") {
        return Ok(Key::Public(key.contents.clone()));
    }
    if blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err(wrong("a private key does not belong here: give the certificate or the public key"));
    }
    let chain: Vec<_> =
        blocks.into_iter().filter(|block| block.label == "CERTIFICATE").map(|block| block.contents).collect();
    if !chain.is_empty() {
        return Ok(Key::Certificates(chain));
    }
    if SubjectPublicKeyInfo::from_der(text).is_ok_and(|(rest, _)| rest.is_empty()) {
        return Ok(Key::Public(text.to_vec()));
    }
    match certificate::read(text) {
        Ok(_) => Ok(Key::Certificates(vec![text.to_vec()])),
        Err(_) => Err(wrong("neither a certificate nor a public key, in PEM or DER form")),
    }
}

fn public_key(der: &[u8]) -> Result<SubjectPublicKeyInfo<'_>> {
    match SubjectPublicKeyInfo::from_der(der) {
        Ok((_, key)) => Ok(key),
        Err(_) => Err(Error::invalid("certificate", "(not shown)", "the public key cannot be read")),
    }
}

/// The signature over every byte of the document.
fn check(key: &SubjectPublicKeyInfo<'_>, document: &[u8], signature: &[u8], said: &mut Signature) -> Result<()> {
    let oid = &key.algorithm.algorithm;
    let (name, algorithm): (_, &dyn VerificationAlgorithm) = if *oid == OID_PKCS1_RSAENCRYPTION {
        ("rsa_pkcs1_sha512", &RSA_PKCS1_2048_8192_SHA512)
    } else if *oid == OID_SIG_ED25519 {
        ("ed25519", &ED25519)
    } else {
        let message = format!("a key of the kind {oid}; RSA and Ed25519 are known");
        return Err(Error::new(ErrorKind::Unsupported, OPERATION, message));
    };
    let public = UnparsedPublicKey::new(algorithm, &key.subject_public_key.data);
    public.verify(document, signature).map_err(|_| {
        let message = format!("the signature is not of these bytes by {} ({name})", said.signer);
        Error::new(ErrorKind::Integrity, OPERATION, message).with("fingerprint", &said.fingerprint)
    })?;
    said.algorithm = name.to_owned();
    said.verified.insert(0, format!("the signature of all {} bytes", document.len()));
    Ok(())
}
