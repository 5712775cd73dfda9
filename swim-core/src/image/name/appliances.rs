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
            pattern: "AIR-(?<family>[a-z0-9]+)(?:-(?<ldpe>LDPE))?-AP_BUNDLE-K9-<V>\\.aes",
            image_type: Some("aireos-ap-bundle"),
            k9: K9::Always(true),
        },
        // The virtual controller, whose sizes have the same software; its disks are made anew.
        Rule {
            pattern: "AIR_(?<family>CTVM)(?:_(?:LARGE|SMALL))?-K9_(?<version>[0-9]+(?:[._][0-9]+){3})\\.aes",
            image_type: Some("aireos"),
            k9: K9::Always(true),
        },
        Rule {
            pattern: "(?:AIR|MFG)[_-](?<family>CTVM)(?:_(?:LARGE|SMALL))?(?:-K9)?[_-](?<version>[0-9]+(?:[._-][0-9]+){3})\\.(?:ova|iso)",
            image_type: None,
            k9: K9::Silent,
        },
        // Access points that are controllers as well.
        Rule { pattern: "AIR-(?<family>AP[a-z0-9]+)-K9-ME-<V>\\.(?:zip|tar)", image_type: None, k9: K9::Always(true) },
        // Short names, without what they are for.
        Rule {
            pattern: "AS_[0-9]{4}_(?<version>[0-9]+(?:[._][0-9]+){3})\\.aes",
            image_type: Some("aireos"),
            k9: K9::Silent,
        },
        Rule {
            pattern: "AP_BUNDLE_[0-9]{4}_(?<version>[0-9]+(?:[._][0-9]+){3})\\.aes",
            image_type: Some("aireos-ap-bundle"),
            k9: K9::Silent,
        },
        Rule { pattern: "AIR-(?<family>CT[0-9]{4})-<V>\\.aes", image_type: Some("aireos"), k9: K9::Silent },
    ],
    version: |text| normal(Scheme::Aireos, &text.replace(['_', '-'], ".")),
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
        // Disks of the virtual one, and images that bring the platform's own system.
        Rule {
            pattern: "(?<family>asav)(?<version>[0-9-]+)\\.(?:qcow2|zip|vhdx?|ova)",
            image_type: None,
            k9: K9::Silent,
        },
        Rule {
            pattern: "cisco-asa-(?<family>fp[0-9]+k?)\\.(?<version>[0-9]+(?:\\.[0-9]+){2,3})\\.S[PS][A-Z]",
            image_type: None,
            k9: K9::Silent,
        },
    ],
    version: packed,
    family,
};

/// `asdm-791-151.bin` is 7.9(1)151.
pub(super) const ASDM: Reader = Reader {
    platform: "asdm",
    rules: &[Rule {
        pattern: "(?<family>asdm)-(?:openjre-)?(?<version>[0-9-]+)\\.bin",
        image_type: Some("asdm"),
        k9: K9::Silent,
    }],
    version: packed,
    family,
};

/// `fxos-k8-fp2k-npu.2.2.2.100.SPA`.
pub(super) const FXOS: Reader = Reader {
    platform: "fxos",
    rules: &[
        Rule {
            pattern: "fxos-k8(?:-(?<family>fp[a-z0-9]+))?(?:-(?:npu|lfbff))?\\.<V>\\.S[PS][A-Z]",
            image_type: Some("fxos"),
            k9: K9::Always(false),
        },
        Rule {
            pattern: "fxos-k9(?:-(?<family>fp[a-z0-9]+))?(?:-(?:npu|lfbff))?\\.<V>\\.S[PS][A-Z]",
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

/// `952-204` is 9.5(2)204; `9-16-3-19` is 9.16(3)19, which would be `9163-19` without dashes; `9.20.2.10` is 9.20(2)10.
fn packed(text: &str) -> Option<String> {
    if text.contains('.') {
        return normal(Scheme::Asa, text);
    }
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

/// The highest minor number that is written without dashes. Above it are one-digit numbers that somebody wrote together.
const LAST_PACKED_MINOR: u64 = 29;

/// One digit each; of four the middle two are the minor number, which is above nine then.
fn unpacked<'a>(code: &'a str, interim: Option<&'a str>) -> Option<(&'a str, &'a str, &'a str, Option<&'a str>)> {
    let (major, rest) = code.split_at_checked(1)?;
    let (minor, maintenance) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    let number: u64 = minor.parse().ok()?;
    let known = minor.len() == 1 || (minor.len() == 2 && (10..=LAST_PACKED_MINOR).contains(&number));
    known.then_some((major, minor, maintenance, interim))
}
