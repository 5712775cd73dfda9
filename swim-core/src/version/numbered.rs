//! Vendors whose versions are numbers with dots: RouterOS, PAN-OS, FortiOS, AOS-CX.

use super::keyed::{DIGITS, Keyed, dotted, with_dots};
use super::scan::{Scan, bare, before};

fn keyed(line: &str, numbers: &[u64], normal: String, key: Vec<u64>) -> Option<Keyed> {
    let [major, minor, ..] = *numbers else { return None };
    let line = line.to_owned();
    Some(Keyed { train: line.clone(), line, group: format!("{major}.{minor}"), normal, key, ..Keyed::default() })
}

/// RouterOS: `6.48.4`, `7.1beta6`, `7.1rc1`; betas and candidates come before their release.
pub(super) fn routeros(text: &str) -> Option<Keyed> {
    let mut scan = Scan::new(before(bare(text), "("));
    let numbers = dotted(&mut scan, 3)?;
    let (rank, stage) = match () {
        () if scan.literal("beta") => (0, "beta"),
        () if scan.literal("rc") => (1, "rc"),
        () => (2, ""),
    };
    let count = if stage.is_empty() { 0 } else { scan.number(3)? };
    let known = numbers.len() > 1 && numbers.first().is_some_and(|major| (2..=20).contains(major));
    if !scan.is_done() || !known {
        return None;
    }
    let tail = if stage.is_empty() { String::new() } else { format!("{stage}{count}") };
    let mut key = numbers.clone();
    key.resize(3, 0);
    key.extend([rank, count]);
    keyed("RouterOS", &numbers, format!("{}{tail}", with_dots(&numbers)), key)
}

/// PAN-OS: `10.1.9`, hotfix `10.1.9-h1`.
pub(super) fn panos(text: &str) -> Option<Keyed> {
    let mut scan = Scan::new(bare(text));
    let numbers = dotted(&mut scan, 3)?;
    let hotfix = if scan.literal("-h") { scan.number(4)? } else { 0 };
    if !scan.is_done() || numbers.len() != 3 {
        return None;
    }
    let tail = if hotfix > 0 { format!("-h{hotfix}") } else { String::new() };
    let key = numbers.iter().copied().chain([hotfix]).collect();
    keyed("PAN-OS", &numbers, format!("{}{tail}", with_dots(&numbers)), key)
}

/// FortiOS: `7.2.7`, `v7.2.7 build1624`, `v7.2.7-build1624`.
pub(super) fn fortios(text: &str) -> Option<Keyed> {
    let text = before(bare(text), "(");
    let mut scan = Scan::new(text.strip_prefix('v').unwrap_or(text));
    let numbers = dotted(&mut scan, 3)?;
    let build = if scan.literal(" build") || scan.literal("-build") { Some(scan.number(DIGITS)?) } else { None };
    if !scan.is_done() || numbers.len() != 3 {
        return None;
    }
    let found = keyed("FortiOS", &numbers, with_dots(&numbers), numbers.clone())?;
    Some(Keyed { build: build.map(|build| vec![build]), ..found })
}

/// AOS-CX: `10.13.1040`, `10.05.0021`, with the letters of the product before it, `FL.10.13.1040`.
pub(super) fn aoscx(text: &str) -> Option<Keyed> {
    let text = bare(text);
    let (letters, rest) = text.split_once('.')?;
    let product = letters == "Virtual" || (letters.len() == 2 && letters.bytes().all(|b| b.is_ascii_uppercase()));
    let mut scan = Scan::new(if product { rest } else { text });
    let numbers = dotted(&mut scan, 3)?;
    let [major, minor, patch] = *numbers.as_slice() else { return None };
    // As the vendor pads it.
    let normal = format!("{major}.{minor:02}.{patch:04}");
    scan.is_done().then(|| keyed("AOS-CX", &numbers, normal, numbers.clone())).flatten()
}
