//! Classic IOS: `c2960x-universalk9-mz.152-7.E10.bin`.

use super::{NameFacts, feature, signature};
use crate::version::{Scheme, Version};

/// Endings of images that were unpacked or put on a disk: no device boots them.
const TAKEN_APART: &[&str] = &["image", "qcow2", "vmdk"];

/// Reads the parts between the dots, when the first ends in where the image runs and how it is compressed.
pub(super) fn parse(parts: &[&str]) -> Option<NameFacts> {
    let (head, run, mut code) = split(parts)?;
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

    let ending = code.last().map(|last| last.to_ascii_lowercase()).unwrap_or_default();
    let stored = matches!(ending.as_str(), "bin" | "tar");
    let taken_apart = TAKEN_APART.contains(&ending.as_str());
    if stored || taken_apart {
        code.pop();
    }
    for at in [0, code.len().saturating_sub(1)] {
        if let Some(mark) = code.get(at).and_then(|part| signature(part)) {
            facts.signature = Some(mark);
            code.remove(at);
            break;
        }
    }
    let code = code.join(".");
    // Only the code of names is a version here; text in the display form would be something else.
    if !code.contains('(') && code.split(['-', '.']).next().is_some_and(|digits| digits.len() == 3) {
        facts.version = Version::parse(Scheme::Ios, &code).ok().map(|v| v.normal());
    }
    // Old ones, and those of some small routers, have no ending: c2600-i-mz.120-7.T. That they are files tells how they are
    // compressed; a header writes a name without it.
    let unended = run.len() == 2 && !taken_apart && facts.version.is_some();
    if run != "bundle" && (stored || unended) {
        // The file is an archive when it was built as one, whatever it is called.
        let archive = run == "tar" || ending == "tar";
        facts.image_type = Some(if archive { "ios-tar" } else { "ios-bin" }.to_owned());
    }
    Some(facts)
}

/// Family and feature set, the run, and the parts behind it.
fn split<'a>(parts: &[&'a str]) -> Option<(&'a str, &'a str, Vec<&'a str>)> {
    let (head, rest) = parts.split_first()?;
    if let Some((run, rest)) = rest.split_first()
        && run.eq_ignore_ascii_case("mz")
    {
        // With a dot for the dash: asr901-universalk9.mz.156-2.SP9.bin.
        return Some((head, run, rest.to_vec()));
    }
    let (before, last) = head.rsplit_once('-')?;
    if last.len() == 3 && last.bytes().all(|b| b.is_ascii_digit()) {
        // With a dash for the dot: c2900XL-c3h2s-mz-120.5-XU.bin.
        let (head, run) = before.rsplit_once('-')?;
        return Some((head, run, [&[last], rest].concat()));
    }
    Some((before, last, rest.to_vec()))
}

/// Flash, RAM, ROM, relocated or modular; zip, mzip, STAC, stripped or plain; or an archive.
fn is_run(text: &str) -> bool {
    matches!(text, "tar" | "bundle" | "ms")
        || matches!(
            text.as_bytes(),
            [b'f' | b'm' | b'r' | b'l' | b'v'] | [b'f' | b'm' | b'r' | b'l' | b'v', b'z' | b'x' | b'w']
        )
}
