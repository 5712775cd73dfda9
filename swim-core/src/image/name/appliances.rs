//! Controllers and firewalls of Cisco: AireOS, ASA, ASDM, FXOS.

use super::rules::{K9, Reader, Rule, family, normal};
use crate::version::Scheme;

/// `AIR-CT5520-K9-8-10-196-0.aes`: the name is all that there is; what is inside cannot be read.
pub(super) const AIREOS: Reader = Reader {
    platform: "aireos",
    rules: &[
        Rule {
            pattern: "AIR-(?<family>[a-z0-9]+)(?:-(?<ldpe>LDPE))?-K9-<V>\\.aes",
            image_type: Some("aireos"),
            k9: K9::Always(true),
        },
        Rule {
            pattern: "AIR-(?<family>[a-z0-9]+)-AP_BUNDLE-K9-<V>\\.aes",
            image_type: Some("aireos-ap-bundle"),
            k9: K9::Always(true),
        },
    ],
    version: |text| normal(Scheme::Aireos, text),
    family,
};

/// `asa952-204-smp-k8.bin` is 9.5(2)204, `asa9-16-3-19-lfbff-k8.SPA` is 9.16(3)19. Here `k8` says nothing about what is
/// inside but how it comes: the license decides.
pub(super) const ASA: Reader = Reader {
    platform: "asa",
    rules: &[
        Rule {
            pattern: "(?<family>asa)(?<version>[0-9-]+?)-(?:(?<feature>smp|lfbff)-)?k8\\.bin",
            image_type: Some("asa-bin"),
            k9: K9::Always(false),
        },
        Rule {
            pattern: "(?<family>asa)(?<version>[0-9-]+?)-(?:(?<feature>smp|lfbff)-)?k8\\.S[PS][A-Z]",
            image_type: Some("asa-signed"),
            k9: K9::Always(false),
        },
    ],
    version: packed,
    family,
};

/// `asdm-791-151.bin` is 7.9(1)151.
pub(super) const ASDM: Reader = Reader {
    platform: "asdm",
    rules: &[Rule { pattern: "(?<family>asdm)-(?<version>[0-9-]+)\\.bin", image_type: Some("asdm"), k9: K9::Silent }],
    version: packed,
    family,
};

/// `fxos-k8-fp2k-npu.2.2.2.100.SPA`.
pub(super) const FXOS: Reader = Reader {
    platform: "fxos",
    rules: &[
        Rule {
            pattern: "fxos-k8(?:-(?<family>fp[a-z0-9]+))?(?:-[a-z]+)?\\.<V>\\.S[PS][A-Z]",
            image_type: Some("fxos"),
            k9: K9::Always(false),
        },
        Rule {
            pattern: "fxos-k9(?:-(?<family>fp[a-z0-9]+))?(?:-[a-z]+)?\\.<V>\\.S[PS][A-Z]",
            image_type: Some("fxos"),
            k9: K9::Always(true),
        },
    ],
    version: |text| {
        let parts: Vec<&str> = text.split('.').collect();
        let numbers = parts.iter().all(|p| (1..=4).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
        (parts.len() == 4 && numbers).then(|| text.to_owned())
    },
    family,
};

/// `952-204` is 9.5(2)204; `9-16-3-19` is 9.16(3)19, which would be `9163-19` without dashes.
fn packed(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('-').collect();
    let (major, minor, maintenance, interim) = match parts.as_slice() {
        [code] => unpacked(code, None)?,
        [code, interim] if code.len() >= 3 => unpacked(code, Some(interim))?,
        [major, minor, maintenance] => (*major, *minor, *maintenance, None),
        [major, minor, maintenance, interim] => (*major, *minor, *maintenance, Some(*interim)),
        _ => return None,
    };
    normal(Scheme::Asa, &format!("{major}.{minor}({maintenance}){}", interim.unwrap_or_default()))
}

/// One digit each; of four the middle two are the minor number, which is above nine then.
fn unpacked<'a>(code: &'a str, interim: Option<&'a str>) -> Option<(&'a str, &'a str, &'a str, Option<&'a str>)> {
    let (major, rest) = code.split_at_checked(1)?;
    let (minor, maintenance) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    let known = minor.len() == 1 || (minor.len() == 2 && !minor.starts_with('0'));
    known.then_some((major, minor, maintenance, interim))
}
