//! The grammars whose versions are lists of numbers.

use std::cmp::Ordering::{Equal, Greater, Less};

use super::super::*;
use proptest::prelude::*;

/// Platform, spelling, normal form, train, group.
const READ: &[(&str, &str, &str, &str, &str)] = &[
    ("ios_xr", "7.11.2", "7.11.2", "XR", "7.11"),
    ("iosxr", "6.1.4[Default]", "6.1.4", "XR", "6.1"),
    ("iosxr", "Cisco IOS XR Software, Version 7.9.2 LNT", "7.9.2", "XR", "7.9"),
    ("iosxr", "7.3.1.08I", "7.3.1.08I", "XR", "7.3"),
    ("iosxr", "r613", "6.1.3", "XR", "6.1"),
    ("iosxr", "r7101", "7.10.1", "XR", "7.10"),
    // Before 7 the second number has one digit.
    ("iosxr", "r6112", "6.1.12", "XR", "6.1"),
    ("iosxr", "r63134I", "6.3.1.34I", "XR", "6.3"),
    ("iosxr", "6.2.2.15I.DT_IMAGE", "6.2.2.15I", "XR", "6.2"),
    ("iosxr", "r2411", "24.1.1", "XR", "24.1"),
    ("iosxr", "25.4.1", "25.4.1", "XR", "25.4"),
    ("nxos", "7.0.3.I7.8", "7.0(3)I7(8)", "I", "7.0(3) I"),
    ("nxos", "system:    version 6.0(2)U6(3a)", "6.0(2)U6(3a)", "U", "6.0(2) U"),
    ("nxos", "5.2.3.N2.2.28g", "5.2(3)N2(2.28g)", "N", "5.2(3) N"),
    ("nxos", "9.3.7a", "9.3(7a)", "9000", "9.3"),
    ("nxos", "10.4(5) [Maintenance Release]", "10.4(5)", "9000", "10.4"),
    ("nxos", "10.2.3.F", "10.2(3)(F)", "9000", "10.2"),
    ("nxos", "10.2(3)F", "10.2(3)(F)", "9000", "10.2"),
    ("nxos", "10.2.2.39.F", "10.2(2.39)(F)", "9000", "10.2"),
    ("nxos", "5.0.3.N2.4.02e", "5.0(3)N2(4.02e)", "N", "5.0(3) N"),
    ("nxos", "7.3(0)DY(1)", "7.3(0)DY(1)", "DY", "7.3(0) DY"),
    ("nxos", "6.2.14", "6.2(14)", "7000", "6.2"),
    ("nxos", "9.2(0.57)", "9.2(0.57)", "9000", "9.2"),
    ("aci", "14.0(1h) [build 14.0(1h)]", "14.0(1h)", "switch", "14.0"),
    ("aci", "15.3.2b", "15.3(2b)", "switch", "15.3"),
    ("aireos", "8-10-196-0", "8.10.196.0", "AireOS", "8.10"),
    ("asa", "Cisco Adaptive Security Appliance Software Version 9.16(3)19", "9.16(3)19", "ASA", "9.16"),
    ("asa", "8.4.4.1", "8.4(4)1", "ASA", "8.4"),
    ("asa", "9.16(4.67)", "9.16(4)67", "ASA", "9.16"),
    ("asdm", "7.8(2)", "7.8(2)", "ASA", "7.8"),
    ("asdm", "7.18(1.152)", "7.18(1)152", "ASA", "7.18"),
    ("junos", "21.4R3-S5.4", "21.4R3-S5.4", "R", "21.4"),
    ("junos", "21.4R3-S5.4-EVO", "21.4R3-S5.4-EVO", "R Evolved", "21.4-EVO"),
    ("junos", "15.1X49-D75.5", "15.1X49-D75.5", "X of firewalls", "15.1"),
    ("junos", "14.1X53-D40", "14.1X53-D40", "14.1X53", "14.1"),
    ("eos", "4.32.1F-37265360.4321F", "4.32.1F", "EOS", "4.32"),
    ("eos", "4.28.0F-26924507.4280F (engineering build)", "4.28.0F", "EOS", "4.28"),
    ("eos", "4.18.3.1F", "4.18.3.1F", "EOS", "4.18"),
    ("rommon", "System Bootstrap, Version 12.2(33r)XN2, RELEASE SOFTWARE (fc1)", "12.2(33r)XN2", "XN boot ROM", "12.2"),
    ("rommon", "173-1r", "17.3(1r)", "boot ROM", "17.3"),
    ("rommon", "15_6_48r_s", "15.6(48r)S", "S boot ROM", "15.6"),
    ("rommon", "154-3r.S5", "15.4(3r)S5", "S boot ROM", "15.4"),
    ("rommon", "12.4(12.2r)T", "12.4(12.2r)T", "T boot ROM", "12.4"),
    ("rommon", "12.2(14r)S9a", "12.2(14r)S9a", "S boot ROM", "12.2"),
    ("rommon", "17.3.1r[FC2]", "17.3.1r", "boot ROM of three numbers", "17.3"),
    ("routeros", "6.49.10 (long-term)", "6.49.10", "RouterOS", "6.49"),
    ("routeros", "7.1beta6", "7.1beta6", "RouterOS", "7.1"),
    ("panos", "10.1.9-h1", "10.1.9-h1", "PAN-OS", "10.1"),
    ("fortios", "v7.2.4,build1396,230131 (GA.F)", "7.2.4", "FortiOS", "7.2"),
    ("fortios", "v7.2.5 build1517 (GA)", "7.2.5", "FortiOS", "7.2"),
    ("fortios", "7.2.7-build1624", "7.2.7", "FortiOS", "7.2"),
    ("aoscx", "FL.10.13.1040", "10.13.1040", "AOS-CX", "10.13"),
    ("aoscx", "Virtual.10.13.0005", "10.13.0005", "AOS-CX", "10.13"),
    ("aoscx", "10.5.21", "10.05.0021", "AOS-CX", "10.5"),
];

#[test]
fn spellings_have_one_normal_form_a_train_and_a_group() {
    for (platform, text, normal, train, group) in READ {
        let version = Version::parse(Scheme::of_platform(platform).unwrap(), text).unwrap();
        let read = (version.normal(), version.train(), version.group());
        assert_eq!(read, ((*normal).into(), (*train).into(), (*group).into()), "{text}");
    }
}

#[test]
fn what_is_no_version_is_refused() {
    for (platform, texts) in [
        ("iosxr", &["6.1", "6.1.1.16", "r7112", "r711108I", "r61", "r7111", "1.2.3", "60.1.1", "7.9.2I", "r613a"][..]),
        (
            "nxos",
            &[
                "9.3",
                "9.3(",
                "9.3(5",
                "7.0(3)I7",
                "7.0(3)I7(8)x",
                "9.3(5)(G)",
                "10.225.0.2.U6.10",
                "3.1(2)",
                "4.8.0.L4.8.08mmm",
                "6.0.2.N2.2a.28g",
            ],
        ),
        ("aci", &["14.0(1)", "14.0", "0.1(2a)", "9.3(5)"]),
        ("aireos", &["8.10", "8.10.196", "8.10.196.0.1", "17.9.4.1"]),
        (
            "asa",
            &["9.16", "9.16(3", "9.16(3)x", "952-204", "2.0(1)", "9.16(4.67)1", "9.16(4.)", "9.16(4.67", "9.16(4.6.7)"],
        ),
        ("junos", &["21.4", "21.4R", "21.4Q3", "15.1X49", "21.4R3-D5", "21.4R3-S", "21.4R3-EVO-S1"]),
        ("eos", &["4.29", "17.9.4", "4.29.2X", "4.29.2F-", "4.1.2.3.4F"]),
        ("rommon", &["16.7(3)", "16.7", "12.2(33r", "1612", "16_12", "1612_2", "1.26", "38_227_22r", "16_+7_3r"]),
        ("routeros", &["6", "6.48.4.1", "7.1beta", "v7.1"]),
        ("panos", &["10.1", "10.1.9-c1", "10.1.9-h"]),
        ("fortios", &["7.2", "7.2.4.5", "7.2.4 build"]),
        ("aoscx", &["10.13", "X.10.13.1040", "10.13.1040.1"]),
    ] {
        let scheme = Scheme::of_platform(platform).unwrap();
        for text in texts.iter().chain(&["", "-", "nine", "99999999999999999999.1.1"]) {
            let refused = Version::parse(scheme, text);
            assert_eq!(refused.as_ref().map_err(Error::kind), Err(ErrorKind::InvalidInput), "{platform} {text}");
        }
    }
}

#[test]
fn order_inside_of_a_line_and_none_across() {
    for (platform, older, newer) in [
        ("iosxr", "6.1.3", "6.1.12"),
        ("iosxr", "24.3.1.22I", "24.3.1"),
        ("iosxr", "24.2.1", "24.3.1.22I"),
        ("iosxr", "7.11.2", "24.1.1"),
        ("nxos", "7.0(3)I7(10)", "9.2(1)"),
        ("nxos", "6.2(14)", "7.3(0)D1(1)"),
        ("nxos", "9.3(7)", "9.3(7a)"),
        ("nxos", "10.2(3)(F)", "10.2(4)(M)"),
        ("nxos", "9.2(0.57)", "9.2(1)"),
        ("aci", "13.2(2l)", "13.2(2aa)"),
        ("aireos", "8.8.130.0", "8.10.105.0"),
        ("asa", "9.8(4)", "9.8(4)10"),
        ("junos", "21.4R3", "21.4R3-S1"),
        ("junos", "21.4R3-S5.4", "22.2R1"),
        ("junos", "12.1X46-D35", "15.1X49-D75"),
        ("eos", "4.29.2F", "4.29.10M"),
        ("rommon", "16.2(2r)", "16.12(1r)"),
        ("routeros", "7.1rc1", "7.1"),
        ("panos", "10.1.9", "10.1.9-h1"),
        ("fortios", "7.2.4 build1396", "7.2.4 build1400"),
        ("aoscx", "10.9.1000", "10.10.0002"),
    ] {
        assert_eq!(compare(platform, older, newer).unwrap(), Some(Less), "{platform} {older} {newer}");
        assert_eq!(compare(platform, newer, older).unwrap(), Some(Greater), "{platform} {newer} {older}");
    }
    for (platform, a, b) in [
        ("nxos", "7.0(3)F3(5)", "9.3(5)"),
        ("nxos", "6.0(2)U6(10)", "6.0(2)A8(8)"),
        ("aci", "4.0(1h)", "14.0(1h)"),
        ("junos", "21.4R3-S5.4", "21.4R3-S5.4-EVO"),
        ("junos", "15.1F6", "15.1R7"),
        ("junos", "14.1X53-D40", "15.1X49-D75"),
        ("rommon", "15.6(48r)S", "15.6(48r)T"),
        ("rommon", "17.3(1r)", "17.3.1r"),
    ] {
        assert_eq!(compare(platform, a, b).unwrap(), None, "{platform} {a} {b}");
        assert_eq!(compare(platform, b, a).unwrap(), None, "{platform} {b} {a}");
    }
    let parse = |platform, text| Version::parse(Scheme::of_platform(platform).unwrap(), text).unwrap();
    assert_eq!(parse("asa", "9.16(3)").compare(&parse("nxos", "9.16(3)")), None);
    // Without a build it is the release, and each of its builds is that; which of them is not said.
    assert!(parse("junos", "21.4R3").same_release(&parse("junos", "21.4R3.15")));
    assert_eq!(parse("junos", "21.4R3").compare(&parse("junos", "21.4R3.15")), None);
    assert_eq!(parse("junos", "21.4R3").relation(&parse("junos", "21.4R3.15")), Some(Equal));
    assert_eq!(parse("eos", "4.32.1F").compare(&parse("eos", "4.32.1F-37265360.4321F")), Some(Equal));
    assert_eq!(parse("eos", "4.28.0F").compare(&parse("eos", "4.28.0F-26924507.4280F (engineering build)")), None);
    assert!(parse("nxos", "10.4(5)").same_release(&parse("nxos", "10.4.5.M")));
    assert!(!parse("nxos", "9.3(5)").same_release(&parse("nxos", "7.0(3)I7(8)")));
}

/// Versions of one scheme, near to one another.
fn any(scheme: Scheme) -> BoxedStrategy<Version> {
    let spelled = match scheme {
        Scheme::IosXr => "(6\\.1|7\\.1[01]|24\\.1)\\.[12](\\.[01][12]I)?",
        Scheme::Nxos => {
            "(7\\.0\\([34]\\)[IFU][12]\\([1-3]a?\\)|(6|9|10)\\.[23]\\([12][ab]?\\)(\\([FM]\\))?|7\\.3\\(0\\)D1\\([12]\\))"
        }
        Scheme::Aci => "(3|13|14)\\.[01]\\([12][a-c]{1,2}\\)",
        Scheme::Aireos => "8\\.(8|10)\\.[12]\\.[01]",
        Scheme::Asa => "(8|9)\\.(2|12)\\([12]\\)([12]|10)?",
        Scheme::Junos => "2[12]\\.[14](R[12](\\.[12])?(-S[12](\\.[12])?)?|F[12]|X(46|49|53)-D(5|10))(-EVO)?",
        Scheme::Eos => "4\\.2[89]\\.(2|10)(\\.1)?[FM](-[12]\\.x)?",
        Scheme::Rommon => "1[56]\\.[12]\\([12]r\\)(S|M[12])?|1[67]\\.1\\.[12]r",
        Scheme::Routeros => "[67]\\.[12](\\.[12]|beta[12]|rc[12])?",
        Scheme::Panos => "10\\.[01]\\.[19](-h[12])?",
        Scheme::Fortios => "7\\.[02]\\.[19]( build[12])?",
        _ => "10\\.(05|13)\\.(0021|1040)",
    };
    spelled.prop_map(move |text| Version::parse(scheme, &text).unwrap()).boxed()
}

fn three() -> impl Strategy<Value = (Version, Version, Version)> {
    let schemes: Vec<Scheme> = Scheme::ALL.into_iter().skip(2).collect();
    proptest::sample::select(schemes).prop_flat_map(|scheme| (any(scheme), any(scheme), any(scheme)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_order_is_antisymmetric_and_transitive_and_the_normal_form_is_read_back((a, b, c) in three()) {
        prop_assert_eq!(a.compare(&b), b.compare(&a).map(|order| order.reverse()));
        prop_assert_eq!(a.compare(&a), Some(Equal));
        super::order::consistent(&a, &b, &c);
        if a.train() == b.train() {
            prop_assert!(a.relation(&b).is_some(), "{} {}", a, b);
            prop_assert!(a.compare(&b).is_some() || a.same_release(&b), "{} {}", a, b);
        }
        if a.same_release(&b) {
            prop_assert_eq!((a.train(), a.group()), (b.train(), b.group()));
        }
        let again = Version::parse(a.scheme(), &a.normal()).unwrap();
        prop_assert_eq!(again.normal(), a.normal());
        prop_assert!(again.same_release(&a));
    }
}
