//! Volumes of IOS XR, and any other.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(32769, b"CD001\x01"), (32768, b"\x01")], input));
