//! Is the order one order? Over spellings that devices, names of images and catalogues have, of every platform.

use std::cmp::Ordering::{Equal, Greater, Less};

use super::super::*;

/// Real spellings, with and without builds, near to one another.
const POOL: &[(&str, &[&str])] = &[
    (
        "ios",
        &[
            "15.2(7)E10",
            "152-7.E10",
            "15.2(7)E",
            "15.2(7)E0",
            "15.2(7)E0a",
            "15.2(4)E8",
            "15.2(4)EA5",
            "15.0(2)EX5",
            "15.0(1)EX2",
            "15.0(1)EZ",
            "15.0(2)SE4",
            "12.2(25)SEB4",
            "12.2(25)SEE4",
            "12.2(35)SE",
            "12.2(44r)SE",
            "12.2(33)SXI4a",
            "12.2(18)SXF",
            "15.1(3)T4",
            "15.1(4)M",
            "15.2(4)M6a",
            "12.4(13a)",
            "124-13a",
            "12.1(27)E4",
            "15.3(3)JA1n",
        ],
    ),
    (
        "ios_xe",
        &[
            "17.9.4",
            "17.09.04",
            "Cupertino-17.9.4",
            "17.09.04.0.4803",
            "17.09.04.0.5148",
            "17.09.04.0.5148.1690000000",
            "17.9.4prd1",
            "17.9.4prd2",
            "17.9.4a",
            "17.09.04a.0.6",
            "17.9.5",
            "17.11.99SW",
            "16.12.1z1",
            "16.12.1",
            "3.16.4bS",
            "03.16.04b.S",
            "15.5(3)S4b",
            "3.18.0SP",
            "3.6.5E",
            "03.06.05E",
            "3.3.5SE",
            "3.4.6SG",
            "2.6.2",
        ],
    ),
    ("ios_xr", &["7.11.2", "7.3.1.08I", "7.3.1", "6.1.4[Default]", "6.1.4", "r613", "6.1.3", "24.3.1.22I", "24.3.1"]),
    (
        "nxos",
        &[
            "10.4(5) [Maintenance Release]",
            "10.4(5)(M)",
            "10.4.5.F",
            "9.3(7a)",
            "9.3(7)",
            "9.2(0.57)",
            "9.2(1)",
            "7.0(3)I7(10)",
            "7.0.3.I7.8",
            "7.0(3)F3(5)",
            "6.2(14)",
            "7.3(0)D1(1)",
            "6.0(2)U6(3a)",
            "6.0(2)A8(8)",
        ],
    ),
    ("aci", &["14.0(1h)", "14.0(1h) [build 14.0(1h)]", "15.3(2b)", "13.2(2aa)", "13.2(2l)", "4.0(1h)"]),
    ("aireos", &["8.10.196.0", "8-10-196-0", "8.10.105.0", "8.8.130.0"]),
    ("asa", &["9.16(3)19", "9.16(3)", "9.16.3.19", "8.4(4)1", "8.4.4.1", "8.4(4)"]),
    (
        "junos",
        &[
            "21.4R3",
            "21.4R3.15",
            "21.4R3.16",
            "21.4R3-S5",
            "21.4R3-S5.4",
            "21.4R3-S5.4-EVO",
            "22.2R1",
            "15.1F6-S7.2",
            "15.1X49-D75.5",
            "15.1X49-D75",
            "12.1X46-D35",
            "14.1X53-D40",
        ],
    ),
    (
        "eos",
        &[
            "4.32.1F",
            "4.32.1F-37265360.4321F",
            "4.32.1F-37265361.4321F",
            "4.32.1F-37000000.4321F (engineering build)",
            "4.32.1F-37000001.main",
            "4.32.1M",
            "4.18.3F",
            "4.18.3.1F",
            "4.29.10M",
        ],
    ),
    (
        "rommon",
        &["16.7(3r)", "17.3.1r", "173-1r", "17.3(1r)", "15.6(48r)S", "15_6_48r_s", "15.6(48r)T", "12.2(14r)S9a"],
    ),
    ("routeros", &["6.48.4", "6.48", "6.48.0", "7.1rc1", "7.1beta6", "7.1", "6.49.10 (long-term)"]),
    ("panos", &["10.1.9", "10.1.9-h1", "10.1.9-h2", "10.2.0"]),
    ("fortios", &["7.2.4", "v7.2.4", "v7.2.4 build1396", "7.2.4-build1400", "v7.2.4,build1396,230131 (GA.F)", "7.2.5"]),
    ("aoscx", &["10.13.1040", "FL.10.13.1040", "10.13.1050", "Virtual.10.13.0005"]),
];

/// What three versions that are read must never say. What is equal to the same is equal.
pub(super) fn consistent(a: &Version, b: &Version, c: &Version) {
    assert_eq!(a.compare(a), Some(Equal), "{}", a.as_str());
    assert_eq!(a.compare(b), b.compare(a).map(Ordering::reverse), "{} {}", a.as_str(), b.as_str());
    if let (Some(ab @ (Less | Equal)), Some(bc @ (Less | Equal))) = (a.compare(b), b.compare(c)) {
        assert_eq!(a.compare(c), Some(ab.then(bc)), "{} {} {}", a.as_str(), b.as_str(), c.as_str());
    }
    if a.compare(b) == Some(Equal) {
        assert!(a.same_release(b), "{} {}", a.as_str(), b.as_str());
    }
    // What is said of two adds to the order, and never denies it.
    assert!(a.compare(b).is_none() || a.relation(b) == a.compare(b), "{} {}", a.as_str(), b.as_str());
}

#[test]
fn the_order_is_one_order_over_real_spellings_of_every_platform() {
    let schemes: Vec<_> = POOL.iter().map(|(platform, _)| Scheme::of_platform(platform).unwrap()).collect();
    assert_eq!(schemes.len(), Scheme::ALL.len());
    for (scheme, (_, texts)) in schemes.iter().zip(POOL) {
        let read = |text: &&str| Version::parse(*scheme, text).unwrap_or_else(|e| panic!("{e}"));
        let pool: Vec<Version> = texts.iter().map(read).collect();
        for a in &pool {
            for b in &pool {
                pool.iter().for_each(|c| consistent(a, b, c));
            }
        }
    }
}

#[test]
fn a_build_is_its_release_and_two_builds_are_told_apart() {
    for (platform, release, earlier, later) in [
        ("ios_xe", "17.9.4", "17.09.04.0.4803", "17.09.04.0.5148"),
        ("junos", "21.4R3", "21.4R3.15", "21.4R3.16"),
        ("fortios", "7.2.4", "v7.2.4 build1396", "v7.2.4 build1400"),
        ("eos", "4.32.1F", "4.32.1F-37000000.main", "4.32.1F-37000001.main"),
    ] {
        let scheme = Scheme::of_platform(platform).unwrap();
        let [release, earlier, later] = [release, earlier, later].map(|text| Version::parse(scheme, text).unwrap());
        assert_eq!(earlier.compare(&later), Some(Less), "{platform}");
        assert_eq!(later.relation(&earlier), Some(Greater), "{platform}");
        for build in [&earlier, &later] {
            assert_eq!((release.compare(build), release.relation(build)), (None, Some(Equal)), "{platform}");
        }
    }
}
