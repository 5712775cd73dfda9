//! IOS XE: `cat9k_iosxe.17.09.04a.SPA.bin`, `isr4300-universalk9.03.16.04b.S.155-3.S4b-ext.SPA.bin`, sub-packages, patches.

use super::{NameFacts, feature, signature};
use crate::version::{Scheme, Version};

/// What kind of file the first part announces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    Addon,
    HardwareProgrammables,
    Firmware,
    Package,
}

/// Reads the parts between the dots.
pub(super) fn parse(parts: &[&str]) -> Option<NameFacts> {
    let (head, rest) = parts.split_first()?;
    if head.eq_ignore_ascii_case("packages") && matches!(rest, [ending] if ending.eq_ignore_ascii_case("conf")) {
        return Some(NameFacts { image_type: Some("xe-conf".to_owned()), ..platform() });
    }
    let mut facts = platform();
    let kind = read_head(head, &mut facts);
    if feature::is_mangled(&head.to_ascii_lowercase()) {
        let (family, set) = head.rsplit_once('-')?;
        let named = feature::begins_named(&set.to_ascii_lowercase());
        return named.then(|| NameFacts { family: Some(family.to_owned()), ..platform() });
    }

    let mut rest = rest;
    take_signature(&mut rest, &mut facts);
    let numbered = take_version(&mut rest, &mut facts);
    let engineering = !numbered && take_engineering(&mut rest, &mut facts);
    // Without a version, only a head that nothing else writes makes it IOS XE.
    if !numbered && !engineering && (kind == Kind::Package || facts.feature_set.is_none()) {
        return None;
    }
    let patch = take_defect(&mut rest, &mut facts);
    take_signature(&mut rest, &mut facts);
    let ending: Vec<String> = rest.iter().map(|part| part.to_ascii_lowercase()).collect();
    let ending: Vec<&str> = ending.iter().map(String::as_str).collect();
    facts.image_type = image_type(kind, patch, facts.feature_set.is_some(), &ending).map(str::to_owned);
    // A second number in the rest may be the version of something else.
    if facts.image_type.is_none() && rest.iter().any(|part| part.bytes().any(|b| b.is_ascii_digit())) {
        facts.version = None;
        facts.alt_version = None;
    }
    // Of an unknown kind the last word may be a part of the family.
    if kind == Kind::Package && !ending.ends_with(&["pkg"]) {
        facts.family = None;
    }
    Some(facts)
}

fn platform() -> NameFacts {
    NameFacts { platform: Some("iosxe".to_owned()), ..NameFacts::default() }
}

/// `cat9k_iosxe_npe`, `C9800-40-universalk9_wlc`, `asr1000rp2-rpios-adventerprise`, `cat9k-rpbase`.
fn read_head(head: &str, facts: &mut NameFacts) -> Kind {
    let lower = head.to_ascii_lowercase();
    if let Some((_, variant)) = lower.split_once("_iosxe")
        && !head.contains('-')
    {
        facts.family = Some(head.to_owned());
        // These families have one feature set and do not write it.
        let set = format!("universalk9{variant}");
        if feature::is_named(&set) {
            feature::fill(facts, &set);
        }
        return Kind::Image;
    }
    let (family, last) = head.rsplit_once('-').unwrap_or(("", head));
    let last = last.to_ascii_lowercase();
    let (family, kind) = if let Some((family, _)) = cut(head, &lower, "-iosxe-") {
        (family, Kind::Addon)
    } else if let Some((family, "")) = cut(head, &lower, "-hw-programmables") {
        (family, Kind::HardwareProgrammables)
    } else if last.starts_with("firmware_") {
        (family, Kind::Firmware)
    } else if feature::begins_named(&last) {
        if feature::is_named(&last) {
            feature::fill(facts, &last);
        }
        let plain = family.strip_suffix("-mono").or_else(|| family.strip_suffix("-rpios"));
        (plain.unwrap_or(family), Kind::Image)
    } else if last == "k9" {
        (family.rsplit_once('-').map_or("", |(family, _)| family), Kind::Package)
    } else {
        (family, Kind::Package)
    };
    facts.family = (!family.is_empty()).then(|| family.to_owned());
    kind
}

/// The text before and after a mark, found without regard to case.
fn cut<'a>(text: &'a str, lower: &str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = lower.find(mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

fn take_signature(rest: &mut &[&str], facts: &mut NameFacts) {
    if let Some((first, after)) = rest.split_first()
        && let Some(mark) = signature(first)
    {
        facts.signature = Some(mark);
        *rest = after;
    }
}

/// `17.09.04a`, `16.05.01a.prd3`, `03.16.04b.S.155-3.S4b-ext`, `02.06.02.122-33.XNF2`. Names always write two digits.
fn take_version(rest: &mut &[&str], facts: &mut NameFacts) -> bool {
    let [major, minor, patch, after @ ..] = *rest else {
        return false;
    };
    let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let patch = patch.to_ascii_lowercase();
    let padded = patch.get(..2).is_some_and(two_digits)
        && !patch.get(2..3).is_some_and(|c| c.bytes().all(|b| b.is_ascii_digit()));
    if !two_digits(major) || !two_digits(minor) || !padded {
        return false;
    }
    let mut after = after;
    let mut text = format!("{major}.{minor}.{patch}");
    if *major == "03"
        && let [train, next @ ..] = after
        && (1..=3).contains(&train.len())
        && signature(train).is_none()
    {
        text.push_str(&train.to_ascii_uppercase());
        after = next;
    }
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

/// `155-3` `S4b-ext`: the IOS number of the same release.
fn take_ios_number(rest: &mut &[&str]) -> Option<String> {
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
fn take_engineering(rest: &mut &[&str], facts: &mut NameFacts) -> bool {
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

/// `CSCvx94722`: the defect that a patch mends.
fn take_defect(rest: &mut &[&str], facts: &mut NameFacts) -> bool {
    let [first, after @ ..] = *rest else {
        return false;
    };
    let is_defect = matches!(first.as_bytes(), [b'C' | b'c', b'S' | b's', b'C' | b'c', tail @ ..]
        if tail.len() == 7 && tail.iter().take(2).all(u8::is_ascii_alphabetic) && tail.iter().skip(2).all(u8::is_ascii_digit));
    if is_defect {
        let (mark, id) = first.split_at_checked(3).unwrap_or(("", first));
        facts.alt_version = Some(format!("{}{}", mark.to_ascii_uppercase(), id.to_ascii_lowercase()));
        *rest = after;
    }
    is_defect
}

fn image_type(kind: Kind, patch: bool, has_feature: bool, ending: &[&str]) -> Option<&'static str> {
    match (ending, kind) {
        (["smu", "bin"], _) => Some("xe-smu"),
        _ if patch => None,
        (["bin"], Kind::Addon) => Some("xe-addon-subpkg"),
        (["bin"], Kind::Image) if has_feature => Some("xe-bundle"),
        (["pkg"], Kind::HardwareProgrammables) => Some("xe-hw-programmable"),
        (["pkg"], Kind::Firmware) => Some("xe-firmware"),
        (["pkg"], Kind::Image | Kind::Package) => Some("xe-subpkg"),
        (["conf"], _) => Some("xe-conf"),
        (["apsp", "bin" | "zip"], _) => Some("xe-apsp"),
        (["apdp", "bin" | "zip"], _) => Some("xe-apdp"),
        (["dmp", "bin" | "zip"], _) => Some("xe-dmp"),
        (["ova" | "iso" | "qcow2" | "run"] | ["tar", "gz"], Kind::Image) => Some("xe-virtual"),
        _ => None,
    }
}
