//! Boot ROM packages: `asr1000-rommon.173-1r.SPA.pkg`, `isr4400v2_rommon_1612_2r_SPA.pkg`, `asr900_15_6_48r_s_rommon.pkg`.

use super::{NameFacts, signature};

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
    match words.as_slice() {
        [code, maintenance, tail @ ..] if is_tail(tail) => {
            facts.family = family(before);
            facts.version = packed(code, maintenance);
        }
        // The number stands before the word.
        tail if is_tail(tail) => {
            if let Some((family_text, version)) = spelled_out(before) {
                facts.family = family(family_text);
                facts.version = Some(version);
            }
        }
        _ => {}
    }
    Some(facts)
}

fn family(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Nothing but the signature and the ending.
fn is_tail(words: &[&str]) -> bool {
    words.iter().all(|word| signature(word).is_some() || matches!(*word, "pkg" | "bin"))
}

/// `1612` `2r` is 16.12(2r).
fn packed(code: &str, maintenance: &str) -> Option<String> {
    let (major, minor) = code.split_at_checked(2)?;
    let major: u8 = major.parse().ok().filter(|major| (12..=49).contains(major))?;
    let minor: u8 = if minor.len() <= 2 {
        minor.parse().ok()?
    } else {
        return None;
    };
    Some(format!("{major}.{minor}({})", rom_number(maintenance)?))
}

/// `asr900_15_6_48r_s` is 15.6(48r)S.
fn spelled_out(before: &str) -> Option<(&str, String)> {
    let mut words = before.rsplitn(5, '_');
    let (train, maintenance, minor, major) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let family = words.next()?;
    let major: u8 = major.parse().ok()?;
    let minor: u8 = minor.parse().ok()?;
    let letters = (1..=3).contains(&train.len()) && train.bytes().all(|b| b.is_ascii_alphabetic());
    let maintenance = maintenance.to_ascii_lowercase();
    let text = format!("{major}.{minor}({}){}", rom_number(&maintenance)?, train.to_ascii_uppercase());
    letters.then_some((family, text))
}

/// `48r`, without padding.
fn rom_number(text: &str) -> Option<String> {
    let number: u16 = text.strip_suffix('r')?.parse().ok()?;
    Some(format!("{number}r"))
}
