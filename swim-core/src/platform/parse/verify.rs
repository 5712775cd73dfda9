//! `verify`: the digest that the device computed, or its verdict.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::{lines, owned, set};

/// What `verify` says. An absent field means that the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verify {
    /// The digest that was computed with `/md5` or `/sha512`, lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The device's verdict: `true` verified, `false` refused; absent when it only computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// The digest that the image carries by algorithm (`SHA2`), lower-case hex (plain `verify`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub embedded: BTreeMap<String, String>,
    /// The digest that the device computed for it by algorithm, lower-case hex (plain `verify`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub computed: BTreeMap<String, String>,
    /// The line that says why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Reads `verify /md5`, `verify /sha512` (with or without the expected digest) and plain `verify`.
///
/// ```
/// use swim_core::platform::parse::verify;
/// let v = verify("....Done!\nverify /md5 (flash:x) = 0123456789ABCDEF0123456789abcdef");
/// assert_eq!(v.digest.as_deref(), Some("0123456789abcdef0123456789abcdef"));
/// assert_eq!(v.verified, None);
/// assert_eq!(verify("%Error verifying flash:x\nComputed signature  = 00\n").verified, Some(false));
/// ```
#[must_use]
pub fn verify(text: &str) -> Verify {
    let mut out = Verify::default();
    let (mut good, mut bad) = (false, false);
    // The table and algorithm of a digest that goes on over the next lines.
    let mut open: Option<(bool, String)> = None;
    for line in lines(text) {
        let line = line.trim_start_matches(['.', '!', ' ', '\t']);
        let lower = line.to_ascii_lowercase();
        if let (Some((embedded, algorithm)), true) = (&open, is_hex(&lower)) {
            let table = if *embedded { &mut out.embedded } else { &mut out.computed };
            table.entry(algorithm.clone()).or_default().push_str(&lower);
            continue;
        }
        open = None;
        if lower.starts_with("%error") || lower.starts_with("% error") || lower.contains("verification failed") {
            bad = true;
            set(&mut out.error, owned(line));
        } else if let Some((embedded, algorithm, start)) = hash_line(&lower) {
            let table = if embedded { &mut out.embedded } else { &mut out.computed };
            table.insert(algorithm.clone(), start.to_owned());
            open = Some((embedded, algorithm));
        } else if lower.starts_with("verified ") {
            good = true;
            set(&mut out.digest, digest(&lower));
        } else if lower.starts_with("verify /") || lower.starts_with("computed signature") {
            set(&mut out.digest, digest(&lower));
        } else if lower.contains("digital signature successfully") {
            good = true;
        }
    }
    for (algorithm, embedded) in &out.embedded {
        match out.computed.get(algorithm) {
            Some(computed) if computed == embedded => good = true,
            Some(_) => bad = true,
            None => {}
        }
    }
    out.verified = if bad { Some(false) } else { good.then_some(true) };
    out
}

/// `embedded hash   sha2: 0ea0...`: embedded or computed, the algorithm in capitals, the first digits.
fn hash_line(lower: &str) -> Option<(bool, String, &str)> {
    let (embedded, rest) = match lower.strip_prefix("embedded hash") {
        Some(rest) => (true, rest),
        None => (false, lower.strip_prefix("computed hash")?),
    };
    let (algorithm, digits) = rest.split_once(':')?;
    let digits = digits.trim();
    is_hex(digits).then(|| (embedded, algorithm.trim().to_ascii_uppercase(), digits))
}

fn is_hex(word: &str) -> bool {
    word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The digest behind the last `=`: 32, 40, 64, 96 or 128 hex digits.
fn digest(line: &str) -> Option<String> {
    let (_, word) = line.rsplit_once('=')?;
    let word = word.trim();
    (matches!(word.len(), 32 | 40 | 64 | 96 | 128) && is_hex(word)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::verify;

    const PLAIN: &str = "Verifying file integrity of flash:x.......\nComputed Hash   SHA2: 00112233445566778899AABBCCDDEEFF\n            ffeeddccbbaa99887766554433221100\n\nEmbedded Hash   SHA2: 00112233445566778899aabbccddeeff\n            ffeeddccbbaa99887766554433221100\nCCO Hash        MD5 : 00000000000000000000000000000000\nDigital signature successfully verified in file flash:x";

    #[test]
    fn a_long_digest_goes_on_over_lines() {
        let v = verify(PLAIN);
        assert_eq!(v.verified, Some(true));
        assert_eq!(v.embedded.get("SHA2"), v.computed.get("SHA2"));
        assert_eq!(v.embedded.get("SHA2").map(String::len), Some(64));
        assert_eq!(v.digest, None);
    }

    #[test]
    fn two_digests_that_differ_refuse_whatever_else_is_said() {
        let v = verify(&PLAIN.replace("AABBCCDDEEFF\n", "AABBCCDDEEF0\n"));
        assert_eq!(v.verified, Some(false));
    }

    #[test]
    fn an_expected_digest_gets_a_verdict() {
        let v = verify("....Done!\nVerified (flash:x) = 0123456789abcdef0123456789abcdef");
        assert_eq!((v.verified, v.digest.is_some()), (Some(true), true));
        let v = verify(
            "%Error verifying flash:x\nComputed signature  = 0123456789abcdef0123456789abcdef\nSubmitted signature = 00",
        );
        assert_eq!(v.verified, Some(false));
        assert_eq!(v.digest.as_deref(), Some("0123456789abcdef0123456789abcdef"));
    }

    #[test]
    fn a_text_without_a_verdict_gives_none() {
        assert_eq!(verify("....").verified, None);
    }
}
