//! Rows of what each rule answers: pass, warning, unknown, blocking.

mod hardware;
mod paths;
mod room;
mod software;
mod vendor;
mod ways;

use std::collections::BTreeSet;

use super::super::*;
use super::*;
use crate::analysis::{Agreement, CompatibilityMatrix, Contradiction, Finding, KnownGood, PathRule, Standing};

/// Everything that a row changes.
struct World {
    image: Image,
    inventory: Inventory,
    device: Device,
    policy: Policy,
    knowledge: Knowledge,
}

impl World {
    fn new() -> Self {
        Self {
            image: image(),
            inventory: inventory(),
            device: device(),
            policy: Policy::default(),
            knowledge: Knowledge::default(),
        }
    }

    /// The same device as a box of classic IOS.
    fn ios() -> Self {
        let mut w = Self::new();
        let ios = |text: &str| Version::parse(Scheme::Ios, text).unwrap();
        w.device.platform = PlatformId("ios".into());
        w.inventory.platform = PlatformId("ios".into());
        w.image.facts.platform = Some(Field::new("ios".into(), Provenance::Header));
        w.image.facts.family = Some(Field::new("c3750e".into(), Provenance::Header));
        w.image.facts.version = Some(Field::new(ios("15.2(4)E10"), Provenance::Header));
        w.image.facts.container = Some(Field::new("ios_tar".into(), Provenance::Header));
        w.image.file_name = "c3750e-universalk9-tar.152-4.E10.tar".into();
        w.inventory.model = Some("WS-C3750X-48P".into());
        w.inventory.software = Some("C3750E-UNIVERSALK9-M".into());
        w.inventory.version = Some(ios("15.2(4)E6"));
        w.inventory.mode = Some(Mode::Bundle);
        w.inventory.install = None;
        for m in &mut w.inventory.members {
            m.model = Some("WS-C3750X-48P".into());
            m.version = Some(ios("15.2(4)E6"));
            m.mode = Some(Mode::Bundle);
        }
        w
    }

    /// A chassis with two supervisors.
    fn chassis() -> Self {
        let mut w = Self::new();
        w.inventory.model = Some("C9407R".into());
        w.inventory.members.truncate(1);
        w.inventory.members[0].model = Some("C9407R".into());
        w.inventory.redundancy = Some(Redundancy {
            hardware: Some("Duplex".into()),
            operating: Some("sso".into()),
            peer: Some("STANDBY HOT".into()),
        });
        w
    }

    /// An ISR 4400 on 3.16 that goes to 16.9.
    fn isr() -> Self {
        let mut w = Self::chassis();
        w.inventory.redundancy = None;
        w.inventory.model = Some("ISR4431/K9".into());
        w.inventory.members[0].model = Some("ISR4431/K9".into());
        w.inventory.software = Some("X86_64_LINUX_IOSD-UNIVERSALK9-M".into());
        w.image.facts.family = Some(Field::new("isr4400".into(), Provenance::Header));
        w.image.facts.version = Some(Field::new(version("16.9.4"), Provenance::Header));
        w.inventory.version = Some(version("3.16.4bS"));
        w.inventory.members[0].version = Some(version("3.16.4bS"));
        w.inventory.boot_rom = Some("System Bootstrap, Version 16.2(2r), RELEASE SOFTWARE".into());
        w
    }

    fn asks(&self, rule: Rule) -> Vec<Finding> {
        let registry = Registry::builtin().unwrap();
        let definition = registry.definition(&self.device.platform).unwrap();
        let (image, device, inventory) = (&self.image, &self.device, &self.inventory);
        rule(&Subject { image, device, inventory, definition, policy: &self.policy, knowledge: &self.knowledge })
    }
}

/// What a rule must answer: the code and how bad it is; an empty code means nothing at all.
struct Row {
    name: &'static str,
    rule: Rule,
    world: World,
    code: &'static str,
    severity: Severity,
}

fn row(
    name: &'static str,
    rule: Rule,
    mut world: World,
    change: impl FnOnce(&mut World),
    code: &'static str,
    severity: Severity,
) -> Row {
    change(&mut world);
    Row { name, rule, world, code, severity }
}

use Severity::{Blocking, Pass, Unknown, Warning};

fn text(value: &str) -> Option<Field<String>> {
    Some(Field::new(value.to_owned(), Provenance::Header))
}

const fn flag(value: bool) -> Option<Field<bool>> {
    Some(Field::new(value, Provenance::Header))
}

fn all() -> Vec<Row> {
    [paths::rows(), software::rows(), hardware::rows(), vendor::rows(), ways::rows(), room::rows()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_row_is_answered_so() {
    for (n, row) in all().iter().enumerate() {
        let found = row.world.asks(row.rule);
        if row.code.is_empty() {
            assert_eq!(found, vec![], "row {n} of {}", row.name);
            continue;
        }
        let right = found.iter().any(|f| f.code == row.code && f.severity == row.severity);
        assert!(right, "row {n} of {}: {} {:?} is not in {found:#?}", row.name, row.code, row.severity);
        for f in &found {
            assert!(f.severity != Unknown || f.missing.is_some(), "{} names no fact", f.code);
            assert!(f.severity != Blocking || f.remedy.is_some(), "{} tells no remedy", f.code);
        }
    }
}

/// Each new rule has a row in which it does not know, or there is a reason why it always does.
#[test]
fn every_rule_can_say_that_it_does_not_know() {
    let reasons = [
        (
            "damage",
            "most images carry no sum of their content: what is known is proof, and there is nothing to ask for",
        ),
        ("signature", "an image without a signature is common: nothing is missing"),
        ("ciphers", "its fact is the running version, for which the rule of versions asks; a warning names it"),
    ];
    let all = all();
    let names: BTreeSet<&str> = all.iter().map(|row| row.name).collect();
    for name in names {
        let unknown = all.iter().any(|row| row.name == name && row.severity == Unknown);
        let excused = reasons.iter().any(|(excused, _)| *excused == name);
        assert!(unknown != excused, "{name}");
    }
}

/// Whatever is taken from a device, what the rules do not know has a name.
#[test]
fn a_device_that_says_nothing_is_unknown_and_each_fact_is_named() {
    let mut w = World::new();
    let members = w.inventory.members.clone();
    w.inventory = Inventory {
        hostname: None,
        model: None,
        serial: None,
        version: None,
        software: None,
        image: None,
        mode: None,
        ram: None,
        boot: BootState::default(),
        install: None,
        config_unsaved: None,
        privilege: None,
        members: members
            .into_iter()
            .map(|m| Member { role: None, state: None, model: None, version: None, mode: None, flash: None, ..m })
            .collect(),
        ..w.inventory
    };
    let report = judged(&w.image, &w.inventory, &w.policy, &w.knowledge);
    let missing: BTreeSet<_> =
        report.findings.iter().filter(|f| f.severity == Unknown).map(|f| f.missing.clone().expect(&f.code)).collect();
    for fact in ["version", "software", "mode", "ram", "members.flash", "config_unsaved", "privilege"] {
        assert!(missing.contains(format!("inventory.{fact}").as_str()), "{fact}: {missing:?}");
    }
    assert_eq!(report.verdict, Verdict::Unknown);
}
