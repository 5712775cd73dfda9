//! Lists of known good values: digests of a vendor's files, in the three shapes that are published.

mod shapes;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::document;
use crate::model::{Algorithm, Digests};
use crate::{Error, ErrorKind, Result};

/// The largest list, bytes; real ones have some tens of MiB.
const LARGEST: usize = 128 * 1024 * 1024;
/// The most values.
const MOST: usize = 500_000;

/// The digests of one file. Measurements of boot code (`biv_hash`) are none of a file, and are not here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownValue {
    /// The name of the file.
    pub file_name: String,
    /// MD5, lower case, like all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// SHA-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha1: Option<String>,
    /// SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// SHA-512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha512: Option<String>,
    /// The product, as the list writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The version, as the list writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A list of known good values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownGood {
    /// The shape: `products`, `platforms` or `bulk_hash`.
    pub shape: String,
    /// What the list calls its form, e.g. `KGV_format_2.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The values of files.
    pub values: Vec<KnownValue>,
    /// What was not understood and passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// What a list says of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "judgement")]
#[non_exhaustive]
pub enum Judgement {
    /// It has the digests that the list has.
    Matches {
        /// The name in the list.
        listed_as: String,
        /// Which digests were compared.
        compared: Vec<String>,
    },
    /// The list has a file of its name with other digests.
    Contradicts {
        /// The name in the list.
        listed_as: String,
        /// Each difference.
        differs: Vec<String>,
    },
    /// The list says nothing of it that can be compared.
    NotListed,
}

/// Reads a list of any of the three shapes.
///
/// Vendors add fields as they like: those that are not known are passed over, and said as remarks, as is a file without a
/// digest. A digest that is none is refused: a file of the list would be known by less than the list says.
///
/// # Errors
/// `InvalidInput` for what is no such list, or too large; with the place, for a value that cannot be.
///
/// ```
/// use swim_core::catalog::known_good;
/// let list = known_good(br#"{"bulkHash": [{"filename": "a.bin", "dtype": "osimage", "md5": "900150983CD24FB0D6963F7D28E17F72"}]}"#)?;
/// assert_eq!(list.values[0].md5.as_deref(), Some("900150983cd24fb0d6963f7d28e17f72"));
/// let e = known_good(br#"{"bulkHash": [{"filename": "a.bin", "md5": "12"}]}"#).unwrap_err();
/// assert_eq!(e.message(), "bulkHash[0].md5 = \"12\": must be 32 hexadecimal digits");
/// # Ok::<(), swim_core::Error>(())
/// ```
pub fn known_good(body: &[u8]) -> Result<KnownGood> {
    let odd = |why: &str| Error::new(ErrorKind::InvalidInput, shapes::OPERATION, why);
    if body.len() > LARGEST {
        return Err(odd("the list is larger than any that is published"));
    }
    let list = document::parse(body).map_err(|wrong| wrong.error(ErrorKind::InvalidInput, shapes::OPERATION))?;
    let read = shapes::read(&list)?;
    // Believed, it would release what an earlier one holds back.
    if read.values.is_empty() {
        return Err(odd("the list names no file"));
    }
    if read.values.len() > MOST {
        return Err(odd("the list has more values than any that is published"));
    }
    Ok(read)
}

impl KnownValue {
    /// The digests that both have: which are the same, and which are not.
    fn compare(&self, digests: &Digests) -> (Vec<String>, Vec<String>) {
        let (mut same, mut differs) = (Vec::new(), Vec::new());
        let listed = [
            (Algorithm::Md5, &self.md5),
            (Algorithm::Sha1, &self.sha1),
            (Algorithm::Sha256, &self.sha256),
            (Algorithm::Sha512, &self.sha512),
        ];
        for (algorithm, listed) in listed {
            let Some(listed) = listed else { continue };
            let Some(has) = digests.get(algorithm).filter(|has| !has.is_empty()) else { continue };
            if has.eq_ignore_ascii_case(listed) {
                same.push(algorithm.name().to_owned());
            } else {
                differs.push(format!("its {} is {has}, the list has {listed}", algorithm.name()));
            }
        }
        (same, differs)
    }
}

impl KnownGood {
    /// Judges a file by its names and digests. A name that the list has with other digests contradicts, even where the
    /// bytes are those of another good file: the name lies.
    #[must_use]
    pub fn judge(&self, names: &[String], digests: &Digests) -> Judgement {
        Index::new(&self.values).judge(names, digests)
    }
}

/// The values of a list by what they are looked up with: lists and repositories are both large.
#[derive(Debug)]
pub(crate) struct Index<'a> {
    /// By the name, lower case.
    names: HashMap<String, Vec<&'a KnownValue>>,
    /// By the digests that nobody can forge.
    digests: HashMap<&'a str, &'a KnownValue>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(values: &'a [KnownValue]) -> Self {
        let mut this = Self { names: HashMap::new(), digests: HashMap::new() };
        for value in values {
            this.names.entry(value.file_name.to_lowercase()).or_default().push(value);
            for digest in value.sha256.iter().chain(&value.sha512) {
                this.digests.entry(digest).or_insert(value);
            }
        }
        this
    }

    /// As [`KnownGood::judge`].
    pub(crate) fn judge(&self, names: &[String], digests: &Digests) -> Judgement {
        let mut good = None;
        for name in names {
            let mut against = None;
            let mut fits = false;
            for value in self.names.get(&name.to_lowercase()).into_iter().flatten() {
                let (same, differs) = value.compare(digests);
                let listed_as = value.file_name.clone();
                // One digest that is right does not outweigh one that is not.
                if differs.is_empty() && !same.is_empty() {
                    fits = true;
                    good = Some(Judgement::Matches { listed_as, compared: same });
                } else if !differs.is_empty() && against.is_none() {
                    against = Some(Judgement::Contradicts { listed_as, differs });
                }
            }
            // Lists may have several builds of one name: one that fits is enough.
            if let (false, Some(against)) = (fits, against) {
                return against;
            }
        }
        good.or_else(|| self.renamed(digests)).unwrap_or(Judgement::NotListed)
    }

    /// A file of the list under another name.
    fn renamed(&self, digests: &Digests) -> Option<Judgement> {
        let strong = [Algorithm::Sha256, Algorithm::Sha512].into_iter().filter_map(|algorithm| digests.get(algorithm));
        let value =
            strong.map(|digest| digest.to_ascii_lowercase()).find_map(|digest| self.digests.get(digest.as_str()))?;
        let (compared, differs) = value.compare(digests);
        differs.is_empty().then(|| Judgement::Matches { listed_as: value.file_name.clone(), compared })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Sha256;

    fn digests() -> Digests {
        Digests { sha256: Sha256::of(b"x"), sha512: "5".repeat(128), sha1: None, md5: "a".repeat(32) }
    }

    fn read(list: &Value) -> KnownGood {
        known_good(list.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn all_three_shapes_give_the_same() {
        let entry = json!({"filename": "isr.bin", "md5": "A".repeat(32), "sha1": "b".repeat(40),
            "sha512": "C".repeat(128), "biv_hash": "D".repeat(128), "published": "May 14 2017"});
        let boot = json!({"biv_hash": "D".repeat(128), "type": "boot0"});
        let mut bulk = entry.clone();
        bulk["dtype"] = "osimage".into();
        bulk["platform"] = "ISR4K".into();
        let shapes = [
            json!({"header": {"version": "KGV_format_2.0"}, "products": [{"product": "ISR4K", "boot0Versions":
                [{"version": "F", "entries": [boot]}], "osImageVersions": [{"version": "16.02.01", "entries": [entry]}]}]}),
            json!({"platforms": [{"ISR4K": {"Boot 0 Versions": [{"version": ["F"], "entries": [boot]}],
                "OS Image Versions": [{"version": ["16.02.01"], "entries": [entry]}]}}]}),
            json!({"bulkHash": [bulk, {"filename": "rommon", "dtype": "blr", "biv_hash": "D".repeat(128)}]}),
        ];
        for (shape, name) in shapes.iter().zip(["products", "platforms", "bulk_hash"]) {
            let list = read(shape);
            assert_eq!((list.shape.as_str(), list.values.len()), (name, 1));
            let value = &list.values[0];
            assert_eq!((value.file_name.as_str(), value.product.as_deref()), ("isr.bin", Some("ISR4K")));
            assert_eq!((value.sha512.clone(), value.sha256.clone()), (Some("c".repeat(128)), None));
        }
        let packages = json!({"bulkHash": [{"filename": "b.bin", "md5": "a".repeat(32), "pkg": [{"filename": "p.pkg", "md5": "b".repeat(32)}]}]});
        assert_eq!(read(&packages).values.len(), 2);
        for odd in ["", "{}", "[]", r#"{"products": 1}"#] {
            assert_eq!(known_good(odd.as_bytes()).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn a_file_matches_contradicts_or_is_not_listed() {
        let value = |name: &str, md5: &str, sha512: &str| json!({"filename": name, "md5": md5.repeat(32), "sha512": sha512.repeat(128), "sha1": "0".repeat(40)});
        let list = read(
            &json!({"bulkHash": [value("good.bin", "a", "5"), value("bad.bin", "a", "6"), value("two.bin", "b", "6"),
            value("two.bin", "a", "5"), {"filename": "sha1.bin", "sha1": "0".repeat(40)},
            {"filename": "md5.bin", "md5": "f".repeat(32)}]}),
        );
        let judged =
            |names: &[&str]| list.judge(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>(), &digests());
        let matches = |judgement: &Judgement| matches!(judgement, Judgement::Matches { .. });
        assert!(matches(&judged(&["good.bin"])) && matches(&judged(&["GOOD.bin"])) && matches(&judged(&["two.bin"])));
        let Judgement::Contradicts { differs, .. } = judged(&["bad.bin"]) else {
            panic!("sha512 differs, md5 does not")
        };
        assert!(differs.len() == 1 && differs[0].starts_with("its sha512 is 555"), "{differs:?}");
        assert!(matches!(judged(&["good.bin", "bad.bin"]), Judgement::Contradicts { .. }), "the second name lies");
        assert!(matches!(judged(&["md5.bin"]), Judgement::Contradicts { .. }));
        // Renamed: known by its strong digest, whatever its name.
        assert_eq!(
            judged(&["renamed.bin"]),
            Judgement::Matches { listed_as: "good.bin".into(), compared: vec!["md5".into(), "sha512".into()] }
        );
        let only_sha1 = KnownGood { values: vec![list.values[4].clone()], ..list.clone() };
        assert_eq!(only_sha1.judge(&["sha1.bin".to_owned()], &digests()), Judgement::NotListed, "nothing to compare");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(list in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = known_good(&list);
        }
    }
}
