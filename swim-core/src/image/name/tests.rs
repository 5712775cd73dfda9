#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ruled;

use proptest::prelude::*;

use super::*;

fn version(name: &str) -> Option<String> {
    parse_filename(name).version
}

#[test]
fn a_classic_name_is_read_completely() {
    let facts = parse_filename("c6848x-adventerprisek9_npe-mz.SPA.154-1.SY4.bin");
    let expected = NameFacts {
        platform: Some("ios".into()),
        family: Some("c6848x".into()),
        version: Some("15.4(1)SY4".into()),
        feature_set: Some("adventerprisek9_npe".into()),
        k9: Some(true),
        npe: Some(true),
        ldpe: Some(false),
        image_type: Some("ios-bin".into()),
        alt_version: None,
        signature: Some("SPA".into()),
    };
    assert_eq!(facts, expected);
    let tar = parse_filename("c3750-ipservices-tar.122-55.SE12.tar");
    assert_eq!((tar.image_type.as_deref(), tar.k9), (Some("ios-tar"), Some(false)));
}

/// Strong cryptography, payload encryption and licensed data encryption are three facts.
#[test]
fn the_three_facts_of_cryptography_are_apart() {
    let of = |name: &str| {
        let facts = parse_filename(name);
        (facts.k9, facts.npe, facts.ldpe)
    };
    assert_eq!(of("cat9k_iosxe_npe.17.09.04a.SPA.bin"), (Some(true), Some(true), Some(false)));
    assert_eq!(of("cat9k_iosxe.17.09.04a.SPA.bin"), (Some(true), Some(false), Some(false)));
    assert_eq!(of("cat3k_caa-universalk9ldpe.16.12.10.SPA.bin"), (Some(true), Some(false), Some(true)));
    assert_eq!(of("c3750-ipservices-mz.122-55.SE12.bin"), (Some(false), Some(false), Some(false)));
    assert_eq!(of("AIR-CT5520-LDPE-K9-8-10-196-0.aes"), (Some(true), None, Some(true)));
    assert_eq!(of("AIR-CT5520-K9-8-10-196-0.aes"), (Some(true), None, Some(false)));
    assert_eq!(of("n7000-s2-kickstart-npe.6.2.20.bin"), (None, Some(true), None));
    assert_eq!(of("prod.bin"), (None, None, None));
}

#[test]
fn unusual_classic_names() {
    assert_eq!(version("c3750-i5-mz.121.14-EA1.bin").as_deref(), Some("12.1(14)EA1"));
    assert_eq!(version("ie4000-universalk9_iox-mz.152-4.1.5.EB.bin").as_deref(), Some("15.2(4.1.5)EB"));
    assert_eq!(version("C2960-LANBASEK9-MZ.150-2.SE4.BIN").as_deref(), Some("15.0(2)SE4"));
    assert_eq!(version("c2960-lanbasek9-mz.150-2.se4a.bin").as_deref(), Some("15.0(2)SE4a"));
    assert_eq!(version("c2600-i-l.113-9").as_deref(), Some("11.3(9)"));
    assert_eq!(version("c3560-ipbasek9-mz.122-55.SE12.bin.old").as_deref(), Some("12.2(55)SE12"));
    assert_eq!(version("c2960x-universalk9-mz.from-152-7.E4-to.152-7.E10.bin"), None);
}

#[test]
fn xe_packages_and_patches() {
    let smu = parse_filename("bootflash:cat9k_iosxe.17.12.04.CSCwk72267.SPA.smu.bin");
    assert_eq!(smu.image_type.as_deref(), Some("xe-smu"));
    assert_eq!(smu.alt_version.as_deref(), Some("CSCwk72267"));
    assert_eq!(smu.version.as_deref(), Some("17.12.4"));
    let ios = parse_filename("asr920-rpios-universalk9_npe.03.16.00.S.155-3.S-ext.pkg");
    assert_eq!((ios.family.as_deref(), ios.npe), (Some("asr920"), Some(true)));
    assert_eq!(parse_filename("cat9k-webui.17.03.05.SPA.pkg").feature_set, None);
    assert_eq!(version("cat9k_iosxe.16.05.01a.prd3.SPA.bin").as_deref(), Some("16.5.1aprd3"));
    assert_eq!(version("cat9k_iosxe.17.09.04prd1.SPA.bin").as_deref(), Some("17.9.4prd1"));
    assert_eq!(version("asr1000rp1-adventerprisek9.02.06.02.122-33.XNF2.bin").as_deref(), Some("2.6.2"));
    assert_eq!(version("CAT9K_IOSXE.17.09.05A.SPA.BIN").as_deref(), Some("17.9.5a"));
    assert_eq!(version("cat9k_iosxe.17.09.05.SPA (1).bin").as_deref(), Some("17.9.5"));
    assert_eq!(parse_filename("flash:/packages.conf").image_type.as_deref(), Some("xe-conf"));
}

#[test]
fn boot_rom_packages() {
    for (name, family, version) in [
        ("asr1000-rommon.169_4r_SPA.pkg", "asr1000", "16.9(4r)"),
        ("isr4200_4300_rommon_1612_1r_SPA.pkg", "isr4200_4300", "16.12(1r)"),
        ("ncs4200_15_6_48r_s_rommon.pkg", "ncs4200", "15.6(48r)S"),
    ] {
        let facts = parse_filename(name);
        assert_eq!(facts.family.as_deref(), Some(family), "{name}");
        assert_eq!(facts.version.as_deref(), Some(version), "{name}");
    }
}

#[test]
fn engineering_and_mangled_names_have_no_version() {
    for name in [
        "isr4400-universalk10.115.6.5.SPA.bin",
        "isr4400-universalk10.17.06.05.SPA.bin",
        "n3000-uk10.225.0.2.U6.10.bin",
        "asr1002x-universalk10.144.1.1.S.154-3.S9-ext.SPA.bin",
        "ie35xx-universalk9.BLD_POLARIS_DEV_LATEST_20260404_033234_V26_2_0_38.SSA.bin",
        "cat9k_iosxe.2022-06-06_12.21_mcpre.SSA.bin",
        "cat9k_iosxe.V169_3_SR684942877_7.SSA.bin",
        "cat9k_iosxe.17.09.05.SPA.bin.before.17.06.01",
        "isr4400-universalk9.16.6.5.SPA.bin",
        "prod.bin",
        "asr9k.tar",
        "",
        "...",
        "---",
        ":::/",
    ] {
        let facts = parse_filename(name);
        assert_eq!(facts.version, None, "{name}");
    }
    let mangled = parse_filename("asr1002x-universalk10.144.1.1.S.154-3.S9-ext.SPA.bin");
    assert_eq!((mangled.alt_version, mangled.feature_set, mangled.k9), (None, None, None));
    assert_eq!(parse_filename("n3000-uk10.225.0.2.U6.10.bin").platform, None);
}

proptest! {
    #[test]
    fn no_name_makes_it_panic(any in ".{0,80}", like in "[a-zA-Z0-9_.() -]{0,60}") {
        let _ = parse_filename(&any);
        if let Some(version) = parse_filename(&like).version {
            prop_assert!(like.bytes().any(|b| b.is_ascii_digit()), "{}", version);
        }
    }
}
