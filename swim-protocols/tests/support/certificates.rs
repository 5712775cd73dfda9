//! Authorities and certificates, made for one test.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use swim_core::model::Fingerprint;

use super::support::Folder;

/// An authority that nobody else knows.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// The certificate of a server, in files of its own.
#[derive(Clone, Debug)]
pub struct Leaf {
    pub pem: String,
    pub key: String,
    /// The public key as curl pins it.
    pub public: String,
    pub fingerprint: Fingerprint,
    folder: Arc<Folder>,
}

impl Authority {
    pub fn new() -> Self {
        Self::named(&hex::encode(rand::random::<[u8; 8]>()))
    }

    /// With a name, which others may have as well.
    pub fn named(name: &str) -> Self {
        let mut parameters = authority();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// A certificate that is good for these names and addresses.
    pub fn issue(&self, names: &[&str]) -> Leaf {
        self.issue_as(names, |_| ())
    }

    /// One whose time is over.
    pub fn issue_expired(&self, names: &[&str]) -> Leaf {
        self.issue_as(names, |parameters| {
            parameters.not_before = date_time_ymd(2019, 1, 1);
            parameters.not_after = date_time_ymd(2020, 2, 3);
        })
    }

    /// One whose time will come.
    pub fn issue_early(&self, names: &[&str]) -> Leaf {
        self.issue_as(names, |parameters| parameters.not_before = date_time_ymd(2999, 1, 1))
    }

    fn issue_as(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let mut parameters = named(names);
        change(&mut parameters);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Leaf::of(&certificate, &key)
    }
}

impl Leaf {
    /// One that an authority made for itself, as `openssl req -x509` does.
    pub fn of_an_authority(names: &[&str]) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = authority();
        parameters.subject_alt_names = named(names).subject_alt_names;
        Self::of(&parameters.self_signed(&key).unwrap(), &key)
    }

    fn of(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let folder = Arc::new(Folder::new());
        std::fs::write(folder.file("certificate"), certificate.pem()).unwrap();
        std::fs::write(folder.file("key"), key.serialize_pem()).unwrap();
        Self {
            pem: certificate.pem(),
            key: key.serialize_pem(),
            public: key.public_key_pem(),
            fingerprint: Fingerprint::of(certificate.der()),
            folder,
        }
    }

    /// The files of the certificate and of its key.
    pub fn files(&self) -> (String, String) {
        (self.folder.file("certificate"), self.folder.file("key"))
    }
}

fn named(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn authority() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    parameters
}
