//! ASA and its manager ASDM: `9.16(3)19`, `8.4(4)1`; also `8.4.4.1`, and `7.18(1.152)` for 7.18(1)152.

use super::keyed::{DIGITS, Keyed};
use super::scan::{Scan, bare};

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    let mut scan = Scan::new(bare(text));
    let (major, minor) = (scan.number(2)?, scan.dot_number(2)?);
    let dots = scan.literal(".");
    if !dots && !scan.literal("(") {
        return None;
    }
    let maintenance = scan.number(3)?;
    let interim = if dots {
        scan.dot_number(DIGITS).unwrap_or(0)
    } else {
        let inside = scan.dot_number(DIGITS);
        if !scan.literal(")") {
            return None;
        }
        match inside {
            Some(inside) => inside,
            None => scan.number(DIGITS).unwrap_or(0),
        }
    };
    if !scan.is_done() || !(5..=30).contains(&major) {
        return None;
    }
    let line = "ASA".to_owned();
    let tail = if interim > 0 { interim.to_string() } else { String::new() };
    Some(Keyed {
        train: line.clone(),
        line,
        group: format!("{major}.{minor}"),
        normal: format!("{major}.{minor}({maintenance}){tail}"),
        key: vec![major, minor, maintenance, interim],
        ..Keyed::default()
    })
}
