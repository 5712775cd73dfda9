//! RPM.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"\xED\xAB\xEE\xDB\x03\0"), (96, b"\x8e\xad\xe8\x01")], input));
