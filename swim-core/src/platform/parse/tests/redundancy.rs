//! Stacks, pairs and ISSU.

use crate::platform::parse::{show_chassis, show_issu_state_detail, show_redundancy, show_switch_detail};

pub(super) const STACK: &str = "Switch/Stack Mac Address : 0011.2233.4400 - Foreign Mac Address\nMac persistency wait time: 4 mins\n                                             H/W   Current\nSwitch#   Role    Mac Address     Priority Version  State \n------------------------------------------------------------\n 1       Standby  0011.2233.4455     14     V01     HA sync in progress\n*2       Active   0011.2233.4400     15             Ready                \n 3       Member   0000.0000.0000     0      0       Provisioned          \n 4       Member   0011.2233.4477     1      P2B     Ver Mismatch\n\n         Stack Port Status             Neighbors     \nSwitch#  Port 1     Port 2           Port 1   Port 2 \n--------------------------------------------------------\n  1         OK       DOWN               2      None \n  2         OK         OK               3        1 \n";

#[test]
fn states_of_several_words_and_an_empty_column() {
    let s = show_switch_detail(STACK);
    assert_eq!((s.mac.as_deref(), s.persistency.as_deref()), (Some("0011.2233.4400"), Some("4 mins")));
    let seen: Vec<_> = s.members.iter().map(|m| (m.id, m.local, m.hw.as_deref(), m.state.as_deref())).collect();
    assert_eq!(
        seen,
        [
            (1, false, Some("V01"), Some("HA sync in progress")),
            (2, true, None, Some("Ready")),
            (3, false, Some("0"), Some("Provisioned")),
            (4, false, Some("P2B"), Some("Ver Mismatch")),
        ]
    );
    assert_eq!(s.stack_ports.len(), 2);
    assert_eq!(
        (s.stack_ports[0].status.clone(), s.stack_ports[0].neighbors.clone()),
        (vec!["OK".to_owned(), "DOWN".to_owned()], vec!["2".to_owned(), "None".to_owned()])
    );
}

#[test]
fn a_stack_of_an_old_release_has_no_hardware_column() {
    let s = show_switch_detail("*1       Master    000d.2900.aa80        15       Ready\n");
    assert_eq!(
        (s.members[0].priority, s.members[0].hw.as_deref(), s.members[0].state.as_deref()),
        (Some(15), None, Some("Ready"))
    );
}

#[test]
fn a_chassis_has_an_address() {
    let s = show_chassis(
        "Chassis/Stack Mac Address : 0011.2233.4455 - Local Mac Address\n*1       Active   0011.2233.4455     1      V02     Ready                169.254.1.1   \n",
    );
    assert_eq!((s.members[0].ip.as_deref(), s.members[0].state.as_deref()), (Some("169.254.1.1"), Some("Ready")));
}

#[test]
fn a_lonely_processor_tells_no_peer() {
    let r = show_redundancy(
        "    Hardware Mode = Simplex\n    Operating Redundancy Mode = sso\n    Communications = Down      Reason: Simplex mode\n    Active Location = slot 5\n    Current Software state = ACTIVE\n    Image Version = Cisco Internetwork Operating System Software \nIOS (tm) X Software (X-Y-M), Version 12.2(33)SXI5, RELEASE SOFTWARE (fc2)\n    BOOT = \n    BOOTLDR = x\nPeer (slot: 6) information is not available because it is in 'DISABLED' state\n",
    );
    assert_eq!((r.communications.as_deref(), r.peer_state()), (Some("Down"), None));
    assert_eq!((r.versions, r.boot), (vec!["12.2(33)SXI5".to_owned()], vec![Vec::<String>::new()]));
    assert_eq!(
        (r.peer_unavailable_slot.as_deref(), r.peer_unavailable_state.as_deref()),
        (Some("6"), Some("DISABLED"))
    );
}

#[test]
fn an_issu_that_runs() {
    let i = show_issu_state_detail(
        "Slot being modified: R0\n  Last operation: loadversion\n  Rollback: inactive, no ISSU operation\n  Operating mode: sso, terminal state reached\n",
    );
    assert_eq!((i.in_progress, i.slot.as_deref(), i.terminal.as_deref()), (Some(true), Some("R0"), Some("reached")));
    assert!(i.checks.is_empty());
}
