//! Archives that are packed with gzip: packages of Junos, fixes of IOS XR. The names of the first members are read, as far as
//! the beginning of the file has them.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use super::source::{self, ReadAt};
use super::{Field, ImageFacts, NameFacts, Provenance, describe, parse_filename, tar, xr};
use crate::version::{Scheme, Version};

/// Packed bytes that are read, and what they are unpacked to at most: a bomb ends here.
const PACKED: usize = 2 * 1024 * 1024;
const UNPACKED: u64 = 32 * 1024 * 1024;

/// Says what a packed archive is; `None` when no archive is packed there.
pub(super) fn identify(bytes: &dyn ReadAt, facts: &mut ImageFacts) -> io::Result<Option<&'static str>> {
    let head = source::read(bytes, 0, PACKED)?;
    let names = tar::stream(GzDecoder::new(head.as_slice()).take(UNPACKED));
    if names.is_empty() {
        return Ok(None);
    }
    if xr::archive(names.iter().map(String::as_str), facts) {
        return Ok(Some("ios_xr_tgz"));
    }
    Ok(Some(if junos(&names, facts) { "junos_tgz" } else { "tgz" }))
}

/// Takes what the names of the packages in it say, when they are of Junos. Parts of a package have versions of their own;
/// only what all say is used.
fn junos(names: &[String], facts: &mut ImageFacts) -> bool {
    let named: Vec<NameFacts> = names
        .iter()
        .map(|path| parse_filename(path.rsplit('/').next().unwrap_or(path)))
        .filter(|named| named.platform.as_deref() == Some("junos"))
        .collect();
    if named.is_empty() {
        return false;
    }
    facts.platform = Some(Field::new("junos".to_owned(), Provenance::Member));
    let versions: Vec<Version> =
        named.iter().filter_map(|named| Version::parse(Scheme::Junos, named.version.as_deref()?).ok()).collect();
    match versions.split_first() {
        Some((first, others)) if others.iter().all(|other| other.same_release(first)) => {
            facts.version = Some(Field::new(first.clone(), Provenance::Member));
        }
        Some(_) => facts.remarks.push("the packages in it have more than one version: none is used".to_owned()),
        None => {}
    }
    facts.family = describe::agreed_family(&named).or_else(|| facts.family.take());
    describe::typed(facts, "image");
    true
}
