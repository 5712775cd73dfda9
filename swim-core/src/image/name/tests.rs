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
fn a_download_that_is_not_done_says_nothing() {
    for whole in [
        "cat9k_iosxe.17.09.04a.SPA.bin",
        "c2600-i-l.113-9",
        "nxos64-cs.10.2.3.F.bin",
        "asdm-791-151.bin",
        "C9800-universalk9_wlc.17.12.01.SPA.bin",
    ] {
        for ending in ["part", "partial", "crdownload", "download", "filepart", "tmp", "incomplete", "PART", "Part"] {
            for name in [format!("{whole}.{ending}"), format!("{whole}.{ending}.old"), format!("{whole} (1).{ending}")]
            {
                assert_eq!(parse_filename(&name), NameFacts::default(), "{name}");
            }
        }
        assert!(parse_filename(whole).platform.is_some(), "{whole}");
    }
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

/// A dot or a dash at another place, and no ending.
#[test]
fn classic_names_that_are_built_otherwise() {
    for (name, family, version, image_type) in [
        ("asr901-universalk9.mz.156-2.SP9.bin", "asr901", "15.6(2)SP9", Some("ios-bin")),
        ("c2900XL-c3h2s-mz-120.5.2-XU.bin", "c2900XL", "12.0(5.2)XU", Some("ios-bin")),
        ("c2900XL-c3h2s-mz-120.5.WC17.bin", "c2900XL", "12.0(5)WC17", Some("ios-bin")),
        ("ir800-universalk9-mz.SPA.159-3.M", "ir800", "15.9(3)M", Some("ios-bin")),
        ("c5921_i86-universalk9-ms.SPA.153-3.M4", "c5921_i86", "15.3(3)M4", Some("ios-bin")),
        ("c7200-adventerprisek9-mz.124-24.T8.image", "c7200", "12.4(24)T8", None),
    ] {
        let facts = parse_filename(name);
        assert_eq!(facts.platform.as_deref(), Some("ios"), "{name}");
        assert_eq!(facts.family.as_deref(), Some(family), "{name}");
        assert_eq!(facts.version.as_deref(), Some(version), "{name}");
        assert_eq!(facts.image_type.as_deref(), image_type, "{name}");
    }
}

/// Name, family, version, feature set, type, the other version.
#[test]
fn xe_names_that_are_built_otherwise() {
    for [name, family, version, feature, image_type, alternative] in [
        // Packages of 3.x have the train at the number, and their IOS has the number of IOS alone.
        ["cat3k_caa-base.SPA.03.02.02SE.pkg", "cat3k_caa", "3.2.2SE", "", "xe-subpkg", ""],
        ["cat3k_caa-iosd-universalk9.SPA.150-1.EX2.pkg", "cat3k_caa", "", "universalk9", "xe-subpkg", "15.0(1)EX2"],
        [
            "csr1000v-packages-universalk9.03.14.01.S.155-1.S1-std.conf",
            "csr1000v",
            "3.14.1S",
            "universalk9",
            "xe-conf",
            "15.5(1)S1",
        ],
        ["asr1000rp1-ipbase.03.16.04.bin", "asr1000rp1", "", "ipbase", "", ""],
        // What a disk is made for is no feature.
        ["csr1000v-universalk9.16.12.03-serial.qcow2", "csr1000v", "16.12.3", "universalk9", "xe-virtual", ""],
        ["c8000v-universalk9_8G_serial.17.09.04a.qcow2", "c8000v", "17.9.4a", "universalk9", "xe-virtual", ""],
        // The first SD-WAN images wrote no zeros.
        ["isr4300-ucmk9.16.12.5.SPA.bin", "isr4300", "16.12.5", "ucmk9", "xe-bundle", ""],
        [
            "cat4500es8-universalk9npe.SPA.03.11.04.E.152-7.E4.bin",
            "cat4500es8",
            "3.11.4E",
            "universalk9npe",
            "xe-bundle",
            "15.2(7)E4",
        ],
        // A family with `k` and digits is not mangled.
        ["c8k30be-universalk9.17.17.01.SPA.bin", "c8k30be", "17.17.1", "universalk9", "xe-bundle", ""],
        // Patches of access points and of device models, and those of engineering builds.
        [
            "C9800-universalk9_wlc.17.03.04.CSCvz41929.SPA.apsp.bin",
            "C9800",
            "17.3.4",
            "universalk9_wlc",
            "xe-apsp",
            "CSCvz41929",
        ],
        [
            "cat9k_iosxe.17.12.04.CSCwk61990.SPA.dmp.bin",
            "cat9k_iosxe",
            "17.12.4",
            "universalk9",
            "xe-dmp",
            "CSCwk61990",
        ],
        [
            "cat9k_iosxe.2021-10-06_22.52_shidogra.53.CSCxx12353.SSA.smu.bin",
            "cat9k_iosxe",
            "",
            "universalk9",
            "xe-smu",
            "CSCxx12353",
        ],
        [
            "cat9k_iosxe.BLD_POLARIS_DEV_LATEST_20220313_143357.0.NODEFECT.SSA.smu.bin",
            "cat9k_iosxe",
            "",
            "universalk9",
            "xe-smu",
            "",
        ],
    ] {
        let facts = parse_filename(name);
        let said = [facts.family, facts.version, facts.feature_set, facts.image_type, facts.alt_version];
        let expected =
            [family, version, feature, image_type, alternative].map(|t| (!t.is_empty()).then(|| t.to_owned()));
        assert_eq!(said, expected, "{name}");
    }
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
    assert_eq!(version("cat9k_iosxe.17.11.99SW.SPA.bin").as_deref(), Some("17.11.99SW"));
    assert_eq!(version("cat9k_iosxe.17.09.05.SPA (1).bin").as_deref(), Some("17.9.5"));
    assert_eq!(parse_filename("flash:/packages.conf").image_type.as_deref(), Some("xe-conf"));
}

#[test]
fn boot_rom_packages() {
    for (name, family, version) in [
        ("asr1000-rommon.169_4r_SPA.pkg", "asr1000", "16.9(4r)"),
        ("isr4200_4300_rommon_1612_1r_SPA.pkg", "isr4200_4300", "16.12(1r)"),
        ("ncs4200_15_6_48r_s_rommon.pkg", "ncs4200", "15.6(48r)S"),
        ("asr1000-rommon.154-2r.S.pkg", "asr1000", "15.4(2r)S"),
        ("asr1000-rommon.122-33r.XN1.pkg", "asr1000", "12.2(33r)XN1"),
        ("rsp2_rommon_15_4_3r_S5.pkg", "rsp2", "15.4(3r)S5"),
    ] {
        let facts = parse_filename(name);
        assert_eq!(facts.family.as_deref(), Some(family), "{name}");
        assert_eq!(facts.version.as_deref(), Some(version), "{name}");
    }
    assert_eq!(parse_filename("xmodem-ios-rommon.png"), NameFacts::default());
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
