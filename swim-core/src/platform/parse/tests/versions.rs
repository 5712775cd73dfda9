//! `show version`.

use crate::platform::parse::{InstallMode, show_version};

pub(super) const CLASSIC_STACK: &str = r#"
lab-sw#show version
Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E4, RELEASE SOFTWARE (fc2)
ROM: Bootstrap program is C2960X boot loader
BOOTLDR: C2960X Boot Loader (C2960X-HBOOT-M) Version 15.2(3r)E1, RELEASE SOFTWARE (fc1)

lab-sw uptime is 1 year, 2 weeks, 5 minutes
*Mar  1 00:00:11.123: %LINK-3-UPDOWN: Interface Vlan1, changed state to up
System returned to ROM by power-on
System image file is "flash:/c2960x-universalk9-mz.152-7.E4/c2960x-universalk9-mz.152-7.E4.bin"
cisco WS-C2960X-24TS-L (APM86XXX) processor (revision B0) with 524288K bytes of memory.
Processor board ID ABC1111D1EE
512K bytes of flash-simulated non-volatile configuration memory.
Model number                    : WS-C2960X-24TS-L
System serial number            : ABC1111D1EE

Switch Ports Model                     SW Version            SW Image
------ ----- -----                     ----------            ----------
*    1 28    WS-C2960X-24TS-L          15.2(7)E4             C2960X-UNIVERSALK9-M
     2 52    WS-C2960X-48TS-L          15.2(4)E6             C2960X-UNIVERSALK9-M


Switch 02
---------
Switch Uptime                   : 1 year, 2 weeks, 4 minutes
Model number                    : WS-C2960X-48TS-L
System serial number            : ABC2222D2EE

Configuration register is 0xF

lab-sw#"#;

#[test]
fn a_classic_stack() {
    let v = show_version(CLASSIC_STACK);
    assert_eq!(v.version.as_deref(), Some("15.2(7)E4"));
    assert_eq!(v.uptime_seconds, Some((365 + 14) * 86_400 + 300));
    assert_eq!(
        v.switches.iter().map(|s| (s.switch, s.active, s.sw_version.as_str())).collect::<Vec<_>>(),
        [(1, true, "15.2(7)E4"), (2, false, "15.2(4)E6")]
    );
    assert_eq!(v.system_serial.as_deref(), Some("ABC1111D1EE"));
    assert_eq!(v.switch_blocks[0].system_serial.as_deref(), Some("ABC2222D2EE"));
    assert_eq!(v.switch_blocks[0].uptime_seconds, Some((365 + 14) * 86_400 + 240));
    assert_eq!((v.install_mode, v.xe_version, v.last_reload_reason), (None, None, None));
    assert!(v.flash_lines.is_empty() && v.filesystem_kb.is_empty());
}

#[test]
fn a_router_of_ios_xe_in_two_modes() {
    let text = "Cisco IOS XE Software, Version 17.09.04a\r\nCisco IOS Software [Cupertino], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.9.4a, RELEASE SOFTWARE (fc3)\r\nSystem image file is \"bootflash:isr4300-universalk9.17.09.04a.SPA.bin\"\r\ncisco ISR4331/K9 (1RU) processor with 1694893K/3071K bytes of memory.\r\n4194304K bytes of physical memory.\r\n3223551K bytes of flash memory at bootflash:.\r\nConfiguration register is 0x2102\r\n";
    let v = show_version(text);
    assert_eq!((v.xe_version.as_deref(), v.version.as_deref()), (Some("17.09.04a"), Some("17.9.4a")));
    assert_eq!((v.chassis.as_deref(), v.memory_kb, v.dram_kb), (Some("ISR4331/K9"), Some(1_697_964), Some(4_194_304)));
    assert_eq!(v.filesystem_kb.get("bootflash:"), Some(&3_223_551));
    assert_eq!((v.install_mode, v.install_mode_source.as_deref()), (Some(InstallMode::Bundle), Some("image name")));
    let packages = show_version(&text.replace("isr4300-universalk9.17.09.04a.SPA.bin", "packages.conf"));
    assert_eq!(packages.install_mode, Some(InstallMode::Install));
}

#[test]
fn the_printed_mode_outweighs_the_image_name() {
    let v = show_version(
        "Cisco IOS XE Software, Version 17.12.01\nSystem image file is \"bootflash:packages.conf\"\nInstallation mode is BUNDLE \n",
    );
    assert_eq!((v.install_mode, v.install_mode_source.as_deref()), (Some(InstallMode::Bundle), Some("show version")));
}

#[test]
fn what_is_not_said_is_absent() {
    let v = show_version("Last reload reason: \nSystem image file is \"\"\nROM:\nhost name uptime is 1 day\n");
    assert_eq!(v, super::super::ShowVersion::default());
    assert_eq!(serde_json::to_string(&v).unwrap(), "{}");
}

#[test]
fn uptime_of_the_processor_is_not_that_of_the_host() {
    let v = show_version("Uptime for this control processor is 3 minutes\nrtr uptime is 1 hour\n");
    assert_eq!(
        (v.hostname.as_deref(), v.uptime_seconds, v.processor_uptime_seconds),
        (Some("rtr"), Some(3600), Some(180))
    );
}

#[test]
fn a_register_may_change_at_the_next_reload() {
    let v = show_version("Configuration register is 0x2142 (will be 0x2102 at next reload)\n");
    assert_eq!((v.config_register.as_deref(), v.config_register_next.as_deref()), (Some("0x2142"), Some("0x2102")));
}
