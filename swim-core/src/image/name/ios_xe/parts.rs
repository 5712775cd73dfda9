//! What stands between the head of an IOS XE name and its ending. Each function takes what it names off the front.

use crate::image::name::{NameFacts, feature, signature};
use crate::version::{Scheme, Version};

pub(super) fn take_signature(rest: &mut &[&str], facts: &mut NameFacts) {
    if let Some((first, after)) = rest.split_first()
        && let Some(mark) = signature(first)
    {
        facts.signature = Some(mark);
        *rest = after;
    }
}

/// `17.09.04a`, `16.05.01a.prd3`, `03.16.04b.S.155-3.S4b-ext`, `02.06.02.122-33.XNF2`. Names write two digits, but for the
/// first ones of the SD-WAN.
pub(super) fn take_version(rest: &mut &[&str], facts: &mut NameFacts, padded: bool) -> bool {
    let [major, minor, patch, after @ ..] = *rest else {
        return false;
    };
    // Disks of virtual machines have words behind the number: `16.12.03-serial`.
    let patch = match patch.split_once('-') {
        Some((number, word)) if feature::is_disk(&word.to_ascii_lowercase()) => number,
        _ => patch,
    };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let is_number = |text: &str, count: usize| count == 2 || (!padded && count == 1 && !text.starts_with('0'));
    let numbers = [minor, &patch].iter().all(|text| is_number(text, digits(text)));
    if digits(major) != 2 || major.len() != 2 || digits(minor) != minor.len() || !numbers {
        return false;
    }
    let (patch, mut train) = if *major == "03" { with_train(patch) } else { (patch, String::new()) };
    let mut after = after;
    if *major == "03"
        && train.is_empty()
        && let [candidate, next @ ..] = after
        && OLD_TRAINS.contains(&candidate.to_ascii_uppercase().as_str())
    {
        train = candidate.to_ascii_uppercase();
        after = next;
    }
    // Letters may be folded, but for the two of a special branch: `17.11.99SW`.
    let is_branch = matches!(patch.as_bytes(), [_, _, b'A'..=b'Z', b'A'..=b'Z']);
    let folded = if is_branch { patch.to_owned() } else { patch.to_ascii_lowercase() };
    let mut text = format!("{major}.{minor}.{folded}{train}");
    let alternative = if major.starts_with('0') { take_ios_number(&mut after) } else { None };
    match after {
        [candidate, next @ ..] if candidate.to_ascii_lowercase().starts_with("prd") => {
            text.push_str(&candidate.to_ascii_lowercase());
            after = next;
        }
        ["0", build, next @ ..] if !build.is_empty() && build.bytes().all(|b| b.is_ascii_digit()) => after = next,
        _ => {}
    }
    let Ok(version) = Version::parse(Scheme::IosXe, &text) else {
        return false;
    };
    facts.version = Some(version.normal());
    facts.alt_version = alternative;
    *rest = after;
    true
}

/// The trains of 3.x, the longer ones first.
const OLD_TRAINS: &[&str] = &["SE", "SG", "SP", "SQ", "XO", "S", "E"];

/// Packages of 3.x have the train at the number: `03.02.02SE`, `03.06.05aE`.
fn with_train(patch: &str) -> (&str, String) {
    let upper = patch.to_ascii_uppercase();
    let train = OLD_TRAINS.iter().find(|train| upper.ends_with(**train));
    let before = train.and_then(|train| patch.get(..patch.len() - train.len()));
    match (before, train) {
        (Some(before), Some(train)) => (before, (*train).to_owned()),
        _ => (patch, String::new()),
    }
}

/// `155-3` `S4b-ext`: the IOS number of the same release.
pub(super) fn take_ios_number(rest: &mut &[&str]) -> Option<String> {
    let [code, train, after @ ..] = *rest else {
        return None;
    };
    let lower = train.to_ascii_lowercase();
    let plain = if lower.ends_with("-ext") || lower.ends_with("-std") { train.get(..train.len() - 4)? } else { train };
    let version = Version::parse(Scheme::Ios, &format!("{code}.{plain}")).ok()?;
    *rest = after;
    Some(version.normal())
}

/// `BLD_POLARIS_DEV_LATEST_20260404_033234_V26_2_0_38`, `V169_3_SR684942877_7`, `2022-06-06_12.21_mcpre`: no release number.
pub(super) fn take_engineering(rest: &mut &[&str], facts: &mut NameFacts) -> bool {
    let [first, after @ ..] = *rest else {
        return false;
    };
    let begins = |text: &str, pattern: &[u8]| {
        text.len() >= pattern.len()
            && text.bytes().zip(pattern).all(|(b, p)| if *p == b'9' { b.is_ascii_digit() } else { b == *p })
    };
    if begins(first, b"BLD_") || begins(first, b"V99") {
        if let Some((_, branch)) = first.rsplit_once("_V")
            && branch.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        {
            facts.alt_version = Some(format!("engineering build V{branch}"));
        }
        *rest = after;
        return true;
    }
    if begins(first, b"9999-99-99_99") {
        // The time of day is written with a dot.
        *rest = match after {
            [minutes, next @ ..] if begins(minutes, b"99_") => next,
            _ => after,
        };
        return true;
    }
    false
}

/// `CSCvx94722`: the defect that a patch mends. Those of engineering builds have their number before it, and some mend
/// none.
pub(super) fn take_defect(rest: &mut &[&str], facts: &mut NameFacts) -> bool {
    let (first, after) = match *rest {
        [number, first, after @ ..] if number.bytes().all(|b| b.is_ascii_digit()) => (*first, after),
        [first, after @ ..] => (*first, after),
        [] => return false,
    };
    if first.eq_ignore_ascii_case("NODEFECT") {
        *rest = after;
        return true;
    }
    let is_defect = matches!(first.as_bytes(), [b'C' | b'c', b'S' | b's', b'C' | b'c', tail @ ..]
        if tail.len() == 7 && tail.iter().take(2).all(u8::is_ascii_alphabetic) && tail.iter().skip(2).all(u8::is_ascii_digit));
    if is_defect {
        let (mark, id) = first.split_at_checked(3).unwrap_or(("", first));
        facts.alt_version = Some(format!("{}{}", mark.to_ascii_uppercase(), id.to_ascii_lowercase()));
        *rest = after;
    }
    is_defect
}
