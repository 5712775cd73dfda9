//! Classic IOS as ELF.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"\x7fELF\x01\x02")], input));
