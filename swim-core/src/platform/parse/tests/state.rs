//! Boot variables, directories, file systems, inventories.

use crate::platform::parse::{boot_statements, dir, show_boot, show_file_systems, show_inventory, show_platform};

pub(super) const XE_STACK_BOOT: &str = "---------------------------\nSwitch 1\n---------------------------\nCurrent Boot Variables:\nBOOT variable = flash:a.bin;\n\nBoot Variables on next reload:\nBOOT variable = flash:b.bin;flash:a.bin;\nManual Boot = no\nEnable Break = yes\n---------------------------\nSwitch 2\n---------------------------\nCurrent Boot Variables:\nBOOT variable does not exist\n\nBoot Variables on next reload:\nBOOT variable = flash:a.bin;\nManual Boot = yes\n";

pub(super) const DIR: &str = "Directory of flash:/\n\n    2  -rwx    13000000   Mar 1 1993 00:05:10 +00:00  old image.bin\n    3  -rwx        1919          <no date>  private-config.text\n    4  drwx         512  Mar 01 1993 00:03:18  html\n    5  -rwx    14000000   Jan 9 2024 10:00:00 +00:00  new.bin\n\n32514048 bytes total (1234944 bytes free)\n";

pub(super) const FILE_SYSTEMS: &str = "File Systems:\n\n     Size(b)     Free(b)      Type  Flags  Prefixes\n*  255938560    84754432      disk     rw   flash0: flash:#\n           -           -    opaque     rw   system:\n      262136      255640     nvram     rw   nvram:\n  1000000000           -      disk     rw   usbflash0:\n";

#[test]
fn a_stack_tells_now_and_next() {
    let b = show_boot(XE_STACK_BOOT);
    let one = &b.switches[&1];
    assert_eq!(one.boot_current, Some(vec!["flash:a.bin".to_owned()]));
    assert_eq!(one.boot_next, Some(vec!["flash:b.bin".to_owned(), "flash:a.bin".to_owned()]));
    assert_eq!(b.switches[&2].boot_current, Some(vec![]));
    assert_eq!(b.switches[&2].manual_boot.as_deref(), Some("yes"));
    assert_eq!(b.own.boot_next, None);
}

#[test]
fn a_classic_stack_has_its_own_block_without_a_number() {
    let b = show_boot(
        "BOOT path-list      : flash:/x.bin\nManual Boot         : no\n-------\nSwitch 2\n-------\nBOOT path-list      : \nManual Boot         : yes\n",
    );
    assert_eq!(b.switches[&1].boot_next, Some(vec!["flash:/x.bin".to_owned()]));
    assert_eq!(b.switches[&2].boot_next, Some(vec![]));
}

#[test]
fn a_pair_tells_the_standby_apart() {
    let b = show_boot(
        "BOOT variable = bootflash:a,b.bin,12;\nConfiguration register is 0x2102\n\nStandby BOOT variable does not exist\nStandby Configuration register is 0x2100 (will be 0x2102 at next reload)\n",
    );
    assert_eq!(b.own.boot_next, Some(vec!["bootflash:a,b.bin".to_owned()]));
    assert_eq!((b.config_register.as_deref(), b.standby_config_register.as_deref()), (Some("0x2102"), Some("0x2100")));
    assert_eq!((b.standby_boot, b.standby_config_register_next.as_deref()), (Some(vec![]), Some("0x2102")));
    assert_eq!(b.config_register_next, None);
}

#[test]
fn boot_lines_keep_their_words() {
    let b = boot_statements(
        "boot-start-marker\r\nboot system flash bootflash:a.bin\r\nboot system tftp a.bin 10.0.0.1\r\nboot system rom\r\nno boot manual\r\n",
    );
    assert_eq!(
        b.iter().map(|s| s.line.as_str()).collect::<Vec<_>>(),
        ["boot system flash bootflash:a.bin", "boot system tftp a.bin 10.0.0.1", "boot system rom"]
    );
    assert_eq!(
        b.iter().map(|s| s.target.as_deref()).collect::<Vec<_>>(),
        [Some("bootflash:a.bin"), Some("tftp a.bin 10.0.0.1"), None]
    );
}

#[test]
fn a_directory_with_all_kinds_of_rows() {
    let d = dir(DIR);
    assert_eq!(
        (d.entries, d.largest_file.as_deref(), d.largest_file_bytes),
        (Some(4), Some("new.bin"), Some(14_000_000))
    );
    assert_eq!((d.total_bytes, d.free_bytes), (Some(32_514_048), Some(1_234_944)));
    assert_eq!(
        d.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
        ["old image.bin", "private-config.text", "html", "new.bin"]
    );
    assert_eq!((d.files[1].date.as_deref(), d.files[2].directory), (None, true));
}

#[test]
fn an_empty_directory_is_not_an_absent_one() {
    let empty = dir("Directory of flash-2:/\n\nNo files in directory\n\n1000 bytes total (1000 bytes free)\n");
    assert_eq!((empty.entries, empty.largest_file.as_deref(), empty.is_absent()), (Some(0), None, false));
    let absent = dir("%Error opening flash:/nothing (No such file or directory)\n");
    assert_eq!((absent.entries, absent.is_absent()), (None, true));
}

#[test]
fn file_systems_have_aliases_and_marks() {
    let f = show_file_systems(FILE_SYSTEMS);
    assert_eq!(
        f.default_file_system().map(|(n, r)| (n, r.aliases.clone())),
        Some(("flash0:", vec!["flash:".to_owned()]))
    );
    assert_eq!(f.find("usbflash0:").and_then(|(_, r)| r.free), None);
    assert!(f.find("system:").is_none());
}

#[test]
fn an_inventory_without_serials() {
    let i = show_inventory(
        "NAME: \"WS-C6509-E\", DESCR: \"A 6500 9-slot Chassis System\"\nPID: WS-C6509-E        , VID: V02, SN: AAA1\n\nNAME: \"Fan Tray 1\", DESCR: \"Chassis fan tray\"\nPID: FAN               , VID:    , SN:  \n",
    );
    assert_eq!(i.count, 2);
    assert_eq!(i.chassis.and_then(|c| c.sn).as_deref(), Some("AAA1"));
    assert_eq!(
        (i.items[1].pid.as_deref(), i.items[1].vid.as_deref(), i.items[1].sn.as_deref()),
        (Some("FAN"), None, None)
    );
}

#[test]
fn slots_without_a_type_and_firmware_that_is_not_told() {
    let p = show_platform(
        "Chassis type: C9407R\n\nSlot      Type                State                 Insert time (ago) \n--------- ------------------- --------------------- ----------------- \n1         C9400-LC-48U        ok                    00:25:14      \n2                             unknown               2d00h\n3         C9400-SUP-1         ok, active            00:25:14      \n\nSlot      CPLD Version        Firmware Version                        \n--------- ------------------- --------------------------------------- \n3         19082605            17.3.1r[FC2]\n2         N/A                 N/A\n",
    );
    assert_eq!(p.slots.get("3").map(String::as_str), Some("ok, active"));
    assert_eq!(
        p.modules.iter().map(|m| (m.slot.as_str(), m.kind.is_some(), m.state.as_str())).collect::<Vec<_>>(),
        [("1", true, "ok"), ("2", false, "unknown"), ("3", true, "ok, active")]
    );
    assert_eq!(p.firmware.len(), 1);
}
