//! Files that prove where they are from, by a detached signature.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use swim_core::catalog::{Proof, Trust};
use swim_core::{Error, ErrorKind, Result};
use tokio::io::AsyncReadExt;

/// The largest file of a catalogue, list, signature or certificate that is read.
const LARGEST: u64 = 128 * 1024 * 1024;

/// A file and what it proves itself with. Certificates are files too: PEM or DER.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SignedFile {
    /// What it is called here; default: the name of the file.
    pub name: Option<String>,
    /// The file of the detached signature.
    pub signature: Option<PathBuf>,
    /// The file of the certificate or public key that the signature is of.
    pub certificate: Option<PathBuf>,
    /// The file of the roots that the certificate must come from.
    pub root: Option<PathBuf>,
    /// May it be taken without a signature?
    pub allow_unsigned: bool,
    /// Of an open catalogue: may it take the place of a newer one, or of one that another certificate has signed? Whoever has
    /// an old signed one could otherwise hide what was deferred since.
    pub allow_older: bool,
}

/// Reads a file with its signature and certificates.
pub(super) async fn read_signed(path: &Path, how: &SignedFile) -> Result<(Vec<u8>, Proof, String)> {
    let document = read("path", path).await?;
    let mut proof = Proof::default();
    proof.allow_unsigned = how.allow_unsigned;
    if let Some(signature) = &how.signature {
        proof.signature = Some(read("signature", signature).await?);
    }
    if let Some(certificate) = &how.certificate {
        let mut trust = Trust::new(read("certificate", certificate).await?);
        if let Some(root) = &how.root {
            trust = trust.from_root(read("root", root).await?);
        }
        proof.trust = Some(trust);
    } else if how.root.is_some() {
        return Err(Error::invalid("certificate", "(absent)", "the certificate that must come from the root"));
    }
    let own = || path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = how.name.clone().or_else(own).unwrap_or_default();
    if name.trim().is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", format!("{name:?}"), "1 to 255 bytes without control characters"));
    }
    Ok((document, proof, name))
}

async fn read(field: &str, path: &Path) -> Result<Vec<u8>> {
    let failed = |e: std::io::Error| {
        let shown = path.display();
        let (kind, what) = match e.kind() {
            std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "no such file"),
            std::io::ErrorKind::InvalidInput => return Error::invalid(field, shown, "no file can have this name"),
            _ => (ErrorKind::Store, "it cannot be read"),
        };
        Error::new(kind, "read file", format!("{shown}: {what}")).with("path", shown).caused_by(e)
    };
    if path.as_os_str().is_empty() {
        return Err(Error::invalid(field, "\"\"", "must be the path of a file"));
    }
    // Looked at before it is opened: opening a FIFO waits for a writer.
    let facts = tokio::fs::metadata(path).await.map_err(failed)?;
    if !facts.is_file() {
        return Err(Error::invalid(field, path.display(), "not a regular file"));
    }
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::invalid(field, path.display(), "larger than 128 MiB: no such document is"));
    }
    Ok(bytes)
}
