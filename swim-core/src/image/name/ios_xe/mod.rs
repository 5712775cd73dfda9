//! IOS XE: `cat9k_iosxe.17.09.04a.SPA.bin`, `isr4300-universalk9.03.16.04b.S.155-3.S4b-ext.SPA.bin`, sub-packages, patches.

mod parts;

use parts::{take_defect, take_engineering, take_ios_number, take_signature, take_version};

use super::{NameFacts, feature};

/// What kind of file the first part announces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image,
    /// The IOS in it, `cat3k_caa-iosd-universalk9`: such packages have its number only.
    IosPackage,
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
    let set = head.rsplit_once('-').map_or(*head, |(_, set)| set).to_ascii_lowercase();
    if feature::is_mangled(&set) {
        let (family, _) = head.rsplit_once('-')?;
        let named = feature::begins_named(&set);
        return named.then(|| NameFacts { family: Some(family.to_owned()), ..platform() });
    }

    let mut rest = rest;
    take_signature(&mut rest, &mut facts);
    let padded = !matches!(facts.feature_set.as_deref(), Some("ucmk9"));
    let numbered = take_version(&mut rest, &mut facts, padded);
    let engineering = !numbered && take_engineering(&mut rest, &mut facts);
    if kind == Kind::IosPackage && !numbered {
        facts.alt_version = take_ios_number(&mut rest);
    }
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
    if facts.image_type.is_none() && rest.iter().any(|part| part.starts_with(|c: char| c.is_ascii_digit())) {
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
        if let Some(set) = feature::named(&format!("universalk9{variant}")) {
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
        if let Some(set) = feature::named(&last) {
            feature::fill(facts, &set);
        }
        let of_ios = family.strip_suffix("-iosd");
        let plain = ["-mono", "-rpios", "-packages", "-wlc"].iter().find_map(|part| family.strip_suffix(part));
        (of_ios.or(plain).unwrap_or(family), if of_ios.is_some() { Kind::IosPackage } else { Kind::Image })
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

fn image_type(kind: Kind, patch: bool, has_feature: bool, ending: &[&str]) -> Option<&'static str> {
    match (ending, kind) {
        (["smu", "bin"], _) => Some("xe-smu"),
        (["apsp", "bin" | "zip"], _) => Some("xe-apsp"),
        (["apdp", "bin" | "zip"], _) => Some("xe-apdp"),
        (["dmp", "bin" | "zip"], _) => Some("xe-dmp"),
        _ if patch => None,
        (["bin"], Kind::Addon) => Some("xe-addon-subpkg"),
        (["bin"], Kind::Image) if has_feature => Some("xe-bundle"),
        (["pkg"], Kind::HardwareProgrammables) => Some("xe-hw-programmable"),
        (["pkg"], Kind::Firmware) => Some("xe-firmware"),
        (["pkg"], Kind::Image | Kind::IosPackage | Kind::Package) => Some("xe-subpkg"),
        (["conf"], _) => Some("xe-conf"),
        (["ova" | "iso" | "qcow2" | "run"] | ["efi", "qcow2"] | ["tar", "gz"], Kind::Image) => Some("xe-virtual"),
        _ => None,
    }
}
