//! What holds whatever the candidates, the device and the settings are.

use proptest::prelude::*;

use super::*;
use crate::analysis::{Knowledge, Severity, Subject, judge};

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
                    read_by: String::new(),
                    quarantine: None,
                    quarantine_lifted: None,
                };
                let policy = Policy { allow_downgrade: true, make_room: true, ..Policy::default() };
                let (device, definition) = (device("ios"), definition());
                let subject = Subject {
                    image: &seen, device: &device, inventory: &inventory, definition: &definition, policy: &policy,
                    knowledge: Knowledge::NONE,
                };
                let about_it =
                    ["family.", "image.", "version.", "path.", "crypto.", "ram.", "flash.", "boot_rom."];
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
