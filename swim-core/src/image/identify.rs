//! From bytes and a name to facts. Bytes beat names; where they disagree, a remark says so.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

use super::cw::{self, CwBlock};
use super::source::{self, ReadAt};
use super::unpack::{look_inside, packed_parts};
use super::{
    Field, ImageFacts, Inside, NameFacts, Provenance, describe, elf, flash_record, iso, magic, mzip, npk, nxos_header,
    onie, packages_conf, packed_tar, parse_filename, platform_id, rpm, tar, tlv, xr, zip,
};
use crate::version::{Scheme, Version};

/// How much is searched for the description block of an IOS image.
const SEARCHED: usize = 2 * 1024 * 1024;
pub(crate) const UNKNOWN_FORM: &str = "unknown";

/// Says what a file is. Reads the beginning, at most 2 MiB of the parts that can hold a description, and the member
/// headers of an archive; never the whole of a large file. Never fails: what cannot be known is absent, what looks wrong
/// is a remark.
#[must_use]
pub fn identify(bytes: &dyn ReadAt, file_name: &str) -> ImageFacts {
    identify_with(bytes, file_name, None)
}

/// Is what the file is hidden in its packed part? Then [`look_inside`](super::look_inside) may find it, and
/// [`identify_with`] takes what was found.
///
/// ```
/// use swim_core::image::{identify, is_hidden};
/// assert!(!is_hidden(&identify(&b"text".to_vec(), "c2960x-universalk9-mz.152-7.E10.bin")));
/// ```
#[must_use]
pub fn is_hidden(facts: &ImageFacts) -> bool {
    let packs = facts.container.as_ref().is_some_and(|c| matches!(c.value.as_str(), "ios_mzip" | "ios_elf"));
    packs && facts.version.as_ref().is_none_or(|version| version.from == Provenance::FileName)
}

/// The same, and where what it is is hidden in a packed part, that is unpacked until it is found: some seconds at most.
///
/// ```
/// use swim_core::image::{identify, identify_deeply};
/// let text = b"nothing is packed here".to_vec();
/// assert_eq!(identify_deeply(&text, "x.bin"), identify(&text, "x.bin"));
/// ```
#[must_use]
pub fn identify_deeply(bytes: &dyn ReadAt, file_name: &str) -> ImageFacts {
    let facts = identify(bytes, file_name);
    if !is_hidden(&facts) {
        return facts;
    }
    let mut inside = None;
    for part in packed_parts(bytes).unwrap_or_default() {
        let found = look_inside(part, source::Stretch { whole: bytes, at: part.at });
        let over = found.block.is_some();
        inside = Some(found);
        if over {
            break;
        }
    }
    inside.map_or(facts, |inside| identify_with(bytes, file_name, Some(&inside)))
}

/// The same, with what was found in the packed part.
#[must_use]
pub fn identify_with(bytes: &dyn ReadAt, file_name: &str, inside: Option<&Inside>) -> ImageFacts {
    let mut facts = ImageFacts::default();
    let mut named = parse_filename(file_name);
    let container = match content(bytes, &mut named, inside, &mut facts) {
        Ok(container) => container,
        Err(e) => {
            facts.remarks.push(format!("the file could not be read: {e}"));
            UNKNOWN_FORM
        }
    };
    facts.container = Some(Field::new(container.to_owned(), Provenance::Header));
    if container == UNKNOWN_FORM && facts.platform.is_none() {
        let rest = if named == NameFacts::default() { "" } else { ": all that is said of it is from its name" };
        facts.remarks.push(format!("the form of the file is not known{rest}"));
    }
    name(&mut facts, &named);
    facts
}

/// What the bytes say; a record in front of the file itself is looked past.
fn content(
    bytes: &dyn ReadAt,
    named: &mut NameFacts,
    inside: Option<&Inside>,
    facts: &mut ImageFacts,
) -> io::Result<&'static str> {
    let head = source::read(bytes, 0, tlv::WINDOW)?;
    if let Some(record) = flash_record::find(&head) {
        let inner = source::Tail { whole: bytes, offset: record.bytes };
        let head = source::read(&inner, 0, tlv::WINDOW)?;
        let recorded = record.name.as_deref().map(parse_filename).unwrap_or_default();
        let names = if *named == NameFacts::default() { &recorded } else { &*named };
        if let Some(container) = known(&inner, &head, names, inside, facts)? {
            let name = record.name.map(|name| format!(", which calls it {name:?}")).unwrap_or_default();
            let skipped = record.bytes;
            facts.remarks.push(format!(
                "carved out of a flash file system{name}: the first {skipped} bytes do not belong to the image"
            ));
            if record.length.is_some_and(|length| length > inner.size()) {
                facts
                    .damage
                    .push("the file is shorter than the record in front of it says: it is truncated".to_owned());
            }
            if *named == NameFacts::default() {
                *named = recorded;
            }
            return Ok(container);
        }
    }
    let container = known(bytes, &head, named, inside, facts)?.unwrap_or(UNKNOWN_FORM);
    if facts.platform.is_none() {
        described(facts, cw::blocks(&source::read(bytes, 0, SEARCHED)?), &Provenance::Payload);
    }
    Ok(container)
}

/// Tries the containers that are known, the cheap tests first.
fn known(
    bytes: &dyn ReadAt,
    head: &[u8],
    named: &NameFacts,
    inside: Option<&Inside>,
    facts: &mut ImageFacts,
) -> io::Result<Option<&'static str>> {
    if head.starts_with(mzip::MAGIC) {
        classic_mzip(bytes, inside, facts)?;
        return Ok(Some("ios_mzip"));
    }
    if head.starts_with(elf::MAGIC) && classic_elf(bytes, named, inside, facts)? {
        return Ok(Some("ios_elf"));
    }
    if let Some(header) = tlv::package_header(head) {
        package(&header, bytes.size() == head.len() as u64, facts);
        return Ok(Some("ios_xe_package"));
    }
    if tar::identify(bytes, head, facts) {
        return Ok(Some("ios_tar"));
    }
    // A text may be longer than the head, which then ends inside it.
    if bytes.size() <= packages_conf::LONGEST as u64 && !head.contains(&0) {
        let text = source::read(bytes, 0, packages_conf::LONGEST)?;
        if let Some(conf) = packages_conf::find(&text) {
            packages_conf::describe(facts, &conf);
            return Ok(Some("packages_conf"));
        }
    }
    of_others(bytes, head, facts)
}

/// Containers of other platforms.
fn of_others(bytes: &dyn ReadAt, head: &[u8], facts: &mut ImageFacts) -> io::Result<Option<&'static str>> {
    if head.starts_with(npk::MAGIC) {
        npk::identify(bytes, head, facts)?;
        return Ok(Some("npk"));
    }
    if rpm::identify(bytes, head, facts)? {
        return Ok(Some("rpm"));
    }
    if head.starts_with(zip::MAGIC) {
        return Ok(Some(zip::identify(bytes, facts)?));
    }
    if onie::identify(bytes, head, facts)? {
        return Ok(Some("onie"));
    }
    if nxos_header::identify(bytes, head, facts)? {
        return Ok(Some("nxos"));
    }
    if let Some(volume) = iso::read(bytes)? {
        if volume.bytes > bytes.size() {
            let (says, has) = (volume.bytes, bytes.size());
            facts.damage.push(format!("the volume says {says} bytes, the file has {has}: it is truncated"));
        } else if volume.cut {
            facts
                .remarks
                .push("not all folders of the volume are there: it is truncated, or not all at hand".to_owned());
        }
        return Ok(Some(xr::volume(bytes, &volume, facts)?.unwrap_or("iso")));
    }
    if let Some((names, cut)) = tar::names(bytes, head)? {
        if cut {
            facts.damage.push("the archive ends before its end: it is truncated or damaged".to_owned());
        }
        return Ok(Some(if xr::archive(names.iter().map(String::as_str), facts) { "ios_xr_tar" } else { "tar" }));
    }
    let container = magic::identify(bytes, head, facts)?;
    if container == Some("gzip")
        && let Some(archive) = packed_tar::identify(bytes, facts)?
    {
        return Ok(Some(archive));
    }
    Ok(container)
}

/// An IOS XE package.
fn package(header: &tlv::PackageHeader, whole: bool, facts: &mut ImageFacts) {
    facts.platform = Some(Field::new("ios_xe".to_owned(), Provenance::Header));
    for text in header.texts().filter(|text| ["FRU_", "ARCH_", "BOARD_"].iter().any(|p| text.starts_with(p))) {
        facts.compatibility.push(Field::new(text.to_owned(), Provenance::Header));
    }
    describe::block(facts, &cw::cw_tags(header.texts()), Scheme::IosXe, &Provenance::Header);
    if header.entries.iter().any(|entry| entry.kind == tlv::SIGNATURE) {
        let kind = facts.internal_name.as_ref().and_then(|n| parse_filename(&n.value).signature);
        facts.signature = Some(Field::new(kind.unwrap_or_else(|| "present".to_owned()), Provenance::Header));
    }
    if header.cut {
        if whole {
            facts.damage.push("the file ends inside its header".to_owned());
        } else {
            facts.remarks.push("not all of the header was read".to_owned());
        }
    }
}

/// MZIP. The description block is inside the segments; of packed ones others have looked, or nobody has.
fn classic_mzip(bytes: &dyn ReadAt, inside: Option<&Inside>, facts: &mut ImageFacts) -> io::Result<()> {
    facts.platform = Some(Field::new("ios".to_owned(), Provenance::Header));
    let mzip = mzip::read(bytes)?;
    facts.damage.extend(mzip.damage);
    facts.remarks.extend(mzip.remarks);
    let (mut budget, mut blocks) = (SEARCHED, Vec::new());
    for segment in mzip.segments.iter().filter(|segment| segment.is_raw()) {
        let wanted = usize::try_from(segment.packed).unwrap_or(budget).min(budget);
        budget -= wanted;
        blocks.extend(cw::blocks(&source::read(bytes, segment.at, wanted)?));
    }
    if blocks.is_empty() && !mzip.segments.iter().all(|segment| segment.is_raw()) {
        unpacked(inside, &mut blocks, "the version is inside the compressed payload, which is not read", facts);
    }
    described(facts, blocks, &Provenance::Payload);
    Ok(())
}

/// ELF. `false` when neither a description block nor the packed image nor the name says that it is IOS.
fn classic_elf(
    bytes: &dyn ReadAt,
    named: &NameFacts,
    inside: Option<&Inside>,
    facts: &mut ImageFacts,
) -> io::Result<bool> {
    let elf = elf::read(bytes, SEARCHED)?;
    let (mut blocks, mut from) = if elf.has_sections && !elf.blocks.is_empty() {
        (elf.blocks, Provenance::Header)
    } else {
        (cw::blocks(&source::read(bytes, 0, SEARCHED)?), Provenance::Payload)
    };
    if blocks.is_empty() && elf.payload.is_none() && named.platform.as_deref() != Some("ios") {
        return Ok(false);
    }
    facts.damage.extend(elf.damage);
    if blocks.is_empty() {
        let unread = "no description block was found: it may be inside the compressed payload";
        unpacked(inside, &mut blocks, unread, facts);
        from = Provenance::Payload;
        facts.platform = Some(Field::new("ios".to_owned(), Provenance::Header));
    }
    described(facts, blocks, &from);
    Ok(true)
}

/// Takes the block that was found in the packed part, or says why there is none.
fn unpacked(inside: Option<&Inside>, blocks: &mut Vec<CwBlock>, unread: &str, facts: &mut ImageFacts) {
    match inside {
        Some(Inside { block: Some(block), .. }) => blocks.push(block.clone()),
        Some(Inside { remark: Some(remark), .. }) => facts.remarks.push(remark.clone()),
        Some(_) => facts.remarks.push("there is no description block in the compressed payload".to_owned()),
        None => facts.remarks.push(unread.to_owned()),
    }
}

/// Takes the facts of the only description block; blocks that differ describe something else or nothing.
fn described(facts: &mut ImageFacts, mut blocks: Vec<CwBlock>, from: &Provenance) {
    blocks.dedup();
    if blocks.len() > 1 {
        facts.remarks.push("more than one description block: none is used".to_owned());
    }
    let [only] = blocks.as_slice() else { return };
    let Some(scheme) = describe::scheme(only) else {
        facts.remarks.push("the description block is of a platform that is not known".to_owned());
        return;
    };
    let platform = match scheme {
        Scheme::Nxos => "nxos",
        Scheme::IosXe => "ios_xe",
        _ => "ios",
    };
    facts.platform.get_or_insert_with(|| Field::new(platform.to_owned(), from.clone()));
    describe::block(facts, only, scheme, from);
}

impl NameFacts {
    /// The same in the words of [`ImageFacts`]: what an import says of a file whose bytes say nothing. Names write `iosxe`,
    /// `cat9k_iosxe` and `xe-bundle` for what is `ios_xe`, `cat9k` and `image` there.
    ///
    /// ```
    /// use swim_core::image::{identify, parse_filename};
    /// let name = "cat9k_iosxe.17.09.04a.SPA.bin";
    /// let (named, bytes) = (parse_filename(name).facts(), identify(&b"made up".to_vec(), name));
    /// assert_eq!((&named.platform, &named.family), (&bytes.platform, &bytes.family));
    /// assert_eq!(named.family.unwrap().value, "cat9k");
    /// assert_eq!(named.image_type.unwrap().value, "image");
    /// ```
    #[must_use]
    pub fn facts(&self) -> ImageFacts {
        let mut facts = ImageFacts::default();
        name(&mut facts, self);
        facts
    }
}

/// Fills from the file name what the bytes do not say, and remarks where they disagree.
fn name(facts: &mut ImageFacts, name: &NameFacts) {
    let from = |text: &str| Some(Field::new(text.to_owned(), Provenance::FileName));
    // Boot ROMs come as packages of the platform that they are for.
    let platform = name.platform.as_deref().filter(|p| *p != "rommon").map(platform_id);
    if let (Some(known), Some(named)) = (&facts.platform, platform)
        && known.value != named
    {
        facts.remarks.push(format!("the bytes are of platform {}, the name says {named}", known.value));
        return;
    }
    facts.platform = facts.platform.take().or_else(|| platform.and_then(from));
    let scheme = name.platform.as_deref().and_then(|platform| Scheme::of_platform(platform).ok());
    if let Some(version) = scheme.zip(name.version.as_deref()).and_then(|(s, v)| Version::parse(s, v).ok()) {
        match &facts.version {
            Some(known) if !known.value.same_release(&version) => {
                facts.remarks.push(format!("the bytes say version {}, the name {version}", known.value));
            }
            Some(_) => {}
            None => facts.version = Some(Field::new(version, Provenance::FileName)),
        }
    }
    let family = name.family.as_deref().map(describe::product);
    if let (Some(known), Some(named)) = (&facts.family, &family)
        && known.value != *named
    {
        facts.remarks.push(format!("the bytes say family {}, the name {named}", known.value));
    }
    facts.family = facts.family.take().or_else(|| family.and_then(|f| from(&f)));
    facts.feature_set = facts.feature_set.take().or_else(|| name.feature_set.as_deref().and_then(from));
    facts.k9 = facts.k9.take().or_else(|| name.k9.map(|k9| Field::new(k9, Provenance::FileName)));
    facts.npe = facts.npe.take().or_else(|| name.npe.map(|npe| Field::new(npe, Provenance::FileName)));
    facts.ldpe = facts.ldpe.take().or_else(|| name.ldpe.map(|ldpe| Field::new(ldpe, Provenance::FileName)));
    facts.image_type =
        facts.image_type.take().or_else(|| name.image_type.as_deref().and_then(describe::kind).and_then(from));
    facts.alt_version = facts.alt_version.take().or_else(|| name.alt_version.as_deref().and_then(from));
    facts.signature = facts.signature.take().or_else(|| name.signature.as_deref().and_then(from));
}

/// Fills from a further name of the same bytes what neither they nor their first name say, and remarks where it disagrees
/// with them: bytes and the first name hold.
pub(crate) fn further_name(facts: &mut ImageFacts, further: &str) {
    fn other<T: PartialEq + fmt::Display>(
        what: &str,
        known: Option<&Field<T>>,
        named: Option<&Field<T>>,
        same: impl Fn(&T, &T) -> bool,
    ) -> Option<String> {
        let known = known.filter(|known| known.from == Provenance::FileName)?;
        let named = named.filter(|named| !same(&known.value, &named.value))?;
        Some(format!("it says {what} {}, the name that it is kept under says {}", named.value, known.value))
    }
    let named = parse_filename(further).facts();
    let against = [
        other("platform", facts.platform.as_ref(), named.platform.as_ref(), |a, b| a == b),
        other("family", facts.family.as_ref(), named.family.as_ref(), |a, b| a == b),
        other("version", facts.version.as_ref(), named.version.as_ref(), Version::same_release),
    ];
    let mut against: Vec<String> = against.into_iter().flatten().collect();
    if against.is_empty() {
        let held = facts.remarks.len();
        name(facts, &parse_filename(further));
        against = facts.remarks.drain(held..).collect();
    }
    for why in against {
        let remark = format!("its further name {further}: {why}");
        if !facts.remarks.contains(&remark) {
            facts.remarks.push(remark);
        }
    }
}
