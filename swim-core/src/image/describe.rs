//! From a description block to facts.

use super::cw::CwBlock;
use super::{Field, ImageFacts, NameFacts, Provenance, parse_filename, platform_id};
use crate::version::{Scheme, Version};

const MIB: u64 = 1024 * 1024;

/// Which grammar the version of a block follows; `None` when its platform is not one that is known here.
pub(super) fn scheme(block: &CwBlock) -> Option<Scheme> {
    let image = block.get("IMAGE").unwrap_or_default().to_ascii_uppercase();
    // IOS as a process of IOS XE writes its own name: its number is not that of the file.
    if image.contains("IOSD") {
        return None;
    }
    // NX-OS names the file as it is, in lower case.
    let named = parse_filename(block.get("IMAGE").unwrap_or_default());
    if named.platform.as_deref() == Some("nxos") {
        return Some(Scheme::Nxos);
    }
    match parse_filename(&image).platform.as_deref() {
        _ if block.get("KICKSTART_IMAGE").is_some() => None,
        Some("ios") => Some(Scheme::Ios),
        Some("iosxe") => Some(Scheme::IosXe),
        _ => None,
    }
}

/// Takes the facts of a description block.
pub(super) fn block(facts: &mut ImageFacts, block: &CwBlock, scheme: Scheme, from: &Provenance) {
    let field = |text: &str| Some(Field::new(text.to_owned(), from.clone()));
    let flag = |value: bool| Some(Field::new(value, from.clone()));
    if let Some(text) = block.get("VERSION") {
        match Version::parse(scheme, text) {
            Ok(version) => match contradiction(block, scheme, &version) {
                Some(other) => facts
                    .remarks
                    .push(format!("the description block gives two versions, {version} and {other}: neither is used")),
                None => facts.version = Some(Field::new(version, from.clone())),
            },
            Err(_) => facts.remarks.push(format!("the header's version {text:?} is not understood")),
        }
    }
    // Other platforms write the family of another product as the family, so the image's own name counts first.
    let image = block.get("IMAGE");
    let inner = image.map(parse_filename).unwrap_or_default();
    let family = inner.family.as_deref().or_else(|| block.get("FAMILY"));
    let set = inner.feature_set.as_deref().or_else(|| block.feature_set());
    facts.internal_name = image.and_then(field);
    facts.family = family.map(product).and_then(|family| field(&family));
    facts.feature_set = set.and_then(field);
    facts.k9 = inner.k9.or_else(|| set.map(|set| set.contains("k9"))).and_then(flag);
    facts.npe = inner.npe.or_else(|| set.map(|set| set.contains("npe"))).and_then(flag);
    facts.ldpe = inner.ldpe.or_else(|| set.map(|set| set.contains("ldpe"))).and_then(flag);
    facts.image_type = inner.image_type.as_deref().and_then(kind).and_then(field);
    if block.has_strong_cryptography() {
        facts.k9 = flag(true);
    }
    let least = block.min_dram_mib().and_then(|mib| mib.checked_mul(MIB));
    facts.min_ram = least.map(|bytes| Field::new(bytes, from.clone())).or_else(|| facts.min_ram.take());
}

/// Another version in the same block: in the name of the image, or in the sentence that describes it. A candidate's
/// mark, which only the name has, does not count.
fn contradiction(block: &CwBlock, scheme: Scheme, version: &Version) -> Option<String> {
    let named = block.get("IMAGE").and_then(|image| parse_filename(image).version);
    let told = block.beginning_of("SYSDESCR").and_then(|text| {
        let (_, after) = text.split_once("Version ")?;
        Some(Version::parse(scheme, after.split_once(',')?.0).ok()?.normal())
    });
    let release = |text: &str| text.split("prd").next().unwrap_or(text).to_owned();
    let own = release(&version.normal());
    [named, told].into_iter().flatten().find(|other| release(other) != own)
}

/// Takes the name that the bytes give the image, and what that name says. It is in the header, so it counts as one.
pub(super) fn inner_name(facts: &mut ImageFacts, name: &str, from: &Provenance) {
    let text = |text: &str| Some(Field::new(text.to_owned(), from.clone()));
    let said = parse_filename(name);
    facts.internal_name = text(name);
    let Some(platform) = said.platform.as_deref() else { return };
    facts.platform = facts.platform.take().or_else(|| text(platform_id(platform)));
    let scheme = Scheme::of_platform(platform).ok();
    let version = scheme.zip(said.version.as_deref()).and_then(|(s, v)| Version::parse(s, v).ok());
    facts.version = facts.version.take().or_else(|| version.map(|version| Field::new(version, from.clone())));
    facts.family = facts.family.take().or_else(|| said.family.as_deref().map(product).and_then(|f| text(&f)));
    facts.feature_set = facts.feature_set.take().or_else(|| said.feature_set.as_deref().and_then(text));
    facts.k9 = facts.k9.take().or_else(|| said.k9.map(|k9| Field::new(k9, from.clone())));
    facts.npe = facts.npe.take().or_else(|| said.npe.map(|npe| Field::new(npe, from.clone())));
    facts.ldpe = facts.ldpe.take().or_else(|| said.ldpe.map(|ldpe| Field::new(ldpe, from.clone())));
    facts.alt_version = facts.alt_version.take().or_else(|| said.alt_version.as_deref().and_then(text));
    facts.image_type = facts.image_type.take().or_else(|| said.image_type.as_deref().and_then(kind).and_then(text));
}

/// A signature is there, of which no more is known.
pub(super) fn signed(facts: &mut ImageFacts) {
    facts.signature.get_or_insert_with(|| Field::new("present".to_owned(), Provenance::Header));
}

/// What kind of file it is, unless that is known better.
pub(super) fn typed(facts: &mut ImageFacts, kind: &str) {
    facts.image_type.get_or_insert_with(|| Field::new(kind.to_owned(), Provenance::Header));
}

/// `cat9k_iosxe_npe` is the product family `cat9k`.
pub(super) fn product(family: &str) -> String {
    let lower = family.to_ascii_lowercase();
    lower.split("_iosxe").next().unwrap_or(&lower).to_owned()
}

/// The kinds of files that facts tell.
///
/// ```
/// use swim_core::image::{IMAGE_TYPES, parse_filename};
/// let named = parse_filename("cat9k_iosxe.17.09.04a.SPA.bin");
/// assert_eq!(named.image_type.as_deref(), Some("xe-bundle"), "names have words of their own");
/// assert!(IMAGE_TYPES.contains(&named.facts().image_type.unwrap().value.as_str()));
/// ```
pub const IMAGE_TYPES: [&str; 6] = ["image", "kickstart", "smu", "rommon", "epld", "package"];

/// The kind that somebody names, in its own word or in one of names.
pub(crate) fn image_type(named: &str) -> Option<&'static str> {
    IMAGE_TYPES.into_iter().find(|known| *known == named).or_else(|| kind(named))
}

/// The kind of file, for all platforms, by the word that names have for it.
pub(super) fn kind(image_type: &str) -> Option<&'static str> {
    match image_type {
        "xe-bundle"
        | "ios-bin"
        | "ios-tar"
        | "nxos-bin"
        | "nxos-system"
        | "xr-iso"
        | "xr-golden-iso"
        | "xr7-iso"
        | "xr-vm"
        | "xr-release-tar"
        | "aireos"
        | "asa-bin"
        | "asa-signed"
        | "fxos"
        | "aci-switch"
        | "aci-apic"
        | "eos-swi"
        | "fortios-out"
        | "aoscx-swi"
        | "comware-system"
        | "junos-vmhost-tgz"
        | "junos-jinstall-tgz"
        | "junos-jinstall-host-tgz" => Some("image"),
        "nxos-kickstart" | "comware-boot" => Some("kickstart"),
        "xe-smu" | "xr-smu" | "nxos-smu" => Some("smu"),
        "rommon" => Some("rommon"),
        "nxos-epld" => Some("epld"),
        "xe-subpkg" | "xe-addon-subpkg" | "xr-pie" | "xr-pkg" | "xr-rpm" | "xr7-rpm" | "npk" => Some("package"),
        _ => None,
    }
}
/// What all members of an archive say that say anything of it; `None` when they differ.
pub(super) fn agreed(named: &[NameFacts], of: fn(&NameFacts) -> Option<&str>) -> Option<&str> {
    let mut told = named.iter().filter_map(of);
    let first = told.next()?;
    told.all(|other| other == first).then_some(first)
}

/// The family that all members say.
pub(super) fn agreed_family(named: &[NameFacts]) -> Option<Field<String>> {
    agreed(named, |n| n.family.as_deref()).map(|family| Field::new(family.to_owned(), Provenance::Member))
}
