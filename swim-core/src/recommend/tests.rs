use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::analysis::{Knowledge, Severity, Subject, Verdict, judge};
use crate::image::{Field, Image, ImageFacts, Overrides, Provenance};
use crate::model::*;
use crate::platform::{Definition, Registry};
use crate::version::{Scheme, Version};

const MIB: u64 = 1 << 20;

/// An IOS image of a family, with a requirement that the devices below meet.
fn image(family: &str, set: &str, version: &str) -> Image {
    let name = format!("{family}-{set}-mz.{version}.bin");
    let id = Sha256::of(name.as_bytes());
    let text = |text: &str| Some(Field::new(text.to_owned(), Provenance::Header));
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
            image_type: text("image"),
            min_ram: Some(Field::new(128 * MIB, Provenance::Header)),
            ..ImageFacts::default()
        },
        overrides: Overrides::default(),
        imported: Timestamp::UNIX_EPOCH,
        quarantine: None,
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
    // Other sets are other products; cryptography is replaced by cryptography only.
    let sets = vec![local("ipbasek9", "15.2(7)E4"), local("ipbase", "15.2(7)E9"), local("universalk9", "15.2(7)E2")];
    assert!(of(sets).dropped.is_empty());
    let answer = of(vec![local("ipbasek9", "15.2(7)E9"), local("ipbase", "15.2(7)E4")]);
    assert_eq!(names(&answer.recommended), ["ipbasek9 15.2(7)E9"]);
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
    assert!(answer.notes[0].starts_with("1 images that only catalogues have"), "{:?}", answer.notes);
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
        "1. <b>.bin (15.2(7)E10): compatible\n",
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

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let version = prop_oneof![
        4 => (0_u8..3, 1_u8..9).prop_map(|(m, r)| format!("15.{m}(2)E{r}")),
        2 => (1_u8..9).prop_map(|r| format!("15.2(4)M{r}")),
        1 => (1_u8..4).prop_map(|r| format!("15.0(2)EX{r}")),
        1 => Just("none".to_owned()),
    ];
    let set = prop_oneof![Just("universalk9"), Just("universalk9_npe"), Just("ipbase"), Just("ipbasek9"), Just("")];
    let family = prop_oneof![4 => Just("c2960x"), 1 => Just("c3750e"), 1 => Just("odd"), 1 => Just("")];
    let status = prop_oneof![6 => Just(Status::Active), 1 => Just(Status::Deferred), 1 => Just(Status::Withdrawn)];
    let kind = prop_oneof![6 => Just("image"), 1 => Just("smu"), 1 => Just("kickstart")];
    let ram = prop_oneof![3 => Just(Some(128 * MIB)), 1 => Just(Some(4096 * MIB)), 1 => Just(None)];
    (version, set, family, status, kind, ram, any::<[bool; 4]>(), any::<u64>()).prop_map(
        |(version, set, family, status, kind, ram, [in_repository, suggested, quarantined, sized], bytes)| {
            let mut image = image(family, set, &version);
            image.id = Sha256::of(&bytes.to_be_bytes());
            let mut candidate = Candidate::from(&image);
            let facts = &mut candidate.facts;
            facts.family = facts.family.take().filter(|f| !f.value.is_empty());
            facts.feature_set = facts.feature_set.take().filter(|f| !f.value.is_empty());
            facts.image_type = Some(Field::new(kind.to_owned(), Provenance::Header));
            facts.min_ram = ram.map(|bytes| Field::new(bytes, Provenance::Header));
            candidate.status = status;
            candidate.suggested = suggested;
            if !in_repository {
                candidate.image = None;
                candidate.catalogues = vec!["vendor".into()];
                candidate.digests = CandidateDigests::default();
                candidate.bytes = candidate.bytes.filter(|_| sized);
            }
            candidate.quarantined = Some("a list says so".to_owned()).filter(|_| quarantined && in_repository);
            candidate
        },
    )
}

fn any_inventory() -> impl Strategy<Value = Inventory> {
    let set = prop_oneof![Just("universalk9"), Just("ipbase"), Just("ipbasek9")];
    let version = prop_oneof![Just("15.2(2)E4"), Just("15.2(4)M6"), Just("none")];
    (set, version, any::<[bool; 3]>()).prop_map(|(set, version, [ram, model, software])| {
        let mut inventory = inventory(set, version);
        inventory.ram = inventory.ram.filter(|_| ram);
        inventory.software = inventory.software.take().filter(|_| software);
        if !model {
            inventory.model = None;
            inventory.members[0].model = None;
        }
        inventory
    })
}

fn any_settings() -> impl Strategy<Value = Settings> {
    any::<[bool; 4]>().prop_map(|[latest_maintenance, same_feature, higher_than_current, include_catalogue]| Settings {
        latest_maintenance,
        same_feature,
        higher_than_current,
        include_catalogue,
    })
}

proptest! {
    #[test]
    fn the_order_of_the_input_does_not_matter(
        (candidates, shuffled) in prop::collection::vec(any_candidate(), 0..20)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        inventory in any_inventory(),
        settings in any_settings(),
    ) {
        let answer = asked(candidates, &inventory, settings);
        prop_assert_eq!(&answer, &asked(shuffled, &inventory, settings));
        // And what is newer never stands behind what is older, where all else is equal.
        for (n, one) in answer.recommended.iter().enumerate() {
            for later in &answer.recommended[n + 1..] {
                let version = |j: &Judged| Version::parse(Scheme::Ios, j.version.as_deref().unwrap()).unwrap();
                if one.suggested == later.suggested && one.unknown.is_empty() == later.unknown.is_empty() {
                    prop_assert_ne!(version(one).compare(&version(later)), Some(std::cmp::Ordering::Less));
                }
            }
        }
    }

    #[test]
    fn every_dropped_candidate_has_a_reason_and_none_is_lost(
        candidates in prop::collection::vec(any_candidate(), 0..20),
        inventory in any_inventory(),
        settings in any_settings(),
    ) {
        let mut recommender = Recommender::new(candidates.clone(), settings, Detail::Near);
        let (repository, catalogue) = recommender.considered();
        let answer = recommender.recommend(&device("ios"), &inventory, &definition()).unwrap().answer;
        let elsewhere: usize = answer.elsewhere.iter().map(|e| e.candidates).sum();
        prop_assert_eq!(answer.recommended.len() + answer.dropped.len() + elsewhere, repository + catalogue);
        for one in &answer.dropped {
            prop_assert!(one.reasons().all(|line| !line.why.is_empty()) && one.reasons().count() > 0);
        }
        for one in answer.recommended.iter().chain(&answer.dropped) {
            prop_assert!(one.explanation.iter().all(|line| !line.why.is_empty()), "{:?}", one);
            prop_assert_eq!(one.explanation.len(), 5);
        }
        // To list them all changes no answer.
        let all = Recommender::new(candidates, settings, Detail::All)
            .recommend(&device("ios"), &inventory, &definition()).unwrap().answer;
        prop_assert_eq!(&all.recommended, &answer.recommended);
        prop_assert!(all.elsewhere.is_empty() && all.dropped.len() == answer.dropped.len() + elsewhere);
    }

    #[test]
    fn nothing_that_must_not_run_is_recommended(
        candidates in prop::collection::vec(any_candidate(), 0..20),
        inventory in any_inventory(),
        settings in any_settings(),
    ) {
        let answer = asked(candidates.clone(), &inventory, settings);
        for one in &answer.recommended {
            prop_assert_ne!(one.verdict, Verdict::Incompatible);
            let is_it = |c: &&Candidate| c.image.is_some() && c.image == one.image;
            for candidate in candidates.iter().filter(is_it) {
                prop_assert_eq!(candidate.status, Status::Active);
                let seen = Image {
                    id: candidate.image.unwrap(),
                    file_name: candidate.file_name.clone(),
                    bytes: candidate.bytes.unwrap(),
                    digests: image("c2960x", "x", "15.2(7)E").digests,
                    facts: candidate.facts.clone(),
                    overrides: candidate.overrides.clone(),
                    imported: Timestamp::UNIX_EPOCH,
                    quarantine: None,
                };
                let policy = Policy { allow_downgrade: true, make_room: true, ..Policy::default() };
                let (device, definition) = (device("ios"), definition());
                let subject = Subject {
                    image: &seen, device: &device, inventory: &inventory, definition: &definition, policy: &policy,
                    knowledge: Knowledge::NONE,
                };
                let about_it = ["family.", "image.", "version.", "ram.", "flash.", "boot_rom."];
                let report = judge(&subject);
                let held = report.findings.iter().find(|f| {
                    f.severity == Severity::Blocking && about_it.iter().any(|code| f.code.starts_with(code))
                });
                prop_assert_eq!(held, None);
            }
        }
    }

    #[test]
    fn criteria_only_take_away(
        candidates in prop::collection::vec(any_candidate(), 0..20),
        inventory in any_inventory(),
    ) {
        let off = asked(candidates.clone(), &inventory, Settings::default());
        let on = asked(candidates, &inventory, all_on());
        let ids = |answer: &Answer| answer.recommended.iter().map(|j| (j.file_name.clone(), j.image)).collect::<Vec<_>>();
        let off = ids(&off);
        for one in ids(&on) {
            prop_assert!(off.contains(&one), "{:?}", one);
        }
    }

    /// Devices of one kind share an answer: what is left out of the kind does not change it.
    #[test]
    fn a_shared_answer_is_the_devices_own(
        candidates in prop::collection::vec(any_candidate(), 0..12),
        inventories in prop::collection::vec(any_inventory(), 1..12),
        settings in any_settings(),
    ) {
        let mut shared = Recommender::new(candidates.clone(), settings, Detail::Near);
        for (n, mut inventory) in inventories.into_iter().enumerate() {
            inventory.hostname = Some(format!("sw{n}"));
            inventory.uptime_seconds = Some(n as u64);
            inventory.members[0].flash.as_mut().unwrap().free = Some(n as u64);
            let shared = shared.recommend(&device("ios"), &inventory, &definition()).unwrap().answer;
            prop_assert_eq!(&*shared, &asked(candidates.clone(), &inventory, settings));
        }
    }
}
