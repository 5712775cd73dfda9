#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

fn xe(text: &str) -> Version {
    Version::parse(Scheme::IosXe, text).unwrap()
}

#[test]
fn the_built_in_rules_are_read_and_survive_json() {
    assert_eq!(PathRule::from_toml(include_str!("paths.toml")).unwrap().len(), 8);
    let rules = PathRule::builtin();
    let text = serde_json::to_string(rules).unwrap();
    assert_eq!(serde_json::from_str::<Vec<PathRule>>(&text).unwrap(), rules);
    assert!(rules.iter().all(|rule| rule.note().is_some() && !rule.source().is_empty()));
}

#[test]
fn ranges_are_three_valued() {
    let range = |text: &str| VersionRange::parse(Scheme::IosXe, text).unwrap();
    assert_eq!(range("").contains(&xe("17.9.4")), Some(true));
    assert_eq!(range("<16.1.1").contains(&xe("3.16.4bS")), Some(true));
    assert_eq!(range(">=17.3.1,<17.3.4c").contains(&xe("17.03.04b")), Some(true));
    assert_eq!(range(">=17.3.1,<17.3.4c").contains(&xe("17.03.04c")), Some(false));
    assert_eq!(range("=17.3.1").contains(&xe("17.03.01.0.351")), Some(true));
    assert_eq!(range(">17.3.1").contains(&xe("17.03.01")), Some(false));
    assert_eq!(range("<=17.3.1").contains(&xe("17.03.01")), Some(true));
    // 3.4SG is of a train that nothing continues: no order with 16.
    assert_eq!(range("<16.1.1").contains(&xe("3.4.0SG")), None);
    // One bound that does not hold is enough.
    assert_eq!(range("<16.1.1,>=3.5.0SG").contains(&xe("3.4.0SG")), Some(false));
    assert_eq!(range(">=16.1.1, <17.3.4c").to_string(), ">=16.1.1,<17.3.4c");
    for wrong in ["16.1.1", "<", "<x", "~16.1.1", "<1,<1,<1,<1,<1,<1,<1,<1,<1"] {
        assert!(VersionRange::parse(Scheme::IosXe, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn families_are_named_or_begin_so() {
    let rule = |families: &str| {
        PathRule::from_toml(&format!("[[path]]\nplatform = \"ios_xe\"\nfamilies = {families}\nnote = \"x\"\n"))
            .unwrap()
            .remove(0)
    };
    assert!(rule("[\"isr43*\"]").concerns(Some("ISR4331")));
    assert!(!rule("[\"isr43*\"]").concerns(Some("isr44")));
    assert!(rule("[\"cat9k\"]").concerns(Some("cat9k")) && !rule("[\"cat9k\"]").concerns(Some("cat9k_lite")));
    assert!(rule("[]").concerns(None) && !rule("[\"cat9k\"]").concerns(None));
}

#[test]
fn what_is_wrong_in_a_rule_is_named() {
    for (text, word) in [
        ("platform = \"toaster\"\nnote = \"x\"", "path.platform"),
        ("platform = \"ios_xe\"\nfrom = \">=x\"\nnote = \"x\"", "version"),
        ("platform = \"ios_xe\"\nboot_rom = \"new\"", "version"),
        ("platform = \"ios_xe\"", "demands nothing"),
        ("platform = \"ios_xe\"\nfact = \"x\"\nnote = \"y\"", "come together"),
        ("platform = \"ios_xe\"\nnote = \"x\"\ncolour = 1", "colour"),
    ] {
        let e = PathRule::from_toml(&format!("[[path]]\n{text}\n")).unwrap_err();
        assert!(e.report().to_string().contains(word), "{text}: {}", e.report());
    }
    assert!(PathRule::from_toml(&" ".repeat(LONGEST + 1)).is_err());
}

#[test]
fn a_matrix_says_what_may_go_where() {
    let text = r#"{"file_version": "1.0", "release": "7.5.2", "permitted": {
        "6.1.12": {"7.5.2": [{"platform": "ncs5500", "bridge_smus": ["CSCab12345"]}, {"platform": "asr9k"}]},
        "7.3.2": {"7.5.2": [{"caveats": ["slow"]}], "7.3.15": [{}]}}}"#;
    let matrix = CompatibilityMatrix::from_json(text).unwrap();
    let xr = |text: &str| Version::parse(Scheme::IosXr, text).unwrap();
    let says = |from: &str, to: &str, family| matrix.says(&xr(from), &xr(to), family);
    assert!(matches!(says("6.1.12", "7.5.2", Some("ncs5500-x")), Says::Permits(p) if p.bridge_smus == ["CSCab12345"]));
    assert!(matches!(says("6.1.12", "7.5.2", Some("asr9k-x64")), Says::Permits(p) if p.bridge_smus.is_empty()));
    assert_eq!(says("6.1.12", "7.5.2", Some("ncs540")), Says::Not);
    assert!(matches!(says("7.3.2", "7.5.2", Some("ncs540")), Says::Permits(p) if p.caveats == ["slow"]));
    assert_eq!(says("7.1.1", "7.5.2", Some("ncs540")), Says::Not);
    assert_eq!(says("7.1.1", "7.3.15", Some("ncs540")), Says::Not);
    assert_eq!(says("7.1.1", "7.9.1", Some("ncs540")), Says::Nothing);
    let written = serde_json::to_string(&matrix).unwrap();
    assert_eq!(CompatibilityMatrix::from_json(&written).unwrap(), matrix);
    for wrong in ["", "[]", r#"{"file_version": "1", "release": "x", "permitted": {}}"#] {
        assert!(CompatibilityMatrix::from_json(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,200}") {
        let _ = PathRule::from_toml(&text);
        let _ = CompatibilityMatrix::from_json(&text);
        for scheme in Scheme::ALL {
            let _ = VersionRange::parse(scheme, &text);
        }
    }

    /// A version is in `>=b` exactly when it is not in `<b`, or both are open.
    #[test]
    fn a_bound_and_its_opposite_never_agree(a in 0_u8..30, b in 0_u8..30) {
        let (v, bound) = (xe(&format!("17.{a}.1")), format!("17.{b}.1"));
        let range = |sign: &str| VersionRange::parse(Scheme::IosXe, &format!("{sign}{bound}")).unwrap().contains(&v);
        prop_assert_ne!(range(">="), range("<"));
        prop_assert_ne!(range(">"), range("<="));
    }
}
