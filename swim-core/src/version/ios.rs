//! Classic IOS: `M.m(maintenance[.interim][letter])TRAIN[rebuild][.interim][letter]`, and the code in image names, `152-4.E10`.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::scan::{Scan, bare};

/// Trains that may be ordered although their letters differ: each entry is one line of succession, of trains with their
/// rank. At the same maintenance number only trains whose ranks have the same letter are ordered.
const SUCCESSIONS: &[&[(&str, Option<Rank>)]] = &[
    // In 15.x, (1)T (2)T (3)T lead to (4)M; and 15.0(1)M continued 12.4T.
    &[("T", None), ("M", None)],
    // Catalyst switches: the platform trains feed E. EX came before EZ: 3.2.2SE is 15.0(1)EX2, 3.3.0SE is 15.0(1)EZ.
    &[("EX", Some(('E', 1))), ("EZ", Some(('E', 2))), ("EA", None), ("EY", None), ("E", None)],
    // SE had sub-trains at 12.2(25). Whether a switch goes on from SE to E depends on its model: the two have no order.
    &[
        ("SE", Some(('S', 1))),
        ("SEA", Some(('S', 2))),
        ("SEB", Some(('S', 3))),
        ("SEC", Some(('S', 4))),
        ("SED", Some(('S', 5))),
        ("SEE", Some(('S', 6))),
        ("SEF", None),
        ("SEG", None),
    ],
    // Catalyst 6500: the sub-trains succeed one another at the same maintenance number.
    &[
        ("SXA", Some(('X', 1))),
        ("SXB", Some(('X', 2))),
        ("SXD", Some(('X', 3))),
        ("SXE", Some(('X', 4))),
        ("SXF", Some(('X', 5))),
        ("SXH", Some(('X', 6))),
        ("SXI", Some(('X', 7))),
        ("SXJ", Some(('X', 8))),
    ],
    // Cisco 7600: likewise.
    &[
        ("SRA", Some(('R', 1))),
        ("SRB", Some(('R', 2))),
        ("SRC", Some(('R', 3))),
        ("SRD", Some(('R', 4))),
        ("SRE", Some(('R', 5))),
    ],
];

/// The sub-line of a train, and its place there.
type Rank = (char, u8);

/// Before this major the letter E names the train of the Catalyst 6500, from it on that of the access switches.
const FIRST_SWITCH_E: u64 = 15;

/// Three letters that look like a train but tell how an image is signed.
const SIGNATURES: &[&str] = &["SPA", "SSA", "SPB", "SSB"];

/// A version of classic IOS. Field order is the order of comparison inside a train.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Ios {
    major: u64,
    minor: u64,
    maintenance: Numbered,
    train: String,
    rebuild: Numbered,
}

/// `24`, `24.3`, `6f`: a number, interim numbers, a letter. An interim build comes after the number and all its letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Numbered {
    number: u64,
    interim: Vec<u64>,
    // The length comes first, so that `z` is before `aa`.
    letters: (usize, String),
}

impl Numbered {
    fn read(scan: &mut Scan<'_>) -> Option<Self> {
        let number = scan.number(4)?;
        let mut interim = Vec::new();
        while let Some(part) = scan.dot_number(4) {
            interim.push(part);
        }
        let letters = scan.take_while(|b| b.is_ascii_lowercase());
        if interim.len() > 3 || letters.len() > 2 {
            return None;
        }
        Some(Self { number, interim, letters: (letters.len(), letters.to_owned()) })
    }

    fn write(&self, out: &mut String) {
        let _ = write!(out, "{}", self.number);
        for part in &self.interim {
            let _ = write!(out, ".{part}");
        }
        out.push_str(&self.letters.1);
    }

    fn is_zero(&self) -> bool {
        self.number == 0 && self.interim.is_empty() && self.letters.0 == 0
    }
}

impl Ios {
    /// Reads any spelling; `None` when it is not one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = bare(text);
        Self::read_parentheses(text).or_else(|| Self::read_code(text))
    }

    /// `15.2(7)E10`.
    fn read_parentheses(text: &str) -> Option<Self> {
        let mut scan = Scan::new(text);
        let major = scan.number(2)?;
        let minor = scan.dot_number(2)?;
        if !scan.literal("(") {
            return None;
        }
        let maintenance = Numbered::read(&mut scan)?;
        if !scan.literal(")") {
            return None;
        }
        let (train, rebuild) = read_train(&mut scan)?;
        Self { major, minor, maintenance, train, rebuild }.plausible(scan)
    }

    /// `152-4.E10`, `124-13a`, `152-4.1.5.EB`: two digits of major, one of minor. Real names also have `121.14-EA1` and
    /// `120.5.WC17`.
    fn read_code(text: &str) -> Option<Self> {
        let mut scan = Scan::new(text);
        let digits = scan.take_while(|b| b.is_ascii_digit());
        if digits.len() != 3 {
            return None;
        }
        let code: u64 = digits.parse().ok()?;
        let (major, minor) = (code / 10, code % 10);
        let (before, after) = if scan.rest().starts_with('-') { ("-", ".") } else { (".", "-") };
        if !scan.literal(before) {
            return None;
        }
        let maintenance = Numbered::read(&mut scan)?;
        let has_train = scan.literal(after) || (before == "." && scan.literal("."));
        let (train, rebuild) = if has_train { read_train(&mut scan)? } else { Default::default() };
        // A dot that nothing follows; and only the irregular form with a train is known.
        if has_train == train.is_empty() || (train.is_empty() && before == ".") {
            return None;
        }
        Self { major, minor, maintenance, train, rebuild }.plausible(scan)
    }

    /// Only what IOS ever numbered, and nothing left over.
    fn plausible(self, scan: Scan<'_>) -> Option<Self> {
        let known = (8..=15).contains(&self.major) && !SIGNATURES.contains(&self.train.as_str());
        (known && scan.is_done()).then_some(self)
    }

    /// A boot ROM has an `r` in its maintenance number, `12.2(44r)SE`: it is no release of the system software.
    fn is_boot_rom(&self) -> bool {
        self.maintenance.letters.1.starts_with('r')
    }

    fn is_old_e(&self) -> bool {
        self.train == "E" && self.major < FIRST_SWITCH_E
    }

    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.is_boot_rom() != other.is_boot_rom() {
            return None;
        }
        if self.is_old_e() != other.is_old_e() {
            return None;
        }
        if self.train == other.train {
            return Some(self.cmp(other));
        }
        let (mine, others) = (succession(self)?, succession(other)?);
        if mine.0 != others.0 {
            return None;
        }
        let numbers = |v: &Self| (v.major, v.minor, v.maintenance.number);
        match numbers(self).cmp(&numbers(other)) {
            Ordering::Equal => {
                let ((line, place), (other_line, other_place)) = (mine.1?, others.1?);
                (line == other_line).then(|| place.cmp(&other_place))
            }
            order => Some(order),
        }
    }

    pub(super) fn train(&self) -> String {
        let name = if self.train.is_empty() { "mainline" } else { &self.train };
        if self.is_boot_rom() { format!("{name} boot ROM") } else { name.to_owned() }
    }

    pub(super) fn group(&self) -> String {
        format!("{}.{} {}", self.major, self.minor, self.train())
    }

    pub(super) fn normal(&self) -> String {
        let mut out = format!("{}.{}(", self.major, self.minor);
        self.maintenance.write(&mut out);
        out.push(')');
        out.push_str(&self.train);
        if !self.rebuild.is_zero() {
            self.rebuild.write(&mut out);
        }
        out
    }
}

/// Which line of succession a version stands in, and its train's rank there.
fn succession(v: &Ios) -> Option<(usize, Option<Rank>)> {
    SUCCESSIONS.iter().enumerate().find_map(|(line, members)| {
        let (_, rank) = members.iter().find(|(train, _)| *train == v.train)?;
        Some((line, *rank))
    })
}

/// `E10`, `SXD3`, `M6a`, `S0a`, or nothing at all on the main line.
fn read_train(scan: &mut Scan<'_>) -> Option<(String, Numbered)> {
    let mut train = scan.take_while(|b| b.is_ascii_uppercase());
    if train.is_empty() {
        // Some file servers fold names to lower case.
        train = scan.take_while(|b| b.is_ascii_lowercase());
    }
    if train.len() > 4 {
        return None;
    }
    let mut rebuild = Numbered::default();
    if !train.is_empty() && scan.rest().starts_with(|c: char| c.is_ascii_digit()) {
        rebuild = Numbered::read(scan)?;
    }
    Some((train.to_ascii_uppercase(), rebuild))
}
