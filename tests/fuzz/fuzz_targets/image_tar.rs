//! Release archives of IOS XR, and any other.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"asr9k-mini-px.pie-6.4.2\0"), (257, b"ustar")], input));
