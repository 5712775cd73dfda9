//! Junos: `21.4R3-S5.4`, `12.1X46-D35`, `15.1F6-S7.2`; `-EVO` is Junos Evolved, another product.

use super::keyed::{DIGITS, Keyed};
use super::scan::{Scan, bare};

/// X releases of the firewalls that came after one another. Others are only ordered among themselves.
const FIREWALLS: std::ops::RangeInclusive<u64> = 44..=49;

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    let mut scan = Scan::new(bare(text));
    let (year, quarter) = (scan.number(2)?, scan.dot_number(2)?);
    let kind = scan.take_while(|b| matches!(b, b'R' | b'F' | b'X' | b'B' | b'I' | b'S'));
    if kind.len() != 1 {
        return None;
    }
    let number = scan.number(4)?;
    let mut spin = scan.dot_number(DIGITS);
    let mut normal = format!("{year}.{quarter}{kind}{number}");
    // Of an X release -D tells what R tells of others; -S is a service release on top of either.
    let mut parts = [0, 0];
    for (place, mark) in parts.iter_mut().zip(["-D", "-S"]) {
        let start = scan;
        if spin.is_none() || mark == "-S" {
            if scan.literal(mark)
                && let Some(n) = scan.number(4)
            {
                *place = n;
                spin = scan.dot_number(DIGITS);
                normal = format!("{normal}{mark}{n}");
                continue;
            }
            scan = start;
        }
    }
    let evolved = scan.literal("-EVO");
    if !scan.is_done() || (kind == "X") != (parts[0] > 0) || !(4..=99).contains(&year) {
        return None;
    }
    if let Some(spin) = spin {
        normal = format!("{normal}.{spin}");
    }
    let mut line = match kind {
        "X" if FIREWALLS.contains(&number) => "X of firewalls".to_owned(),
        "X" => format!("{year}.{quarter}X{number}"),
        kind => kind.to_owned(),
    };
    if evolved {
        normal.push_str("-EVO");
        line.push_str(" Evolved");
    }
    let group = format!("{year}.{quarter}{}", if evolved { "-EVO" } else { "" });
    let key = vec![year, quarter, number, parts[0], parts[1]];
    Some(Keyed {
        train: line.clone(),
        line,
        group,
        normal,
        key,
        build: spin.map(|spin| vec![spin]),
        ..Keyed::default()
    })
}
