//! Outputs of devices: every parser reads the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use swim_core::platform::parse;

fuzz_target!(|text: &str| {
    let _ = parse::boot_statements(text);
    let _ = parse::copy_from_device(text);
    let _ = parse::copy_to_device(text);
    let _ = parse::dir(text);
    let _ = parse::show_boot(text);
    let _ = parse::show_bootvar(text);
    let _ = parse::show_chassis(text);
    let _ = parse::show_file_systems(text);
    let _ = parse::show_install_package(text);
    let _ = parse::show_install_rollback(text);
    let _ = parse::show_install_rollback_id(text);
    let _ = parse::show_install_summary(text);
    let _ = parse::show_redundancy(text);
    let _ = parse::show_switch(text);
    let _ = parse::show_switch_detail(text);
    let _ = parse::show_version(text);
    let _ = parse::verify(text);
});
