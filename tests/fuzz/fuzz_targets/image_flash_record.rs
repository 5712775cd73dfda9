//! Images carved out of a flash file system.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"\xBA\xD0\x0B\x1E")], input));
