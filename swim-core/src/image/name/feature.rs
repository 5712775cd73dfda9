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
];

/// What may follow a named feature set.
const VARIANTS: &[&str] = &["npe", "noli", "ldpe", "wlc", "ias", "iox", "ivs", "li", "sna", "wan"];

/// Is it a named feature set with known variants: `universalk9_npe_noli`, `universalk9ldpe`?
pub(super) fn is_named(text: &str) -> bool {
    NAMED.iter().any(|base| {
        text.strip_prefix(base).is_some_and(|rest| {
            let rest = rest.strip_prefix("ldpe").unwrap_or(rest);
            rest.is_empty()
                || rest.strip_prefix('_').is_some_and(|rest| rest.split('_').all(|word| VARIANTS.contains(&word)))
        })
    })
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
