//! EOS and SONiC, and any other ZIP archive.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"PK\x03\x04")], input));
