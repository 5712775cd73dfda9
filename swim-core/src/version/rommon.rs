//! Boot ROMs: `16.7(3r)`, `15.6(48r)S`, `12.2(33r)XN2`, `17.3.1r`; names write `173-1r`, `1612_2r`, `15_6_48r_s`,
//! `154-3r.S5`.
//!
//! They are no releases of the system software and never compared with those.

use super::keyed::{Keyed, Part};
use super::scan::{Scan, bare, before};

/// What was read.
struct Read {
    major: u64,
    minor: u64,
    number: Part,
    train: String,
    rebuild: Part,
    /// Newer ones count to three without parentheses.
    dotted: bool,
}

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    let text = before(bare(text), "[");
    let found = with_parentheses(text).or_else(|| with_dots(text)).or_else(|| of_name(text))?;
    let Read { major, minor, number, train, rebuild, dotted } = found;
    if !(8..=40).contains(&major) {
        return None;
    }
    let line = if dotted {
        "boot ROM of three numbers".to_owned()
    } else {
        format!("{train} boot ROM").trim_start().to_owned()
    };
    let normal = if dotted {
        format!("{major}.{minor}.{}r", number.number)
    } else {
        let rebuild = if rebuild == Part::default() { String::new() } else { rebuild.written() };
        format!("{major}.{minor}({}r){train}{rebuild}", number.written())
    };
    Some(Keyed {
        train: line.clone(),
        line,
        group: format!("{major}.{minor}"),
        normal,
        key: [major, minor].into_iter().chain(number.key()).chain(rebuild.key()).collect(),
        ..Keyed::default()
    })
}

/// `15.6(48r)S`, `15.0(1r)M13`, `12.4(12.2r)T`.
fn with_parentheses(text: &str) -> Option<Read> {
    let mut scan = Scan::new(text);
    let (major, minor) = (scan.number(2)?, scan.dot_number(2)?);
    if !scan.literal("(") {
        return None;
    }
    let number = Part::numbers(&mut scan)?;
    if !scan.literal("r)") {
        return None;
    }
    let (train, rebuild) = read_train(&mut scan);
    scan.is_done().then_some(Read { major, minor, number, train, rebuild, dotted: false })
}

/// `XN2`, `M13`, `S`, or nothing.
fn read_train(scan: &mut Scan<'_>) -> (String, Part) {
    let train = scan.take_while(|b| b.is_ascii_uppercase());
    let rebuild = if train.is_empty() || train.len() > 4 { None } else { Part::read_plain(scan) };
    (train.to_owned(), rebuild.unwrap_or_default())
}

/// `17.3.1r`.
fn with_dots(text: &str) -> Option<Read> {
    let mut scan = Scan::new(text);
    let (major, minor) = (scan.number(2)?, scan.dot_number(2)?);
    let number = if scan.literal(".") { Part::numbers(&mut scan)? } else { return None };
    (scan.literal("r") && scan.is_done()).then(|| Read {
        major,
        minor,
        number,
        train: String::new(),
        rebuild: Part::default(),
        dotted: true,
    })
}

/// `173-1r`, `1612_2r`: two digits of the major. `15_6_48r_s`.
fn of_name(text: &str) -> Option<Read> {
    let parts: Vec<&str> = text.split(['_', '-', '.']).collect();
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
        [count] => (count, String::new()),
        [count, train] => (count, train.to_ascii_uppercase()),
        _ => return None,
    };
    let mut count = Scan::new(count.strip_suffix('r')?);
    let part = Part::numbers(&mut count).filter(|_| count.is_done())?;
    // The rebuild has its letters behind the number, which nobody writes in names.
    let mut scan = Scan::new(&train);
    let (train, rebuild) = read_train(&mut scan);
    scan.is_done().then_some(Read { major, minor, number: part, train, rebuild, dotted: false })
}
