//! The packed part of a classic image, packed in each way that is known.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swim_core::image::{PackedPart, Packing, look_inside};

const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0-";

fuzz_target!(|input: (u8, &[u8])| {
    let (packing, mark): (_, &[u8]) = match input.0 % 4 {
        0 => (Packing::Zip, ZIP),
        1 => (Packing::Bzip2, b"BZh9"),
        2 => (Packing::Lzma, b"]\0\0\x10\0"),
        _ => (Packing::Lzma, b"\xFD7zXZ\0"),
    };
    for bytes in [input.1.to_vec(), [mark, input.1].concat()] {
        let inside = look_inside(PackedPart::new(0, bytes.len() as u64, packing), bytes.as_slice());
        // A bomb ends early: see the limits of the reader.
        assert!(inside.unpacked <= (16 << 20) + 200 * bytes.len() as u64);
    }
});
