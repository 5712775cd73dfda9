//! The open catalogue: one JSON document with a detached signature, for who has no way to a vendor.

mod checked;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::checked::{apart, settle};
use super::{Authenticity, Entry, Proof};
use crate::document::{Wrong, read_slice};
use crate::{Error, ErrorKind, Result};

const OPERATION: &str = "read catalogue";
/// The largest document, bytes.
const LARGEST: usize = 64 * 1024 * 1024;
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
    /// Those of [`Proof::judge`]; `Unsupported` for another form; `InvalidInput` for what is no catalogue, and for an entry that
    /// cannot be: with the place, the value and what is allowed there.
    pub fn open(document: &[u8], proof: &Proof, now: Timestamp) -> Result<(Self, Authenticity)> {
        let authenticity = proof.judge(document, now)?;
        Ok((Self::from_json(document)?, authenticity))
    }

    fn from_json(document: &[u8]) -> Result<Self> {
        let odd = |why: String| Error::new(ErrorKind::InvalidInput, OPERATION, why);
        if document.len() > LARGEST {
            return Err(odd(format!("the catalogue has {} bytes; at most {LARGEST} are read", document.len())));
        }
        #[derive(Deserialize)]
        struct Form {
            schema: u32,
        }
        let unreadable = |wrong: Wrong| wrong.error(ErrorKind::InvalidInput, OPERATION);
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
        apart(&catalogue.entries)?;
        Ok(catalogue)
    }

    /// Writes the document, ready to be signed.
    ///
    /// # Errors
    /// `InvalidInput` for an entry that could not be read again.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        self.entries.iter().enumerate().try_for_each(|(at, entry)| settle(at, &mut entry.clone()))?;
        apart(&self.entries)?;
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::internal("write catalogue", "it has no JSON form").caused_by(e))?;
        text.push(b'\n');
        Ok(text)
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
            assert_eq!((e.kind(), e.context("field")), (ErrorKind::InvalidInput, Some(field)), "{e}");
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
            assert_eq!((e.kind(), e.message()), (ErrorKind::InvalidInput, words));
        }
        let e = read(&json!({"schema": 1, "entries": [], "generated": "yesterday"})).unwrap_err();
        assert!(e.message().starts_with("generated = \"yesterday\": must be a time such as "), "{e}");
        assert_eq!(read(&json!({"schema": 2, "things": []})).unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(read(&json!([])).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(document in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Catalogue::from_json(&document);
        }
    }
}
