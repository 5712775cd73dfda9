//! Copies, installs, install tables and reloads.

use crate::ErrorKind;
use crate::platform::parse::{
    InstallVerdict, copy_to_device, install_result, reload_console, show_install_package, show_install_rollback_id,
    show_install_summary,
};

pub(super) const SUMMARY: &str = "[ Switch 1 3 ] Installed Package(s) Information:\nState (St): I - Inactive, U - Activated & Uncommitted,\n            C - Activated & Committed, D - Deactivated & Uncommitted\n-----------------------------\nType  St   Filename/Version    \n-----------------------------\nIMG   C    17.06.05.0.5797\n\n-----------------------------\nAuto abort timer: inactive\n-----------------------------\n[ Switch 2 ] Installed Package(s) Information:\nType  St   Filename/Version    \nIMG   U    17.09.04.0.4292\nSMU   D    flash:x.smu.bin\nAuto abort timer: active , time before rollback - 01:59:45\n";

pub(super) const INSTALL: &str = "install_add: START Mon Jan 1 10:00:00 UTC 2024\nAdd: Passed on [1 2]\nImage added. Version: 17.09.04.0.4292\nThis operation may require a reload of the system. Do you want to proceed? [y/n]y\n\nSUCCESS: install_add_activate_commit  Mon Jan 1 10:20:00 UTC 2024\n";

#[test]
fn members_that_disagree_are_groups() {
    let s = show_install_summary(SUMMARY);
    assert_eq!(s.locations, ["Switch 1 3", "Switch 2"]);
    assert_eq!(s.groups.iter().map(|g| g.packages.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        s.packages.iter().map(|p| (p.kind(), p.state())).collect::<Vec<_>>(),
        [("IMG", "C"), ("IMG", "U"), ("SMU", "D")]
    );
    assert!(s.timer_runs() && !s.none);
    assert_eq!((s.auto_abort_seconds(), s.auto_abort_op), (Some(7185), None));
}

#[test]
fn the_head_of_a_package_ends_where_its_contents_begin() {
    let p = show_install_package(
        "Name: a.bin\nVersion: 17.1\nPackage Type: PKG\nSMU Type:\nInternal package information:\nPlatform: INSIDE\n",
    );
    assert_eq!((p.kind.as_deref(), p.platform, p.smu_type), (Some("PKG"), None, None));
}

#[test]
fn a_rollback_point_tells_its_packages() {
    let r = show_install_rollback_id(
        "Rollback id - 12 (Created on 2024-01-01 10:00:00.000000000 +0000)\nLabel: gold\nReload required: YES\nIMG   C    17.06.05.0.5797\n",
    );
    assert_eq!(
        (r.id, r.label.as_deref(), r.reload_required.as_deref(), r.packages.len()),
        (Some(12), Some("gold"), Some("YES"), 1)
    );
    assert_eq!(r.created.as_deref(), Some("2024-01-01 10:00:00.000000000 +0000"));
}

#[test]
fn a_verdict_is_that_of_the_command() {
    let r = install_result(INSTALL);
    assert_eq!((r.verdict(), r.image_added_version.as_deref()), (InstallVerdict::Success, Some("17.09.04.0.4292")));
    assert_eq!(r.prompts, ["This operation may require a reload of the system. Do you want to proceed? [y/n]"]);
    let f = install_result("  SUCCESS: pre-check finished\nFAILED: install_add : no room\n");
    assert_eq!((f.verdict(), f.failed.len(), f.success.len()), (InstallVerdict::Failed, 1, 1));
    assert_eq!(
        install_result("SUCCESS: Software provisioned.  New software will load on reboot.\n").verdict(),
        InstallVerdict::Success
    );
}

#[test]
fn failures_of_a_copy_have_kinds() {
    let kind = |text: &str| copy_to_device(text).failure().map(|f| f.0);
    assert_eq!(kind("%Error opening tftp://10.0.0.1/x (No such file or directory)"), Some(ErrorKind::NotFound));
    assert_eq!(kind("%Error copying scp://10.0.0.1/x (Not enough space on device)"), Some(ErrorKind::NoSpace));
    assert_eq!(kind("SCP: protocol error: Privilege denied."), Some(ErrorKind::Privilege));
    assert_eq!(kind("% Connection refused by remote host"), Some(ErrorKind::Unreachable));
    assert_eq!(kind("%Error parsing filename (Invalid argument)"), Some(ErrorKind::DeviceRejected));
    assert_eq!(kind("!!!!!!"), None);
}

#[test]
fn chatter_of_the_start_up_is_listed_but_is_no_failure() {
    let c = copy_to_device(
        "Loading x from 10.0.0.1 (via Vlan1): !!!\n%Error opening tftp://255.255.255.255/network-confg (Timed out)!!!!\n",
    );
    assert_eq!((c.error_lines.len(), c.failures.len(), c.failure()), (1, 0, None));
}

#[test]
fn a_reload_of_a_switch() {
    let r = reload_console(
        "System Bootstrap, Version 17.3.1r[FC2], RELEASE SOFTWARE (P)\nLast reset cause: SoftwareReload\nCisco IOS Software [Amsterdam], X Software (CAT9K_IOSXE), Version 17.3.5, RELEASE SOFTWARE (fc2)\ncisco C9300-24P (X86) processor with 1331520K/6147K bytes of memory.\nProcessor board ID AAA1111B2CC\n\nPress RETURN to get started!\n\n",
    );
    assert_eq!(
        (r.bootstrap.as_deref(), r.boot_version.as_deref(), r.platform.as_deref()),
        (Some("17.3.1r[FC2]"), Some("17.3.5"), Some("C9300-24P"))
    );
    assert_eq!(
        (r.serial.as_deref(), r.ends_with.as_deref()),
        (Some("AAA1111B2CC"), Some("Press RETURN to get started!"))
    );
    assert!(!r.signature_ok && r.reload_reason.is_none());
}
