mod properties;
mod rows;

use jiff::Timestamp;

use crate::analysis::{ACCEPTABLE, DeviceReport, Knowledge, Severity, Subject, Verdict, judge};
use crate::image::{Field, Image, ImageFacts, Overrides, Provenance};
use crate::model::*;
use crate::platform::Registry;
use crate::version::{Scheme, Version};

const MIB: u64 = 1 << 20;

fn version(text: &str) -> Version {
    Version::parse(Scheme::IosXe, text).unwrap()
}

fn image() -> Image {
    let from = Provenance::Header;
    let sha256 = Sha256::of(b"x");
    Image {
        id: sha256,
        file_name: "cat9k_iosxe.17.09.04a.SPA.bin".into(),
        bytes: 900 * MIB,
        digests: Digests { sha256, sha512: String::new(), sha1: None, md5: String::new() },
        facts: ImageFacts {
            platform: Some(Field::new("ios_xe".into(), from.clone())),
            family: Some(Field::new("cat9k".into(), from.clone())),
            version: Some(Field::new(version("17.09.04a"), from.clone())),
            feature_set: Some(Field::new("universalk9".into(), from.clone())),
            k9: Some(Field::new(true, from.clone())),
            npe: Some(Field::new(false, from.clone())),
            ldpe: Some(Field::new(false, from.clone())),
            image_type: Some(Field::new("image".into(), from.clone())),
            min_ram: Some(Field::new(4096 * MIB, from)),
            ..ImageFacts::default()
        },
        overrides: Overrides::default(),
        imported: Timestamp::UNIX_EPOCH,
        read_by: String::new(),
        quarantine: None,
        quarantine_lifted: None,
    }
}

fn member(number: u32) -> Member {
    Member {
        number,
        role: Some(if number == 1 { "Active" } else { "Member" }.into()),
        state: Some("Ready".into()),
        model: Some("C9300-48UXM".into()),
        serial: Some(format!("FOC0000000{number}")),
        version: Some(version("17.06.05")),
        ram: None,
        mode: Some(Mode::Install),
        flash: Some(FileSystem {
            prefix: "flash:".into(),
            total: Some(11_000 * MIB),
            free: Some(5_000 * MIB),
            files: vec![],
        }),
        boot_next: None,
    }
}

fn inventory() -> Inventory {
    Inventory {
        device: DeviceId::new("sw1").unwrap(),
        platform: PlatformId("ios_xe".into()),
        taken: Timestamp::UNIX_EPOCH,
        job: None,
        hostname: Some("sw1".into()),
        model: Some("C9300-48UXM".into()),
        serial: Some("FOC00000001".into()),
        version: Some(version("17.06.05")),
        software: Some("CAT9K_IOSXE".into()),
        image: Some("flash:packages.conf".into()),
        mode: Some(Mode::Install),
        ram: Some(8192 * MIB),
        boot_rom: None,
        uptime_seconds: Some(600),
        reload_reason: None,
        boot: BootState { config_register: Some("0x102".into()), ..BootState::default() },
        install: Some(InstallState::default()),
        redundancy: None,
        config_unsaved: Some(false),
        privilege: Some(15),
        operating_mode: None,
        snmp: None,
        members: vec![member(1), member(2)],
    }
}

fn device() -> Device {
    Device::new(
        DeviceId::new("sw1").unwrap(),
        Endpoint { host: "192.0.2.1".into(), port: 22 },
        PlatformId("ios_xe".into()),
        Login { user: "u".into(), password: None, key: None, key_passphrase: None, enable: None },
        HostKeyPolicy::FirstUse,
    )
}

fn run(change: impl FnOnce(&mut Image, &mut Inventory, &mut Policy)) -> DeviceReport {
    let (mut image, mut inventory, mut policy) = (image(), inventory(), Policy::default());
    change(&mut image, &mut inventory, &mut policy);
    judged(&image, &inventory, &policy, Knowledge::NONE)
}

fn judged(image: &Image, inventory: &Inventory, policy: &Policy, knowledge: &Knowledge) -> DeviceReport {
    let device = device();
    let registry = Registry::builtin().unwrap();
    let definition = registry.definition(&device.platform).unwrap();
    let report = judge(&Subject { image, device: &device, inventory, definition, policy, knowledge });
    // What a policy cannot name nobody could accept.
    for f in report.findings.iter().filter(|f| f.severity == Severity::Unknown) {
        assert!(ACCEPTABLE.contains(&f.code.as_ref()), "{} is not listed", f.code);
    }
    report
}

/// The findings that are not passes.
fn against(report: &DeviceReport) -> Vec<(&str, Severity, Option<u32>)> {
    let bad = report.findings.iter().filter(|f| f.severity != Severity::Pass);
    bad.map(|f| (f.code.as_ref(), f.severity, f.member)).collect()
}

#[test]
fn a_fitting_image_is_compatible() {
    let report = run(|_, _, _| {});
    assert_eq!(against(&report), vec![]);
    assert_eq!(report.verdict, Verdict::Compatible);
}

#[test]
fn each_thing_that_forbids_has_its_own_finding() {
    use Severity::{Blocking, Unknown};
    type Change = fn(&mut Image, &mut Inventory, &mut Policy);
    let cases: Vec<(Change, &str, Severity, Option<u32>)> = vec![
        (
            |i, _, _| i.facts.family = Some(Field::new("c2960x".into(), Provenance::Header)),
            "family.hardware",
            Blocking,
            None,
        ),
        (|i, _, _| i.facts.family = None, "family.image_unknown", Unknown, None),
        (
            |i, _, _| i.facts.platform = Some(Field::new("ios".into(), Provenance::Header)),
            "family.platform",
            Blocking,
            None,
        ),
        (
            |i, _, _| i.facts.image_type = Some(Field::new("smu".into(), Provenance::Header)),
            "image.not_bootable",
            Blocking,
            None,
        ),
        (|i, _, _| i.facts.version = None, "version.image_unknown", Blocking, None),
        (|_, d, _| d.version = Some(version("17.12.01")), "version.relation", Blocking, None),
        (|_, d, _| d.ram = Some(2048 * MIB), "ram.too_small", Blocking, None),
        (|_, d, _| d.ram = None, "ram.unknown", Unknown, None),
        (|i, _, _| i.facts.min_ram = None, "ram.requirement_unknown", Unknown, None),
        (|_, d, _| d.members[1].flash.as_mut().unwrap().free = Some(1700 * MIB), "flash.too_small", Blocking, Some(2)),
        (|_, d, _| d.members[1].flash = None, "flash.unknown", Unknown, Some(2)),
        (|_, d, _| d.members[1].mode = Some(Mode::Bundle), "mode.mixed", Blocking, Some(2)),
        (|_, d, _| d.members[1].version = Some(version("17.03.01")), "stack.mixed_versions", Blocking, Some(2)),
        (|_, d, _| d.members[1].state = Some("V-Mismatch".into()), "stack.member_not_ready", Blocking, Some(2)),
        (|_, d, _| d.boot.manual = Some(true), "boot.manual", Blocking, None),
        (|_, d, _| d.boot.config_register = Some("0x2100".into()), "boot.register", Blocking, None),
        (|_, d, _| d.boot.next = Some(vec!["flash:old.bin".into()]), "boot.not_packages_conf", Blocking, None),
        (|_, d, _| d.config_unsaved = Some(true), "config.unsaved", Blocking, None),
        (|_, d, _| d.config_unsaved = None, "config.unsaved_unknown", Unknown, None),
        (|_, d, _| d.privilege = Some(1), "privilege.low", Blocking, None),
        (|_, d, _| d.privilege = None, "privilege.unknown", Unknown, None),
        (|_, d, _| d.install = None, "install.unknown", Unknown, None),
        (|_, d, _| d.operating_mode = Some("Controller-Managed".into()), "operating_mode.controller", Blocking, None),
    ];
    for (change, code, severity, member) in cases {
        let report = run(change);
        assert!(against(&report).contains(&(code, severity, member)), "{code}: {:?}", against(&report));
        assert!(report.verdict >= Verdict::Unknown, "{code} must not pass");
    }
}

#[test]
fn somebody_elses_uncommitted_install_blocks_with_its_timer() {
    let report = run(|_, d, _| {
        let row = InstallRow {
            kind: "IMG".into(),
            state: InstallStateCode::U,
            what: "17.07.01.0.1".into(),
            members: vec![1],
        };
        d.install = Some(InstallState { rows: vec![row], auto_abort_seconds: Some(6582), busy: None });
    });
    assert_eq!(against(&report), vec![("install.uncommitted", Severity::Blocking, None)]);
    assert!(report.findings.iter().any(|f| f.message.contains("6582 s")));
}

#[test]
fn what_a_person_requires_counts_more_than_what_the_image_says() {
    let report = run(|i, _, _| i.overrides.ram = Some(16_384 * MIB));
    assert_eq!(against(&report), vec![("ram.too_small", Severity::Blocking, None)]);
    let report = run(|i, d, _| {
        i.facts.min_ram = Some(Field::new(16_384 * MIB, Provenance::Header));
        i.overrides.ram = d.ram;
    });
    assert_eq!(against(&report), vec![]);
    let report = run(|i, _, _| i.overrides.flash = Some(999_999_999_999_999));
    assert_eq!(against(&report).len(), 2, "both members: {:?}", against(&report));
}

#[test]
fn boot_roms_are_compared_with_their_own_kind() {
    let least = |need: &str, has: Option<&str>| {
        let (need, has) = (Version::parse(Scheme::Rommon, need).unwrap(), has.map(str::to_owned));
        let report = run(|i, d, _| (i.overrides.boot_rom, d.boot_rom) = (Some(need), has));
        against(&report).into_iter().map(|(code, severity, _)| (code.to_owned(), severity)).collect::<Vec<_>>()
    };
    let line = |version: &str| format!("System Bootstrap, Version {version}, RELEASE SOFTWARE");
    let old = [("boot_rom.too_old".to_owned(), Severity::Blocking)];
    assert_eq!(least("16.7(3r)", Some(&line("16.2(1r)"))), old);
    assert_eq!(least("16.7(3r)", Some(&line("16.7(3r)"))), []);
    assert_eq!(least("16.7(3r)", Some("17.3.1r")), [("boot_rom.order_unknown".to_owned(), Severity::Unknown)]);
    assert_eq!(least("16.7(3r)", Some("IOS-XE ROMMON")), [("boot_rom.order_unknown".to_owned(), Severity::Unknown)]);
    assert_eq!(least("16.7(3r)", None), [("boot_rom.unknown".to_owned(), Severity::Unknown)]);
}

#[test]
fn room_that_may_be_made_is_a_warning() {
    let report = run(|_, d, p| {
        d.members[0].flash.as_mut().unwrap().free = Some(0);
        p.make_room = true;
    });
    assert_eq!(against(&report), vec![("flash.too_small", Severity::Warning, Some(1))]);
}

#[test]
fn the_renderers_escape_what_devices_say() {
    let mut img = image();
    img.file_name = "<script>".into();
    let report = crate::analysis::Report::new(&img, vec![run(|_, d, _| d.privilege = None)]);
    assert!(report.html().contains("&lt;script&gt;") && !report.html().contains("<script>"));
    assert!(report.text().contains("privilege.unknown"), "{}", report.text());
}

#[test]
fn the_order_of_transfers_is_judged() {
    use Direction::{Pull, Push};
    use Protocol::{Http, Scp, Tftp};
    let safe = run(|_, _, p| p.transfers = vec![(Scp, Pull), (Http, Pull)]);
    assert_eq!(against(&safe), vec![]);
    let bare = run(|_, _, p| p.transfers = vec![(Http, Pull)]);
    assert_eq!(against(&bare), vec![("transfer.less_secure", Severity::Warning, None)]);
    assert_eq!(
        bare.findings.iter().find_map(|f| f.required.as_deref().filter(|_| f.code.contains("less"))),
        Some("scp pull")
    );
    // What the platform does not know is not tried, and is no better order.
    let unknown = run(|_, _, p| p.transfers = vec![(Http, Pull), (Protocol::Sftp, Push)]);
    assert_eq!(against(&unknown), vec![("transfer.less_secure", Severity::Warning, None)]);
    let exposed = run(|_, _, p| p.transfers = vec![(Http, Pull), (Scp, Push)]);
    assert_eq!(against(&exposed), vec![("transfer.insecure_first", Severity::Warning, None)]);
    let unknown = run(|_, _, p| p.transfers = vec![(Scp, Pull), (Tftp, Pull)]);
    assert_eq!(against(&unknown), vec![("transfer.tftp_time_unknown", Severity::Warning, None)]);
    let slow = run(|_, _, p| {
        p.transfers = vec![(Scp, Pull), (Tftp, Pull)];
        p.link.round_trip_millis = Some(20);
    });
    assert_eq!(against(&slow), vec![("transfer.tftp_too_slow", Severity::Warning, None)]);
    assert!(slow.findings.iter().any(|f| f.message.contains("in blocks of 512, 1 each 20 ms")), "{slow:?}");
    let fast = run(|_, _, p| {
        p.transfers = vec![(Scp, Pull), (Tftp, Pull)];
        p.link = Link { round_trip_millis: Some(20), tftp_block: 8192, tftp_window: 16, ..Link::default() };
    });
    assert_eq!(against(&fast), vec![]);
}

#[test]
fn a_way_to_the_device_that_is_not_safe_is_told() {
    let way = |device: &Device| {
        let registry = Registry::builtin().unwrap();
        let definition = registry.definition(&device.platform).unwrap();
        let (image, inventory, policy) = (image(), inventory(), Policy::default());
        let knowledge = Knowledge::NONE;
        let subject = Subject { image: &image, device, inventory: &inventory, definition, policy: &policy, knowledge };
        against(&judge(&subject)).into_iter().map(|(code, severity, _)| (code.to_owned(), severity)).collect::<Vec<_>>()
    };
    assert_eq!(way(&device()), []);
    let told = |code: &str| vec![(code.to_owned(), Severity::Warning)];
    assert_eq!(way(&Device { legacy_ssh: true, ..device() }), told("session.legacy_ssh"));
    assert_eq!(way(&Device { telnet: true, ..device() }), told("session.telnet"));
}

#[test]
fn an_image_in_quarantine_blocks_until_somebody_lifts_it() {
    let mut quarantine = crate::image::Quarantine {
        since: Timestamp::UNIX_EPOCH,
        list: "vendor-2026".into(),
        reasons: vec!["its sha512 is 1, the list has 2".into()],
        elsewhere: false,
        lifted: None,
    };
    let judged = |quarantine: &crate::image::Quarantine| {
        let report = run(|image, _, _| image.quarantine = Some(quarantine.clone()));
        let about = |f: &&crate::analysis::Finding| f.code.starts_with("image.quarantine");
        (report.findings.iter().filter(about).cloned().collect::<Vec<_>>(), report.verdict)
    };
    let (found, verdict) = judged(&quarantine);
    assert_eq!((found[0].code.as_ref(), found[0].severity), ("image.quarantined", Severity::Blocking));
    assert_eq!(verdict, Verdict::Incompatible);
    assert!(found[0].message.contains("vendor-2026") && found[0].measured.is_some());
    quarantine.lifted =
        Some(crate::image::Lifted { at: Timestamp::UNIX_EPOCH, by: "Ada".into(), reason: "built here".into() });
    let (found, _) = judged(&quarantine);
    assert_eq!((found[0].code.as_ref(), found[0].severity), ("image.quarantine_lifted", Severity::Warning));
    assert!(found[0].message.contains("Ada") && found[0].message.contains("built here"));
}
