//! Boot ROM packages: `asr1000-rommon.173-1r.SPA.pkg`, `isr4400v2_rommon_1612_2r_SPA.pkg`, `asr900_15_6_48r_s_rommon.pkg`.

use super::{NameFacts, signature};
use crate::version::{Scheme, Version};

/// Reads a name that says `rommon`.
pub(super) fn parse(base: &str) -> Option<NameFacts> {
    let lower = base.to_ascii_lowercase();
    let at = lower.find("rommon")?;
    let mut facts = NameFacts {
        platform: Some("rommon".to_owned()),
        image_type: Some("rommon".to_owned()),
        ..NameFacts::default()
    };
    let before = base.get(..at)?.trim_end_matches(['-', '_', '.']);
    let words: Vec<&str> = lower.get(at + "rommon".len()..)?.split(['-', '_', '.']).filter(|w| !w.is_empty()).collect();
    facts.signature = words.iter().find_map(|word| signature(word));
    let end = words.iter().position(|word| is_tail(&[word])).unwrap_or(words.len());
    let (code, tail) = words.split_at_checked(end)?;
    if !is_tail(tail) {
        return None;
    }
    match code {
        [_, _, ..] => {
            facts.family = family(before);
            facts.version = number(&code.join("_"));
        }
        // The number stands before the word.
        [] => {
            if let Some((family_text, version)) = spelled_out(before) {
                facts.family = family(family_text);
                facts.version = Some(version);
            }
        }
        _ => {}
    }
    // What neither ends as a package nor has a number is some text about them.
    (!tail.is_empty() || facts.version.is_some()).then_some(facts)
}

fn family(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Nothing but the signature and the ending.
fn is_tail(words: &[&str]) -> bool {
    words.iter().all(|word| signature(word).is_some() || matches!(*word, "pkg" | "bin"))
}

/// `asr900_15_6_48r_s` is 15.6(48r)S of the family `asr900`.
fn spelled_out(before: &str) -> Option<(&str, String)> {
    let (at, _) = before.rmatch_indices('_').nth(3)?;
    Some((before.get(..at)?, number(before.get(at + 1..)?)?))
}

/// `1612_2r` is 16.12(2r).
fn number(text: &str) -> Option<String> {
    Version::parse(Scheme::Rommon, &text.to_ascii_lowercase()).ok().map(|version| version.normal())
}
