//! What the targets of version grammars share.

use std::cmp::Ordering;

use swim_core::version::{Scheme, Version};

/// Three versions of one grammar: a normal spelling is its own, and the order is one.
pub fn judge(scheme: Scheme, (a, b, c): (&str, &str, &str)) {
    let read = |text| Version::parse(scheme, text).ok();
    let Some(a) = read(a) else { return };
    let normal = a.normal();
    let again = read(&normal).expect("a normal spelling is a version");
    assert_eq!(again.normal(), normal);
    assert_eq!(a.compare(&a), Some(Ordering::Equal));
    let _ = (a.train(), a.group(), a.ios_counterpart());
    let Some(b) = read(b) else { return };
    assert_eq!(a.compare(&b), b.compare(&a).map(Ordering::reverse));
    let Some(c) = read(c) else { return };
    // What is not newer than what is not newer is not newer, and what is equal to the same is equal.
    if let (Some(ab), Some(bc)) = (a.compare(&b), b.compare(&c))
        && ab.is_le()
        && bc.is_le()
    {
        assert_eq!(a.compare(&c), Some(ab.then(bc)), "{a} {b} {c}");
    }
}
