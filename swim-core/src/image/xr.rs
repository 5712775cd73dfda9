//! IOS XR: what its ISOs and archives say of themselves.

use std::io;

use serde::Deserialize;

use super::iso::Volume;
use super::source::ReadAt;
use super::{Field, ImageFacts, Provenance, describe, parse_filename, trailing};
use crate::version::{Scheme, Version};

const XR: &str = "ios_xr";

/// `mdata/mdata.json` of the third generation, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    platform_family: Option<String>,
    xr_version: Option<String>,
    image_name: Option<String>,
    giso_label: Option<String>,
}

/// Takes what a volume says. The container, when it is one of IOS XR.
pub(super) fn volume(bytes: &dyn ReadAt, volume: &Volume, facts: &mut ImageFacts) -> io::Result<Option<&'static str>> {
    if let Some(end) = volume.end(bytes)? {
        trailing::remark(bytes, end, facts)?;
    }
    if let Some(text) = volume.text(bytes, "mdata/mdata.json")? {
        platform(facts);
        match serde_json::from_str::<Metadata>(&text) {
            Ok(metadata) => third_generation(facts, metadata),
            Err(e) => facts.remarks.push(format!("mdata.json is not understood: {e}")),
        }
        return Ok(Some("ios_xr_iso"));
    }
    // A golden image has both files; its own comes first.
    let golden = volume.text(bytes, "giso_info.txt")?;
    let plain = volume.text(bytes, "iso_info.txt")?;
    let Some(text) = golden.as_deref().or(plain.as_deref()) else { return Ok(None) };
    platform(facts);
    let line = |key: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == key).then(|| value.trim()).filter(|value| !value.is_empty())
        })
    };
    if let Some(name) = line("Name") {
        describe::inner_name(facts, name, &Provenance::Member);
        facts.family = facts.family.take().or_else(|| family(name));
    }
    if let Some(told) = line("Version") {
        // A golden image appends its label.
        version(facts, told.split('-').next().unwrap_or(told));
    }
    describe::typed(facts, "image");
    if golden.is_some() {
        facts.remarks.push("a golden image: it holds packages and SMUs of its own".to_owned());
    }
    Ok(Some("ios_xr_iso"))
}

fn third_generation(facts: &mut ImageFacts, metadata: Metadata) {
    if let Some(name) = metadata.image_name.as_deref() {
        describe::inner_name(facts, name, &Provenance::Member);
    }
    let named = facts.version.take();
    if let Some(text) = metadata.xr_version.as_deref() {
        version(facts, text);
    }
    match (&named, &facts.version) {
        (Some(named), Some(told)) if !named.value.same_release(&told.value) => {
            let message = format!("the image gives two versions, {} and {}: neither is used", named.value, told.value);
            facts.remarks.push(message);
            facts.version = None;
        }
        _ => facts.version = facts.version.take().or(named),
    }
    if let Some(family) = metadata.platform_family.filter(|family| !family.is_empty()) {
        facts.family = Some(Field::new(family.to_ascii_lowercase(), Provenance::Member));
    }
    describe::typed(facts, "image");
    if let Some(label) = metadata.giso_label.filter(|label| !label.is_empty()) {
        facts.remarks.push(format!("a golden image with the label {label}: it holds packages and SMUs of its own"));
    }
}

fn platform(facts: &mut ImageFacts) {
    facts.platform = Some(Field::new(XR.to_owned(), Provenance::Member));
}

fn version(facts: &mut ImageFacts, text: &str) {
    match Version::parse(Scheme::IosXr, text) {
        Ok(version) => facts.version = Some(Field::new(version, Provenance::Member)),
        Err(_) => facts.remarks.push(format!("the version {text:?} of the image is not understood")),
    }
}

/// `ncs5500-mini-x` is of the family `ncs5500`.
fn family(name: &str) -> Option<Field<String>> {
    let first =
        name.split('-').next().filter(|first| !first.is_empty() && first.bytes().all(|b| b.is_ascii_alphanumeric()));
    first.map(|first| Field::new(first.to_ascii_lowercase(), Provenance::Member))
}

/// Endings of the members that only archives of IOS XR have.
const MEMBERS: [&str; 4] = [".pie", ".vm", ".rpm", ".iso"];

/// Takes what the names of an archive's members say, when they are files of IOS XR.
pub(super) fn archive<'a>(members: impl Iterator<Item = &'a str>, facts: &mut ImageFacts) -> bool {
    let names = members.map(|path| path.rsplit('/').next().unwrap_or(path));
    let is_part = |name: &&str| MEMBERS.iter().any(|end| name.ends_with(end) || name.contains(&format!("{end}-")));
    let named: Vec<_> =
        names.filter(is_part).map(parse_filename).filter(|n| n.platform.as_deref() == Some("iosxr")).collect();
    if named.is_empty() {
        return false;
    }
    platform(facts);
    if let Some(text) = describe::agreed(&named, |n| n.version.as_deref()) {
        version(facts, text);
    }
    facts.family = describe::agreed_family(&named);
    let smus = named.iter().all(|n| n.image_type.as_deref() == Some("xr-smu"));
    describe::typed(facts, if smus { "smu" } else { "image" });
    true
}
