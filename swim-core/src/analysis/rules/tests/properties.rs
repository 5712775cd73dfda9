//! No rule panics, whatever image, device and policy are.

use proptest::prelude::*;

use super::*;
use crate::analysis::{Agreement, Contradiction, KnownGood, PathRule, Report, Standing};

/// Words of devices and images, and anything else.
fn word() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "CAT9K_IOSXE",
        "C2960X-UNIVERSALK9-M",
        "C9300-48UXM",
        "WS-C3750X-48P",
        "WS-C3850",
        "ISR4431/K9",
        "ME-3600X-24FS-M",
        "C9407R",
        "flash:packages.conf",
        "flash:c2960x-universalk9-mz.152-7.E10.bin",
        "universalk9_npe",
        "ipbase",
        "ios_tar",
        "ios_xe_package",
        "cat9k",
        "isr4400",
        "rsp",
        "c9800-40",
        "Duplex",
        "sso",
        "STANDBY HOT",
        "0x2102",
        "0x",
        "Ready",
        "stacking_number: 1.11",
        "board_ids:",
        "boot_rom>=16.7(3r)",
        "SSA",
        "smu",
        "System Bootstrap, Version 16.7(3r)",
        "é",
        "Active",
        "C9800_IOSXE-K9",
        "ios",
        "ios_xe",
        "aireos",
        "controller-managed",
        "x.tar",
        "a.bin",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

fn some_word() -> impl Strategy<Value = Option<String>> {
    prop::option::of(word())
}

fn field() -> impl Strategy<Value = Option<Field<String>>> {
    some_word().prop_map(|w| w.map(|w| Field::new(w, Provenance::FileName)))
}

fn flag() -> impl Strategy<Value = Option<Field<bool>>> {
    any::<Option<bool>>().prop_map(|v| v.map(|v| Field::new(v, Provenance::Header)))
}

fn some_version() -> impl Strategy<Value = Option<Version>> {
    let texts = [
        (Scheme::IosXe, "17.9.4a"),
        (Scheme::IosXe, "3.16.4bS"),
        (Scheme::IosXe, "3.4.0SG"),
        (Scheme::IosXe, "17.3.3"),
        (Scheme::Ios, "15.2(7)E10"),
        (Scheme::Ios, "12.1(14)EA1"),
        (Scheme::IosXr, "7.5.2"),
        (Scheme::Nxos, "9.3(7a)"),
        (Scheme::Nxos, "6.0(2)U6(10)"),
        (Scheme::Panos, "10.1.9"),
        (Scheme::Panos, "10.2.0"),
        (Scheme::Aireos, "8.10.196.0"),
        (Scheme::Aireos, "8.3.1.0"),
    ];
    prop::option::weighted(0.9, prop::sample::select(texts.to_vec()))
        .prop_map(|v| v.and_then(|(scheme, text)| Version::parse(scheme, text).ok()))
}

fn some_member() -> impl Strategy<Value = Member> {
    let flash = (word(), any::<Option<u64>>(), word(), any::<u64>()).prop_map(|(prefix, free, name, bytes)| {
        FileSystem { prefix, total: free, free, files: vec![FileEntry { name, bytes, directory: false }] }
    });
    let mode = prop::option::of(prop::sample::select(vec![Mode::Install, Mode::Bundle]));
    (any::<u32>(), some_word(), some_word(), some_version(), any::<Option<u64>>(), mode, prop::option::of(flash))
        .prop_map(|(number, model, state, version, ram, mode, flash)| Member {
            number,
            role: model.clone(),
            state,
            model,
            serial: None,
            version,
            ram,
            mode,
            flash,
            boot_next: None,
        })
}

fn some_image() -> impl Strategy<Value = Image> {
    let texts = (field(), field(), field(), field(), field(), field());
    let flags = (flag(), flag(), flag());
    (word(), any::<u64>(), some_version(), texts, flags, any::<Option<u64>>(), prop::collection::vec(word(), 0..3))
        .prop_map(
            |(
                file_name,
                bytes,
                version,
                (container, platform, family, feature_set, image_type, signature),
                (k9, npe, ldpe),
                least,
                said,
            )| {
                let number = least.map(|n| Field::new(n, Provenance::User));
                Image {
                    file_name,
                    bytes,
                    facts: ImageFacts {
                        container,
                        platform,
                        family,
                        version: version.map(|v| Field::new(v, Provenance::Header)),
                        feature_set,
                        k9,
                        npe,
                        ldpe,
                        image_type,
                        signature,
                        min_ram: number.clone(),
                        min_flash: number,
                        compatibility: said.into_iter().map(|s| Field::new(s, Provenance::Member)).collect(),
                        ..ImageFacts::default()
                    },
                    ..image()
                }
            },
        )
}

fn some_inventory() -> impl Strategy<Value = Inventory> {
    let words = (some_word(), some_word(), some_word(), some_word(), some_word(), some_word(), some_word());
    let redundancy = prop::option::of((some_word(), some_word(), some_word()))
        .prop_map(|r| r.map(|(hardware, operating, peer)| Redundancy { hardware, operating, peer }));
    let snmp = prop::option::of((any::<Option<bool>>(), prop::option::of(prop::collection::vec(word(), 0..2))))
        .prop_map(|s| s.map(|(write, excluded)| Snmp { write, excluded }));
    let members = prop::collection::vec(some_member(), 0..4);
    let flags = (any::<Option<bool>>(), any::<Option<u8>>(), any::<Option<u64>>(), any::<bool>());
    (words, some_version(), redundancy, snmp, members, flags, word()).prop_map(
        |(
            (model, software, image, boot_rom, register, next, operating_mode),
            version,
            redundancy,
            snmp,
            members,
            flags,
            platform,
        )| {
            let (config_unsaved, privilege, ram, told) = flags;
            Inventory {
                platform: PlatformId(platform),
                model,
                software,
                image,
                boot_rom,
                version,
                redundancy,
                snmp,
                members,
                config_unsaved,
                privilege,
                ram,
                operating_mode,
                install: told.then(InstallState::default),
                mode: told.then_some(Mode::Install),
                boot: BootState {
                    config_register: register,
                    next: next.map(|n| vec![n]),
                    manual: config_unsaved,
                    ..BootState::default()
                },
                ..inventory()
            }
        },
    )
}

proptest! {
    #[test]
    fn no_subject_makes_a_rule_panic(image in some_image(), inventory in some_inventory(), careful in any::<bool>()) {
        let all = [Demand::KnownGood, Demand::Catalogue, Demand::SnmpWrite, Demand::FlashMib];
        let policy = Policy { demands: if careful { all.to_vec() } else { vec![] }, ..Policy::default() };
        let knowledge = Knowledge {
            standing: careful.then(|| Standing::Deferred(image.file_name.clone())),
            known_good: (!careful).then(|| KnownGood::Contradicted(String::new())),
            contradictions: vec![Contradiction {
                catalogue: image.file_name.clone(),
                image: "1 bytes".into(),
                listed: "2 bytes".into(),
            }],
            forms: careful.then(|| vec![Agreement::K9]),
            paths: PathRule::builtin().to_vec(),
            matrices: vec![],
        };
        let report = judged(&image, &inventory, &policy, &knowledge);
        for f in &report.findings {
            prop_assert!(f.severity != Severity::Unknown || f.missing.is_some(), "{} names no fact", f.code);
        }
        let report = Report::new(&image, vec![report]);
        prop_assert!(!report.html().contains("<script") && !report.text().is_empty());
    }
}
