//! Archives that are packed with gzip: what is packed, and the stream around it.
#![no_main]

mod shaped;

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use libfuzzer_sys::fuzz_target;
use swim_core::image::{PayloadCheck, check_payload};

fuzz_target!(|input: (&[u8], &[u8], &str, u16)| {
    let (content, behind, name, cut) = input;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(content).expect("memory");
    let mut bytes = packed.finish().expect("memory");
    // What follows may be another stream, or anything else.
    assert_eq!(check_payload(&bytes).expect("memory"), PayloadCheck::Intact);
    shaped::judge(&[], (&bytes, 0, name));
    let left = bytes.len().saturating_sub(usize::from(cut));
    if left < bytes.len() && left > 3 {
        assert_eq!(check_payload(&bytes[..left]).expect("memory"), PayloadCheck::Damaged);
    }
    bytes.extend_from_slice(behind);
    shaped::judge(&[], (&bytes, 0, name));
    shaped::judge(&[(0, b"\x1f\x8b\x08"), (257, b"ustar")], (behind, u64::from(cut), name));
});
