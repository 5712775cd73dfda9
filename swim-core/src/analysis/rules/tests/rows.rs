//! Rows of what each rule answers: pass, warning, unknown, blocking.

use std::collections::BTreeSet;

use super::super::*;
use super::*;
use crate::analysis::{Agreement, CompatibilityMatrix, Finding, KnownGood, PathRule, Standing};

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

fn paths() -> Vec<Row> {
    let rule: Rule = path::rule;
    let own = |toml: &str| PathRule::from_toml(&format!("[[path]]\nplatform = \"ios_xe\"\n{toml}\n")).unwrap();
    let via = own("from = \"<17.8.1\"\nto = \">=17.9.1\"\nvia = [\"17.8.1\"]");
    let smus = own("bridge_smus = [\"CSCab12345\"]\nblocked_smus = [\"CSCzz99999\"]");
    let installed = |what: &str| InstallState {
        rows: vec![InstallRow {
            kind: "SMU".into(),
            state: InstallStateCode::C,
            what: format!("flash:cat9k_iosxe.17.06.05.{what}.SPA.smu.bin"),
            members: vec![],
        }],
        ..InstallState::default()
    };
    let mut rows = vec![
        row("path", rule, World::new(), |_| (), "path.direct", Pass),
        row("path", rule, World::new(), |w| w.knowledge.paths = via.clone(), "path.via", Blocking),
        row("path", rule, World::new(), |w| w.knowledge.paths = own("note = \"mind the step\""), "path.note", Warning),
        row("path", rule, World::new(), |w| w.knowledge.paths = smus.clone(), "path.bridge_smu", Blocking),
        row("path", rule, World::isr(), |_| (), "path.boot_rom", Pass),
        row(
            "path",
            rule,
            World::isr(),
            |w| w.inventory.boot_rom = Some("Version 15.4(3r)S5".into()),
            "path.boot_rom_unknown",
            Unknown,
        ),
        row(
            "path",
            rule,
            World::isr(),
            |w| w.inventory.boot_rom = Some("Version 16.1(1r)".into()),
            "path.boot_rom",
            Blocking,
        ),
        row("path", rule, World::isr(), |w| w.inventory.boot_rom = None, "path.boot_rom_unknown", Unknown),
    ];
    rows.push(row(
        "path",
        rule,
        World::new(),
        |w| {
            w.knowledge.paths = smus.clone();
            w.inventory.install = Some(installed("CSCab12345"));
        },
        "path.direct",
        Pass,
    ));
    rows.push(row(
        "path",
        rule,
        World::new(),
        |w| {
            w.knowledge.paths = own("blocked_smus = [\"CSCzz99999\"]");
            w.inventory.install = Some(installed("CSCzz99999"));
        },
        "path.blocked_smu",
        Blocking,
    ));
    rows.push(row(
        "path",
        rule,
        World::new(),
        |w| {
            w.knowledge.paths = smus.clone();
            w.inventory.install = None;
        },
        "path.patches_unknown",
        Unknown,
    ));
    rows.push(row(
        "path",
        rule,
        World::new(),
        |w| {
            w.knowledge.paths = via.clone();
            w.inventory.version = None;
        },
        "path.unknown",
        Unknown,
    ));
    rows.push(row(
        "path",
        rule,
        World::new(),
        |w| {
            w.knowledge.paths = own("from = \"<16.1.1\"\nnote = \"old\"");
            w.inventory.version = Some(version("3.4.0SG"));
        },
        "path.undecided",
        Unknown,
    ));
    rows.push(row(
        "path",
        rule,
        World::new(),
        |w| {
            w.image.facts.family = text("C9800-40");
            w.inventory.version = Some(version("17.3.3"));
        },
        "path.condition_unknown",
        Unknown,
    ));
    // The boot ROM that the image requires is one that 3.x cannot take.
    rows.push(row(
        "path",
        rule,
        World::isr(),
        |w| w.image.overrides.boot_rom = Version::parse(Scheme::Rommon, "16.7(3r)").ok(),
        "path.via",
        Blocking,
    ));
    let xr = |w: &mut World, to: &str| {
        w.image.facts.version = Some(Field::new(Version::parse(Scheme::IosXr, to).unwrap(), Provenance::Header));
        w.image.facts.family = text("ncs5500");
        w.inventory.version = Some(Version::parse(Scheme::IosXr, "7.3.2").unwrap());
    };
    let matrix = r#"{"file_version": "1", "release": "7.5.2",
        "permitted": {"7.3.2": {"7.5.2": [{"platform": "ncs5500"}], "7.4.1": [{"caveats": ["slow"]}]}}}"#;
    let matrix = CompatibilityMatrix::from_json(matrix).unwrap();
    let known = |w: &mut World| w.knowledge.matrices = vec![matrix.clone()];
    rows.push(row("path", rule, World::new(), |w| xr(w, "7.5.2"), "path.matrix_unknown", Unknown));
    for (to, family, code, severity) in [
        ("7.5.2", "ncs5500", "path.permitted", Pass),
        ("7.5.2", "ncs540", "path.not_permitted", Blocking),
        ("7.4.1", "ncs540", "path.note", Warning),
    ] {
        let change = |w: &mut World| {
            xr(w, to);
            known(w);
            w.image.facts.family = text(family);
        };
        rows.push(row("path", rule, World::new(), change, code, severity));
    }
    rows
}

fn software() -> Vec<Row> {
    let (features, cryptography): (Rule, Rule) = (feature::rule, crypto::rule);
    let npe = |w: &mut World| w.inventory.software = Some("CAT9K_IOSXE_NPE".into());
    let allowed = |w: &mut World| w.policy.allow_feature_change = true;
    vec![
        row("feature", features, World::new(), |_| (), "feature.same", Pass),
        row(
            "feature",
            features,
            World::new(),
            |w| w.image.facts.feature_set = text("ipbase"),
            "feature.changed",
            Blocking,
        ),
        row(
            "feature",
            features,
            World::new(),
            |w| {
                w.image.facts.feature_set = text("ipbase");
                allowed(w);
            },
            "feature.changed",
            Warning,
        ),
        row(
            "feature",
            features,
            World::ios(),
            |w| w.inventory.software = Some("C3750E-IPSERVICESK9-M".into()),
            "feature.changed",
            Warning,
        ),
        row(
            "feature",
            features,
            World::new(),
            |w| w.image.facts.feature_set = text("universalk9_noli"),
            "feature.changed",
            Blocking,
        ),
        row(
            "feature",
            features,
            World::new(),
            |w| w.image.facts.feature_set = text("universalk9_npe"),
            "feature.same",
            Pass,
        ),
        row("feature", features, World::new(), |w| w.image.facts.feature_set = None, "feature.image_unknown", Unknown),
        row("feature", features, World::new(), |w| w.inventory.software = None, "feature.running_unknown", Unknown),
        row("crypto", cryptography, World::new(), |_| (), "crypto.same", Pass),
        row("crypto", cryptography, World::new(), |w| w.image.facts.k9 = flag(false), "crypto.k9_lost", Blocking),
        row(
            "crypto",
            cryptography,
            World::new(),
            |w| {
                w.image.facts.k9 = flag(false);
                allowed(w);
            },
            "crypto.k9_lost",
            Warning,
        ),
        row(
            "crypto",
            cryptography,
            World::ios(),
            |w| w.inventory.software = Some("C3750E-UNIVERSAL-M".into()),
            "crypto.k9_gained",
            Warning,
        ),
        row("crypto", cryptography, World::new(), |w| w.image.facts.npe = flag(true), "crypto.npe_gained", Blocking),
        row("crypto", cryptography, World::new(), npe, "crypto.npe_lost", Blocking),
        row("crypto", cryptography, World::new(), |w| w.image.facts.ldpe = flag(true), "crypto.ldpe_gained", Blocking),
        row(
            "crypto",
            cryptography,
            World::ios(),
            |w| w.inventory.software = Some("CAT3K_CAA-UNIVERSALK9LDPE-M".into()),
            "crypto.ldpe_lost",
            Blocking,
        ),
        row(
            "crypto",
            cryptography,
            World::new(),
            |w| {
                w.inventory.software = None;
                w.inventory.image = Some("flash:cat9k_iosxe_npe.17.06.05.SPA.bin".into());
            },
            "crypto.npe_lost",
            Blocking,
        ),
        row("crypto", cryptography, World::new(), |w| w.inventory.software = None, "crypto.running_unknown", Unknown),
        row(
            "crypto",
            cryptography,
            World::new(),
            |w| (w.image.facts.k9, w.image.facts.npe, w.image.facts.ldpe) = (None, None, None),
            "crypto.image_unknown",
            Unknown,
        ),
    ]
}

fn hardware() -> Vec<Row> {
    let (format, second, product): (Rule, Rule, Rule) = (stack_format::rule, redundancy::rule, support::rule);
    let bin = |w: &mut World| w.image.facts.container = text("ios_mzip");
    let peer = |peer: Option<&str>| {
        let peer = peer.map(str::to_owned);
        move |w: &mut World| w.inventory.redundancy.as_mut().unwrap().peer = peer
    };
    let aireos = |w: &mut World| w.inventory.platform = PlatformId("aireos".into());
    vec![
        row("stack_format", format, World::ios(), |_| (), "stack_format.fits", Pass),
        row("stack_format", format, World::ios(), bin, "stack_format.wrong", Blocking),
        row("stack_format", format, World::ios(), |_| (), "stack_format.archive", Warning),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| {
                bin(w);
                w.inventory.members.truncate(1);
            },
            "",
            Pass,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| {
                bin(w);
                w.inventory.members.truncate(1);
                w.inventory.model = Some("ME-3600X-24FS-M".into());
                w.inventory.members[0].model = None;
            },
            "stack_format.wrong",
            Blocking,
        ),
        row(
            "stack_format",
            format,
            World::new(),
            |w| {
                w.inventory.model = Some("WS-C3850-48T".into());
                w.inventory.members.iter_mut().for_each(|m| m.model = Some("WS-C3850-48T".into()));
            },
            "stack_format.fits",
            Pass,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| w.inventory.members.iter_mut().for_each(|m| m.model = Some("WS-C3650-24PS".into())),
            "stack_format.wrong",
            Blocking,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| {
                w.image.facts.container = None;
                w.image.file_name = "prod".into();
            },
            "stack_format.unknown",
            Unknown,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| w.image.facts.compatibility.push(Field::new("stacking_number: 1.11".into(), Provenance::Member)),
            "stack_format.stacking_number_unknown",
            Unknown,
        ),
        row(
            "stack_format",
            format,
            World::ios(),
            |w| w.image.facts.compatibility.push(Field::new("board_ids: 0x29 0x2a".into(), Provenance::Member)),
            "stack_format.board_unknown",
            Unknown,
        ),
        row("redundancy", second, World::new(), |_| (), "", Pass),
        row("redundancy", second, World::chassis(), |_| (), "redundancy.peer", Pass),
        row("redundancy", second, World::chassis(), |_| (), "redundancy.switchover", Pass),
        row("redundancy", second, World::chassis(), |_| (), "redundancy.second_flash_unknown", Unknown),
        row("redundancy", second, World::chassis(), peer(Some("DISABLED")), "redundancy.peer", Blocking),
        row("redundancy", second, World::chassis(), peer(None), "redundancy.peer_unknown", Unknown),
        row("redundancy", second, World::chassis(), peer(Some("STANDBY COLD")), "redundancy.switchover", Warning),
        row("redundancy", second, World::chassis(), |w| w.inventory.redundancy = None, "redundancy.unknown", Unknown),
        row(
            "redundancy",
            second,
            World::chassis(),
            |w| w.inventory.redundancy.as_mut().unwrap().operating = None,
            "redundancy.mode_unknown",
            Unknown,
        ),
        row(
            "redundancy",
            second,
            World::chassis(),
            |w| w.inventory.redundancy.as_mut().unwrap().hardware = Some("Simplex".into()),
            "",
            Pass,
        ),
        row("support", product, World::new(), |_| (), "", Pass),
        row("support", product, World::new(), aireos, "support.analysis", Unknown),
        row(
            "support",
            product,
            World::new(),
            |w| {
                w.inventory.platform = PlatformId("ios_xr".into());
                w.inventory.model = Some("ASR-9006-AC".into());
            },
            "support.analysis",
            Unknown,
        ),
    ]
}

fn vendor() -> Vec<Row> {
    let (deferred, good, forms): (Rule, Rule, Rule) = (standing::rule, known_good::rule, licence::rule);
    let demand = |demand: Demand| move |w: &mut World| w.policy.demands = vec![demand];
    let stands = |standing: Standing| move |w: &mut World| w.knowledge.standing = Some(standing);
    let listed = |known: KnownGood| move |w: &mut World| w.knowledge.known_good = Some(known);
    let pending = |forms: Vec<Agreement>| move |w: &mut World| w.knowledge.forms = Some(forms);
    let signed = |kind: &'static str| move |w: &mut World| w.image.facts.signature = text(kind);
    vec![
        row("standing", deferred, World::new(), |_| (), "", Pass),
        row("standing", deferred, World::new(), stands(Standing::Active), "standing.active", Pass),
        row("standing", deferred, World::new(), stands(Standing::Deferred("x".into())), "standing.deferred", Blocking),
        row(
            "standing",
            deferred,
            World::new(),
            stands(Standing::Withdrawn("x".into())),
            "standing.withdrawn",
            Blocking,
        ),
        row(
            "standing",
            deferred,
            World::new(),
            |w| {
                stands(Standing::Deferred("x".into()))(w);
                w.policy.allow_deferred = true;
            },
            "standing.deferred",
            Warning,
        ),
        row("standing", deferred, World::new(), demand(Demand::Catalogue), "standing.unknown", Unknown),
        row("damage", damage::rule, World::new(), |_| (), "", Pass),
        row(
            "damage",
            damage::rule,
            World::new(),
            |w| w.image.facts.damage = vec!["it is truncated".into(), "a sum does not hold".into()],
            "image.damaged",
            Blocking,
        ),
        row(
            "damage",
            damage::rule,
            World::new(),
            |w| w.image.facts.embedded_sum = Some(Field::new("CRC-32 of gzip".into(), Provenance::Payload)),
            "image.intact",
            Pass,
        ),
        row("known_good", good, World::new(), |_| (), "", Pass),
        row("known_good", good, World::new(), listed(KnownGood::NotListed), "", Pass),
        row("known_good", good, World::new(), listed(KnownGood::Listed), "known_good.listed", Pass),
        row(
            "known_good",
            good,
            World::new(),
            listed(KnownGood::Contradicted("md5".into())),
            "known_good.contradicted",
            Blocking,
        ),
        row("known_good", good, World::new(), demand(Demand::KnownGood), "known_good.unknown", Unknown),
        row(
            "known_good",
            good,
            World::new(),
            |w| {
                listed(KnownGood::NotListed)(w);
                demand(Demand::KnownGood)(w);
            },
            "known_good.unknown",
            Unknown,
        ),
        row("licence", forms, World::new(), |_| (), "", Pass),
        row("licence", forms, World::new(), pending(vec![]), "licence.accepted", Pass),
        row("licence", forms, World::new(), pending(vec![Agreement::Eula]), "licence.eula_pending", Warning),
        row("licence", forms, World::new(), pending(vec![Agreement::K9]), "licence.k9_pending", Warning),
        row(
            "licence",
            forms,
            World::new(),
            |w| {
                pending(vec![Agreement::Eula, Agreement::K9])(w);
                demand(Demand::Catalogue)(w);
            },
            "licence.k9_pending",
            Blocking,
        ),
        row("licence", forms, World::new(), demand(Demand::Catalogue), "licence.unknown", Unknown),
        row("signature", signature::rule, World::new(), signed("SPA"), "", Pass),
        row("signature", signature::rule, World::new(), signed("SSA"), "signature.special", Warning),
    ]
}

fn ways() -> Vec<Row> {
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

fn room() -> Vec<Row> {
    let there = |w: &mut World, free: u64| {
        let entry = FileEntry { name: w.image.file_name.clone(), bytes: w.image.bytes, directory: false };
        for m in &mut w.inventory.members {
            let flash = m.flash.as_mut().unwrap();
            flash.files.push(entry.clone());
            flash.free = Some(free);
        }
    };
    let bundle = |w: &mut World| {
        w.inventory.mode = Some(Mode::Bundle);
        w.inventory.members.iter_mut().for_each(|m| m.mode = Some(Mode::Bundle));
    };
    let free = |free: u64| move |w: &mut World| w.inventory.members[0].flash.as_mut().unwrap().free = Some(free);
    let (flash, ram, rom): (Rule, Rule, Rule) = (flash::rule, ram::rule, boot_rom::rule);
    let needs = |w: &mut World| w.image.overrides.boot_rom = Version::parse(Scheme::Rommon, "16.2(1r)").ok();
    vec![
        row("flash", flash, World::new(), |_| (), "flash.too_small", Pass),
        row("flash", flash, World::new(), free(1799 * MIB), "flash.too_small", Blocking),
        row("flash", flash, World::new(), free(1800 * MIB), "flash.too_small", Pass),
        row("flash", flash, World::new(), |w| there(w, 899 * MIB), "flash.too_small", Blocking),
        row("flash", flash, World::new(), |w| there(w, 900 * MIB), "flash.tight", Warning),
        row("flash", flash, World::new(), |w| there(w, 1800 * MIB), "flash.too_small", Pass),
        row(
            "flash",
            flash,
            World::new(),
            |w| {
                bundle(w);
                free(900 * MIB)(w);
            },
            "flash.too_small",
            Pass,
        ),
        row(
            "flash",
            flash,
            World::new(),
            |w| {
                bundle(w);
                free(899 * MIB)(w);
            },
            "flash.too_small",
            Blocking,
        ),
        row("flash", flash, World::ios(), |w| w.image.facts.family = text("rsp"), "flash.squeeze", Warning),
        row("flash", flash, World::new(), |w| w.inventory.members.clear(), "flash.unknown", Unknown),
        row("boot_rom", rom, World::new(), |_| (), "", Pass),
        row("boot_rom", rom, World::isr(), needs, "boot_rom.too_old", Pass),
        row("boot_rom", rom, World::new(), needs, "boot_rom.unknown", Unknown),
        row("ram", ram, World::new(), |_| (), "ram.too_small", Pass),
        row("ram", ram, World::new(), |w| w.inventory.members[1].ram = Some(2048 * MIB), "ram.too_small", Blocking),
        row(
            "ram",
            ram,
            World::new(),
            |w| w.inventory.members[1].model = Some("C9300-24T".into()),
            "ram.unknown",
            Unknown,
        ),
    ]
}

fn all() -> Vec<Row> {
    [paths(), software(), hardware(), vendor(), ways(), room()].into_iter().flatten().collect()
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
        assert!(missing.contains(&format!("inventory.{fact}")), "{fact}: {missing:?}");
    }
    assert_eq!(report.verdict, Verdict::Unknown);
}
