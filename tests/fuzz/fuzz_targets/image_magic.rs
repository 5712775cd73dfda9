//! What is known by its first bytes only: microcode, netboot, uImage, FIT, squashfs, gzip, bzip2.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

const MARKS: [&[u8]; 7] = [
    b"\x85\x01\x14\x01",
    b"\x36\x13\x03\x1B",
    b"\x27\x05\x19\x56",
    b"\xD0\x0D\xFE\xED",
    b"hsqs",
    b"\x1F\x8B\x08\x08",
    b"BZh9",
];

fuzz_target!(|input: (u8, shaped::Input)| {
    let mark = MARKS[usize::from(input.0) % MARKS.len()];
    shaped::judge(&[(0, mark)], input.1);
});
