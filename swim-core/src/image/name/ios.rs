//! Classic IOS: `c2960x-universalk9-mz.152-7.E10.bin`.

use super::{NameFacts, feature, signature};
use crate::version::{Scheme, Version};

/// Reads the parts between the dots, when the first ends in where the image runs and how it is compressed.
pub(super) fn parse(parts: &[&str]) -> Option<NameFacts> {
    let (head, rest) = parts.split_first()?;
    let (head, run) = head.rsplit_once('-')?;
    let (family, set) = head.rsplit_once('-')?;
    let (run, set) = (run.to_ascii_lowercase(), set.to_ascii_lowercase());
    if !is_run(&run) || family.is_empty() || set.is_empty() {
        return None;
    }
    let mut facts =
        NameFacts { platform: Some("ios".to_owned()), family: Some(family.to_owned()), ..NameFacts::default() };
    if feature::is_mangled(&set) {
        return Some(facts);
    }
    feature::fill(&mut facts, &set);

    let mut rest = rest;
    let ending = rest.last().map(|last| last.to_ascii_lowercase());
    if let (Some("bin" | "tar"), Some((_, before))) = (ending.as_deref(), rest.split_last()) {
        rest = before;
        // The file is an archive when it was built as one, whatever it is called.
        let archive = run == "tar" || ending.as_deref() == Some("tar");
        facts.image_type = (run != "bundle").then(|| if archive { "ios-tar" } else { "ios-bin" }.to_owned());
    }
    if let Some((first, after)) = rest.split_first()
        && let Some(mark) = signature(first)
    {
        facts.signature = Some(mark);
        rest = after;
    }
    if let Some((last, before)) = rest.split_last()
        && let Some(mark) = signature(last)
    {
        facts.signature = Some(mark);
        rest = before;
    }
    let code = rest.join(".");
    // Only the code of names is a version here; text in the display form would be something else.
    if !code.contains('(') && code.split(['-', '.']).next().is_some_and(|digits| digits.len() == 3) {
        facts.version = Version::parse(Scheme::Ios, &code).ok().map(|v| v.normal());
    }
    Some(facts)
}

/// Flash, RAM, ROM, relocated or modular; zip, mzip, STAC or plain; or an archive.
fn is_run(text: &str) -> bool {
    matches!(text, "tar" | "bundle")
        || matches!(
            text.as_bytes(),
            [b'f' | b'm' | b'r' | b'l' | b'v'] | [b'f' | b'm' | b'r' | b'l' | b'v', b'z' | b'x' | b'w']
        )
}
