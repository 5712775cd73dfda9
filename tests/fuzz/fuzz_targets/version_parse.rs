//! Versions, alone and in pairs.
#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use swim_core::version::{Scheme, Version};

fuzz_target!(|input: (&str, &str)| {
    for scheme in Scheme::ALL {
        let (a, b) = (Version::parse(scheme, input.0), Version::parse(scheme, input.1));
        let Ok(a) = a else { continue };
        let normal = a.normal();
        let again = Version::parse(scheme, &normal).expect("a normal spelling is a version");
        assert_eq!(again.normal(), normal);
        let _ = (a.train(), a.group(), a.ios_counterpart());
        if let Ok(b) = b {
            assert_eq!(a.compare(&b), b.compare(&a).map(Ordering::reverse));
        }
    }
});
