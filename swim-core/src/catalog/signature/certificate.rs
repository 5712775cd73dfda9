//! The certificate of a signer: its dates, its use, and its way to a root.

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_SHA1WITHRSA};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{Key, OPERATION, Signature, key};
use crate::{Error, ErrorKind, Result};

/// The longest way to a root; real ones have three certificates.
const LONGEST_WAY: usize = 8;

pub(super) fn read(der: &[u8]) -> Result<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => Ok(certificate),
        Err(_) => Err(Error::invalid("certificate", "(not shown)", "a certificate in it cannot be read")),
    }
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Auth, OPERATION, message)
}

/// Checks the certificate of the signer, and the signature with its key.
pub(super) fn check(
    chain: &[Vec<u8>],
    root: Option<&[u8]>,
    now: Timestamp,
    said: &mut Signature,
    signature: impl FnOnce(&SubjectPublicKeyInfo<'_>, &mut Signature) -> Result<()>,
) -> Result<()> {
    let chain: Vec<_> = chain.iter().map(|der| read(der)).collect::<Result<_>>()?;
    let Some((leaf, between)) = chain.split_first() else {
        return Err(Error::invalid("certificate", "(absent)", "there is none in it"));
    };
    said.signer = leaf.subject().to_string();
    dates(leaf, now)?;
    if let Ok(Some(usage)) = leaf.key_usage()
        && !(usage.value.digital_signature() || usage.value.non_repudiation())
    {
        return Err(refused(format!("the certificate of {} is not for signatures", leaf.subject())));
    }
    said.verified.push(format!(
        "the dates of the certificate ({} to {}) at {now}",
        leaf.validity().not_before,
        leaf.validity().not_after
    ));
    match root {
        Some(root) => {
            let Key::Certificates(roots) = key(root)? else {
                return Err(Error::invalid("root", "(not shown)", "a certificate is needed, not a key"));
            };
            let roots: Vec<_> = roots.iter().map(|der| read(der)).collect::<Result<_>>()?;
            let way = way(leaf, between, &roots, now)?;
            said.verified.push(format!("that the certificate comes from {way}"));
        }
        None => {
            said.not_verified
                .push("where the certificate comes from: no root was given, it is trusted as it was given".to_owned());
        }
    }
    said.not_verified.push("whether the certificate was revoked".to_owned());
    signature(leaf.public_key(), said)
}

fn dates(certificate: &X509Certificate<'_>, now: Timestamp) -> Result<()> {
    let validity = certificate.validity();
    let then = ASN1Time::from_timestamp(now.as_second())
        .map_err(|_| Error::internal(OPERATION, "the time cannot be written as a certificate does"))?;
    if validity.is_valid_at(then) {
        return Ok(());
    }
    let message = format!(
        "the certificate of {} is good from {} to {}, and not at {now}",
        certificate.subject(),
        validity.not_before,
        validity.not_after
    );
    Err(refused(message))
}

/// The names on the way from a certificate to a root.
fn way(
    leaf: &X509Certificate<'_>,
    between: &[X509Certificate<'_>],
    roots: &[X509Certificate<'_>],
    now: Timestamp,
) -> Result<String> {
    let mut at = leaf;
    let mut names = Vec::new();
    for below in 0..LONGEST_WAY {
        if let Some(root) = roots.iter().find(|root| root.as_ref() == at.as_ref()) {
            names.push(root.subject().to_string());
            return Ok(names.join(", which comes from "));
        }
        if let Some(root) = roots.iter().find(|root| issued(at, root)) {
            authority(root, below, now)?;
            names.push(root.subject().to_string());
            return Ok(names.join(", which comes from "));
        }
        let Some(next) = between.iter().find(|one| one.as_ref() != at.as_ref() && issued(at, one)) else { break };
        authority(next, below, now)?;
        names.push(next.subject().to_string());
        at = next;
    }
    Err(refused(format!("no way leads from the certificate of {} to the root that was given", leaf.subject())))
}

/// Did `by` sign `certificate`? Not with digests that can be forged.
fn issued(certificate: &X509Certificate<'_>, by: &X509Certificate<'_>) -> bool {
    let weak = [OID_PKCS1_SHA1WITHRSA, OID_PKCS1_MD5WITHRSAENC];
    certificate.issuer().as_raw() == by.subject().as_raw()
        && !weak.contains(&certificate.signature_algorithm.algorithm)
        && certificate.verify_signature(Some(by.public_key())).is_ok()
}

/// May a certificate issue others, with so many between it and the signer's?
fn authority(certificate: &X509Certificate<'_>, below: usize, now: Timestamp) -> Result<()> {
    dates(certificate, now)?;
    let constraints = certificate.basic_constraints().ok().flatten().map(|found| found.value);
    let deep = |most: u32| usize::try_from(most).is_ok_and(|most| below <= most);
    let may = constraints.is_some_and(|c| c.ca && c.path_len_constraint.is_none_or(deep));
    let signs = certificate.key_usage().ok().flatten().is_none_or(|usage| usage.value.key_cert_sign());
    if may && signs {
        return Ok(());
    }
    Err(refused(format!("the certificate of {} may not issue others", certificate.subject())))
}
