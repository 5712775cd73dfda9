//! RouterOS packages.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"\x1E\xF1\xD0\xBA")], input));
