//! What no entry of an open catalogue may be. What fits no device or file, because of a slip of the pen, would be a deferral or a
//! requirement that nobody keeps.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::catalog::Entry;
use crate::image::{IMAGE_TYPES, REQUIREMENT_BYTES, image_type, platform_named};
use crate::version::{Scheme, Version};
use crate::{Error, Result};

/// The most entries of one name: vendors build a file anew a few times. Each is compared with all others of its name.
const ALIKE: usize = 64;
/// The digits of a day, as in `2026-03-01`.
const DAY: usize = 10;

/// An entry at its place in the document.
#[derive(Clone, Copy)]
struct At(usize);

impl At {
    fn field(self, name: &str) -> String {
        format!("entries[{}].{name}", self.0)
    }

    fn refuse(self, name: &str, value: &str, why: &str) -> Error {
        Error::invalid(&self.field(name), format!("{value:?}"), why)
    }
}

/// Refuses what no entry can be, and writes digests, platforms and types as all of the library does.
pub(super) fn settle(at: usize, entry: &mut Entry) -> Result<()> {
    let at = At(at);
    let name = &entry.filename;
    if name.is_empty() || name.len() > 255 || name.contains(['/', '\\']) || name.chars().any(char::is_control) {
        return Err(at.refuse("filename", name, "1 to 255 bytes, no folders, no control characters"));
    }
    for (name, digest, digits) in
        [("sha512", &mut entry.sha512, 128), ("sha256", &mut entry.sha256, 64), ("md5", &mut entry.md5, 32)]
    {
        let Some(text) = digest else { continue };
        if text.len() != digits || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(at.refuse(name, text, &format!("{digits} hexadecimal digits")));
        }
        text.make_ascii_lowercase();
    }
    if let Some(named) = &mut entry.platform {
        *named = platform_named(&at.field("platform"), named, &[])?.to_owned();
    }
    if let Some(named) = &mut entry.image_type {
        let known = image_type(named).map(str::to_owned);
        let why = || format!("there is no such type; there are {}", IMAGE_TYPES.join(", "));
        *named = known.ok_or_else(|| at.refuse("image_type", named, &why()))?;
    }
    if let Some(day) = entry.lifecycle.released.as_deref().filter(|day| !is_day(day)) {
        return Err(at.refuse("lifecycle.released", day, "must be a day such as 2026-03-01"));
    }
    demands(at, entry)
}

fn is_day(text: &str) -> bool {
    text.len() == DAY && text.parse::<Date>().is_ok()
}

/// What an entry demands of a device must be understood: a requirement that nobody keeps is worse than none.
fn demands(at: At, entry: &Entry) -> Result<()> {
    let requires = &entry.requires;
    let most = REQUIREMENT_BYTES.end() / Entry::MIB;
    for (name, mib) in [("requires.ram_mib", requires.ram_mib), ("requires.flash_mib", requires.flash_mib)] {
        if let Some(mib) = mib.filter(|mib| !(1..=most).contains(mib)) {
            return Err(Error::invalid(&at.field(name), mib, &format!("a whole number from 1 to {most}")));
        }
    }
    if let Some(text) = requires.bootrom.as_deref().filter(|text| Version::parse(Scheme::Rommon, text).is_err()) {
        return Err(at.refuse("requires.bootrom", text, "no version of a boot ROM, as 16.12(2r) or 17.12.1r is"));
    }
    let whole = entry.completed();
    let scheme = whole.platform.as_deref().and_then(|platform| Scheme::of_platform(platform).ok());
    let base = requires.base_version.iter().map(|text| ("requires.base_version".to_owned(), text));
    let ways = entry.paths.iter().enumerate().flat_map(|(n, path)| {
        let via = path.via.iter().enumerate().map(move |(m, text)| (format!("paths[{n}].via[{m}]"), text));
        via.chain([(format!("paths[{n}].from"), &path.from)])
    });
    for (name, text) in base.chain(ways) {
        match scheme {
            Some(scheme) if Version::parse(scheme, text).is_ok() => {}
            Some(_) => return Err(at.refuse(&name, text, "not a version of its platform")),
            None => return Err(at.refuse(&name, text, "it cannot be read without the platform: name it")),
        }
    }
    match (scheme, &entry.version) {
        (Some(scheme), Some(text)) if Version::parse(scheme, text).is_err() => {
            Err(at.refuse("version", text, "not a version of its platform"))
        }
        _ => Ok(()),
    }
}

/// Refuses two entries that may be the same file and say different things of it: only one of them would count, or the sum of
/// both, and nobody has said which.
pub(super) fn apart(entries: &[Entry]) -> Result<()> {
    let mut alike: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let others = alike.entry(entry.filename.to_ascii_lowercase()).or_default();
        let differs = |other: &&usize| entries.get(**other).is_some_and(|one| one.may_be(entry) && one != entry);
        if let Some(other) = others.iter().find(differs) {
            let why = format!(
                "entries[{other}] may be the same file and says something else of it: join the two, or tell them apart by \
                 their digests or sizes"
            );
            return Err(At(at).refuse("filename", &entry.filename, &why));
        }
        others.push(at);
        if others.len() > ALIKE {
            return Err(At(at).refuse("filename", &entry.filename, &format!("at most {ALIKE} entries of one name")));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settled(mut entry: Value) -> Result<Entry> {
        entry["filename"] = json!("a.bin");
        let mut entry: Entry = serde_json::from_value(entry).unwrap();
        settle(3, &mut entry).map(|()| entry)
    }

    #[test]
    fn a_slip_in_a_word_is_refused_with_what_is_allowed() {
        for (entry, field, why) in [
            (json!({"platform": "ios_xy"}), "platform", "there is no such platform; there are aci,"),
            (json!({"platform": ""}), "platform", "there is no such platform"),
            (json!({"image_type": "firmware"}), "image_type", "there are image, kickstart, smu, rommon, epld, package"),
            (json!({"image_type": "Image"}), "image_type", "there is no such type"),
            (json!({"lifecycle": {"released": "2026-02-30"}}), "lifecycle.released", "a day such as 2026-03-01"),
            (json!({"lifecycle": {"released": "soon"}}), "lifecycle.released", "a day such as"),
            (json!({"lifecycle": {"released": "2026-03-01T00:00:00Z"}}), "lifecycle.released", "a day such as"),
        ] {
            let e = settled(entry.clone()).unwrap_err();
            assert_eq!(e.context("field"), Some(format!("entries[3].{field}").as_str()), "{entry}");
            assert!(e.message().contains(why), "{e}");
        }
    }

    #[test]
    fn spellings_of_names_are_read_as_what_they_mean() {
        let entry = json!({"platform": "IOS-XE", "image_type": "xe-bundle", "lifecycle": {"released": "2026-03-01"}});
        let entry = settled(entry).unwrap();
        assert_eq!((entry.platform.as_deref(), entry.image_type.as_deref()), (Some("ios_xe"), Some("image")));
    }

    #[test]
    fn the_same_file_twice_with_other_words_is_refused() {
        let judged = |entries: Value| {
            let entries: Vec<Entry> = serde_json::from_value(entries).unwrap();
            apart(&entries).map_err(|e| e.context("field").map(str::to_owned))
        };
        let (one, other) = ("1".repeat(32), "2".repeat(32));
        for (a, b) in [
            (json!({"lifecycle": {"status": "deferred"}}), json!({})),
            (json!({"md5": one}), json!({"version": "17.9.4"})),
            (json!({"md5": one, "size": 1}), json!({"md5": one, "size": 2})),
            (json!({"size": 7}), json!({"version": "17.9.4"})),
        ] {
            let named = |mut entry: Value, name: &str| {
                entry["filename"] = json!(name);
                entry
            };
            let twice = json!([named(a.clone(), "a.bin"), named(json!({}), "b.bin"), named(b, "A.BIN")]);
            assert_eq!(judged(twice), Err(Some("entries[2].filename".to_owned())));
            assert_eq!(judged(json!([named(a.clone(), "a.bin"), named(a, "a.bin")])), Ok(()), "said twice");
        }
        let two = json!([{"filename": "a.bin", "md5": one, "size": 1}, {"filename": "a.bin", "md5": other, "size": 1}]);
        assert_eq!(judged(two), Ok(()), "two files of one name");
    }

    #[test]
    fn entries_of_one_name_are_bounded() {
        let many = |count: usize| {
            let sized = |n| Entry { filename: "a.bin".to_owned(), size: Some(n as u64), ..Entry::default() };
            apart(&(0..count).map(sized).collect::<Vec<_>>())
        };
        many(ALIKE).unwrap();
        assert_eq!(many(ALIKE + 1).unwrap_err().context("field"), Some("entries[64].filename"));
    }
}
