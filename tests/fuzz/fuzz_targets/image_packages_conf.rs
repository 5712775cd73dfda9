//! Provisioning files.
#![no_main]

mod shaped;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: shaped::Input| shaped::judge(&[(0, b"#!/usr/binos/bin/packages_conf.sh\n")], input));
