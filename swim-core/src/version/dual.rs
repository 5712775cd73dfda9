//! Dual numbering: which IOS release an IOS XE 3.x release is. Only pairs that the names of images prove, which carry both.

use super::ios::Ios;
use super::ios_xe::IosXe;

/// Minor number and train of 3.x, and the IOS number and train. The third number of 3.x is the rebuild of IOS, with its
/// letters: 3.16.4bS is 15.5(3)S4b. No IOS number stands twice.
const REGULAR: &[(u64, &str, &str)] = &[
    (3, "S", "15.1(2)S"),
    (4, "S", "15.1(3)S"),
    (7, "S", "15.2(4)S"),
    (8, "S", "15.3(1)S"),
    (9, "S", "15.3(2)S"),
    (10, "S", "15.3(3)S"),
    (11, "S", "15.4(1)S"),
    (12, "S", "15.4(2)S"),
    (13, "S", "15.4(3)S"),
    (14, "S", "15.5(1)S"),
    (15, "S", "15.5(2)S"),
    (16, "S", "15.5(3)S"),
    (17, "S", "15.6(1)S"),
    (18, "S", "15.6(2)S"),
    (18, "SP", "15.6(2)SP"),
    (2, "SG", "15.0(2)SG"),
    (4, "SG", "15.1(2)SG"),
    (5, "E", "15.2(1)E"),
    (6, "E", "15.2(2)E"),
    (7, "E", "15.2(3)E"),
    (8, "E", "15.2(4)E"),
    (9, "E", "15.2(5)E"),
    (10, "E", "15.2(6)E"),
    (11, "E", "15.2(7)E"),
    (2, "SE", "15.0(1)EX"),
    (3, "SE", "15.0(1)EZ"),
];

/// The IOS version of a 3.x release, when the pair is known.
pub(super) fn ios_of(v: &IosXe) -> Option<String> {
    if v.major != 3 {
        return None;
    }
    let letters = v.letters();
    let (.., ios) = REGULAR.iter().find(|r| (r.0, r.1) == (v.minor, &v.train))?;
    Some(if v.patch == 0 && letters.is_empty() { (*ios).to_owned() } else { format!("{ios}{}{letters}", v.patch) })
}

/// The 3.x release that reports this IOS number, as such devices do beside their own: `15.5(3)S4b` is `3.16.4bS`.
pub(super) fn xe_of(ios: &Ios) -> Option<String> {
    let text = ios.normal();
    REGULAR.iter().find_map(|(minor, train, base)| {
        let rebuild = text.strip_prefix(base)?;
        let rebuild = if rebuild.is_empty() { "0" } else { rebuild };
        let plain = rebuild.starts_with(|c: char| c.is_ascii_digit()) && !rebuild.contains('.');
        plain.then(|| format!("3.{minor}.{rebuild}{train}"))
    })
}
