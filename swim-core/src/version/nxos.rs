//! NX-OS: `9.3(7a)`, `7.0(3)I7(10)`, `10.4(5)(M)`; image names write dots, `nxos.7.0.3.I7.8`.

use super::keyed::{Interim, Keyed, Part};
use super::scan::{Scan, bare, before};

/// From this major on there is one train for all of the Nexus 9000 and 3000.
const FIRST_UNIFIED: u64 = 9;

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    let mut scan = Scan::new(before(bare(text), "["));
    let (major, minor) = (scan.number(2)?, scan.dot_number(2)?);
    let dots = scan.literal(".");
    if !dots && !scan.literal("(") {
        return None;
    }
    let maintenance = part(&mut scan, dots)?;
    if !dots && !scan.literal(")") {
        return None;
    }
    let plain = dots && major >= FIRST_UNIFIED && !maintenance.has_letters();
    let maintenance = if plain { with_interim(maintenance, &mut scan) } else { maintenance };
    let train = read_train(&mut scan, dots)?;
    let designator = read_designator(&mut scan, dots);
    if !scan.is_done() || !(4..=20).contains(&major) {
        return None;
    }
    let mut key: Vec<u64> = [major, minor].into_iter().chain(maintenance.key()).collect();
    let mut normal = format!("{major}.{minor}({})", maintenance.written());
    let mut group = format!("{major}.{minor}");
    let line = match &train {
        Some(Train { letters, number, rebuild }) => {
            key.push(number.unwrap_or(0));
            key.extend(rebuild.key());
            let number = number.map(|number| number.to_string()).unwrap_or_default();
            normal = format!("{normal}{letters}{number}({})", rebuild.written());
            group = format!("{major}.{minor}({}) {letters}", maintenance.number);
            // The Nexus 7000 has both kinds of numbers.
            if *letters == "D" { "7000" } else { letters }
        }
        None if major >= FIRST_UNIFIED => "unified",
        None => "7000",
    };
    if let Some(letter) = designator {
        normal = format!("{normal}({letter})");
    }
    let continues: &[&str] = if line == "unified" { &["I", "7000"] } else { &[] };
    let train = match line {
        "unified" => "9000".to_owned(),
        line => line.to_owned(),
    };
    Some(Keyed { line: line.to_owned(), continues, train, group, normal, key, build: None })
}

/// A maintenance or rebuild number. Where dots stand between all parts, an interim number cannot be told from the next part,
/// but at the end, with a letter (`2.28g`).
fn part(scan: &mut Scan<'_>, dots: bool) -> Option<Part> {
    if dots { Part::read_plain(scan) } else { Part::read(scan) }
}

/// `10.2.2.39.F` is an interim build, 10.2(2.39): since there are no trains, nothing else follows the maintenance number.
fn with_interim(maintenance: Part, scan: &mut Scan<'_>) -> Part {
    let before = *scan;
    if scan.literal(".")
        && let Some(interim) = Interim::read(scan)
    {
        return maintenance.interim(interim, "");
    }
    *scan = before;
    maintenance
}

/// A train and its number, if it has one, and the rebuild.
struct Train<'a> {
    letters: &'a str,
    number: Option<u64>,
    rebuild: Part,
}

/// `I7(10)`, `N2(2.28g)`, `DY(1)`; in names `.I7.10`, `.N2.2.28g`. The outer `None`: something else.
#[allow(clippy::option_option)]
fn read_train<'a>(scan: &mut Scan<'a>, dots: bool) -> Option<Option<Train<'a>>> {
    let start = *scan;
    let begins = !dots || scan.literal(".");
    let letters = if begins { scan.take_while(|b| b.is_ascii_uppercase()) } else { "" };
    let number = scan.number(2);
    if letters.is_empty() || letters.len() > 2 || !scan.literal(if dots { "." } else { "(" }) {
        *scan = start;
        return Some(None);
    }
    let mut rebuild = part(scan, dots)?;
    if dots && scan.literal(".") {
        let interim = Interim::read(scan)?;
        let letters = scan.take_while(|b| b.is_ascii_lowercase());
        // The letters stand behind the last number, and are one or two, as in any part.
        if rebuild.has_letters() || letters.len() > 2 {
            return None;
        }
        rebuild = rebuild.interim(interim, letters);
    }
    (dots || scan.literal(")")).then_some(Some(Train { letters, number, rebuild }))
}

/// `(F)` and `(M)`, in documents without parentheses, `10.2(3)F`, tell whether a release brings features; the order does not know them.
fn read_designator<'a>(scan: &mut Scan<'a>, dots: bool) -> Option<&'a str> {
    let start = *scan;
    let opened = scan.literal(if dots { "." } else { "(" });
    let letter = if opened || !dots { scan.take_while(|b| matches!(b, b'F' | b'M')) } else { "" };
    if letter.len() == 1 && (dots || !opened || scan.literal(")")) {
        return Some(letter);
    }
    *scan = start;
    None
}
