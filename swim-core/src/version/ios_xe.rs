//! IOS XE: `3.16.4bS` (also `03.16.04b.S`), and since 16 `17.9.4a` (also `17.09.04a.0.6`, `Cupertino-17.9.4a`).

use std::cmp::Ordering;

use super::dual;
use super::ios::Ios;
use super::scan::{Scan, bare};

/// The first release after 3.x. From here on all product families share one train.
const FIRST_UNIFIED: u64 = 16;

/// The 3.x trains that 16 continues: routers (S, and SP of the ASR 900) and the Catalyst 3650/3850 and 4500 (SE, then E).
const CONTINUED_BY_UNIFIED: &[&str] = &["S", "SP", "SE", "E"];

/// A version of IOS XE.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct IosXe {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    /// `4a`, `1z1`: the letters and their own number. The length comes first, so that `z` is before `aa`.
    letters: (usize, String, u64),
    /// `S`, `E`, `SE`, `SG`; empty since 16 but for special branches.
    pub(super) train: String,
    tail: Tail,
}

/// What follows the release number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Tail {
    /// Nothing: the release.
    Release,
    /// `prd3`: a candidate, before the release.
    Candidate(u64),
    /// `.0.5148`, perhaps with the time of the build.
    Build(Vec<u64>),
}

impl IosXe {
    /// Reads any spelling, also the IOS number that 3.x devices report beside their own; `None` when it is not one.
    pub(super) fn read(text: &str) -> Option<Self> {
        Self::read_own(text).or_else(|| Self::read_own(&dual::xe_of(&Ios::read(text)?)?))
    }

    fn read_own(text: &str) -> Option<Self> {
        let mut scan = Scan::new(without_codename(bare(text)));
        let major = scan.number(2)?;
        let minor = scan.dot_number(2)?;
        let patch = scan.dot_number(2)?;
        let word = scan.lower_case_before("prd");
        let number = if word.is_empty() { 0 } else { scan.number(2).unwrap_or(0) };
        let letters = (word.len(), word.to_owned(), number);
        if word.len() > 2 {
            return None;
        }
        let train = read_train(&mut scan);
        // `17.9.4A`: since 16 there are no trains of one letter, so it is the letter of the rebuild.
        let (letters, train) = if major >= FIRST_UNIFIED && word.is_empty() && train.len() == 1 {
            ((1, train.to_ascii_lowercase(), 0), "")
        } else {
            (letters, train)
        };
        if major < FIRST_UNIFIED {
            skip_ios_number(&mut scan);
        }
        let tail = read_tail(&mut scan)?;
        let known = match major {
            3 => !train.is_empty(),
            2 => train.is_empty(),
            _ => major >= FIRST_UNIFIED,
        };
        (known && scan.is_done()).then_some(Self { major, minor, patch, letters, train: train.to_owned(), tail })
    }

    fn release(&self) -> (u64, u64, u64, &(usize, String, u64)) {
        (self.major, self.minor, self.patch, &self.letters)
    }

    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.train() == other.train() {
            return match self.release().cmp(&other.release()) {
                Ordering::Equal => self.tail.compare(&other.tail),
                order => Some(order),
            };
        }
        let unified = |v: &Self| v.major >= FIRST_UNIFIED && v.train.is_empty();
        let continued = |v: &Self| v.major == 3 && CONTINUED_BY_UNIFIED.contains(&v.train.as_str());
        if (unified(self) && continued(other)) || (unified(other) && continued(self)) {
            return Some(self.major.cmp(&other.major));
        }
        // Routers began with 2.x, which S continued.
        let after_first = |v: &Self| unified(v) || (v.major == 3 && v.train == "S");
        if (self.major == 2 && after_first(other)) || (other.major == 2 && after_first(self)) {
            return Some(self.major.cmp(&other.major));
        }
        // SE ended at 3.3 and E took over; at the same minor number nothing is known.
        let feeds_e = |v: &Self| v.major == 3 && (v.train == "SE" || v.train == "E");
        if feeds_e(self) && feeds_e(other) {
            return Some(self.minor.cmp(&other.minor)).filter(|order| order.is_ne());
        }
        None
    }

    /// The lower-case letters of the release, with their number: `a`, `z1`, or nothing.
    pub(super) fn letters(&self) -> String {
        let (_, word, number) = &self.letters;
        if *number == 0 { word.clone() } else { format!("{word}{number}") }
    }

    pub(super) fn train(&self) -> String {
        match (self.train.as_str(), self.major) {
            ("", 2) => "2.x".to_owned(),
            ("", _) => "XE".to_owned(),
            (train, 3) => train.to_owned(),
            (train, _) => format!("XE {train}"),
        }
    }

    pub(super) fn group(&self) -> String {
        let Self { major, minor, train, .. } = self;
        if train.is_empty() { format!("{major}.{minor}") } else { format!("{major}.{minor} {train}") }
    }

    pub(super) fn normal(&self) -> String {
        let release = format!("{}.{}.{}{}{}", self.major, self.minor, self.patch, self.letters(), self.train);
        match self.tail {
            Tail::Candidate(number) => format!("{release}prd{number}"),
            Tail::Release | Tail::Build(_) => release,
        }
    }
}

impl Tail {
    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Candidate(a), Self::Candidate(b)) => Some(a.cmp(b)),
            (Self::Candidate(_), Self::Release) => Some(Ordering::Less),
            (Self::Release, Self::Candidate(_)) => Some(Ordering::Greater),
            (Self::Release, Self::Release) => Some(Ordering::Equal),
            // The third number is the time of the build; it adds nothing and is often left out.
            (Self::Build(a), Self::Build(b)) => Some(a.iter().take(2).cmp(b.iter().take(2))),
            // A candidate and a release are some build; which one, their texts do not say.
            (_, Self::Build(_)) | (Self::Build(_), _) => None,
        }
    }
}

/// Cuts the word and dash before the number: `Gibraltar-16.12.10`, `IOSXE-17.14.1a`, `IOS XE 17.9.4`.
fn without_codename(text: &str) -> &str {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
    let (word, number) = text.split_at_checked(start).unwrap_or(("", text));
    let is_codename =
        word.ends_with(['-', ' ']) && word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-' || b == b' ');
    if is_codename { number } else { text }
}

/// `S` after the number, perhaps after a dot; never the three letters that tell how an image is signed.
fn read_train<'a>(scan: &mut Scan<'a>) -> &'a str {
    let before = *scan;
    scan.literal(".");
    let train = scan.take_while(|b| b.is_ascii_uppercase());
    let is_signature = matches!(train.as_bytes(), [b'S', b'P' | b'S', b'A'..=b'Z']);
    if (1..=3).contains(&train.len()) && !is_signature {
        return train;
    }
    *scan = before;
    ""
}

/// `prd3`, or `.0.5148`, `.0.6450.1706657994..Cupertino`.
fn read_tail(scan: &mut Scan<'_>) -> Option<Tail> {
    let before = *scan;
    let _ = scan.literal(".") || scan.literal("-") || scan.literal(" ");
    if scan.literal("prd") {
        return scan.number(4).map(Tail::Candidate);
    }
    *scan = before;
    let mut build = Vec::new();
    while let Some(part) = scan.dot_number(12) {
        build.push(part);
    }
    match build.len() {
        0 => return Some(Tail::Release),
        2 | 3 => {}
        _ => return None,
    }
    if scan.literal("..") {
        scan.take_while(|b| b.is_ascii_alphabetic());
    }
    Some(Tail::Build(build))
}

/// Cuts the IOS number that follows a 3.x number in names and install listings: `03.16.04b.S.155-3.S4b-ext`.
fn skip_ios_number(scan: &mut Scan<'_>) {
    let before = *scan;
    if scan.literal(".") {
        let number = scan
            .rest()
            .strip_suffix("-ext")
            .or_else(|| scan.rest().strip_suffix("-std"))
            .unwrap_or_else(|| scan.rest());
        if Ios::read(number).is_some() {
            *scan = Scan::new("");
            return;
        }
    }
    *scan = before;
}
