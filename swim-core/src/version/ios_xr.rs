//! IOS XR: `7.11.2`, since 2024 `24.1.1`; engineering builds `24.3.1.22I` come before their release.

use super::keyed::{Keyed, dotted, with_dots};
use super::scan::{Scan, bare, before};

/// Releases are above every engineering build.
const RELEASE: u64 = u64::MAX;
/// Majors with one digit.
const PLAIN: std::ops::RangeInclusive<u64> = 2..=9;
/// The first one whose packages have digits without dots.
const FIRST_PACKAGED: u64 = 5;
/// The first one with two digits in the second number: 7.10. The ones before it are closed.
const FIRST_LONG_MINOR: u64 = 7;
/// Years that a version can be named after.
const YEARS: std::ops::RangeInclusive<u64> = 24..=49;

/// Reads any spelling; `None` when it is not one.
pub(super) fn read(text: &str) -> Option<Keyed> {
    let text = before(bare(text), "[");
    let text = text.strip_suffix("LNT").unwrap_or(text).trim();
    let (numbers, engineering) = match text.strip_prefix('r') {
        Some(digits) => of_package(digits)?,
        None => {
            let mut scan = Scan::new(text);
            let mut numbers = dotted(&mut scan, 4)?;
            let engineering = if numbers.len() == 4 && scan.literal("I") { numbers.pop() } else { None };
            if engineering.is_some() && scan.literal(".") {
                // Who built it: `DT_IMAGE`, `SIT_IMAGE`.
                scan.take_while(|b| b.is_ascii_uppercase() || b == b'_');
            }
            if !scan.is_done() || numbers.len() != 3 {
                return None;
            }
            (numbers, engineering)
        }
    };
    let [major, minor, _] = *numbers.as_slice() else { return None };
    if !is_major(major) {
        return None;
    }
    let mut normal = with_dots(&numbers);
    if let Some(number) = engineering {
        // As it is written: the number has two digits.
        normal = format!("{normal}.{number:02}I");
    }
    let key = numbers.into_iter().chain([engineering.unwrap_or(RELEASE)]).collect();
    let line = "XR".to_owned();
    let group = format!("{major}.{minor}");
    Some(Keyed { train: line.clone(), line, group, normal, key, ..Keyed::default() })
}

fn is_major(major: u64) -> bool {
    PLAIN.contains(&major) || YEARS.contains(&major)
}

/// `613` is 6.1.3, as packages write it, and `63134I` the engineering build 6.3.1.34I. Where the digits can be parted in
/// two ways, it is neither.
fn of_package(text: &str) -> Option<(Vec<u64>, Option<u64>)> {
    let Some(digits) = text.strip_suffix('I') else {
        return of_release(text).map(|release| (release, None));
    };
    // The number of a build has two digits; some had three.
    let before = |count| digits.get(..digits.len().checked_sub(count)?).and_then(of_release);
    let release = before(2).filter(|_| before(3).is_none())?;
    let build = digits.get(digits.len().checked_sub(2)?..)?.parse().ok()?;
    Some((release, Some(build)))
}

fn of_release(digits: &str) -> Option<Vec<u64>> {
    if !(3..=6).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let part = digits.get(from..to).filter(|part| (1..=2).contains(&part.len()))?;
        // Nobody writes 6.01.3 here.
        (part == "0" || !part.starts_with('0')).then(|| part.parse::<u64>().ok()).flatten()
    };
    let mut found = None;
    for first in 1..=2 {
        for second in first + 1..digits.len() {
            let parts = (number(0, first), number(first, second), number(second, digits.len()));
            let (Some(major), Some(minor), Some(patch)) = parts else { continue };
            // Of a year there are a few releases. No release ends in zero.
            let year = YEARS.contains(&major) && (1..=9).contains(&minor);
            let plain = PLAIN.contains(&major) && major >= FIRST_PACKAGED && (minor <= 9 || major >= FIRST_LONG_MINOR);
            if patch > 0 && (year || plain) && found.replace(vec![major, minor, patch]).is_some() {
                return None;
            }
        }
    }
    found
}
