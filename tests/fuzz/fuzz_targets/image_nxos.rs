//! The header of NX-OS.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"\0\x01\0\0"), (12, b"\0\0\x53\x4e")], input));
