//! Classic IOS as MZIP.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"MZIP\0\0\0\x01")], input));
