//! Dual numbering: which IOS release an IOS XE 3.x release is. Only pairs that real image names prove.

use super::ios_xe::IosXe;

/// Minor number and train of 3.x, and the IOS number and train. The third number of 3.x is the rebuild of IOS, with its
/// letters: 3.16.4bS is 15.5(3)S4b.
const REGULAR: &[(u64, &str, &str)] = &[
    (7, "S", "15.2(4)S"),
    (9, "S", "15.3(2)S"),
    (13, "S", "15.4(3)S"),
    (14, "S", "15.5(1)S"),
    (16, "S", "15.5(3)S"),
    (4, "SG", "15.1(2)SG"),
    (6, "E", "15.2(2)E"),
    (7, "E", "15.2(3)E"),
    (8, "E", "15.2(4)E"),
    (10, "E", "15.2(6)E"),
];

/// Releases of the SE trains, whose IOS numbers follow no rule.
const SINGLE: &[(u64, u64, &str, &str)] = &[(2, 2, "SE", "15.0(1)EX2"), (3, 0, "SE", "15.0(1)EZ")];

/// The IOS version of a 3.x release, when the pair is known.
pub(super) fn ios_of(v: &IosXe) -> Option<String> {
    if v.major != 3 {
        return None;
    }
    let letters = v.letters();
    let single = SINGLE.iter().find(|s| (s.0, s.1, s.2) == (v.minor, v.patch, &v.train) && letters.is_empty());
    if let Some(single) = single {
        return Some(single.3.to_owned());
    }
    let (.., ios) = REGULAR.iter().find(|r| (r.0, r.1) == (v.minor, &v.train))?;
    Some(if v.patch == 0 && letters.is_empty() { (*ios).to_owned() } else { format!("{ios}{}{letters}", v.patch) })
}
