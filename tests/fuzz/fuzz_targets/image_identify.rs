//! Image files, whole and of which only the head is at hand.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swim_core::image::{Head, PackagesConf, TarInfo, check_payload, cw_tags, identify, package_header};

fuzz_target!(|input: (&[u8], u64, &str)| {
    let (bytes, missing, name) = input;
    let whole = bytes.to_vec();
    assert_eq!(identify(&whole, name), identify(&whole, name));
    let head = Head { size: missing.saturating_add(whole.len() as u64), bytes: whole };
    let _ = identify(&head, name);
    let _ = check_payload(&head);
    let _ = package_header(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = cw_tags(text.lines());
        let _ = TarInfo::parse(text);
        if let Ok(conf) = PackagesConf::parse(text) {
            assert!(conf.uses.iter().all(|used| conf.files().contains(used.file.as_str())));
        }
    }
});
