//! The open catalogue: one JSON document with a detached signature, for who has no way to a vendor.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Authenticity, Entry, Proof};
use crate::document::{Wrong, read_slice};
use crate::image::REQUIREMENT_BYTES;
use crate::version::{Scheme, Version};
use crate::{Error, ErrorKind, Result};

/// Catalogues write memory in MiB.
const MIB: u64 = 1024 * 1024;

const OPERATION: &str = "read catalogue";
/// The largest document, bytes.
const LARGEST: usize = 64 * 1024 * 1024;
/// The most entries of one name: vendors build a file anew a few times. Each is compared with all others of its name.
const ALIKE: usize = 64;
/// The most entries.
const MOST: usize = 200_000;

/// An open catalogue. A field that is not known is refused: a requirement with a slip in its name would not be required, and
/// later forms have another number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Catalogue {
    /// The form of the document.
    pub schema: u32,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Timestamp>,
    /// Who made it, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// The images.
    pub entries: Vec<Entry>,
}

impl Catalogue {
    /// The form that this release writes, and the only one that it reads.
    pub const SCHEMA: u32 = 1;

    /// A catalogue of these images.
    #[must_use]
    pub const fn new(entries: Vec<Entry>) -> Self {
        Self { schema: Self::SCHEMA, generated: None, publisher: None, entries }
    }

    /// Reads a document after its proof was judged: what is signed by nobody that is trusted is not even looked into.
    ///
    /// ```
    /// use swim_core::catalog::{Authenticity, Catalogue, Entry, Proof};
    /// let text = Catalogue::new(vec![Entry::named("cat9k_iosxe.17.09.05.SPA.bin")]).to_json()?;
    /// let (catalogue, by) = Catalogue::open(&text, &Proof::unsigned(), jiff::Timestamp::UNIX_EPOCH)?;
    /// assert_eq!((catalogue.entries[0].version.as_deref(), by), (Some("17.9.5"), Authenticity::Unsigned));
    /// assert!(Catalogue::open(&text, &Proof::default(), jiff::Timestamp::UNIX_EPOCH).is_err());
    /// # Ok::<(), swim_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Proof::judge`]; `UnexpectedReply` for what is no catalogue, with the place, e.g. of a field that no entry has;
    /// `Unsupported` for another form; `InvalidInput` for an
    /// entry that cannot be, with its place.
    pub fn open(document: &[u8], proof: &Proof, now: Timestamp) -> Result<(Self, Authenticity)> {
        let authenticity = proof.judge(document, now)?;
        Ok((Self::from_json(document)?, authenticity))
    }

    fn from_json(document: &[u8]) -> Result<Self> {
        let odd = |why: String| Error::new(ErrorKind::UnexpectedReply, OPERATION, why);
        if document.len() > LARGEST {
            return Err(odd(format!("the catalogue has {} bytes; at most {LARGEST} are read", document.len())));
        }
        #[derive(Deserialize)]
        struct Form {
            schema: u32,
        }
        let unreadable = |wrong: Wrong| wrong.error(ErrorKind::UnexpectedReply, OPERATION);
        let Form { schema } = read_slice(document).map_err(unreadable)?;
        if schema != Self::SCHEMA {
            let message = format!("the catalogue has form {schema}, this release knows form {}", Self::SCHEMA);
            return Err(Error::new(ErrorKind::Unsupported, OPERATION, message).with("schema", schema));
        }
        let mut catalogue: Self = read_slice(document).map_err(unreadable)?;
        if catalogue.entries.len() > MOST {
            return Err(odd(format!("the catalogue has {} entries; at most {MOST} are read", catalogue.entries.len())));
        }
        catalogue.entries.iter_mut().enumerate().try_for_each(|(at, entry)| settle(at, entry))?;
        let mut alike: HashMap<String, usize> = HashMap::new();
        for (at, entry) in catalogue.entries.iter().enumerate() {
            let count = alike.entry(entry.filename.to_ascii_lowercase()).or_default();
            *count += 1;
            if *count > ALIKE {
                let why = format!("at most {ALIKE} entries of one name");
                let shown = format!("{:?}", entry.filename);
                return Err(Error::invalid(&format!("entries[{at}].filename"), shown, &why));
            }
        }
        Ok(catalogue)
    }

    /// Writes the document, ready to be signed.
    ///
    /// # Errors
    /// `InvalidInput` for an entry that could not be read again.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        self.entries.iter().enumerate().try_for_each(|(at, entry)| settle(at, &mut entry.clone()))?;
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::internal("write catalogue", "it has no JSON form").caused_by(e))?;
        text.push(b'\n');
        Ok(text)
    }
}

/// Refuses what no entry can be, and writes digests as all of the library does.
fn settle(at: usize, entry: &mut Entry) -> Result<()> {
    let field = |name: &str| format!("entries[{at}].{name}");
    let name = &entry.filename;
    if name.is_empty() || name.len() > 255 || name.contains(['/', '\\']) || name.chars().any(char::is_control) {
        let shown: String = name.chars().take(60).collect();
        return Err(Error::invalid(
            &field("filename"),
            format!("{shown:?}"),
            "1 to 255 bytes, no folders, no control characters",
        ));
    }
    for (name, digest, digits) in
        [("sha512", &mut entry.sha512, 128), ("sha256", &mut entry.sha256, 64), ("md5", &mut entry.md5, 32)]
    {
        let Some(text) = digest else { continue };
        if text.len() != digits || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            let shown: String = text.chars().take(60).collect();
            return Err(Error::invalid(&field(name), format!("{shown:?}"), &format!("{digits} hexadecimal digits")));
        }
        text.make_ascii_lowercase();
    }
    demands(at, entry)
}

/// What an entry demands of a device must be understood: a requirement that nobody keeps is worse than none.
fn demands(at: usize, entry: &Entry) -> Result<()> {
    let bad = |name: String, value: &str, why: &str| {
        let shown: String = value.chars().take(60).collect();
        Err(Error::invalid(&format!("entries[{at}].{name}"), format!("{shown:?}"), why))
    };
    let most = REQUIREMENT_BYTES.end() / MIB;
    for (name, mib) in [("requires.ram_mib", entry.requires.ram_mib), ("requires.flash_mib", entry.requires.flash_mib)]
    {
        if let Some(mib) = mib.filter(|mib| !(1..=most).contains(mib)) {
            return Err(Error::invalid(
                &format!("entries[{at}].{name}"),
                mib,
                &format!("a whole number from 1 to {most}"),
            ));
        }
    }
    if let Some(text) = &entry.requires.bootrom
        && Version::parse(Scheme::Rommon, text).is_err()
    {
        return bad("requires.bootrom".into(), text, "no version of a boot ROM, as 16.12(2r) or 17.12.1r is");
    }
    let whole = entry.completed();
    let scheme = whole.platform.as_deref().and_then(|platform| Scheme::of_platform(platform).ok());
    let base = entry.requires.base_version.iter().map(|text| ("requires.base_version".to_owned(), text));
    let ways = entry.paths.iter().enumerate().flat_map(|(n, path)| {
        let via = path.via.iter().enumerate().map(move |(m, text)| (format!("paths[{n}].via[{m}]"), text));
        via.chain([(format!("paths[{n}].from"), &path.from)])
    });
    for (name, text) in base.chain(ways) {
        match scheme {
            Some(scheme) if Version::parse(scheme, text).is_ok() => {}
            Some(_) => return bad(name, text, "not a version of its platform"),
            None => return bad(name, text, "it cannot be read without the platform: name it"),
        }
    }
    match (scheme, &entry.version) {
        (Some(scheme), Some(text)) if Version::parse(scheme, text).is_err() => {
            bad("version".into(), text, "not a version of its platform")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(document: &serde_json::Value) -> Result<Catalogue> {
        Catalogue::from_json(document.to_string().as_bytes())
    }

    #[test]
    fn entries_of_one_name_are_bounded() {
        let many = |count: usize| {
            let entries: Vec<_> = (0..count).map(|n| json!({"filename": "a.bin", "size": n})).collect();
            read(&json!({"schema": 1, "entries": entries}))
        };
        assert_eq!(many(ALIKE).unwrap().entries.len(), ALIKE);
        assert_eq!(many(ALIKE + 1).unwrap_err().context("field"), Some("entries[64].filename"));
    }

    #[test]
    fn what_was_written_is_read_again_and_fields_that_are_not_known_are_refused() {
        let mut entry = Entry::named("cat9k_iosxe.17.09.05.SPA.bin");
        entry.sha512 = Some("AB".repeat(64));
        entry.requires.ram_mib = Some(8192);
        let catalogue = Catalogue::new(vec![entry]);
        let again = Catalogue::from_json(&catalogue.to_json().unwrap()).unwrap();
        assert_eq!(again.entries[0].sha512, Some("ab".repeat(64)));
        assert_eq!(again.entries[0].requires, catalogue.entries[0].requires);
        for (at, field) in [
            ("", "colour"),
            ("/entries/0", "entries[0].requirments"),
            ("/entries/0/requires", "entries[0].requires.ram"),
            ("/entries/0/crypto", "entries[0].crypto.pq"),
            ("/entries/0/lifecycle", "entries[0].lifecycle.stat"),
            ("/entries/0/paths/0", "entries[0].paths[0].over"),
        ] {
            let mut odd = json!({"schema": 1, "entries": [{"filename": "a.bin", "platform": "ios_xe", "requires": {}, "crypto": {}, "lifecycle": {},
                "paths": [{"from": "16.12.1"}]}]});
            assert_eq!(read(&odd).unwrap().entries.len(), 1);
            let name = field.rsplit('.').next().unwrap();
            odd.pointer_mut(at).unwrap()[name] = json!(8192);
            let e = read(&odd).unwrap_err();
            assert_eq!((e.kind(), e.context("field")), (ErrorKind::UnexpectedReply, Some(field)), "{e}");
            assert!(e.to_string().contains("8192: there is no such field: it may be "), "{e}");
        }
        let twice = br#"{"schema": 1, "entries": [{"filename": "a.bin", "size": 1, "size": 2}]}"#;
        let e = Catalogue::from_json(twice).unwrap_err();
        assert_eq!(e.to_string(), "read catalogue: entries[0].size = (given): is given twice");
    }

    #[test]
    fn what_cannot_be_is_named_by_its_place() {
        let entry = |entry: serde_json::Value| read(&json!({"schema": 1, "entries": [{"filename": "a.bin"}, entry]}));
        for (bad, field) in [
            (json!({"filename": "../a"}), "entries[1].filename"),
            (json!({}), "entries[1].filename"),
            (json!({"filename": "b.bin", "md5": "12"}), "entries[1].md5"),
            (json!({"filename": "b.bin", "sha256": "x".repeat(64)}), "entries[1].sha256"),
        ] {
            assert_eq!(entry(bad).unwrap_err().context("field"), Some(field));
        }
        for (bad, words) in [
            (json!({"filename": 7}), "entries[1].filename = 7: must be a text"),
            (
                json!({"size": "big"}),
                "entries[1].size = \"big\": must be a whole number from 0 to 18446744073709551615",
            ),
            (
                json!({"lifecycle": {"status": "gone"}}),
                "entries[1].lifecycle.status = \"gone\": must be active, deferred or withdrawn",
            ),
            (json!({"families": "cat9k"}), "entries[1].families = \"cat9k\": must be a list"),
        ] {
            let e = entry(bad).unwrap_err();
            assert_eq!((e.kind(), e.message()), (ErrorKind::UnexpectedReply, words));
        }
        let e = read(&json!({"schema": 1, "entries": [], "generated": "yesterday"})).unwrap_err();
        assert!(e.message().starts_with("generated = \"yesterday\": must be a time such as "), "{e}");
        assert_eq!(read(&json!({"schema": 2, "things": []})).unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(read(&json!([])).unwrap_err().kind(), ErrorKind::UnexpectedReply);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(document in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Catalogue::from_json(&document);
        }
    }
}
