//! Upgrade paths.

use super::*;

pub(super) fn rows() -> Vec<Row> {
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
