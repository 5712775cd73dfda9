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
    ["nxos.CSCuz65185-n9k_EOR-1.0.0-7.0.3.I2.2d.lib32_n9000.rpm", "nxos", "nxos", "7.0(3)I2(2d)", "", "nxos-smu"],
    ["n7000-s2-dk9.6.2.10.CSCur04856.bin", "nxos", "n7000-s2", "6.2(10)", "dk9", "nxos-smu"],
    ["nxos.7.0.3.I4.5.comp3048.bin", "nxos", "nxos", "7.0(3)I4(5)", "", "nxos-bin"],
    ["nxos64-cs.10.2.2.39.F.bin", "nxos", "nxos64-cs", "10.2(2.39)(F)", "", "nxos-bin"],
    ["nxos64-cs.10.4.2.IMG9.0.27.F.bin", "nxos", "nxos64-cs", "", "", "nxos-bin"],
    ["ucs-6300-k9-system.5.0.3.N2.4.02e.bin", "nxos", "ucs-6300", "5.0(3)N2(4.02e)", "k9", "nxos-system"],
    ["nexus9300v64.10.3.1.F.qcow2", "nxos", "nexus9300v64", "10.3(1)(F)", "", ""],
    ["aci-n9000-dk9.16.0.3d-cs_64.bin", "aci", "n9000", "16.0(3d)", "dk9", "aci-switch"],
    ["aci-apic-dk9.5.2.7f.iso", "aci", "apic", "5.2(7f)", "dk9", "aci-apic"],
    ["asr9k-k9sec-px.pie-6.4.2", "iosxr", "asr9k-px", "6.4.2", "k9sec", "xr-pie"],
    ["hfr-mini-p.pie-4.3.2", "iosxr", "crs-p", "4.3.2", "mini", "xr-pie"],
    ["asr9k-mini-px.vm-6.4.2", "iosxr", "asr9k-px", "6.4.2", "mini", "xr-vm"],
    ["hfr-px-5.3.3.CSCuy81837.pie", "iosxr", "crs-px", "5.3.3", "", "xr-smu"],
    ["ncs5500-goldenk9-x-6.6.3-BRANCH.iso", "iosxr", "ncs5500", "6.6.3", "goldenk9", "xr-golden-iso"],
    ["ASR9K-iosxr-px-k9-6.4.2.tar", "iosxr", "asr9k-px", "6.4.2", "k9", "xr-release-tar"],
    ["asr9k-mcast-x64-2.0.0.0-r7101.x86_64.rpm", "iosxr", "asr9k-x64", "7.10.1", "mcast", "xr-rpm"],
    ["ncs5500-mcast-2.0.0.0-r6112.x86_64.rpm", "iosxr", "ncs5500", "6.1.12", "mcast", "xr-rpm"],
    ["ncs5500-mcast-2.0.0.0-r7111.x86_64.rpm", "iosxr", "ncs5500", "", "mcast", "xr-rpm"],
    // Engineering builds, and who built them.
    ["ncs6k-mcast-1.0.0.0-r63134I.x86_64.rpm", "iosxr", "ncs6k", "6.3.1.34I", "mcast", "xr-rpm"],
    ["asr9k-fpd-px.pie-5.3.2.10I.SIT_IMAGE", "iosxr", "asr9k-px", "5.3.2.10I", "fpd", "xr-pie"],
    ["asr9k-services-infra.pie-5.3.4", "iosxr", "asr9k", "5.3.4", "services-infra", "xr-pie"],
    ["c12k-mini.vm-4.2.3", "iosxr", "xr12k", "4.2.3", "mini", "xr-vm"],
    ["mbiasr9k-rp.vm", "iosxr", "asr9k", "", "", ""],
    // Patches come as packages, as archives, and with a number of their own.
    ["asr9k-px-4.2.1.CSCud90009-1.0.0.pie", "iosxr", "asr9k-px", "4.2.1", "", "xr-smu"],
    ["asr9k-x64-6.6.2.CSCvr91676.tar", "iosxr", "asr9k-x64", "6.6.2", "", "xr-smu"],
    ["asr9k-px-5.3.4.sp1.tar", "iosxr", "asr9k-px", "5.3.4", "", ""],
    ["asr9k-iosxr-infra-64-2.0.0.1-r622.CSCvf08023.x86_64.rpm", "iosxr", "asr9k-x64", "6.2.2", "iosxr-infra", "xr-smu"],
    ["cisco-klm-0.1.p2-r0.0.r663.CSCvv27341.admin.x86_64.rpm", "iosxr", "", "6.6.3", "cisco-klm", "xr-smu"],
    ["xrv9k-fullk9-x-7.3.1.iso", "iosxr", "xrv9k", "7.3.1", "fullk9", "xr-iso"],
    ["xrv9k-fullk9-x.vrr-6.1.3.qcow2", "iosxr", "xrv9k", "6.1.3", "fullk9", ""],
    ["ncs6k-mini-x.iso", "iosxr", "ncs6k", "", "mini", "xr-iso"],
    ["fullk9-R-XRV9000-622-RR.tar", "iosxr", "xrv9k", "6.2.2", "fullk9", "xr-release-tar"],
    ["XR12000-iosxr-k9-4.2.3.tar", "iosxr", "xr12k", "4.2.3", "k9", "xr-release-tar"],
    ["ASR9K-iosxr-px-k9-6.4.2-turboboot.tar", "iosxr", "asr9k-px", "6.4.2", "k9", ""],
    ["xr-cdp-0deb3755978fea2a-24.3.1v1.0.0-1.x86_64.rpm", "iosxr", "", "24.3.1", "xr-cdp", "xr7-rpm"],
    ["8000-golden-x86_64-24.3.1-SITE_A.iso", "iosxr", "8000", "24.3.1", "", "xr-golden-iso"],
    ["8000-x64-24.3.1-CSCab12345.tar.gz", "iosxr", "8000", "24.3.1", "", "xr-smu"],
    ["AIR-CT5508-LDPE-K9-8-5-182-0.aes", "aireos", "CT5508", "8.5.182.0", "", "aireos"],
    ["AIR-CT5520-AP_BUNDLE-K9-8-10-196-0.aes", "aireos", "CT5520", "8.10.196.0", "", "aireos-ap-bundle"],
    ["AIR-CT5500-K9-1-9-0-0-FUS.aes", "aireos", "CT5500", "", "", "aireos"],
    ["AIR-CT5500-LDPE-AP_BUNDLE-K9-8-5-171-0.aes", "aireos", "CT5500", "8.5.171.0", "", "aireos-ap-bundle"],
    ["AIR_CTVM_LARGE-K9_8_10_151_0.aes", "aireos", "CTVM", "8.10.151.0", "", "aireos"],
    ["MFG_CTVM_8_10_196_0.iso", "aireos", "CTVM", "8.10.196.0", "", ""],
    ["AIR-AP1815-K9-ME-8-10-185-0.tar", "aireos", "AP1815", "8.10.185.0", "", ""],
    ["AS_5500_8_5_161_7.aes", "aireos", "", "8.5.161.7", "", "aireos"],
    ["AP_BUNDLE_5500_8_5_161_7.aes", "aireos", "", "8.5.161.7", "", "aireos-ap-bundle"],
    ["cisco-asa-fp1k.9.20.2.10.SPA", "asa", "fp1k", "9.20(2)10", "", ""],
    ["asav9-16-2.qcow2", "asa", "asav", "9.16(2)", "", ""],
    ["asdm-openjre-7161-150.bin", "asdm", "asdm", "7.16(1)150", "", "asdm"],
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
    ["jinstall-12.3R6.6-domestic-signed.tgz", "junos", "", "12.3R6.6", "", "junos-jinstall-tgz"],
    ["junos-install-media-net-mx-x86-64-18.4R2.7.tgz", "junos", "mx", "18.4R2.7", "", ""],
    ["junos-vmhost-install-net-mx-x86-64-18.4R2-S5.4.tgz", "junos", "mx", "18.4R2-S5.4", "", ""],
    ["junos-install-srxsme-mips-64-21.4R3-S5.4.tgz", "junos", "srxsme", "21.4R3-S5.4", "", ""],
    ["junos-boot-srxsme-11.1R3.5.tgz", "junos", "", "11.1R3.5", "", ""],
    ["EOS-4.21.1F-2GB-INT.swi", "eos", "EOS", "4.21.1F", "", "eos-swi"],
    ["cEOS64-lab-4.32.0F.tar.xz", "eos", "cEOS64-lab", "4.32.0F", "", ""],
    ["EOS64-4.30.1F.swi", "eos", "EOS64", "4.30.1F", "", "eos-swi"],
    ["FGT_61E-v6.4.11.M-build2030-FORTINET.out", "fortios", "FGT_61E", "6.4.11", "", "fortios-out"],
    ["routeros-7.17.2-arm64.npk", "routeros", "routeros", "7.17.2", "", "npk"],
    ["FGT_VM64_KVM-v7.4.8.M-build2795-FORTINET.out.kvm.zip", "fortios", "FGT_VM64_KVM", "7.4.8", "", ""],
    ["PanOS_vm-10.1.9-h1", "panos", "vm", "10.1.9-h1", "", ""],
    ["chr-7.1beta5.vmdk", "routeros", "chr", "7.1beta5", "", ""],
    ["vJunos-switch-23.1R1.8.qcow2", "junos", "vJunos-switch", "23.1R1.8", "", ""],
    ["junos-media-vsrx-x86-64-vmdisk-19.3R1.8.qcow2", "junos", "vsrx", "19.3R1.8", "", ""],
    ["mtx-openconfig-vlan-1.0.0.206-9.3.5.lib32_n9000.rpm", "nxos", "", "9.3(5)", "", ""],
    ["8000-x64.iso", "iosxr", "8000", "", "", "xr7-iso"],
    ["routeros-mipsbe-6.48.6.npk", "routeros", "routeros", "6.48.6", "", "npk"],
    ["ArubaOS-CX_6400-6300_10_13_1160.swi", "aoscx", "6400-6300", "10.13.1160", "", "aoscx-swi"],
    ["ArubaOS-CX_6200_10_13_1040.swi", "aoscx", "6200", "10.13.1040", "", "aoscx-swi"],
    ["5130EI-CMW710-BOOT-R3507P02.bin", "comware", "5130EI", "7.10 R3507P02", "BOOT", "comware-boot"],
    ["s9850_6850-cmw710-boot-r6555p01.bin", "comware", "s9850_6850", "7.10 R6555P01", "boot", "comware-boot"],
    ["S6800-CMW710-R2612P06H02.ipe", "comware", "S6800", "7.10 R2612P06H02", "", ""],
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

/// A wrong platform forbids an image that fits.
#[test]
fn other_products_of_a_vendor_are_not_its_system() {
    for name in [
        "FMG_VM64-v7.0.3-build0254-FORTINET.out",
        "FSW_124F-v7-build1164-FORTINET.out",
        "fxos-k9-fpr4k-firmware.1.0.18.SPA",
    ] {
        assert_eq!(parse_filename(name).platform, None, "{name}");
    }
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
        "asa9431-lfbff-k8.SPA",
        "nxos.7.0.3.IHD8.0.430.bin",
        "n9000-dk9.6.1.2.CSCup81353.gbin",
    ] {
        assert_eq!(parse_filename(name).version, None, "{name}");
    }
}
