//! The ways to the device.

use super::*;

pub(super) fn rows() -> Vec<Row> {
    let (management, ssh): (Rule, Rule) = (snmp::rule, ciphers::rule);
    let write = |write: bool| move |w: &mut World| w.inventory.snmp = Some(Snmp { write: Some(write), excluded: None });
    let excluded = |tree: &'static str| {
        move |w: &mut World| w.inventory.snmp = Some(Snmp { write: None, excluded: Some(vec![tree.to_owned()]) })
    };
    let demanded = |change: &dyn Fn(&mut World)| {
        let mut w = World::new();
        change(&mut w);
        w.policy.demands = vec![Demand::SnmpWrite, Demand::FlashMib];
        w
    };
    let runs = |text: &'static str| move |w: &mut World| w.inventory.version = Some(version(text));
    vec![
        row("snmp", management, World::new(), |_| (), "snmp.write_unknown", Pass),
        row("snmp", management, World::new(), |_| (), "snmp.flash_mib_unknown", Pass),
        row("snmp", management, World::new(), write(true), "snmp.write", Pass),
        row("snmp", management, World::new(), write(false), "snmp.write", Warning),
        row("snmp", management, World::new(), excluded("CiscoFlashMIB"), "snmp.flash_mib", Warning),
        row("snmp", management, World::new(), excluded("ciscoConfigCopyMIB"), "snmp.flash_mib", Pass),
        row("snmp", management, demanded(&|_| ()), |_| (), "snmp.write_unknown", Unknown),
        row("snmp", management, demanded(&|_| ()), |_| (), "snmp.flash_mib_unknown", Unknown),
        row("snmp", management, demanded(&write(false)), |_| (), "snmp.write", Blocking),
        row("snmp", management, demanded(&excluded("ciscoFlashMIB")), |_| (), "snmp.flash_mib", Blocking),
        row("ciphers", ssh, World::new(), |_| (), "", Pass),
        row("ciphers", ssh, World::new(), runs("16.4.1"), "session.weak_ciphers", Warning),
        row("ciphers", ssh, World::new(), runs("16.5.1"), "", Pass),
        row("ciphers", ssh, World::new(), runs("3.4.0SG"), "session.ciphers_unknown", Warning),
        row(
            "ciphers",
            ssh,
            World::new(),
            |w| {
                runs("16.4.1")(w);
                w.device.telnet = true;
            },
            "",
            Pass,
        ),
    ]
}
