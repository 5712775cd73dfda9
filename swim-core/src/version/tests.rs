#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod order;
mod vendors;

use std::cmp::Ordering::{Equal, Greater, Less};

use proptest::prelude::*;

use super::*;

fn ios(text: &str) -> Version {
    Version::parse(Scheme::Ios, text).unwrap()
}

fn xe(text: &str) -> Version {
    Version::parse(Scheme::IosXe, text).unwrap()
}

#[test]
fn classic_spellings_have_one_normal_form() {
    for (text, normal) in [
        ("15.2(7)E10", "15.2(7)E10"),
        ("152-7.E10", "15.2(7)E10"),
        ("Version 15.2(4)E8, RELEASE SOFTWARE (fc3)", "15.2(4)E8"),
        ("12.3(6f)", "12.3(6f)"),
        ("123-6f", "12.3(6f)"),
        ("15.2(4)M6a", "15.2(4)M6a"),
        ("15.2(2)S0a", "15.2(2)S0a"),
        ("152-7.E0a", "15.2(7)E0a"),
        ("15.2(7)E0", "15.2(7)E"),
        ("121.14-EA1", "12.1(14)EA1"),
        ("152-4.1.5.EB", "15.2(4.1.5)EB"),
        ("121-0.0.16.EA1", "12.1(0.0.16)EA1"),
        ("120.5.WC17", "12.0(5)WC17"),
        ("Version 12.2(25)SEE2 EARLY DEPLOYMENT RELEASE SOFTWARE (fc1)", "12.2(25)SEE2"),
        ("15.3(3)JA1n", "15.3(3)JA1n"),
        ("15.0(1)M2.15", "15.0(1)M2.15"),
        ("150-2.se4", "15.0(2)SE4"),
        ("12.2(33)SXI4a", "12.2(33)SXI4a"),
    ] {
        assert_eq!(ios(text).normal(), normal, "{text}");
    }
}

#[test]
fn xe_spellings_have_one_normal_form() {
    for (text, normal) in [
        ("Version 17.09.04a", "17.9.4a"),
        ("17.9.4a", "17.9.4a"),
        ("17.09.04a.0.6", "17.9.4a"),
        ("16.12.10 prd7", "16.12.10prd7"),
        ("16.05.01a.prd3", "16.5.1aprd3"),
        ("17.09.04aprd9", "17.9.4aprd9"),
        ("03.06.05E", "3.6.5E"),
        ("3.6.5E", "3.6.5E"),
        ("03.16.05.S", "3.16.5S"),
        ("03.16.04b.S.155-3.S4b-ext", "3.16.4bS"),
        ("03.03.00.SE.150-1.EZ", "3.3.0SE"),
        ("Cisco IOS XE Software, Version 03.16.04b.S - Extended Support Release", "3.16.4bS"),
        ("Version 03.07.05E RELEASE SOFTWARE (fc1)", "3.7.5E"),
        // The number of its IOS, which the same device reports.
        ("15.5(3)S4b", "3.16.4bS"),
        ("Version 15.2(2)E, RELEASE SOFTWARE (fc1)", "3.6.0E"),
        ("Gibraltar-16.12.10", "16.12.10"),
        ("IOSXE-17.14.1a", "17.14.1a"),
        ("IOS-XE 17.14.1a", "17.14.1a"),
        ("17.09.05.0.6450.1706657994..Cupertino", "17.9.5"),
        ("26.01.01", "26.1.1"),
        ("16.12.1z1", "16.12.1z1"),
        ("17.11.99SW", "17.11.99SW"),
        ("02.06.02.122-33.XNF2", "2.6.2"),
    ] {
        assert_eq!(xe(text).normal(), normal, "{text}");
    }
}

#[test]
fn what_is_no_version_is_refused() {
    for text in [
        "",
        " ",
        "17",
        "17.9",
        "3.6.5",
        "3.13S",
        "10.115.6.5",
        "17.9.4.SPA",
        "17.09.04.5",
        "17.13.20230427:005651",
        "BLD_POLARIS_DEV_LATEST_20260404_033234_V26_2_0_38",
        "V169_3_SR684942877_7",
        "2022-06-06_12.21_mcpre",
        "12.2(55)SE3",
        "17.9.4a b",
        "17.9.4\u{e9}",
        "999.1.1",
        "17..9.4",
        "17.9.4abc",
        "17.9.4prd",
    ] {
        assert!(Version::parse(Scheme::IosXe, text).is_err(), "{text}");
    }
    for text in [
        "",
        "15.2",
        "15.2(",
        "15.2()E",
        "15.2(7",
        "15.2(7)E10x10y",
        "17.9.4a",
        "16.12(2r)",
        "15.2(7)SPA",
        "152",
        "152-",
        "1524.E10",
        "152-4.",
        "12.4(20100607:181600)",
        "152-4.E10.SPA",
        "15.2(7)ABCDE1",
        "15.2(7)3",
    ] {
        assert!(Version::parse(Scheme::Ios, text).is_err(), "{text}");
    }
    let long = "1".repeat(10_000);
    assert!(Version::parse(Scheme::Ios, &long).is_err());
    assert_eq!(compare("toaster", "9.3(5)", "9.3(7)").unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn classic_trains_are_ordered_and_others_refused() {
    for (older, newer) in [
        ("12.3(1)T", "12.3(1.2)T"),
        ("12.3(1.2)T", "12.3(2)T"),
        ("15.2(2)S", "15.2(2)S0a"),
        ("15.2(2)S0c", "15.2(2)S1"),
        ("15.3(3)JA1n", "15.3(3)JA75"),
        ("15.1(3)T4", "15.1(4)M"),
        ("12.2(18)SXD3", "12.2(18)SXF"),
        ("15.0(2)EX5", "15.2(2)E"),
        ("15.0(1)EX2", "15.0(1)EZ"),
        ("15.2(4)EA5", "15.2(7)E"),
        ("12.2(25)SEB4", "12.2(25)SEE"),
        ("12.2(25)SEE4", "12.2(35)SE"),
        ("12.2(33)SRC6", "12.2(33)SRE"),
        ("12.4(13)", "12.4(13a)"),
        ("12.4(13z)", "12.4(13aa)"),
    ] {
        assert_eq!(ios(older).compare(&ios(newer)), Some(Less), "{older} {newer}");
        assert_eq!(ios(newer).compare(&ios(older)), Some(Greater), "{newer} {older}");
    }
    for (a, b) in [
        ("15.4(3)S4", "15.4(3)M4"),
        ("12.4(13a)", "12.4(15)T1"),
        ("15.2(5)EX", "15.2(5)E"),
        ("15.0(2)EX5", "15.0(2)SE4"),
        ("15.0(2)SE11", "15.2(4)E10"),
        ("12.1(22)EA14", "12.2(25)SEB"),
        ("12.2(33)SRE4", "12.2(33)SXI4"),
        ("12.2(55)SE12", "12.2(54)SG1"),
        ("12.1(27)E4", "15.2(7)E"),
        ("12.1(22)EA13", "12.1(27)E"),
        ("12.2(44r)SE", "12.2(44)SE"),
        ("15.2(4)M", "15.2(4)T"),
    ] {
        assert_eq!(ios(a).compare(&ios(b)), None, "{a} {b}");
        assert_eq!(ios(b).compare(&ios(a)), None, "{b} {a}");
    }
}

#[test]
fn xe_builds_candidates_and_letters_are_ordered() {
    for (older, newer) in [
        ("17.09.04.0.4803", "17.09.04.0.5148"),
        ("17.09.04.0.5148", "17.09.04a.0.6"),
        ("17.9.4prd1", "17.9.4"),
        ("17.9.3.0.5", "17.9.4prd1"),
        ("16.12.1", "16.12.1z1"),
        ("16.12.1z1", "16.12.1z2"),
        ("3.3.5SE", "3.6.0E"),
        ("3.16.4bS", "16.2.1"),
        ("3.7.5E", "16.3.1"),
        ("3.18.9SP", "16.5.1"),
        ("2.6.2", "3.1.0S"),
        ("2.6.2", "16.2.1"),
        ("17.18.1", "26.1.1"),
    ] {
        assert_eq!(xe(older).compare(&xe(newer)), Some(Less), "{older} {newer}");
        assert_eq!(xe(newer).compare(&xe(older)), Some(Greater), "{newer} {older}");
    }
    assert_eq!(xe("17.9.4").relation(&xe("17.09.04.0.5148")), Some(Equal));
    assert!(xe("17.03.01.0.351").same_release(&xe("17.3.1")));
    assert!(!xe("17.3.1prd2").same_release(&xe("17.3.1")));
    for (a, b) in [
        ("3.6.5E", "3.13.1S"),
        ("3.18.0S", "3.18.0SP"),
        ("2.6.2", "3.6.0E"),
        ("17.9.4prd1", "17.09.04.0.4803"),
        ("17.9.4", "17.09.04.0.5148"),
        ("17.11.99SW", "17.12.1"),
        ("3.4.6SG", "16.3.1"),
    ] {
        assert_eq!(xe(a).compare(&xe(b)), None, "{a} {b}");
        assert_eq!(xe(b).compare(&xe(a)), None, "{b} {a}");
    }
    assert_eq!(xe("3.6.5E").compare(&ios("15.2(2)E5")), None);
}

#[test]
fn groups_are_major_releases() {
    assert_eq!(ios("15.2(7)E10").group(), "15.2 E");
    assert_eq!(ios("12.4(13a)").group(), "12.4 mainline");
    assert_eq!(xe("17.09.04a").group(), "17.9");
    assert_eq!(xe("03.16.04b.S").group(), "3.16 S");
}

#[test]
fn dual_numbers_that_are_known() {
    for (xe_text, ios_text) in
        [("3.16.4bS", "15.5(3)S4b"), ("3.13.0S", "15.4(3)S"), ("3.6.10E", "15.2(2)E10"), ("3.2.2SE", "15.0(1)EX2")]
    {
        assert_eq!(xe(xe_text).ios_counterpart(), Some(ios(ios_text)), "{xe_text}");
    }
    for (xe_text, ios_text) in [("3.18.3SP", "15.6(2)SP3"), ("3.11.0E", "15.2(7)E"), ("3.3.5SE", "15.0(1)EZ5")] {
        assert_eq!(xe(ios_text).normal(), xe_text);
        assert_eq!(xe(ios_text).compare(&xe(xe_text)), Some(Equal), "{xe_text}");
    }
    assert_eq!(xe("3.3.0XO").ios_counterpart(), None);
    assert_eq!(xe("17.9.4").ios_counterpart(), None);
}

#[test]
fn the_stored_form_is_checked_when_it_is_read() {
    let json = serde_json::to_string(&xe("17.09.04a")).unwrap();
    assert_eq!(json, r#"{"scheme":"ios_xe","text":"17.09.04a"}"#);
    assert_eq!(serde_json::from_str::<Version>(&json).unwrap(), xe("17.09.04a"));
    assert!(serde_json::from_str::<Version>(r#"{"scheme":"ios_xe","text":"nine"}"#).is_err());
}

fn one_train() -> impl Strategy<Value = Version> {
    let letters = prop_oneof![Just(""), Just("a"), Just("b"), Just("z"), Just("ab")];
    (12u8..16, 0u8..4, 0u8..4, "(\\.[0-3]){0,2}", letters.clone(), "(|[0-3]|1[01])", letters).prop_map(
        |(major, minor, maintenance, interim, letter, rebuild, last)| {
            let last = if rebuild.is_empty() { "" } else { last };
            ios(&format!("{major}.{minor}({maintenance}{interim}{letter})SE{rebuild}{last}"))
        },
    )
}

fn any_ios() -> impl Strategy<Value = Version> {
    let train = prop_oneof![
        Just("E"),
        Just("EX"),
        Just("EZ"),
        Just("EA"),
        Just("M"),
        Just("T"),
        Just("SXD"),
        Just("SXF"),
        Just("SE"),
        Just("SEA"),
        Just("SEF"),
        Just("S")
    ];
    (12u8..16, 0u8..3, 0u8..3, "[ab]?", train, "[0-2]?").prop_map(
        |(major, minor, maintenance, letter, train, rebuild)| {
            ios(&format!("{major}.{minor}({maintenance}{letter}){train}{rebuild}"))
        },
    )
}

fn any_xe() -> impl Strategy<Value = Version> {
    let unified = (16u8..19, 1u8..4, 1u8..3, "[ab]?", "(|prd[12]|\\.0\\.[12])")
        .prop_map(|(major, minor, patch, letter, tail)| xe(&format!("{major}.0{minor}.0{patch}{letter}{tail}")));
    let old = (2u8..8, 0u8..3, "[ab]?", "(S|SP|E|SE|SG|XO)")
        .prop_map(|(minor, patch, letter, train)| xe(&format!("03.0{minor}.0{patch}{letter}.{train}")));
    let oldest = (1u8..7, 0u8..3).prop_map(|(minor, patch)| xe(&format!("02.0{minor}.0{patch}")));
    prop_oneof![unified, old, oldest]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn one_train_is_totally_ordered(a in one_train(), b in one_train(), c in one_train()) {
        let (ab, bc, ac) = (a.compare(&b).unwrap(), b.compare(&c).unwrap(), a.compare(&c).unwrap());
        prop_assert_eq!(b.compare(&a).unwrap(), ab.reverse());
        if ab == bc {
            prop_assert_eq!(ac, ab);
        }
        prop_assert_eq!(ab == Equal, a.normal() == b.normal());
        prop_assert_eq!(a.train(), b.train());
    }

    #[test]
    fn the_strict_order_is_antisymmetric_and_transitive_everywhere(
        (a, b, c) in prop_oneof![(any_ios(), any_ios(), any_ios()).boxed(), (any_xe(), any_xe(), any_xe()).boxed()],
    ) {
        prop_assert_eq!(a.compare(&b), b.compare(&a).map(|order| order.reverse()));
        prop_assert_eq!(a.compare(&a), Some(Equal));
        order::consistent(&a, &b, &c);
        if a.same_release(&b) {
            prop_assert_eq!(a.train(), b.train());
            prop_assert_eq!(a.group(), b.group());
        }
    }

    #[test]
    fn the_normal_form_is_read_back(v in prop_oneof![one_train().boxed(), any_ios().boxed(), any_xe().boxed()]) {
        let again = Version::parse(v.scheme(), &v.normal()).unwrap();
        prop_assert_eq!(again.normal(), v.normal());
        prop_assert!(again.same_release(&v));
        prop_assert_eq!(again.train(), v.train());
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}", like in "[0-9.()A-Za-z: -]{0,40}") {
        for text in [text, like] {
            for scheme in Scheme::ALL {
                if let Ok(v) = Version::parse(scheme, &text) {
                    prop_assert_eq!(Version::parse(scheme, &v.normal()).unwrap().normal(), v.normal());
                }
            }
        }
    }
}
