//! Keys and certificates are made by `openssl`, as operators make them.

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;

use super::*;

/// A folder with keys.
pub(crate) struct Keys(PathBuf);

impl Keys {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("swim-keys-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn openssl(&self, line: &str) {
        let words: Vec<_> =
            line.split_whitespace().map(|word| word.replace('@', &format!("{}/", self.0.display()))).collect();
        let done = Command::new("openssl").args(&words).output().expect("openssl is installed (make tools)");
        assert!(done.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&done.stderr));
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(Path::new(&self.path(name))).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// A self-signed certificate with an RSA key.
    pub(crate) fn rsa(&self, name: &str, bits: u32) {
        self.openssl(&format!(
            "req -x509 -newkey rsa:{bits} -nodes -keyout @{name}.key -out @{name}.pem -subj /CN={name} -days 3650 -sha256"
        ));
    }

    /// An RSA signature with SHA-512.
    pub(crate) fn sign(&self, key: &str, document: &[u8]) -> Vec<u8> {
        self.write("document", document);
        self.openssl(&format!("dgst -sha512 -sign @{key}.key -out @signature @document"));
        self.read("signature")
    }

    /// A certificate of `issuer` for `name`.
    fn issue(&self, name: &str, issuer: &str, extensions: &str) {
        self.write("extensions", extensions.as_bytes());
        self.openssl(&format!("req -newkey rsa:2048 -nodes -keyout @{name}.key -out @{name}.csr -subj /CN={name}"));
        self.openssl(&format!(
            "x509 -req -in @{name}.csr -CA @{issuer}.pem -CAkey @{issuer}.key -out @{name}.pem -days 3650 -extfile @extensions"
        ));
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[allow(clippy::disallowed_methods, reason = "certificates of openssl begin now")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

fn kind(result: Result<Signature>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn a_signature_in_the_form_of_a_text_is_told_to_be_one() {
    let keys = Keys::new("text");
    keys.rsa("vendor", 2048);
    let trust = Trust::new(keys.read("vendor.pem"));
    keys.sign("vendor", b"document");
    keys.openssl("base64 -in @signature -out @signature.b64");
    let e = verify(b"document", &keys.read("signature.b64"), &trust, now()).unwrap_err();
    assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some("signature")));
    assert!(e.message().contains("base64 -d"), "{e}");
    keys.openssl("base64 -d -in @signature.b64 -out @signature");
    verify(b"document", &keys.read("signature"), &trust, now()).unwrap();
}

#[test]
fn rsa_signatures_of_openssl_hold_and_of_nothing_else() {
    let keys = Keys::new("rsa");
    keys.rsa("signer", 4096);
    keys.rsa("other", 2048);
    let document = b"{\"schema\": 1}";
    let signature = keys.sign("signer", document);
    let trust = Trust::new(keys.read("signer.pem"));
    let said = verify(document, &signature, &trust, now()).unwrap();
    assert_eq!((said.algorithm.as_str(), said.signer.as_str()), ("rsa_pkcs1_sha512", "CN=signer"));
    assert!(said.verified[0].contains("13 bytes") && said.verified[1].contains("dates"), "{said:?}");
    assert!(said.not_verified.iter().any(|what| what.contains("no root was given")), "{said:?}");
    keys.openssl("x509 -in @signer.pem -outform DER -out @signer.der");
    assert!(verify(document, &signature, &Trust::new(keys.read("signer.der")), now()).is_ok());
    keys.openssl("rsa -in @signer.key -pubout -out @signer.pub");
    assert!(verify(document, &signature, &Trust::new(keys.read("signer.pub")), now()).is_ok());
    assert_eq!(kind(verify(b"{\"schema\": 2}", &signature, &trust, now())), ErrorKind::Integrity);
    assert_eq!(kind(verify(document, &signature[1..], &trust, now())), ErrorKind::Integrity);
    let mut bent = signature.clone();
    bent[100] ^= 1;
    assert_eq!(kind(verify(document, &bent, &trust, now())), ErrorKind::Integrity);
    assert_eq!(kind(verify(document, &signature, &Trust::new(keys.read("other.pem")), now())), ErrorKind::Integrity);
    // The same key with another digest.
    keys.openssl("dgst -sha256 -sign @signer.key -out @signature @document");
    assert_eq!(kind(verify(document, &keys.read("signature"), &trust, now())), ErrorKind::Integrity);
}

#[test]
fn ed25519_signatures_of_openssl_hold() {
    let keys = Keys::new("ed");
    keys.openssl("genpkey -algorithm ed25519 -out @k.key");
    keys.openssl("pkey -in @k.key -pubout -out @k.pub");
    keys.write("document", b"document");
    keys.openssl("pkeyutl -sign -rawin -inkey @k.key -in @document -out @signature");
    let trust = Trust::new(keys.read("k.pub"));
    let said = verify(b"document", &keys.read("signature"), &trust, now()).unwrap();
    assert_eq!((said.algorithm.as_str(), said.signer.as_str()), ("ed25519", "public key"));
    assert_eq!(kind(verify(b"Document", &keys.read("signature"), &trust, now())), ErrorKind::Integrity);
    assert_eq!(
        kind(verify(b"document", &keys.read("signature"), &Trust::new(keys.read("k.key")), now())),
        ErrorKind::InvalidInput
    );
    assert_eq!(kind(verify(b"document", &[], &trust.from_root(b"x".as_slice()), now())), ErrorKind::InvalidInput);
    keys.openssl("ecparam -genkey -name prime256v1 -noout -out @ec.key");
    keys.openssl("ec -in @ec.key -pubout -out @ec.pub");
    assert_eq!(kind(verify(b"document", &[], &Trust::new(keys.read("ec.pub")), now())), ErrorKind::Unsupported);
}

#[test]
fn dates_count() {
    let keys = Keys::new("dates");
    keys.rsa("signer", 2048);
    let signature = keys.sign("signer", b"document");
    let trust = Trust::new(keys.read("signer.pem"));
    for time in ["2001-01-01T00:00:00Z", "2100-01-01T00:00:00Z"] {
        let e = verify(b"document", &signature, &trust, time.parse().unwrap()).unwrap_err();
        assert!(e.kind() == ErrorKind::Auth && e.to_string().contains("CN=signer"), "{e}");
    }
}

#[test]
fn a_root_must_be_reached() {
    let keys = Keys::new("root");
    keys.rsa("root", 2048);
    keys.rsa("stranger", 2048);
    keys.issue("between", "root", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=keyCertSign");
    keys.issue("signer", "between", "keyUsage=digitalSignature");
    keys.issue("no-authority", "root", "basicConstraints=CA:FALSE");
    keys.issue("astray", "no-authority", "keyUsage=digitalSignature");
    keys.issue("deep-authority", "between", "basicConstraints=CA:TRUE");
    keys.issue("too-deep", "deep-authority", "keyUsage=digitalSignature");
    keys.issue("encipherer", "between", "keyUsage=keyEncipherment");
    let chain = |names: &[&str]| names.iter().flat_map(|name| keys.read(&format!("{name}.pem"))).collect::<Vec<_>>();
    let judged = |signer: &str, names: &[&str], root: &str| {
        let signature = keys.sign(signer, b"document");
        let trust = Trust::new(chain(names)).from_root(keys.read(&format!("{root}.pem")));
        verify(b"document", &signature, &trust, now())
    };
    let said = judged("signer", &["signer", "between"], "root").unwrap();
    assert!(said.verified.iter().any(|what| what.contains("CN=between, which comes from CN=root")), "{said:?}");
    assert!(!said.not_verified.iter().any(|what| what.contains("no root")));
    assert!(judged("signer", &["signer"], "signer").is_ok(), "the certificate itself may be the root");
    for (signer, names, root) in [
        ("signer", &["signer"][..], "root"),
        ("signer", &["signer", "between"], "stranger"),
        ("astray", &["astray", "no-authority"], "root"),
        ("too-deep", &["too-deep", "deep-authority", "between"], "root"),
        ("encipherer", &["encipherer", "between"], "root"),
    ] {
        let e = judged(signer, names, root).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Auth, "{names:?}: {e}");
    }
}

#[test]
fn unsigned_documents_are_taken_only_when_somebody_says_so() {
    let judged = |proof: &Proof| proof.judge(b"document", Timestamp::UNIX_EPOCH);
    assert_eq!(judged(&Proof::unsigned()).unwrap(), Authenticity::Unsigned);
    for (proof, field) in [
        (Proof::default(), "signature"),
        (Proof { trust: Some(Trust::new("x")), ..Proof::unsigned() }, "signature"),
        (Proof { signature: Some(vec![1]), ..Proof::unsigned() }, "certificate"),
        (Proof::signed("x", Trust::new("no key")), "certificate"),
        (Proof { allow_unsigned: true, ..Proof::signed("x", Trust::new("no key")) }, "certificate"),
    ] {
        let e = judged(&proof).unwrap_err();
        assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{proof:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(key in proptest::collection::vec(any::<u8>(), 0..400), signature in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(verify(b"document", &signature, &Trust::new(key.clone()), Timestamp::UNIX_EPOCH).is_err());
        let mut der = vec![0x30, 0x82, 0x01, 0x80, 0x30, 0x82, 0x01, 0x00];
        der.extend(key);
        prop_assert!(verify(b"document", &signature, &Trust::new(der), Timestamp::UNIX_EPOCH).is_err());
    }
}
