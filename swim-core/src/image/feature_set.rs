//! Feature sets as they can be compared: what an image can do, whatever its name calls that.

use std::collections::BTreeSet;
use std::fmt;

use super::ImageFacts;

/// Marks of strong cryptography inside a name, the longer ones first. `k2` is that of the oldest switches.
const STRONG: &[&str] = &["k91", "k9", "k2"];

/// The mark of weak cryptography. It makes no other set.
const WEAK: &str = "k8";

/// A set without payload encryption. Some names write it without a mark before it: `universalk9npe`.
const NPE: &str = "npe";

/// A set whose data encryption is licensed apart. Likewise: `universalk9ldpe`.
const LDPE: &str = "ldpe";

/// Variants that are no features: cryptography, and the mark of wireless controllers, whose other images do not write it.
const APART: [&str; 3] = [NPE, LDPE, "wlc"];

/// Letters in a row that make a text a word, `ipbase`; legacy codes are single letters with digits, `jk9o3s`.
const WORD: usize = 4;

/// A feature set in its canonical form. Two sets with the same base and the same variants do the same; one of them may have
/// strong cryptography and the other one not.
///
/// ```
/// use swim_core::image::FeatureSet;
/// let set = |text| FeatureSet::read(text).unwrap();
/// assert!(set("ipservicesk9").same_base(&set("ipservices")) && set("ipservicesk9") != set("ipservices"));
/// assert!(!set("universalk9").same_base(&set("universalk9_npe")));
/// assert_eq!(set("universalk9-mz"), set("UNIVERSALK9"));
/// assert_eq!(set("ik9o3s3").to_string(), "i+o3+s3 with strong cryptography");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeatureSet {
    base: String,
    variants: BTreeSet<String>,
    strong: bool,
}

impl FeatureSet {
    /// Reads a feature set as names and headers write it: `universalk9_npe`, `IPSERVICESK9-M`, `ik9o3s3`; `None` for
    /// nothing.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (set, behind) = lower.split_once('-').unwrap_or((&lower, ""));
        let mut words = set.split('_').filter(|word| !word.is_empty());
        let mut first = words.next()?.to_owned();
        let mut variants: BTreeSet<String> = words.map(str::to_owned).collect();
        // Where the image runs and how it is compressed says nothing of what it can do; its cryptography does: `dk9-npe`.
        let marks = behind.split(['-', '_']).filter(|word| [NPE, LDPE, "k9"].contains(word));
        variants.extend(marks.map(str::to_owned));
        for mark in [LDPE, NPE] {
            if let Some(before) = first.strip_suffix(mark)
                && !before.is_empty()
            {
                first.truncate(before.len());
                variants.insert(mark.to_owned());
            }
        }
        let marked = variants.remove("k9");
        let (base, strong) = if is_word(&first) { word(&first) } else { code(&first) };
        Some(Self { base, variants, strong: strong || marked })
    }

    /// Of an image: what is known of its cryptography counts more than the name of its set.
    #[must_use]
    pub fn of(facts: &ImageFacts) -> Option<Self> {
        let mut set = Self::read(&facts.feature_set.as_ref()?.value)?;
        if let Some(strong) = &facts.k9 {
            set.strong = strong.value;
        }
        if facts.npe.as_ref().is_some_and(|npe| npe.value) {
            set.variants.insert(NPE.to_owned());
        }
        if facts.ldpe.as_ref().is_some_and(|ldpe| ldpe.value) {
            set.variants.insert(LDPE.to_owned());
        }
        Some(set)
    }

    /// Do both do the same, but perhaps for strong cryptography?
    #[must_use]
    pub fn same_base(&self, other: &Self) -> bool {
        (&self.base, &self.variants) == (&other.base, &other.variants)
    }

    /// Have both the same features, whatever their cryptography, and whatever is left out of it?
    ///
    /// ```
    /// use swim_core::image::FeatureSet;
    /// let set = |text| FeatureSet::read(text).unwrap();
    /// assert!(set("universalk9").same_features(&set("universalk9_npe")));
    /// assert!(!set("universalk9").same_features(&set("universalk9_noli")));
    /// ```
    #[must_use]
    pub fn same_features(&self, other: &Self) -> bool {
        self.base == other.base && self.same_variants(other)
    }

    /// The same variants, but for cryptography?
    pub(crate) fn same_variants(&self, other: &Self) -> bool {
        self.feature_variants().eq(other.feature_variants())
    }

    fn feature_variants(&self) -> impl Iterator<Item = &String> {
        self.variants.iter().filter(|variant| !APART.contains(&variant.as_str()))
    }

    /// Does it hold all features, which licences open?
    pub(crate) fn is_universal(&self) -> bool {
        self.base.starts_with("universal")
    }

    /// The set in words, but for its cryptography: equal where [`FeatureSet::same_base`] holds.
    #[must_use]
    pub fn without_cryptography(&self) -> String {
        let mut out = if self.base.is_empty() { "plain".to_owned() } else { self.base.clone() };
        for variant in &self.variants {
            out.push('_');
            out.push_str(variant);
        }
        out
    }

    /// Has it strong cryptography?
    #[must_use]
    pub const fn is_strong(&self) -> bool {
        self.strong
    }

    /// Is payload encryption left out?
    #[must_use]
    pub fn is_npe(&self) -> bool {
        self.variants.contains(NPE)
    }

    /// Is data encryption licensed apart?
    #[must_use]
    pub fn is_ldpe(&self) -> bool {
        self.variants.contains(LDPE)
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_cryptography())?;
        if self.strong { f.write_str(" with strong cryptography") } else { Ok(()) }
    }
}

fn is_word(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic()).any(|run| run.len() >= WORD)
}

/// `ipservicesk9` is `ipservices` with strong cryptography.
fn word(text: &str) -> (String, bool) {
    for mark in STRONG {
        if let Some(base) = text.strip_suffix(mark) {
            return (base.to_owned(), true);
        }
    }
    (text.strip_suffix(WEAK).unwrap_or(text).to_owned(), false)
}

/// `ik9o3s3`: letters with digits, in any order.
fn code(text: &str) -> (String, bool) {
    let mut parts = BTreeSet::new();
    let mut strong = false;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let (start, digits) = (letter.len_utf8(), rest.get(letter.len_utf8()..).unwrap_or_default());
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (part, after) = rest.split_at_checked(start + length).unwrap_or((rest, ""));
        rest = after;
        if STRONG.contains(&part) {
            strong = true;
        } else if part != WEAK {
            parts.insert(part);
        }
    }
    (parts.into_iter().collect::<Vec<_>>().join("+"), strong)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::{Field, Provenance};

    #[test]
    fn sets_that_do_the_same() {
        // Two spellings; do they do the same; are they equal?
        let cases = [
            ("ipservices", "ipservicesk9", true, false),
            ("ipbasek9", "ipbase", true, false),
            ("adventerprisek9", "adventerprise", true, false),
            ("universalk9-mz", "UNIVERSALK9-M", true, true),
            ("universalk9", "universalk9-tar", true, true),
            ("universalk9ldpe", "universalk9_ldpe", true, true),
            ("universalk9npe", "universalk9_npe", true, true),
            ("universalk9_npe_noli", "universalk9_noli_npe", true, true),
            ("i6k2l2q4", "i6q4l2", true, false),
            ("ik9o3s3", "io3s3", true, false),
            ("ik8o3s3", "io3s3", true, true),
            ("k91p", "pk9", true, true),
            ("ipservices", "ipbase", false, false),
            ("universalk9", "universalk9_npe", false, false),
            ("universalk9", "universalk9_noli", false, false),
            ("universalk9", "universalk9ldpe", false, false),
            ("universalk9_npe", "universalk9_npe_noli", false, false),
            ("universalk9", "universalk9_wlc", false, false),
            ("adventerprisek9_ivs_li", "adventerprisek9", false, false),
            ("jk9o3s", "jk9s", false, false),
            ("dk9-npe", "dk9", false, false),
            ("universalk9-k9", "universal-k9", true, true),
            ("o3", "o", false, false),
            ("lanlite", "lanbase", false, false),
        ];
        for (a, b, same, equal) in cases {
            let (x, y) = (FeatureSet::read(a).unwrap(), FeatureSet::read(b).unwrap());
            assert_eq!((x.same_base(&y), x == y), (same, equal), "{a} and {b}: {x} and {y}");
        }
        assert_eq!(FeatureSet::read(" - "), None);
        assert_eq!(FeatureSet::read(""), None);
    }

    #[test]
    fn facts_count_more_than_the_name() {
        let said = |text: &str| Some(Field::new(text.to_owned(), Provenance::FileName));
        let facts = ImageFacts {
            feature_set: said("ipservices"),
            k9: Some(Field::new(true, Provenance::Header)),
            npe: Some(Field::new(true, Provenance::Header)),
            ..ImageFacts::default()
        };
        assert_eq!(FeatureSet::of(&facts).unwrap().to_string(), "ipservices_npe with strong cryptography");
        assert_eq!(FeatureSet::of(&ImageFacts::default()), None);
    }

    #[test]
    fn cryptography_is_no_feature() {
        let set = |text: &str| FeatureSet::read(text).unwrap();
        let same = |a: &str, b: &str| set(a).same_features(&set(b));
        assert!(same("ipservices", "ipservicesk9") && same("universalk9", "universalk9_npe"));
        assert!(same("universalk9", "universalk9ldpe") && same("universalk9-k9", "universalk9_wlc"));
        assert!(same("ik9o3s3", "io3s3") && same("universalk9_npe_noli", "universalk9_noli"));
        assert!(!same("ipbase", "ipservices") && !same("universalk9", "universalk9_noli"));
        let npe = set("universalk9_npe");
        assert!(npe.is_strong() && npe.is_npe() && !npe.is_ldpe() && set("universalk9ldpe").is_ldpe());
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_reads_the_same_again(text in "\\PC{0,40}", code in "([a-z][0-9]{0,2}){1,12}(_[a-z]{1,6}){0,3}") {
            for text in [text, code] {
                if let Some(set) = FeatureSet::read(&text) {
                    prop_assert!(set.same_base(&set));
                    prop_assert_eq!(FeatureSet::read(&text.to_ascii_uppercase()), Some(set));
                }
            }
        }
    }
}
