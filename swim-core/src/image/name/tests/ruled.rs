//! Names that are read by rules.

use super::super::*;

/// Name, platform, family, version, feature set, type.
const NAMES: &[[&str; 6]] = &[
    ["nxos64-cs.10.3.6.M.bin", "nxos", "nxos64-cs", "10.3(6)(M)", "", "nxos-bin"],
    ["n3000-compact.9.3.8.bin", "nxos", "n3000-compact", "9.3(8)", "", "nxos-bin"],
    ["bootflash:///nxos.7.0.3.I7.10.bin", "nxos", "nxos", "7.0(3)I7(10)", "", "nxos-bin"],
    ["n7700-s3-kickstart.8.2.5.bin", "nxos", "n7700-s3", "8.2(5)", "", "nxos-kickstart"],
    ["n7000-s2-dk9-npe.6.2.20.bin", "nxos", "n7000-s2", "6.2(20)", "dk9-npe", "nxos-system"],
    ["m9100-s5ek9-mz.8.4.2b.bin", "nxos", "m9100", "8.4(2b)", "s5ek9", "nxos-system"],
    ["m9700-sf4ek9-kickstart-mz.8.4.1.bin", "nxos", "m9700", "8.4(1)", "sf4ek9", "nxos-kickstart"],
    ["nxos.CSCvr59318-n9k_ALL-1.0.0-9.3.3.lib32_n9000.rpm", "nxos", "nxos", "9.3(3)", "", "nxos-smu"],
    ["aci-apic-dk9.5.2.7f.iso", "aci", "apic", "5.2(7f)", "dk9", "aci-apic"],
    ["asr9k-k9sec-px.pie-6.4.2", "iosxr", "asr9k-px", "6.4.2", "k9sec", "xr-pie"],
    ["hfr-mini-p.pie-4.3.2", "iosxr", "crs-p", "4.3.2", "mini", "xr-pie"],
    ["asr9k-mini-px.vm-6.4.2", "iosxr", "asr9k-px", "6.4.2", "mini", "xr-vm"],
    ["hfr-px-5.3.3.CSCuy81837.pie", "iosxr", "crs-px", "5.3.3", "", "xr-smu"],
    ["ncs5500-goldenk9-x-6.6.3-BRANCH.iso", "iosxr", "ncs5500", "6.6.3", "goldenk9", "xr-golden-iso"],
    ["ASR9K-iosxr-px-k9-6.4.2.tar", "iosxr", "asr9k-px", "6.4.2", "k9", "xr-release-tar"],
    ["asr9k-mcast-x64-2.0.0.0-r7101.x86_64.rpm", "iosxr", "asr9k-x64", "7.10.1", "mcast", "xr-rpm"],
    ["ncs5500-mcast-2.0.0.0-r6112.x86_64.rpm", "iosxr", "ncs5500", "", "mcast", "xr-rpm"],
    ["8000-golden-x86_64-24.3.1-SITE_A.iso", "iosxr", "8000", "24.3.1", "", "xr-golden-iso"],
    ["8000-x64-24.3.1-CSCab12345.tar.gz", "iosxr", "8000", "24.3.1", "", "xr-smu"],
    ["AIR-CT5508-LDPE-K9-8-5-182-0.aes", "aireos", "CT5508", "8.5.182.0", "", "aireos"],
    ["AIR-CT5520-AP_BUNDLE-K9-8-10-196-0.aes", "aireos", "CT5520", "8.10.196.0", "", "aireos-ap-bundle"],
    ["AIR-CT5500-K9-1-9-0-0-FUS.aes", "aireos", "CT5500", "", "", "aireos"],
    ["asa917-12-k8.bin", "asa", "asa", "9.1(7)12", "", "asa-bin"],
    ["asa9162-smp-k8.bin", "asa", "asa", "9.16(2)", "smp", "asa-bin"],
    ["asa9-16-4-lfbff-k8.SPA", "asa", "asa", "9.16(4)", "lfbff", "asa-signed"],
    ["asdm-791-151.bin", "asdm", "asdm", "7.9(1)151", "", "asdm"],
    ["asdm-7161.bin", "asdm", "asdm", "7.16(1)", "", "asdm"],
    ["fxos-k9.2.10.1.159.SPA", "fxos", "", "2.10.1.159", "", "fxos"],
    [
        "jinstall-host-qfx-5e-x86-64-21.2R3-S4.9-secure-signed.tgz",
        "junos",
        "qfx-5e",
        "21.2R3-S4.9",
        "",
        "junos-jinstall-host-tgz",
    ],
    ["jinstall-ex-4200-15.1R7.8-domestic-signed.tgz", "junos", "ex-4200", "15.1R7.8", "", "junos-jinstall-tgz"],
    ["junos-srxsme-15.1X49-D75.5-domestic.tgz", "junos", "srxsme", "15.1X49-D75.5", "", ""],
    ["junos-evo-install-ptx-x86-64-21.4R3-S5.4-EVO.iso", "junos", "ptx", "21.4R3-S5.4-EVO", "", ""],
    ["EOS64-4.30.1F.swi", "eos", "EOS64", "4.30.1F", "", "eos-swi"],
    ["FGT_61E-v6.4.11.M-build2030-FORTINET.out", "fortios", "FGT_61E", "6.4.11", "", "fortios-out"],
    ["routeros-7.17.2-arm64.npk", "routeros", "routeros", "7.17.2", "", "npk"],
    ["ArubaOS-CX_6200_10_13_1040.swi", "aoscx", "6200", "10.13.1040", "", "aoscx-swi"],
    ["5130EI-CMW710-BOOT-R3507P02.bin", "comware", "5130EI", "7.10 R3507P02", "BOOT", "comware-boot"],
];

#[test]
fn names_say_what_they_say() {
    for [name, platform, family, version, feature, image_type] in NAMES {
        let facts = parse_filename(name);
        let said = [facts.platform, facts.family, facts.version, facts.feature_set, facts.image_type];
        let expected =
            [platform, family, version, feature, image_type].map(|t| (!t.is_empty()).then(|| (*t).to_owned()));
        assert_eq!(said, expected, "{name}");
    }
    assert_eq!(parse_filename("n7000-s2-dk9-npe.6.2.20.bin").npe, Some(true));
    assert_eq!(
        parse_filename("nxos.CSCvr59318-n9k_ALL-1.0.0-9.3.3.lib32_n9000.rpm").alt_version.as_deref(),
        Some("CSCvr59318")
    );
    assert_eq!(parse_filename("asa9-16-4-lfbff-k8.SPA").signature.as_deref(), Some("SPA"));
}

#[test]
fn every_rule_has_a_pattern() {
    for (reader, patterns) in &*READERS {
        for (rule, pattern) in reader.rules.iter().zip(patterns) {
            assert!(pattern.is_some(), "{}", rule.pattern);
        }
    }
}

#[test]
fn what_was_mangled_or_renamed_has_no_version() {
    for name in [
        "n3000-uk10.225.0.2.U6.10.bin",
        "asr9k.tar",
        "prod.bin",
        "nxos.bin",
        "nxos.9.3.bin",
        "asa-k8.bin",
        "asa99-k8.bin",
        "asa9009-k8.bin",
        "EOS.swi",
        "EOS-17.9.4.swi",
        "8000-x64.iso",
        "junos-vmhost-install-mx-x86-64.tgz",
        "AIR-CT5520-K9.aes",
    ] {
        assert_eq!(parse_filename(name).version, None, "{name}");
    }
}
