//! Names of image files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swim_core::image::parse_filename;
use swim_core::version::{Scheme, Version};

fuzz_target!(|name: &str| {
    let facts = parse_filename(name);
    let scheme = facts.platform.as_deref().and_then(|platform| Scheme::of_platform(platform).ok());
    if let (Some(scheme), Some(version)) = (scheme, &facts.version) {
        let known = Version::parse(scheme, version).expect("the version of a name is a version");
        assert_eq!(&known.normal(), version);
    }
});
