//! Packages of IOS XE.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"\0\0\0\x09\0\0\0\x1dKEY_TLV_PACKAGE_COMPATIBILITY\0\0\0\0\0\0\x09\0\0\0\x0bFRU_RP_TYPE\0")], input));
