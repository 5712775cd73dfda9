//! Feature sets as names write them.

use super::NameFacts;

/// The named feature sets of IOS XE, those with strong cryptography first, since the others are their beginnings.
const NAMED: &[&str] = &[
    "universalk9",
    "universal",
    "ipservicesk9",
    "ipservices",
    "ipbasek9",
    "ipbase",
    "entservicesk9",
    "entservices",
    "advipservicesk9",
    "advipservices",
    "adventerprisek9",
    "adventerprise",
    "lanbasek9",
    "lanbase",
    "ucmk9",
];

/// What may follow a named feature set.
const VARIANTS: &[&str] = &["npe", "noli", "ldpe", "wlc", "ias", "iox", "ivs", "li", "sna", "wan"];

/// How the disk of a virtual machine is made, and for which host. It says nothing of the software on it.
const DISKS: &[&str] = &["8g", "16g", "serial", "vga", "efi", "esxi", "kvm", "nfvis"];

/// A named feature set with known variants, without words that are none: `universalk9_npe_noli`, `universalk9ldpe`,
/// and of `universalk9_8g_serial` the first word.
pub(super) fn named(text: &str) -> Option<String> {
    let (first, words) =
        text.split_once('_').map_or((text, Vec::new()), |(first, rest)| (first, rest.split('_').collect()));
    let plain = first.strip_suffix("ldpe").or_else(|| first.strip_suffix("npe")).unwrap_or(first);
    let (disk, variants): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| DISKS.contains(word));
    let known = NAMED.contains(&plain) && variants.iter().all(|word| VARIANTS.contains(word));
    // A disk has nothing else behind its set.
    (known && (disk.is_empty() || variants.is_empty())).then(|| [&[first], variants.as_slice()].concat().join("_"))
}

/// The last word of a name before its version is what virtual machines add: `16.12.03-serial`.
pub(super) fn is_disk(text: &str) -> bool {
    DISKS.contains(&text)
}

/// Does it begin with a named feature set, whatever follows?
pub(super) fn begins_named(text: &str) -> bool {
    NAMED.iter().any(|base| text.starts_with(base))
}

/// Address scrubbers took `9.03.16.05` after a `k` for an address and wrote another one, so that published lists have
/// `universalk10.144.1.1`. No feature set has `k` and two digits, but for the old `k91`.
pub(super) fn is_mangled(text: &str) -> bool {
    text.split('k').skip(1).any(|after| {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        digits >= 2 && !after.starts_with("91")
    })
}

/// Fills the feature set and what follows from it.
pub(super) fn fill(facts: &mut NameFacts, feature: &str) {
    facts.k9 = Some(feature.contains("k9"));
    facts.npe = Some(feature.contains("npe"));
    facts.ldpe = Some(feature.contains("ldpe"));
    facts.feature_set = Some(feature.to_owned());
}
