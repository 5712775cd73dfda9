//! From bytes and a name to facts. Bytes beat names; where they disagree, a remark says so.

use super::source::{self, ReadAt};
use super::{Field, ImageFacts, NameFacts, Provenance, parse_filename, tlv};
use crate::version::{Scheme, Version};

/// How much of the head is searched for the description block of an IOS image. The whole read is this and no more.
const SEARCHED: usize = 2 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

/// Says what a file is. Reads at most 2 MiB of it. Never fails: what cannot be known is absent, what looks wrong is a remark.
#[must_use]
pub fn identify(bytes: &dyn ReadAt, file_name: &str) -> ImageFacts {
    let mut facts = ImageFacts::default();
    let head = source::read(bytes, 0, SEARCHED).unwrap_or_else(|e| {
        facts.remarks.push(format!("the file could not be read: {e}"));
        Vec::new()
    });
    let mut container = "unknown";
    if let Some(run) = head.get(..head.len().min(tlv::WINDOW)).and_then(tlv::find) {
        container = "ios_xe_package";
        facts.platform = Some(Field::new("ios_xe".to_owned(), Provenance::Header));
        for text in &run.texts {
            if ["FRU_", "ARCH_", "BOARD_"].iter().any(|p| text.starts_with(p)) {
                facts.compatibility.push(Field::new(text.clone(), Provenance::Header));
            }
        }
        block(&mut facts, &tags(run.texts.iter().map(String::as_str)), Scheme::IosXe);
        if run.signed {
            let kind = facts.internal_name.as_ref().and_then(|n| parse_filename(&n.value).signature);
            facts.signature = Some(Field::new(kind.unwrap_or_else(|| "present".to_owned()), Provenance::Header));
        }
        if run.cut {
            facts.remarks.push("the file ends inside its header".to_owned());
        }
    } else if head.starts_with(b"MZIP") {
        container = "ios_mzip";
        facts.platform = Some(Field::new("ios".to_owned(), Provenance::Header));
        facts.remarks.push("the version is inside the compressed payload, which is not read".to_owned());
    } else if head.starts_with(b"\x7fELF\x01\x02") {
        let found = blocks(&head);
        if found.len() > 1 {
            facts.remarks.push("more than one description block: none is used".to_owned());
        }
        if let [only] = found.as_slice() {
            block(&mut facts, only, Scheme::Ios);
        } else if found.is_empty() {
            facts
                .remarks
                .push("no description block in the first 2 MiB: it may be in the compressed payload".to_owned());
        }
        if !found.is_empty() || parse_filename(file_name).platform.as_deref() == Some("ios") {
            container = "ios_elf";
            facts.platform = Some(Field::new("ios".to_owned(), Provenance::Header));
        }
    }
    facts.container = Some(Field::new(container.to_owned(), Provenance::Header));
    name(&mut facts, &parse_filename(file_name));
    facts
}

/// `CW_KEY$value$` and `CW_KEY=$value$`; a tag without its closing dollar was cut and is not used.
fn tags<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    texts
        .filter_map(|text| {
            let (key, rest) = text.strip_prefix("CW_")?.split_once('$')?;
            Some((key.trim_end_matches('=').to_owned(), rest.strip_suffix('$')?.to_owned()))
        })
        .collect()
}

/// The description blocks in a stretch of bytes.
fn blocks(bytes: &[u8]) -> Vec<Vec<(String, String)>> {
    let text = String::from_utf8_lossy(bytes);
    text.match_indices("CW_BEGIN")
        .filter_map(|(at, _)| {
            let rest = text.get(at..)?;
            let block = rest.get(..rest.find("CW_END")?).filter(|block| block.len() <= 8192)?;
            let starts: Vec<usize> = block.match_indices("CW_").map(|(at, _)| at).collect();
            let ends = starts.iter().skip(1).copied().chain([block.len()]);
            let texts = starts.iter().zip(ends).filter_map(|(start, end)| block.get(*start..end));
            Some(tags(texts.map(|text| text.trim_end_matches(['\0', '\n', '\r', ' ']))))
        })
        .collect()
}

/// Takes the facts of a description block.
fn block(facts: &mut ImageFacts, tags: &[(String, String)], scheme: Scheme) {
    let get = |key: &str| tags.iter().find(|(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.as_str());
    let header = |text: &str| Some(Field::new(text.to_owned(), Provenance::Header));
    if let Some(text) = get("VERSION") {
        match Version::parse(scheme, text) {
            Ok(version) => facts.version = Some(Field::new(version, Provenance::Header)),
            Err(_) => facts.remarks.push(format!("the header's version {text:?} is not understood")),
        }
    }
    if let Some(image) = get("IMAGE") {
        facts.internal_name = header(image);
        let inner = parse_filename(image);
        facts.family = inner.family.as_deref().map(product).and_then(|f| header(&f));
        facts.feature_set = inner.feature_set.as_deref().and_then(header);
        facts.k9 = inner.k9.map(|k9| Field::new(k9, Provenance::Header));
        facts.npe = inner.npe.map(|npe| Field::new(npe, Provenance::Header));
        facts.image_type = inner.image_type.as_deref().and_then(kind).and_then(header);
    }
    // Other platforms write the family of another product here, so it only counts where the name says nothing.
    if facts.family.is_none() {
        facts.family = get("FAMILY").map(product).and_then(|f| header(&f));
    }
    let begin = get("BEGIN").and_then(|b| b.strip_prefix("-gs-")?.strip_suffix("-m"));
    if let Some(set) = begin {
        facts.feature_set = header(set);
        facts.k9 = Some(Field::new(set.contains("k9"), Provenance::Header));
        facts.npe = Some(Field::new(set.contains("npe"), Provenance::Header));
    }
    for token in get("FEATURE").unwrap_or_default().split('|') {
        if matches!(token, "3DES" | "SSH" | "IPSEC") {
            facts.k9 = Some(Field::new(true, Provenance::Header));
        }
        let least = token.strip_prefix("MIN_DRAM_MEG=").and_then(|n| n.parse::<u64>().ok()?.checked_mul(MIB));
        if let Some(least) = least {
            facts.min_ram = Some(Field::new(least, Provenance::Header));
        }
    }
}

/// Fills from the file name what the bytes do not say, and remarks where they disagree.
fn name(facts: &mut ImageFacts, name: &NameFacts) {
    let from = |text: &str| Some(Field::new(text.to_owned(), Provenance::FileName));
    let platform = match name.platform.as_deref() {
        Some("iosxe") => Some(("ios_xe", Scheme::IosXe)),
        Some("ios") => Some(("ios", Scheme::Ios)),
        _ => None,
    };
    if let (Some(known), Some((named, _))) = (&facts.platform, platform)
        && known.value != named
    {
        facts.remarks.push(format!("the bytes are of platform {}, the name says {named}", known.value));
        return;
    }
    if let Some((named, scheme)) = platform {
        facts.platform.get_or_insert_with(|| Field::new(named.to_owned(), Provenance::FileName));
        if let Some(version) = name.version.as_deref().and_then(|v| Version::parse(scheme, v).ok()) {
            match &facts.version {
                Some(known) if !known.value.same_release(&version) => {
                    facts.remarks.push(format!("the header says version {}, the name {version}", known.value));
                }
                Some(_) => {}
                None => facts.version = Some(Field::new(version, Provenance::FileName)),
            }
        }
    }
    let family = name.family.as_deref().map(product);
    if let (Some(known), Some(named)) = (&facts.family, &family)
        && known.value != *named
    {
        facts.remarks.push(format!("the header says family {}, the name {named}", known.value));
    }
    facts.family = facts.family.take().or_else(|| family.and_then(|f| from(&f)));
    facts.feature_set = facts.feature_set.take().or_else(|| name.feature_set.as_deref().and_then(from));
    facts.k9 = facts.k9.take().or_else(|| name.k9.map(|k9| Field::new(k9, Provenance::FileName)));
    facts.npe = facts.npe.take().or_else(|| name.npe.map(|npe| Field::new(npe, Provenance::FileName)));
    facts.image_type = facts.image_type.take().or_else(|| name.image_type.as_deref().and_then(kind).and_then(from));
    facts.alt_version = name.alt_version.as_deref().and_then(from);
    facts.signature = facts.signature.take().or_else(|| name.signature.as_deref().and_then(from));
}

/// `cat9k_iosxe_npe` is the product family `cat9k`.
fn product(family: &str) -> String {
    let lower = family.to_ascii_lowercase();
    lower.split("_iosxe").next().unwrap_or(&lower).to_owned()
}

/// The kind of file, for all platforms.
fn kind(image_type: &str) -> Option<&'static str> {
    match image_type {
        "xe-bundle" | "ios-bin" | "ios-tar" => Some("image"),
        "xe-smu" => Some("smu"),
        "rommon" => Some("rommon"),
        "xe-subpkg" | "xe-addon-subpkg" => Some("package"),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn entry(out: &mut Vec<u8>, kind: u32, value: &[u8]) {
        out.extend(kind.to_be_bytes());
        out.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
    }

    fn package() -> Vec<u8> {
        let mut out = vec![0xff; 64];
        for text in [
            "KEY_TLV_PACKAGE_COMPATIBILITY",
            "FRU_RP_TYPE",
            "KEY_TLV_BOARD_COMPAT",
            "BOARD_cat9k_TYPE",
            "CW_BEGIN=$$",
            "CW_FAMILY=$cat9k$",
            "CW_IMAGE=$cat9k_iosxe.17.09.04a.SPA.bin$",
            "CW_VERSION=$17.9.4a$",
            "CW_END=$$",
        ] {
            entry(&mut out, 9, text.as_bytes());
        }
        entry(&mut out, 12, &[7; 392]);
        out.resize(8192, 0xee);
        out
    }

    #[test]
    fn a_renamed_package_is_known_by_its_header() {
        let facts = identify(&package(), "prod.bin");
        assert_eq!(facts.container.unwrap().value, "ios_xe_package");
        assert_eq!(facts.version.as_ref().unwrap().value.as_str(), "17.9.4a");
        assert_eq!(facts.version.unwrap().from, Provenance::Header);
        assert_eq!(facts.family.unwrap().value, "cat9k");
        assert_eq!(facts.signature.unwrap().value, "SPA");
        assert_eq!(facts.compatibility.len(), 2);
        assert_eq!(facts.remarks, Vec::<String>::new());
    }

    #[test]
    fn a_name_that_contradicts_the_header_is_remarked() {
        let facts = identify(&package(), "cat9k_iosxe.17.12.01.SPA.bin");
        assert_eq!(facts.version.unwrap().value.as_str(), "17.9.4a");
        assert_eq!(facts.remarks.len(), 1, "{:?}", facts.remarks);
    }

    #[test]
    fn cut_or_changed_bytes_never_give_another_version() {
        let whole = package();
        let text = whole.windows(7).position(|w| w == b"17.9.4a").unwrap();
        let image = whole.windows(9).position(|w| w == b"17.09.04a").unwrap();
        let check = |bytes: Vec<u8>, what: &str| {
            if let Some(version) = identify(&bytes, "prod.bin").version {
                assert_eq!(version.value.normal(), "17.9.4a", "{what}");
            }
        };
        for end in 0..700 {
            check(whole[..end].to_vec(), "cut");
        }
        for at in (0..900).filter(|at| !(text..text + 7).contains(at) && !(image..image + 9).contains(at)) {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                check(bytes, &format!("byte {at} bit {bit}"));
            }
        }
    }

    #[test]
    fn a_classic_image_is_read_from_its_description_block() {
        let mut elf = b"\x7fELF\x01\x02\x01".to_vec();
        elf.resize(300, 0);
        elf.extend(b"CW_BEGIN$-gs-ipservicesk9-m$\0CW_IMAGE$C3560-IPSERVICESK9-M$\0CW_FAMILY$C3560$\0");
        elf.extend(b"CW_FEATURE$IP|SSH|3DES|MIN_DRAM_MEG=128$\0CW_VERSION$12.2(55)SE3$\0CW_END$-gs-ipservicesk9-m$\0");
        let facts = identify(&elf, "prod.bin");
        assert_eq!(facts.container.unwrap().value, "ios_elf");
        assert_eq!(facts.version.unwrap().value.as_str(), "12.2(55)SE3");
        assert_eq!(facts.min_ram.unwrap().value, 128 * MIB);
        assert!(facts.k9.unwrap().value);
        assert_eq!(facts.family.unwrap().value, "c3560");
        elf.truncate(40);
        let facts = identify(&elf, "c3560-ipservicesk9-mz.122-55.SE3.bin");
        assert_eq!(facts.version.unwrap().from, Provenance::FileName);
        assert_eq!(facts.remarks.len(), 1);
    }
}
