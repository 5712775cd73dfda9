//! Versions whose order is that of a list of numbers, inside of one line of succession.

use std::cmp::Ordering;

use super::scan::Scan;

/// A version of any grammar that needs no order of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Keyed {
    /// Only versions of one line are ordered.
    pub(super) line: String,
    /// Lines that this one continues: all of their versions are older.
    pub(super) continues: &'static [&'static str],
    pub(super) train: String,
    pub(super) group: String,
    pub(super) normal: String,
    /// The numbers, the most significant one first.
    pub(super) key: Vec<u64>,
    /// Which build of the release, where the text tells it.
    pub(super) build: Option<Vec<u64>>,
}

impl Keyed {
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.line != other.line {
            let follows = |a: &Self, b: &Self| a.continues.contains(&b.line.as_str());
            return match (follows(self, other), follows(other, self)) {
                (true, false) => Some(Ordering::Greater),
                (false, true) => Some(Ordering::Less),
                _ => None,
            };
        }
        match (self.key.cmp(&other.key), &self.build, &other.build) {
            (Ordering::Equal, Some(a), Some(b)) => Some(a.cmp(b)),
            // The release is some build; which one, its text does not say.
            (Ordering::Equal, Some(_), None) | (Ordering::Equal, None, Some(_)) => None,
            (order, ..) => Some(order),
        }
    }

    /// Is it the same release, whatever the build?
    pub(super) fn same_release(&self, other: &Self) -> bool {
        (&self.line, &self.key) == (&other.line, &other.key)
    }
}

/// Digits of a part. Longer ones are dates and change numbers, no versions.
pub(super) const DIGITS: usize = 6;

/// `3`, `4a`, `2.28g`, `10b`: a number, perhaps numbers of an interim build, perhaps one or two letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: u64,
    interim: Vec<Interim>,
    letters: String,
}

/// An interim number, with as many digits as it is written: fabric interconnects have `4.02e`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interim {
    number: u64,
    digits: usize,
}

impl Interim {
    /// Reads its digits.
    pub(super) fn read(scan: &mut Scan<'_>) -> Option<Self> {
        let before = scan.rest().len();
        let number = scan.number(DIGITS)?;
        Some(Self { number, digits: before - scan.rest().len() })
    }
}

/// Interim numbers of a part.
const INTERIMS: usize = 2;

impl Part {
    /// Reads one; `None` when there is none, or more of it than is known.
    pub(super) fn read(scan: &mut Scan<'_>) -> Option<Self> {
        let numbers = Self::numbers(scan)?;
        let letters = scan.take_while(|b| b.is_ascii_lowercase());
        (letters.len() <= 2).then(|| Self { letters: letters.to_owned(), ..numbers })
    }

    /// The same without letters.
    pub(super) fn numbers(scan: &mut Scan<'_>) -> Option<Self> {
        let number = scan.number(DIGITS)?;
        let mut interim = Vec::new();
        while interim.len() < INTERIMS {
            let before = *scan;
            let Some(next) = scan.literal(".").then(|| Interim::read(scan)).flatten() else {
                *scan = before;
                break;
            };
            interim.push(next);
        }
        Some(Self { number, interim, letters: String::new() })
    }

    /// The same without interim numbers, for spellings that have a dot behind each part.
    pub(super) fn read_plain(scan: &mut Scan<'_>) -> Option<Self> {
        let number = scan.number(DIGITS)?;
        let letters = scan.take_while(|b| b.is_ascii_lowercase());
        (letters.len() <= 2).then(|| Self { number, interim: Vec::new(), letters: letters.to_owned() })
    }

    /// Gives it an interim number.
    pub(super) fn interim(mut self, interim: Interim, letters: &str) -> Self {
        self.interim.push(interim);
        letters.clone_into(&mut self.letters);
        self
    }

    pub(super) fn has_letters(&self) -> bool {
        !self.letters.is_empty()
    }

    /// Its place in the order: an interim build comes after its number, and `z` before `aa`.
    pub(super) fn key(&self) -> [u64; 4] {
        let interim = |n: usize| self.interim.get(n).map_or(0, |i| i.number.saturating_add(1));
        let letters = self.letters.bytes().fold(0, |sum, b| (sum << 8) | u64::from(b));
        [self.number, interim(0), interim(1), letters]
    }

    pub(super) fn written(&self) -> String {
        let interim: String =
            self.interim.iter().map(|i| format!(".{:0digits$}", i.number, digits = i.digits)).collect();
        format!("{}{interim}{}", self.number, self.letters)
    }
}

/// Numbers with dots between them, as many as there are, and at most `most`.
pub(super) fn dotted(scan: &mut Scan<'_>, most: usize) -> Option<Vec<u64>> {
    let mut numbers = vec![scan.number(DIGITS)?];
    while numbers.len() < most {
        let Some(next) = scan.dot_number(DIGITS) else { break };
        numbers.push(next);
    }
    Some(numbers)
}

/// `4.18.3`.
pub(super) fn with_dots(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// `M.m(maintenance)`: `9.3(7a)`, `14.0(1h)`. Also `9.3.7a`, as names write it.
pub(super) fn with_parentheses(scan: &mut Scan<'_>) -> Option<(u64, u64, Part)> {
    let (major, minor) = (scan.number(2)?, scan.dot_number(2)?);
    if scan.literal("(") {
        let part = Part::read(scan)?;
        return scan.literal(")").then_some((major, minor, part));
    }
    scan.literal(".").then(|| Part::read_plain(scan)).flatten().map(|part| (major, minor, part))
}
