//! ONIE installers: a shell script that carries an archive. SONiC comes so.

use std::io;

use super::source::{self, ReadAt};
use super::{Field, ImageFacts, Provenance, describe};

/// Scripts are a few ten kilobytes.
const SCRIPT: usize = 256 * 1024;
/// The line behind which the archive begins.
const MARK: &[u8] = b"\nexit_marker\n";

/// Where the archive begins, and the SHA-1 that the script gives of it, in hexadecimal digits.
pub(super) fn sum(bytes: &dyn ReadAt) -> io::Result<Option<(u64, String)>> {
    const SHA1_DIGITS: usize = 40;
    let script = source::read(bytes, 0, SCRIPT)?;
    let Some(end) = script.windows(MARK.len()).position(|w| w == MARK) else { return Ok(None) };
    let text = String::from_utf8_lossy(script.get(..end).unwrap_or_default());
    let sum = value(&text, "payload_sha1").filter(|sum| sum.len() == SHA1_DIGITS);
    Ok(sum.map(|sum| ((end + MARK.len()) as u64, sum.to_ascii_lowercase())))
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let told = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
    told.map(|value| value.trim_matches(['"', '\'']))
}

/// Reads the script. `false` when it is none.
pub(super) fn identify(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> io::Result<bool> {
    if !head.starts_with(b"#!/bin/") {
        return Ok(false);
    }
    let script = source::read(bytes, 0, SCRIPT)?;
    let end = script.windows(MARK.len()).position(|w| w == MARK);
    let text = String::from_utf8_lossy(script.get(..end.unwrap_or(script.len())).unwrap_or_default());
    let value = |key: &str| value(&text, key);
    let (version, sum) = (value("image_version"), value("payload_sha1"));
    if version.is_none() && sum.is_none() {
        return Ok(false);
    }
    let Some(end) = end else {
        if script.len() as u64 == bytes.size() {
            facts.damage.push("the archive behind the script is missing: the file is truncated".to_owned());
        } else {
            facts.remarks.push("where the archive behind the script begins was not found".to_owned());
        }
        return Ok(true);
    };
    if let Some(size) = value("payload_image_size").and_then(|size| size.parse::<u64>().ok()) {
        let has = bytes.size().saturating_sub((end + MARK.len()) as u64);
        if has != size {
            facts.damage.push(format!("the archive behind the script has {has} bytes, the script says {size}"));
        }
    }
    // Other systems come so as well; only this one names its version so.
    if let Some(version) = version.filter(|v| !v.is_empty() && !v.contains('$')) {
        facts.platform = Some(Field::new("sonic".to_owned(), Provenance::Header));
        facts.internal_name = Some(Field::new(format!("SONiC-OS-{version}"), Provenance::Header));
    }
    describe::typed(facts, "image");
    Ok(true)
}
