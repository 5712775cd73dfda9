//! Boot ROMs: `16.7(3r)`, `15.6(48r)S`, `12.2(33r)XN2`, `17.3.1r`; names write `173-1r`, `1612_2r`, `15_6_48r_s`.
//!
//! They are no releases of the system software and never compared with those.

use super::keyed::{Keyed, Part};
use super::scan::{Scan, bare, before};

/// What was read.
struct Read {
    numbers: [u64; 3],
    train: String,
    rebuild: u64,
    /// Newer ones count to three without parentheses.
    dotted: bool,
}

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    let text = before(bare(text), "[");
    let found = with_parentheses(text).or_else(|| with_dots(text)).or_else(|| of_name(text))?;
    let Read { numbers: [major, minor, number], train, rebuild, dotted } = found;
    if !(8..=40).contains(&major) {
        return None;
    }
    let line = if dotted {
        "boot ROM of three numbers".to_owned()
    } else {
        format!("{train} boot ROM").trim_start().to_owned()
    };
    let normal = if dotted {
        format!("{major}.{minor}.{number}r")
    } else {
        let rebuild = if rebuild > 0 { rebuild.to_string() } else { String::new() };
        format!("{major}.{minor}({number}r){train}{rebuild}")
    };
    Some(Keyed {
        train: line.clone(),
        line,
        group: format!("{major}.{minor}"),
        normal,
        key: vec![major, minor, number, rebuild],
        ..Keyed::default()
    })
}

/// `15.6(48r)S`, `15.0(1r)M13`.
fn with_parentheses(text: &str) -> Option<Read> {
    let mut scan = Scan::new(text);
    let (major, minor) = (scan.number(2)?, scan.dot_number(2)?);
    if !scan.literal("(") {
        return None;
    }
    let number = scan.number(3)?;
    if !scan.literal("r)") {
        return None;
    }
    let train = scan.take_while(|b| b.is_ascii_uppercase()).to_owned();
    let rebuild = if train.is_empty() { 0 } else { Part::read_plain(&mut scan).map_or(0, |part| part.number) };
    (scan.is_done() && train.len() <= 4).then_some(Read {
        numbers: [major, minor, number],
        train,
        rebuild,
        dotted: false,
    })
}

/// `17.3.1r`.
fn with_dots(text: &str) -> Option<Read> {
    let mut scan = Scan::new(text);
    let numbers = [scan.number(2)?, scan.dot_number(2)?, scan.dot_number(3)?];
    (scan.literal("r") && scan.is_done()).then_some(Read { numbers, train: String::new(), rebuild: 0, dotted: true })
}

/// `173-1r`, `1612_2r`: two digits of the major. `15_6_48r_s`.
fn of_name(text: &str) -> Option<Read> {
    let parts: Vec<&str> = text.split(['_', '-']).collect();
    // Digits alone: a sign is none.
    let number = |part: &str, digits: usize| {
        let mut scan = Scan::new(part);
        scan.number(digits).filter(|_| scan.is_done())
    };
    let (major, minor, rest) = match parts.as_slice() {
        [code, rest @ ..] if (3..=4).contains(&code.len()) => {
            let (major, minor) = code.split_at_checked(2)?;
            (number(major, 2)?, number(minor, 2)?, rest)
        }
        [major, minor, rest @ ..] => (number(major, 2)?, number(minor, 2)?, rest),
        _ => return None,
    };
    let (count, train) = match rest {
        [count] => (count, ""),
        [count, train] if !train.is_empty() && train.bytes().all(|b| b.is_ascii_alphabetic()) => (count, *train),
        _ => return None,
    };
    let count = number(count.strip_suffix('r')?, 3)?;
    (train.len() <= 4).then(|| Read {
        numbers: [major, minor, count],
        train: train.to_ascii_uppercase(),
        rebuild: 0,
        dotted: false,
    })
}
