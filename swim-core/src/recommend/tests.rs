mod properties;

use jiff::Timestamp;

use super::*;
use crate::analysis::Verdict;
use crate::catalog::Entry;
use crate::image::{Field, Image, ImageFacts, Overrides, Provenance, parse_filename};
use crate::model::*;
use crate::platform::{Definition, Registry};
use crate::version::{Scheme, Version};

const MIB: u64 = 1 << 20;

/// An IOS image of a family, with a requirement that the devices below meet.
fn image(family: &str, set: &str, version: &str) -> Image {
    let name = format!("{family}-{set}-mz.{version}.bin");
    let id = Sha256::of(name.as_bytes());
    let text = |text: &str| Some(Field::new(text.to_owned(), Provenance::Header));
    let has = |mark: &str| Some(Field::new(set.contains(mark), Provenance::Header));
    Image {
        id,
        file_name: name,
        bytes: 20 * MIB,
        digests: Digests { sha256: id, sha512: String::new(), sha1: None, md5: String::new() },
        facts: ImageFacts {
            platform: text("ios"),
            family: text(family),
            version: Version::parse(Scheme::Ios, version).ok().map(|v| Field::new(v, Provenance::Header)),
            feature_set: text(set),
            k9: has("k9"),
            npe: has("npe"),
            ldpe: has("ldpe"),
            image_type: text("image"),
            min_ram: Some(Field::new(128 * MIB, Provenance::Header)),
            ..ImageFacts::default()
        },
        overrides: Overrides::default(),
        imported: Timestamp::UNIX_EPOCH,
        read_by: String::new(),
        quarantine: None,
        quarantine_lifted: None,
    }
}

fn local(set: &str, version: &str) -> Candidate {
    Candidate::from(&image("c2960x", set, version))
}

fn entry(set: &str, version: &str) -> Candidate {
    Candidate { image: None, catalogues: vec!["vendor".into()], ..local(set, version) }
}

fn device(platform: &str) -> Device {
    Device::new(
        DeviceId::new("sw1").unwrap(),
        Endpoint { host: "192.0.2.1".into(), port: 22 },
        PlatformId(platform.into()),
        Login { user: "u".into(), password: None, key: None, key_passphrase: None, enable: None },
        HostKeyPolicy::FirstUse,
    )
}

fn inventory(set: &str, version: &str) -> Inventory {
    let running = Version::parse(Scheme::Ios, version).ok();
    let flash = FileSystem { prefix: "flash:".into(), total: Some(120 * MIB), free: Some(MIB), files: vec![] };
    Inventory {
        device: DeviceId::new("sw1").unwrap(),
        platform: PlatformId("ios".into()),
        taken: Timestamp::UNIX_EPOCH,
        job: None,
        hostname: Some("sw1".into()),
        model: Some("WS-C2960X-48TS-L".into()),
        serial: Some("FOC1".into()),
        version: running.clone(),
        software: Some(format!("C2960X-{}-M", set.to_uppercase())),
        image: None,
        mode: Some(Mode::Bundle),
        ram: Some(512 * MIB),
        boot_rom: None,
        uptime_seconds: Some(600),
        reload_reason: None,
        boot: BootState::default(),
        install: None,
        redundancy: None,
        config_unsaved: Some(true),
        privilege: Some(1),
        operating_mode: None,
        snmp: None,
        members: vec![Member {
            number: 1,
            role: Some("Active".into()),
            state: Some("Ready".into()),
            model: Some("WS-C2960X-48TS-L".into()),
            serial: Some("FOC1".into()),
            version: running,
            ram: None,
            mode: Some(Mode::Bundle),
            flash: Some(flash),
            boot_next: None,
        }],
    }
}

fn definition() -> Definition {
    Registry::builtin().unwrap().definition(&PlatformId("ios".into())).unwrap().clone()
}

fn all_on() -> Settings {
    Settings { latest_maintenance: true, same_feature: true, higher_than_current: true, include_catalogue: true }
}

fn asked(candidates: Vec<Candidate>, inventory: &Inventory, settings: Settings) -> Answer {
    let mut recommender = Recommender::new(candidates, settings, Detail::Near);
    Answer::clone(&recommender.recommend(&device("ios"), inventory, &definition()).unwrap().answer)
}

fn names(list: &[Judged]) -> Vec<String> {
    let version = |one: &Judged| one.version.clone().unwrap_or_else(|| "-".into());
    list.iter().map(|one| format!("{} {}", one.feature_set.as_deref().unwrap_or("-"), version(one))).collect()
}

fn why(answer: &Answer, name: &str) -> String {
    let at = names(&answer.dropped)
        .iter()
        .position(|known| known == name)
        .unwrap_or_else(|| panic!("{name} was not dropped"));
    answer.dropped[at].reasons().map(|line| line.why.clone()).collect::<Vec<_>>().join("; ")
}

#[test]
fn without_criteria_all_that_fits_is_recommended_the_newest_first() {
    let running = inventory("universalk9", "15.2(7)E4");
    let candidates =
        vec![local("universalk9", "15.2(7)E4"), entry("universalk9", "15.2(7)E10"), local("lanlitek9", "15.0(2)EX5")];
    let answer = asked(candidates, &running, Settings::default());
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E10", "universalk9 15.2(7)E4", "lanlitek9 15.0(2)EX5"]);
    assert!(answer.dropped.is_empty() && answer.elsewhere.is_empty());
    let best = &answer.recommended[0];
    assert_eq!((best.verdict, best.relation), (Verdict::Compatible, Relation::Newer));
    let told: Vec<_> = best.explanation.iter().map(|line| (line.criterion, line.outcome)).collect();
    assert_eq!(
        told,
        [
            (Criterion::Source, Outcome::Met),
            (Criterion::Fit, Outcome::Met),
            (Criterion::HigherThanCurrent, Outcome::NotAsked),
            (Criterion::SameFeature, Outcome::NotAsked),
            (Criterion::LatestMaintenance, Outcome::NotAsked),
        ]
    );
    assert_eq!(answer.running.feature_set.as_deref(), Some("universal with strong cryptography"));
}

#[test]
fn higher_than_current_drops_what_is_not_higher_or_has_no_order() {
    let running = inventory("universalk9", "15.2(7)E4");
    let candidates = ["15.2(7)E10", "15.2(7)E4", "15.0(2)EX5", "15.2(4)M6"].map(|v| local("universalk9", v));
    let settings = Settings { higher_than_current: true, ..Settings::default() };
    let answer = asked(candidates.to_vec(), &running, settings);
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E10"]);
    assert_eq!(why(&answer, "universalk9 15.2(7)E4"), "15.2(7)E4 is the running release");
    assert_eq!(why(&answer, "universalk9 15.0(2)EX5"), "15.0(2)EX5 is lower than the running 15.2(7)E4");
    assert_eq!(
        why(&answer, "universalk9 15.2(4)M6"),
        "15.2(4)M6 and the running 15.2(7)E4 are of trains that have no order"
    );
    let unknown = Inventory { version: None, ..running };
    let answer = asked(candidates.to_vec(), &unknown, settings);
    assert!(answer.recommended.is_empty());
    assert_eq!(why(&answer, "universalk9 15.2(7)E10"), "the running version is not known");
}

#[test]
fn same_feature_compares_what_the_sets_can_do() {
    let settings = Settings { same_feature: true, ..Settings::default() };
    let sets = ["ipservicesk9", "ipservices", "ipbasek9", "ipservicesk9_npe"].map(|set| local(set, "15.2(7)E10"));
    let answer = asked(sets.to_vec(), &inventory("ipservices", "15.2(7)E4"), settings);
    assert_eq!(names(&answer.recommended), ["ipservices 15.2(7)E10", "ipservicesk9 15.2(7)E10"]);
    let line = &answer.recommended[1].explanation[3];
    assert_eq!(
        (line.outcome, line.why.as_str()),
        (Outcome::Met, "the set of the running image, but with strong cryptography")
    );
    assert_eq!(
        why(&answer, "ipbasek9 15.2(7)E10"),
        "it has ipbase with strong cryptography, the running image has ipservices"
    );
    assert!(why(&answer, "ipservicesk9_npe 15.2(7)E10").contains("ipservices_npe"));
    let mut unknown = local("ipservices", "15.2(7)E10");
    unknown.facts.feature_set = None;
    let answer = asked(vec![unknown], &inventory("ipservices", "15.2(7)E4"), settings);
    assert_eq!(why(&answer, "- 15.2(7)E10"), "the feature set of the image is not known");
    let nothing = Inventory { software: None, ..inventory("ipservices", "15.2(7)E4") };
    let answer = asked(sets.to_vec(), &nothing, settings);
    assert!(answer.recommended.is_empty());
    assert_eq!(why(&answer, "ipservices 15.2(7)E10"), "the feature set of the running image is not known");
}

#[test]
fn latest_maintenance_keeps_one_of_each_major_release() {
    let settings = Settings { latest_maintenance: true, ..Settings::default() };
    let running = inventory("universalk9", "15.2(7)E4");
    let of = |candidates: Vec<Candidate>| asked(candidates, &running, settings);
    let versions = ["15.2(7)E10", "15.2(7)E4", "15.2(2)E5", "15.0(2)EX5", "15.0(2)EX4"];
    let answer = of(versions.map(|v| local("universalk9", v)).to_vec());
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E10", "universalk9 15.0(2)EX5"]);
    assert_eq!(
        why(&answer, "universalk9 15.0(2)EX4"),
        "c2960x-universalk9-mz.15.0(2)EX5.bin is a later one of 15.0 EX"
    );
    // What is left out for another reason makes nothing old.
    let deferred = Candidate { status: Status::Deferred, ..local("universalk9", "15.2(7)E10") };
    let mut large = local("universalk9", "15.2(7)E9");
    large.overrides.ram = Some(1 << 40);
    let answer = of(vec![deferred, large, local("universalk9", "15.2(7)E4")]);
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E4"]);
    // What perhaps is no image does not replace one.
    let mut named = local("universalk9", "15.2(7)E9");
    named.facts.container = Some(Field::new("unknown".to_owned(), Provenance::Header));
    let answer = of(vec![named, local("universalk9", "15.2(7)E4")]);
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E4", "universalk9 15.2(7)E9"]);
    assert_eq!(answer.recommended[1].unknown, ["image.form_unknown"]);
    let line = answer.recommended[0].explanation.iter().find(|line| line.criterion == Criterion::LatestMaintenance);
    assert!(line.unwrap().why.starts_with("the latest of 15.2 E that is proven to be an image; "), "{line:?}");
    // Other sets are other products; cryptography is replaced by cryptography only.
    let weak = inventory("universal", "15.2(7)E4");
    let of = |candidates: Vec<Candidate>| asked(candidates, &weak, settings);
    let sets = vec![local("ipbasek9", "15.2(7)E4"), local("ipbase", "15.2(7)E9"), local("universalk9", "15.2(7)E2")];
    assert!(of(sets).dropped.is_empty());
    let answer = of(vec![local("ipbasek9", "15.2(7)E9"), local("ipbase", "15.2(7)E4")]);
    assert_eq!(names(&answer.recommended), ["ipbasek9 15.2(7)E9"]);
}

/// What an entry leaves out is taken from the name of its file, as at an import.
#[test]
fn an_entry_of_a_name_alone_is_compared_as_the_imported_file_is() {
    let named = |name: &str| Candidate::listed("vendor", &Entry { filename: name.into(), ..Entry::default() });
    for name in [
        "cat9k_iosxe_npe.17.13.01.SPA.bin",
        "cat9k_iosxe.17.12.04.SPA.bin",
        "c2960x-universalk9-mz.152-7.E10.bin",
        "C9800-L-rommon.1712-2r.pkg",
        "prod.bin",
    ] {
        assert_eq!(named(name).facts, parse_filename(name).facts(), "{name}");
    }
    let npe = named("cat9k_iosxe_npe.17.13.01.SPA.bin").facts;
    assert_eq!(npe.npe, Some(Field::new(true, Provenance::FileName)));

    // What the entry says counts more, and a set that it says has its own cryptography.
    let said = Entry {
        filename: "c2960x-universalk9_npe-mz.152-7.E10.bin".into(),
        feature_set: Some("lanlitek9".into()),
        version: Some("15.2(7)E11".into()),
        ..Entry::default()
    };
    let facts = Candidate::listed("vendor", &said).facts;
    let told = (facts.k9.unwrap(), facts.npe.unwrap(), facts.version.unwrap(), facts.platform.unwrap());
    assert_eq!((told.0.value, told.0.from), (true, Provenance::Catalogue));
    assert_eq!((told.1.value, told.1.from), (false, Provenance::Catalogue));
    assert_eq!((told.2.value.normal().as_str(), told.2.from), ("15.2(7)E11", Provenance::Catalogue));
    assert_eq!(told.3.from, Provenance::FileName);
    // A name of another platform says nothing.
    let other = Candidate::listed("vendor", &Entry { platform: Some("nxos".into()), ..said });
    assert_eq!((other.facts.version, other.facts.family), (None, None));

    let running = inventory("universalk9", "15.2(7)E4");
    let newer = named("c2960x-universalk9-mz.152-7.E10.bin");
    let settings = Settings { latest_maintenance: true, same_feature: true, ..Settings::default() };
    let answer = asked(vec![local("universalk9", "15.2(7)E9"), newer.clone()], &running, settings);
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E10"]);
    assert_eq!(why(&answer, "universalk9 15.2(7)E9"), "c2960x-universalk9-mz.152-7.E10.bin is a later one of 15.2 E");
    let answer = asked(vec![local("universalk9", "15.2(7)E12"), newer], &running, settings);
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E12"]);
    let npe = named("c2960x-universalk9_npe-mz.152-7.E10.bin");
    let answer = asked(vec![npe], &running, Settings::default());
    assert!(answer.recommended.is_empty());
    assert!(answer.dropped[0].blocked.contains(&"crypto.npe_gained".to_owned()), "{:?}", answer.dropped[0].blocked);
}

#[test]
fn the_catalogue_can_be_left_out() {
    let running = inventory("universalk9", "15.2(7)E4");
    let mut twin = entry("universalk9", "15.2(7)E6");
    twin.status = Status::Deferred;
    let candidates = vec![
        entry("universalk9", "15.2(7)E10"),
        local("universalk9", "15.2(7)E5"),
        local("universalk9", "15.2(7)E6"),
        twin,
    ];
    let settings = Settings { include_catalogue: false, ..Settings::default() };
    let answer = asked(candidates, &running, settings);
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E5"]);
    assert!(answer.notes[0].starts_with("1 image that only catalogues have"), "{:?}", answer.notes);
    assert_eq!(
        why(&answer, "universalk9 15.2(7)E6"),
        "it is deferred",
        "what a catalogue says of an image counts still"
    );
}

#[test]
fn what_must_not_be_used_is_left_out_with_the_reason() {
    let running = inventory("universalk9", "15.2(7)E4");
    let bad = |n: u8, change: fn(&mut Candidate)| {
        let mut candidate = local("universalk9", &format!("15.2(7)E{n}"));
        change(&mut candidate);
        candidate
    };
    let candidates = vec![
        bad(1, |c| {
            c.status = Status::Deferred;
            c.status_why = Some("CSCab12345".into());
        }),
        bad(2, |c| c.status = Status::Withdrawn),
        bad(3, |c| c.quarantined = Some("its SHA-512 is another one than a list says".into())),
        bad(5, |c| c.facts.image_type = Some(Field::new("smu".into(), Provenance::Header))),
        bad(6, |c| c.facts.platform = Some(Field::new("ios_xe".into(), Provenance::Header))),
        bad(7, |c| c.facts.family = Some(Field::new("c3750e".into(), Provenance::Header))),
        bad(8, |c| c.facts.min_ram = Some(Field::new(1024 * MIB, Provenance::Header))),
        bad(9, |c| c.bytes = Some(200 * MIB)),
        bad(10, |c| c.facts.version = None),
        bad(11, |c| c.facts.min_ram = None),
    ];
    let answer = asked(candidates, &running, Settings::default());
    // Only the one of which a fact is missing is kept, and marked.
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E11"]);
    assert_eq!(answer.recommended[0].unknown, ["ram.requirement_unknown"]);
    assert_eq!(answer.recommended[0].verdict, Verdict::Unknown);
    for (name, words) in [
        ("universalk9 15.2(7)E1", "it is deferred: CSCab12345"),
        ("universalk9 15.2(7)E2", "it was withdrawn"),
        ("universalk9 15.2(7)E3", "it is in quarantine: its SHA-512"),
        ("universalk9 15.2(7)E5", "image.not_bootable: the file is a smu"),
        ("universalk9 15.2(7)E8", "ram.too_small: too little memory (has 536870912 bytes"),
        (
            "universalk9 15.2(7)E9",
            "flash.too_small: too little flash, even an empty one (has 125829120 bytes in all on flash:",
        ),
        ("universalk9 -", "version.image_unknown"),
    ] {
        assert!(why(&answer, name).starts_with(words), "{name}: {}", why(&answer, name));
    }
    let counted: Vec<_> = answer.elsewhere.iter().map(|e| (e.code.as_str(), e.candidates)).collect();
    assert_eq!(counted, [("family.hardware", 1), ("family.platform", 1)]);
}

#[test]
fn what_analysis_would_refuse_is_not_recommended() {
    let candidates = ["ipservicesk9", "ipservices", "ipservicesk9_npe"].map(|set| local(set, "15.2(7)E10"));
    let answer = asked(candidates.to_vec(), &inventory("ipservicesk9", "15.2(7)E4"), Settings::default());
    assert_eq!(names(&answer.recommended), ["ipservicesk9 15.2(7)E10"]);
    assert_eq!(answer.recommended[0].verdict, Verdict::Compatible);
    assert!(why(&answer, "ipservices 15.2(7)E10").starts_with("crypto.k9_lost: strong cryptography goes away"));
    assert!(why(&answer, "ipservicesk9_npe 15.2(7)E10").starts_with("crypto.npe_gained"));
    // Gaining strong cryptography breaks nothing.
    let answer = asked(candidates.to_vec(), &inventory("ipservices", "15.2(7)E4"), Settings::default());
    assert_eq!(names(&answer.recommended), ["ipservices 15.2(7)E10", "ipservicesk9 15.2(7)E10"]);
    assert_eq!(answer.recommended[1].verdict, Verdict::CompatibleWithWarnings);
    let silent = Inventory { software: None, ..inventory("ipservices", "15.2(7)E4") };
    let answer = asked(candidates.to_vec(), &silent, Settings::default());
    assert!(answer.recommended.iter().all(|one| one.unknown == ["crypto.running_unknown"]), "{answer:?}");
}

/// An ISR 4400 on 3.16 cannot take the boot ROM that some images need: they are not reached at once.
#[test]
fn what_is_not_reached_at_once_is_left_out_with_the_way() {
    let platform = PlatformId("ios_xe".into());
    let version = |text: &str| Version::parse(Scheme::IosXe, text).unwrap();
    let named = |name: &str, rom: Option<&str>| {
        let mut image = image("isr4400", "universalk9", name);
        image.facts.platform = Some(Field::new(platform.0.clone(), Provenance::Header));
        image.facts.version = Some(Field::new(version(name), Provenance::Header));
        image.overrides.boot_rom = rom.and_then(|rom| Version::parse(Scheme::Rommon, rom).ok());
        Candidate::from(&image)
    };
    let mut running = Inventory { platform: platform.clone(), ..inventory("universalk9", "x") };
    running.version = Some(version("3.16.4bS"));
    running.model = Some("ISR4431/K9".into());
    running.software = Some("X86_64_LINUX_IOSD-UNIVERSALK9-M".into());
    running.boot_rom = Some("16.7(3r)".into());
    running.members[0].model.clone_from(&running.model);
    running.members[0].version.clone_from(&running.version);
    let candidates = vec![named("16.9.4", Some("16.7(3r)")), named("16.3.3", None)];
    let registry = Registry::builtin().unwrap();
    let mut recommender = Recommender::new(candidates.clone(), Settings::default(), Detail::Near);
    let told = recommender.recommend(&device("ios_xe"), &running, registry.definition(&platform).unwrap()).unwrap();
    assert_eq!(names(&told.answer.recommended), ["universalk9 16.3.3"]);
    let why = why(&told.answer, "universalk9 16.9.4");
    assert!(why.starts_with("path.via: the release is not reached at once") && why.contains("16.3.3"), "{why}");
    // It is newer all the same.
    let mut alone = Recommender::new(vec![candidates[0].clone()], Settings::default(), Detail::Near);
    let told = alone.recommend(&device("ios_xe"), &running, registry.definition(&platform).unwrap()).unwrap();
    let latest = HasLatest::of(told);
    assert_eq!((latest.latest, latest.newer.len(), latest.left_out.len()), (IsLatest::No, 0, 1));
    assert!(latest.why.ends_with("is newer than 3.16.4bS, and not reached at once"), "{}", latest.why);
}

#[test]
fn every_candidate_can_be_listed() {
    let candidates =
        vec![Candidate::from(&image("c3750e", "universalk9", "15.2(4)E10")), local("universalk9", "15.2(7)E")];
    let mut recommender = Recommender::new(candidates, Settings::default(), Detail::All);
    let all = recommender.recommend(&device("ios"), &inventory("universalk9", "15.2(7)E4"), &definition()).unwrap();
    assert!(all.answer.elsewhere.is_empty());
    assert!(why(&all.answer, "universalk9 15.2(4)E10").starts_with("family.hardware: the image is for other hardware"));
}

#[test]
fn what_a_catalogue_suggests_comes_first_and_unknown_last() {
    let running = inventory("universalk9", "15.2(7)E4");
    let suggested = Candidate { suggested: true, ..entry("universalk9", "15.2(7)E5") };
    let mut unknown = local("universalk9", "15.2(7)E12");
    unknown.facts.min_ram = None;
    let mut renamed = local("universalk9", "15.2(7)E10");
    renamed.file_name = "a.bin".into();
    renamed.image = Some(Sha256::of(b"other"));
    renamed.digests.sha256 = renamed.image.map(|id| id.to_string());
    let download = Candidate {
        file_name: "0.bin".into(),
        digests: CandidateDigests::default(),
        ..entry("universalk9", "15.2(7)E10")
    };
    let candidates = vec![unknown, download, local("universalk9", "15.2(7)E10"), renamed, suggested];
    let answer = asked(candidates, &running, Settings::default());
    let order: Vec<_> = answer.recommended.iter().map(|one| one.file_name.as_str()).collect();
    assert_eq!(
        order,
        [
            "c2960x-universalk9-mz.15.2(7)E5.bin",
            "a.bin",
            "c2960x-universalk9-mz.15.2(7)E10.bin",
            "0.bin",
            "c2960x-universalk9-mz.15.2(7)E12.bin"
        ]
    );
}

#[test]
fn an_image_for_several_families_is_judged_by_the_one_that_fits() {
    let mut many = entry("universalk9", "15.2(7)E10");
    many.facts.family = Some(Field::new("c3560cx".into(), Provenance::Catalogue));
    many.families = vec!["C2960X".into()];
    let running = inventory("universalk9", "15.2(7)E4");
    let answer = asked(
        vec![many, local("universalk9", "15.2(7)E8")],
        &running,
        Settings { latest_maintenance: true, ..Settings::default() },
    );
    assert_eq!(names(&answer.recommended), ["universalk9 15.2(7)E10"]);
    assert!(why(&answer, "universalk9 15.2(7)E8").contains("is a later one of 15.2 E"));
}

#[test]
fn unified_controllers_are_not_supported() {
    let mut recommender = Recommender::new(vec![], Settings::default(), Detail::Near);
    let inventory = inventory("universalk9", "15.2(7)E4");
    let e = recommender.recommend(&device("aireos"), &inventory, &definition()).unwrap_err();
    assert_eq!(e.kind(), crate::ErrorKind::Unsupported);
    assert!(e.message().contains("flash"), "{e}");
}

/// The question of the guide, over what is there.
fn latest(candidates: Vec<Candidate>, inventory: &Inventory, settings: Settings) -> HasLatest {
    let answer = asked(candidates, inventory, HasLatest::settings(settings));
    HasLatest::of(Recommendation::new(DeviceId::new("sw1").unwrap(), answer))
}

#[test]
fn has_it_the_latest() {
    let running = inventory("universalk9", "15.2(7)E4");
    let on = Settings::default();
    let off = Settings { include_catalogue: false, ..on };
    let set = "universalk9";
    let told = |candidates: Vec<Candidate>, inventory: &Inventory, settings| {
        let it = latest(candidates, inventory, settings);
        (it.latest, it.why, it.newer.len(), it.left_out.len())
    };
    let is = |it: (IsLatest, String, usize, usize), latest, words: &str, newer, left_out| {
        assert!(it.1.contains(words) && (it.0, it.2, it.3) == (latest, newer, left_out), "{it:?}");
    };
    use IsLatest::{No, Unknown, Yes};
    is(told(vec![local(set, "15.2(7)E10")], &running, on), No, "15.2(7)E10 (c2960x", 1, 0);
    is(told(vec![entry(set, "15.2(7)E4"), local(set, "15.2(2)E")], &running, on), Yes, "neither repository nor", 0, 0);
    is(told(vec![local(set, "15.2(7)E4")], &running, off), Yes, "the repository has nothing newer", 0, 0);
    is(told(vec![local(set, "15.2(7)E4")], &running, on), Unknown, "no catalogue has an image", 0, 0);
    is(told(vec![], &running, on), Unknown, "no source has an image", 0, 0);
    let mut large = entry(set, "15.2(7)E10");
    large.overrides.ram = Some(1 << 40);
    is(told(vec![large.clone(), entry(set, "15.2(7)E4")], &running, on), Yes, "besides 1 that are left out", 0, 1);
    is(told(vec![large], &running, on), Unknown, "no source has an image that this device may run", 0, 1);
    is(told(vec![local(set, "15.2(4)M6")], &running, off), Unknown, "trains that have no order", 0, 0);
    let mut strange = local(set, "15.2(7)E10");
    strange.facts.family = None;
    let nothing_said = Inventory { model: None, software: None, ..running.clone() };
    is(told(vec![strange], &nothing_said, off), Unknown, "whether it is for this hardware", 1, 0);
    let mut nameless = local(set, "15.2(7)E10");
    nameless.facts.version = None;
    is(told(vec![nameless, local(set, "15.2(7)E4")], &running, off), Unknown, "its version is not known", 0, 0);
    let silent = Inventory { version: None, ..running.clone() };
    is(told(vec![local(set, "15.2(7)E10")], &silent, on), Unknown, "the running version is not known", 0, 0);
    // The other settings hold.
    let same = Settings { same_feature: true, higher_than_current: true, ..on };
    is(told(vec![entry("ipbasek9", "15.2(7)E10"), entry(set, "15.2(7)E4")], &running, same), Yes, "besides 1", 0, 1);
}

#[test]
fn the_renderers_show_all_and_escape_what_others_say() {
    let mut odd = local("universalk9", "15.2(7)E10");
    odd.file_name = "<b>.bin".into();
    let deferred = Candidate { status: Status::Deferred, ..local("universalk9", "15.2(7)E9") };
    let far = Candidate::from(&image("c3750e", "universalk9", "15.2(4)E10"));
    let running = inventory("universalk9", "15.2(7)E4");
    let answer = asked(vec![odd, deferred, far], &running, Settings::default());
    let it = Recommendation::new(DeviceId::new("sw1").unwrap(), answer.clone());
    let text = it.text();
    for part in [
        "Recommendation for sw1 (runs 15.2(7)E4, universal with strong cryptography)",
        "1. <b>.bin [1a16a3825b7e, 20971520 bytes] (15.2(7)E10): compatible\n",
        "higher than current (not asked): 15.2(7)E10 is higher than the running 15.2(7)E4",
        "left out:\n  - c2960x-universalk9-mz.15.2(7)E9.bin",
        "source (no): it is deferred",
        "for other devices: 1 (the image is for other hardware)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(it.html().contains("&lt;b&gt;.bin") && !it.html().contains("<td><b>.bin"), "{}", it.html());
    let latest = HasLatest::of(it);
    assert!(latest.text().starts_with("sw1: no: 15.2(7)E10 (<b>.bin) is newer than 15.2(7)E4\n"), "{}", latest.text());
    assert!(latest.html().contains("&lt;b&gt;.bin"));
    let e = crate::Error::new(crate::ErrorKind::NotFound, "recommend", "it was never inspected: inspect it first");
    let none = Recommendation::failed(DeviceId::new("sw1").unwrap(), Settings::default(), &e);
    assert!(none.text().contains("never inspected") && none.html().contains("never inspected"));
    let json = serde_json::to_value(&none).unwrap();
    assert_eq!(serde_json::from_value::<Recommendation>(json).unwrap(), none);
}
