//! Versions of Aireos, alone, in pairs and three at a time.
#![no_main]

mod ordered;

use libfuzzer_sys::fuzz_target;
use swim_core::version::Scheme;

fuzz_target!(|input: (&str, &str, &str)| ordered::judge(Scheme::Aireos, input));
