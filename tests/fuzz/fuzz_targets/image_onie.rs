//! ONIE installers.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"#!/bin/sh\nimage_version=\"1\"\npayload_sha1=00\nexit_marker\n")], input));
